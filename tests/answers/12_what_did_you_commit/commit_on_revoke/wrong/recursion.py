"""Calls itself without end."""


def hand_over(event, taken, tracked):
    return hand_over(event, taken, tracked)
