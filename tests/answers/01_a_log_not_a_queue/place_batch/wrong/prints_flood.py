"""Prints without end."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    while True:
        print("a log? " * 100)
