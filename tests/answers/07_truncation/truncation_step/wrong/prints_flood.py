"""Prints without end."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    while True:
        print("where does it end? " * 100)
