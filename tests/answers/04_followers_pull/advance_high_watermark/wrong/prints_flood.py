"""Prints without end."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    while True:
        print("how far? " * 100)
