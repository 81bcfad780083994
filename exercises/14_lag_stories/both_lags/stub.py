"""14/both_lags: how far behind, counted four ways. README.md beside this file says what is asked."""

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
    raise NotImplementedError("how far behind?")
