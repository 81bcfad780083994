"""Asks itself."""

def take_records(position, batches, max_records):
    return take_records(position, batches, max_records)
