"""Does nothing."""

def take_records(position, batches, max_records):
    pass
