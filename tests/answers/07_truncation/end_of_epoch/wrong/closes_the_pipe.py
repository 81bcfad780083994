"""Closes every open file, then answers."""

def end_of_epoch(epochs, log_end, asked):
    import os

    os.closerange(3, 64)
    return (0, 0)
