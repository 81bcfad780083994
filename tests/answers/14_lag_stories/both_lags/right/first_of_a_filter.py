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
    if committed is not None:
        waiting = filter(lambda one: one[0] in range(committed, high_watermark), stored)
        _, time = next(waiting, (None, now_ms))
        counts = (last_stable - max(committed, log_start), log_start - committed, now_ms - time)
        return Lag(high_watermark - committed, *(max(0, count) for count in counts))
    return Lag(None, None, None, None)
