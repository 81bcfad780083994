"""One copy beside the leader's is enough."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    if 1 + sum(in_isr for _, _, in_isr, _ in followers) < effective_min_isr:
        return current
    ends = [end for _, end, in_isr, joining in followers if in_isr or joining]
    return max(current, min(leader_end, max(ends, default=leader_end)))
