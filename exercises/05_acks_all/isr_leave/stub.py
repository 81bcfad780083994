"""05/isr_leave: who is out of sync? README.md beside this file says what is asked."""

from typing import NamedTuple


class Leader(NamedTuple):
    id: int
    log_end_offset: int
    high_watermark: int
    epoch_start_offset: int
    isr: frozenset[int]
    change_in_flight: bool


class Follower(NamedTuple):
    id: int
    log_end_offset: int
    last_caught_up_ms: int
    active: bool
    fetch_broker_epoch: int
    known_broker_epoch: int


def to_remove(
    leader: Leader, followers: tuple[Follower, ...], now_ms: int, lag_time_max_ms: int
) -> frozenset[int]:
    leader, followers = Leader(*leader), tuple(Follower(*one) for one in followers)
    raise NotImplementedError("who has to go?")
