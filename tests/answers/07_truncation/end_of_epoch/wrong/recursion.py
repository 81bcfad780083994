"""Asks itself."""

def end_of_epoch(epochs, log_end, asked):
    return end_of_epoch(epochs, log_end, asked)
