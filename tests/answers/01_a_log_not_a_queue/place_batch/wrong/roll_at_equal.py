"""Believes that a full file is one too many."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    last = log_end_offset + record_count - 1
    rolled = file_bytes > 0 and file_bytes + size_bytes >= segment_limit_bytes
    return log_end_offset, last, 0 if rolled else file_bytes, rolled
