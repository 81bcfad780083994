from typing import NamedTuple


class FollowerView(NamedTuple):
    broker: int
    log_end_offset: int
    in_isr: bool
    joining: bool


def advance_high_watermark(
    current: int, leader_end: int, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> int:
    followers = tuple(FollowerView(*view) for view in followers)
    in_isr = [view for view in followers if view.in_isr]
    if 1 + len(in_isr) < effective_min_isr:
        return current
    ends = [view.log_end_offset for view in followers if view.in_isr or view.joining]
    return max(current, min([leader_end, *ends]))
