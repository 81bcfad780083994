"""Asks itself."""


def handle_batch(records, work, dead, parked, tries):
    return handle_batch(records, work, dead, parked, tries)
