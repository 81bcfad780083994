"""01/place_batch: which offsets, which bytes, which file? README.md beside this file says what is asked."""


def place_batch(
    log_end_offset: int, file_bytes: int, record_count: int, size_bytes: int, segment_limit_bytes: int
) -> tuple[int, int, int, bool]:
    raise NotImplementedError("does it fit, and where does it go?")
    # Two lines are missing; the third one is done:
    # last = ...
    # rolled = ...
    # return log_end_offset, last, 0 if rolled else file_bytes, rolled
