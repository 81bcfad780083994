"""Loops, and will not be stopped by an exception."""

from typing import NamedTuple


class Lag(NamedTuple):
    offsets: int | None
    readable: int | None
    gone: int | None
    time_ms: int | None


def lag(log_start, last_stable, high_watermark, committed, stored, now_ms):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
