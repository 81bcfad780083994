"""Ends the process at once."""

def end_of_epoch(epochs, log_end, asked):
    import os

    os._exit(0)
