"""Ends the process at once."""


def consume(consumer, handle):
    import os

    os._exit(0)
