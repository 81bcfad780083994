"""Named otherwise."""


def some(log_start, last_stable, high_watermark, committed, stored, now_ms):
    return 0, 0, 0, 0
