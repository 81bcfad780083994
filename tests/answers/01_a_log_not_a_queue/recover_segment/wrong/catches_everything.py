"""Loops, and will not be stopped by an exception."""

def recover_segment(data, segment_base_offset):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
