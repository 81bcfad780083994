"""Loops, and will not be stopped by an exception."""

def take_records(position, batches, max_records):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
