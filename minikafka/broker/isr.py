"""Who counts as in sync: two rules that a leader applies to what it knows of its followers.

```
 leader ends at 9 · high watermark 7 · this epoch began at 8
 follower at 8, caught up 31 s ago   → leaves (30 s allowed)
 follower at 9, silent for a minute  → stays: there is nothing it lacks
 newcomer at 7                       → waits: it lacks what this epoch began with, perhaps committed
```

* Lag is time, not a number of records.
* The leader only proposes; the ISR is what the controller has written (KIP-497).
* A newcomer must reach the high watermark *and* the start of this epoch: a new leader's watermark is an old one.

Mirrors `Partition.maybeShrinkIsr` and `canAddReplicaToIsr`. What we leave out: nothing; the whole rule is here.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.types import BrokerId, Epoch, Millis, Offset


class Leader(NamedTuple):
    """The leader's own side."""

    id: BrokerId
    log_end_offset: Offset
    high_watermark: Offset
    epoch_start_offset: Offset
    isr: frozenset[BrokerId]
    change_in_flight: bool
    """A proposal of this leader is not answered yet."""


class Follower(NamedTuple):
    """What the leader knows of one follower."""

    id: BrokerId
    log_end_offset: Offset
    """By its last fetch in this epoch; -1: none yet."""
    last_caught_up_ms: Millis
    active: bool
    """Not fenced, as far as the leader has read the metadata log."""
    fetch_broker_epoch: Epoch
    """The broker epoch its last fetch named; -1: none."""
    known_broker_epoch: Epoch
    """The broker epoch in the metadata log."""


def to_remove(
    leader: Leader, followers: tuple[Follower, ...], now_ms: Millis, lag_time_max_ms: Millis
) -> frozenset[BrokerId]:
    """Members of the ISR that have been behind for longer than `lag_time_max_ms`."""
    if leader.change_in_flight:
        return frozenset()
    return frozenset(
        follower.id
        for follower in followers
        if follower.id in leader.isr and not is_caught_up(leader, follower, now_ms, lag_time_max_ms)
    )


def is_caught_up(leader: Leader, follower: Follower, now_ms: Millis, lag_time_max_ms: Millis) -> bool:
    """Lacks nothing, or lacked nothing a short while ago (`ReplicaState.isCaughtUp`)."""
    return follower.log_end_offset == leader.log_end_offset or now_ms - follower.last_caught_up_ms <= lag_time_max_ms


def is_eligible(follower: Follower) -> bool:
    """Alive, and the same process that fetched (KIP-903)."""
    return follower.active and follower.fetch_broker_epoch == follower.known_broker_epoch


def may_join(leader: Leader, follower: Follower) -> bool:
    """May this follower be proposed as a member of the ISR?"""
    return (
        not leader.change_in_flight
        and follower.id not in leader.isr
        and follower.log_end_offset >= leader.high_watermark
        and follower.log_end_offset >= leader.epoch_start_offset
        and is_eligible(follower)
    )
