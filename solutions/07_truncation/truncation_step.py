from typing import NamedTuple

Epochs = tuple[tuple[int, int], ...]


class Cut(NamedTuple):
    offset: int
    done: bool


def truncation_step(own_epochs: Epochs, own_end: int, high_watermark: int, answer: tuple[int, int] | None) -> Cut:
    if answer is None:
        return Cut(high_watermark, True)
    named, leader_end = answer
    starts_above = [start for epoch, start in own_epochs if epoch > named]
    own_end_of_it = starts_above[0] if starts_above else own_end
    not_above = [epoch for epoch, _ in own_epochs if epoch <= named]
    if not_above and not_above[-1] != named:
        return Cut(own_end_of_it, False)
    return Cut(min(own_end_of_it, leader_end), True)
