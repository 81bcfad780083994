"""More than half is enough, as in Raft."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    if 1 + sum(in_isr for _, _, in_isr, _ in followers) < effective_min_isr:
        return current
    ends = sorted([leader_end, *(end for _, end, in_isr, joining in followers if in_isr or joining)], reverse=True)
    return max(current, ends[len(ends) // 2])
