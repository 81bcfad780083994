"""07/end_of_epoch: where does that epoch end in my log? README.md beside this file says what is asked."""

from typing import NamedTuple

Epochs = tuple[tuple[int, int], ...]


class EpochEnd(NamedTuple):
    epoch: int
    end_offset: int


def end_of_epoch(epochs: Epochs, log_end: int, asked: int) -> EpochEnd | None:
    raise NotImplementedError("where does it end?")
