"""Does not even parse."""


def take_records(position, batches, max_records)
    return None
