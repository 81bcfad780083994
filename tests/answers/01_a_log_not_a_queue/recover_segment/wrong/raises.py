"""Raises in the middle."""

def recover_segment(data, segment_base_offset):
    answers = []
    return answers[len("no such thing")]
