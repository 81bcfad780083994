"""A plain tuple will do."""


def lag(log_start, last_stable, high_watermark, committed, stored, now_ms):
    if committed is None:
        return (None,) * 4
    age = 0
    for offset, time in stored:
        if offset >= high_watermark:
            break
        if offset >= committed:
            age = now_ms - time if now_ms > time else 0
            break
    gone = log_start - committed if log_start > committed else 0
    readable = last_stable - committed - gone
    return (high_watermark - committed, readable if readable > 0 else 0, gone, age)
