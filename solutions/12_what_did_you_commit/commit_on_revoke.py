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
    keep = {name: known for name, known in tracked.items() if name not in taken}
    if event == "lost":
        return HandOver({}, keep)
    commit = {name: known.handled for name, known in tracked.items() if name in taken and may_differ(known)}
    return HandOver(commit, keep)


def may_differ(known: Progress) -> bool:
    return known.handled != known.committed or known.in_flight not in (None, known.handled)
