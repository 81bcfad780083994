"""Make a failing schedule as short as it gets: the counterexample somebody will read.

```
 a dozen lines ─▶ without a half ✗ ─▶ without a quarter ✓ … ─▶ cut(3, "brokers") · send x · crash(2) · crash(1)
```

* 1-minimal: taking away any entry makes it pass. Messages and timers between the entries follow from them.
* Then each wait becomes the shortest round one that still fails.

Mirrors delta debugging (Zeller). What we leave out: smaller settings, fewer brokers, simpler arguments of an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from minikafka.sim.schedule import Schedule
from minikafka.types import Millis

ROUND_WAITS_MS = (0, 10, 100, 1_000, 5_000, 10_000, 20_000, 45_000)
"""Waits that are tried in place of a longer one, shortest first."""


def shrink(lines: Schedule, still_fails: Callable[[Schedule], bool], limit: int = 200) -> Schedule:
    """Make a failing schedule 1-minimal: taking away any entry makes it pass; then shorten the waits.

    `still_fails` plays a schedule; it is asked at most `limit` times, and the shortest failing schedule so far is
    returned when that is used up. Deterministic.
    """
    left = limit

    def fails(candidate: Schedule) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and still_fails(candidate)

    best = _remove_in_chunks(lines, fails)
    while left > 0:
        shorter = _remove_in_chunks(_shorten_waits(best, fails), fails)
        if shorter == best:
            break
        best = shorter
    return best


def _remove_in_chunks(lines: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """Take away halves, then quarters …, then single entries until no single one can go (delta debugging)."""
    size = max(len(lines) // 2, 1)
    while lines:
        shorter = next((one for one in _without_chunk(lines, size) if fails(one)), None)
        if shorter is not None:
            lines = shorter
        elif size == 1:
            break
        else:
            size //= 2
        size = max(min(size, len(lines)), 1)
    return lines


def _without_chunk(lines: Schedule, size: int) -> Iterator[Schedule]:
    """From the back: what came after the failure goes first."""
    for end in range(len(lines), 0, -size):
        yield lines[: max(end - size, 0)] + lines[end:]


def _shorten_waits(lines: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """Make each wait the shortest round one that still fails."""
    for index in range(len(lines)):
        wait_ms = lines[index].at_ms - (lines[index - 1].at_ms if index else 0)
        tries = (_with_wait(lines, index, round_ms) for round_ms in ROUND_WAITS_MS if round_ms < wait_ms)
        lines = next((one for one in tries if fails(one)), lines)
    return lines


def _with_wait(lines: Schedule, index: int, wait_ms: Millis) -> Schedule:
    """The same schedule with another wait before one entry; everything after it moves along."""
    before_ms = lines[index - 1].at_ms if index else 0
    moved_ms = lines[index].at_ms - before_ms - wait_ms
    later = tuple(entry._replace(at_ms=entry.at_ms - moved_ms) for entry in lines[index:])
    return lines[:index] + later
