"""Does not even parse."""


def recover_segment(data, segment_base_offset)
    return None
