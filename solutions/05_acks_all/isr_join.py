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
    if leader.change_in_flight or follower.id in leader.isr:
        return False
    alive = follower.active and follower.fetch_broker_epoch == follower.known_broker_epoch
    needed = max(leader.high_watermark, leader.epoch_start_offset)
    return alive and follower.log_end_offset >= needed
