"""14/both_lags: four numbers, each between two marks."""

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
    waiting = (time for offset, time in stored if committed <= offset < high_watermark)
    oldest = next(waiting, now_ms)
    readable = max(last_stable - max(committed, log_start), 0)
    gone = max(log_start - committed, 0)
    return Lag(high_watermark - committed, readable, gone, max(now_ms - oldest, 0))
