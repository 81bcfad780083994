"""Raises."""


def hand_over(event, taken, tracked):
    answers = [1, 2]
    return answers[len("no such thing")]
