"""Ends the process at once."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    import os

    os._exit(0)
