"""Does nothing."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    pass
