"""Loops without end."""


def consume(consumer, handle):
    while True:
        pass
