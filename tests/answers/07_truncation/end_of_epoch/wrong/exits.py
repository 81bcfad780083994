"""Ends the process politely."""

def end_of_epoch(epochs, log_end, asked):
    import sys

    sys.exit(0)
