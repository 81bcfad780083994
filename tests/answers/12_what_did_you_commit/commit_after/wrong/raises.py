"""Raises."""


def consume(consumer, handle):
    answers = [1, 2]
    return answers[len("no such thing")]
