"""14/out_of_range: four places where a committed offset can lie, and nowhere skipped in silence."""

from typing import NamedTuple


class Start(NamedTuple):
    action: str
    offset: int | None
    lost: tuple[int, int] | None
    loud: bool


STOP = Start("stop", None, None, True)


def choose_start(committed: int | None, first_run: bool, log_start: int, end: int, allow_gap: bool) -> Start:
    if committed is None:
        return Start("read", log_start, None, False) if first_run else STOP
    if committed > end:
        return STOP
    if committed < log_start:
        lost = (committed, log_start)
        return Start("read", log_start, lost, True) if allow_gap else Start("stop", None, lost, True)
    return Start("read", committed, None, False)
