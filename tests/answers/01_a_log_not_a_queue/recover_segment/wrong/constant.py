"""Always says the same."""

def recover_segment(data, segment_base_offset):
    return (0, 40)
