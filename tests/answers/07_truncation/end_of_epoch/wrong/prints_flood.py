"""Prints without end."""

def end_of_epoch(epochs, log_end, asked):
    while True:
        print("where does it end? " * 100)
