"""Ends the process."""


def hand_over(event, taken, tracked):
    import sys

    sys.exit(0)
