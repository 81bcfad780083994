from typing import NamedTuple


class Start(NamedTuple):
    action: str
    offset: int | None
    lost: tuple[int, int] | None
    loud: bool


def choose_start(committed: int | None, first_run: bool, log_start: int, end: int, allow_gap: bool) -> Start:
    known = committed is not None
    behind = known and committed < log_start
    beyond = known and committed > end
    lost = (committed, log_start) if behind else None
    stops = beyond or (behind and not allow_gap) or (not known and not first_run)
    loud = behind or stops
    start = committed if known and not behind else log_start
    return Start("stop" if stops else "read", None if stops else start, lost, loud)
