"""12/commit_on_revoke: partitions are taken from you. README.md beside this file says what is asked."""

from typing import NamedTuple

TP = tuple[str, int]


class Progress(NamedTuple):
    handled: int
    position: int
    committed: int | None
    in_flight: int | None


class HandOver(NamedTuple):
    commit: dict[TP, int]
    keep: dict[TP, Progress]


def hand_over(event: str, taken: tuple[TP, ...], tracked: dict[TP, Progress]) -> HandOver:
    tracked = {name: Progress(*known) for name, known in tracked.items()}
    raise NotImplementedError("what do you commit, and what do you keep?")
