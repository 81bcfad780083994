"""Counts what is not decided as readable."""

from typing import NamedTuple


class Lag(NamedTuple):
    offsets: int | None
    readable: int | None
    gone: int | None
    time_ms: int | None


def lag(log_start, last_stable, high_watermark, committed, stored, now_ms):
    if committed is None:
        return Lag(None, None, None, None)
    waiting = [time for offset, time in stored if committed <= offset < high_watermark]
    age = max(now_ms - waiting[0], 0) if waiting else 0
    return Lag(
        high_watermark - committed, max(high_watermark - max(committed, log_start), 0), max(log_start - committed, 0), age
    )
