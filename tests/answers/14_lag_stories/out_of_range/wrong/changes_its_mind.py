"""Right at first, and something else when asked again."""

from typing import NamedTuple


class Start(NamedTuple):
    action: str
    offset: int | None
    lost: tuple[int, int] | None
    loud: bool


def choose_start(committed, first_run, log_start, end, allow_gap):
    choose_start.asked = getattr(choose_start, "asked", set())
    question = (committed, first_run, log_start, end, allow_gap)
    if question in choose_start.asked:
        return Start("stop", None, None, False)
    choose_start.asked.add(question)
    if committed is None:
        return Start("read", log_start, None, False) if first_run else Start("stop", None, None, True)
    if committed > end:
        return Start("stop", None, None, True)
    if committed < log_start:
        return Start("read", log_start, (committed, log_start), True) if allow_gap else Start("stop", None, (committed, log_start), True)
    return Start("read", committed, None, False)
