"""Prints without end."""


def handle_batch(records, work, dead, parked, tries):
    while True:
        print("again " * 100)
