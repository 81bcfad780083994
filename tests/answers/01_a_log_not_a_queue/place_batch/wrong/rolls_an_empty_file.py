"""Believes that a new file helps a batch that is too large."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    last = log_end_offset + record_count - 1
    rolled = file_bytes + size_bytes > segment_limit_bytes
    return log_end_offset, last, 0 if rolled else file_bytes, rolled
