"""Raises in the middle."""

def take_records(position, batches, max_records):
    answers = []
    return answers[len("no such thing")]
