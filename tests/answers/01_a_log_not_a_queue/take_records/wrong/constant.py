"""Always says the same."""

def take_records(position, batches, max_records):
    return ((), 10)
