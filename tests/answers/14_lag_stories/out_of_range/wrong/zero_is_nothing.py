"""0 is taken for nothing committed."""

from typing import NamedTuple


class Start(NamedTuple):
    action: str
    offset: int | None
    lost: tuple[int, int] | None
    loud: bool


def choose_start(committed, first_run, log_start, end, allow_gap):
    if not committed:
        return Start("read", log_start, None, False) if first_run else Start("stop", None, None, True)
    if committed > end:
        return Start("stop", None, None, True)
    if committed < log_start:
        return Start("read", log_start, (committed, log_start), True) if allow_gap else Start("stop", None, (committed, log_start), True)
    return Start("read", committed, None, False)
