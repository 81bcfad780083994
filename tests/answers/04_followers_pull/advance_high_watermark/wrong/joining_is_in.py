"""Whoever is joining counts as a member."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    ends = [end for _, end, in_isr, joining in followers if in_isr or joining]
    if 1 + len(ends) < effective_min_isr:
        return current
    return max(current, min([leader_end, *ends]))
