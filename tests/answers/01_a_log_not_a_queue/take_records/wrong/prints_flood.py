"""Prints without end."""

def take_records(position, batches, max_records):
    while True:
        print("a log? " * 100)
