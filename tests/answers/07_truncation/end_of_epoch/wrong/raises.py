"""Raises in the middle."""

def end_of_epoch(epochs, log_end, asked):
    answers = []
    return answers[len("no such thing")]
