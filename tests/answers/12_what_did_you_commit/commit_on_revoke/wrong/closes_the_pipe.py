"""Closes every open file, then answers."""


def hand_over(event, taken, tracked):
    import os

    os.closerange(3, 64)
    return ({}, {})
