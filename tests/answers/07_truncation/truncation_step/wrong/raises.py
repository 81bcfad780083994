"""Raises in the middle."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    answers = []
    return answers[len("no such thing")]
