"""Loops, and will not be stopped by an exception."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
