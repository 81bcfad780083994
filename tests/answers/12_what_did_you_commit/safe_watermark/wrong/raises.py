"""Raises."""


def safe_watermark(committed, delivered, done, position):
    answers = [1, 2]
    return answers[len("no such thing")]
