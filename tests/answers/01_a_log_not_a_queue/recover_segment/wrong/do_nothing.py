"""Does nothing."""

def recover_segment(data, segment_base_offset):
    pass
