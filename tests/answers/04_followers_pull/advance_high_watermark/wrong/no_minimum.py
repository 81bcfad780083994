"""The minimum is for producers."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    return max(current, min([leader_end, *(end for _, end, in_isr, joining in followers if in_isr or joining)]))
