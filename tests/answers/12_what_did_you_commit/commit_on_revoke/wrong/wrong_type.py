"""Answers in words."""


def hand_over(event, taken, tracked):
    return "all of it"
