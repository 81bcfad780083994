"""Who is not in yet does not count yet."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    if 1 + sum(in_isr for _, _, in_isr, _ in followers) < effective_min_isr:
        return current
    return max(current, min([leader_end, *(end for _, end, in_isr, _ in followers if in_isr)]))
