"""Raises in the middle."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    answers = []
    return answers[len("no such thing")]
