"""Ends the process at once."""


def hand_over(event, taken, tracked):
    import os

    os._exit(0)
