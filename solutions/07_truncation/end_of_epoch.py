from typing import NamedTuple

Epochs = tuple[tuple[int, int], ...]


class EpochEnd(NamedTuple):
    epoch: int
    end_offset: int


def end_of_epoch(epochs: Epochs, log_end: int, asked: int) -> EpochEnd | None:
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return EpochEnd(asked, log_end)
    end = next(start for epoch, start in epochs if epoch > asked)
    known = [epoch for epoch, _ in epochs if epoch <= asked]
    return EpochEnd(known[-1] if known else asked, end)
