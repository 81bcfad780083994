"""Closes every open file, then answers."""


def handle_batch(records, work, dead, parked, tries):
    import os

    os.closerange(3, 64)
