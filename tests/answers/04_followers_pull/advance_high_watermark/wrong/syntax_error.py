"""Does not even parse."""


def advance_high_watermark(current, leader_end, followers, effective_min_isr)
    return None
