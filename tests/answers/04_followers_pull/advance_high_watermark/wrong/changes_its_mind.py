"""Right at first, and something else when asked again."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    advance_high_watermark.asked = getattr(advance_high_watermark, "asked", set())
    question = (current, leader_end, followers, effective_min_isr)
    if question in advance_high_watermark.asked:
        return 0
    advance_high_watermark.asked.add(question)
    if 1 + sum(in_isr for _, _, in_isr, _ in followers) < effective_min_isr:
        return current
    return max(current, min([leader_end, *(end for _, end, in_isr, joining in followers if in_isr or joining)]))
