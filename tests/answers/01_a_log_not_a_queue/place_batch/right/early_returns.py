"""One case after the other."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    last = log_end_offset + record_count - 1
    if not file_bytes:
        return log_end_offset, last, 0, False
    if segment_limit_bytes - file_bytes < size_bytes:
        return log_end_offset, last, 0, True
    return log_end_offset, last, file_bytes, False
