"""Asks itself."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    return advance_high_watermark(current, leader_end, followers, effective_min_isr)
