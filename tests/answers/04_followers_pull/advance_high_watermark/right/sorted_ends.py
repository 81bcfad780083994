"""Sorts the ends of all that count, and takes the first."""


def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    members = sum(1 for _, _, in_isr, _ in followers if in_isr) + 1
    counted = sorted(end for _, end, in_isr, joining in followers if in_isr or joining)
    slowest = min(counted[0], leader_end) if counted else leader_end
    return current if members < effective_min_isr or slowest < current else slowest
