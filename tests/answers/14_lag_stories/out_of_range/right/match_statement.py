from typing import NamedTuple


class Start(NamedTuple):
    action: str
    offset: int | None
    lost: tuple[int, int] | None
    loud: bool


def choose_start(committed: int | None, first_run: bool, log_start: int, end: int, allow_gap: bool) -> Start:
    match committed:
        case None if first_run:
            return Start("read", log_start, None, False)
        case int() if log_start <= committed <= end:
            return Start("read", committed, None, False)
        case int() if committed < log_start:
            action, offset = ("read", log_start) if allow_gap else ("stop", None)
            return Start(action, offset, (committed, log_start), True)
    return Start("stop", None, None, True)
