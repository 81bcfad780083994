def place_batch(
    log_end_offset: int, file_bytes: int, record_count: int, size_bytes: int, segment_limit_bytes: int
) -> tuple[int, int, int, bool]:
    last = log_end_offset + record_count - 1
    rolled = file_bytes > 0 and file_bytes + size_bytes > segment_limit_bytes
    return log_end_offset, last, 0 if rolled else file_bytes, rolled
