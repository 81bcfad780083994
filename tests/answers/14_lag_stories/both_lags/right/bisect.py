from bisect import bisect_left
from typing import NamedTuple


class Lag(NamedTuple):
    offsets: int | None
    readable: int | None
    gone: int | None
    time_ms: int | None


def lag(
    log_start: int,
    last_stable: int,
    high_watermark: int,
    committed: int | None,
    stored: tuple[tuple[int, int], ...],
    now_ms: int,
) -> Lag:
    if committed is None:
        return Lag(None, None, None, None)
    offsets = [offset for offset, _ in stored]
    place = bisect_left(offsets, committed)
    waits = place < len(stored) and offsets[place] < high_watermark
    time = max(0, now_ms - stored[place][1]) if waits else 0
    start = committed if committed > log_start else log_start
    return Lag(high_watermark - committed, max(0, last_stable - start), start - committed, time)
