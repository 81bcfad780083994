"""04/advance_high_watermark: how far may readers read? README.md beside this file says what is asked."""

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
    raise NotImplementedError("how far?")
