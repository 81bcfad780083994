"""Believes that an offset says where a record lies in its file."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    log_end_offset = file_bytes or log_end_offset
    last = log_end_offset + record_count - 1
    rolled = file_bytes > 0 and file_bytes + size_bytes > segment_limit_bytes
    return log_end_offset, last, 0 if rolled else file_bytes, rolled
