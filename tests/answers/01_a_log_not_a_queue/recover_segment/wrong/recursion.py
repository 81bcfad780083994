"""Asks itself."""

def recover_segment(data, segment_base_offset):
    return recover_segment(data, segment_base_offset)
