"""No Python."""


def handle_batch(records, work, dead, parked, tries)
    return None
