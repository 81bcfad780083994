"""05/isr_join: may this follower be in sync again? README.md beside this file says what is asked."""

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


def may_join(leader: Leader, follower: Follower) -> bool:
    leader, follower = Leader(*leader), Follower(*follower)
    raise NotImplementedError("may it join?")
