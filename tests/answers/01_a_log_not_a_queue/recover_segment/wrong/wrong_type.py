"""Returns something else."""

def recover_segment(data, segment_base_offset):
    return 74
