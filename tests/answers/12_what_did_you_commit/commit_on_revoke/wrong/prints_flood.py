"""Prints without end."""


def hand_over(event, taken, tracked):
    while True:
        print("still here", "x" * 100)
