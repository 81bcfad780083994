"""Commits all that it tracks, while it still may."""

from typing import NamedTuple


class HandOver(NamedTuple):
    commit: dict
    keep: dict


def hand_over(event, taken, tracked):
    keep = {name: known for name, known in tracked.items() if name not in taken}
    if event == "lost":
        return HandOver({}, keep)
    return HandOver({name: known[0] for name, known in tracked.items()}, keep)
