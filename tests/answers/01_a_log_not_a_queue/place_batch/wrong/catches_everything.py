"""Loops, and will not be stopped by an exception."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
