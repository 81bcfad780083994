"""Loops without end."""


def hand_over(event, taken, tracked):
    while True:
        pass
