"""Prints without end."""

def recover_segment(data, segment_base_offset):
    while True:
        print("a log? " * 100)
