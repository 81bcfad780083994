"""Written is readable."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    if 1 + sum(in_isr for _, _, in_isr, _ in followers) < effective_min_isr:
        return current
    return leader_end
