"""Faults in what counts as stored: acknowledgements, high watermarks, and what a reader may see."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from minikafka.broker.acks import LeaderView, Produce
from minikafka.broker.partition import FollowerView
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.schedule import schedule
from minikafka.types import BrokerId, Offset

ACKS = "minikafka.broker.acks:ack_decision"
MARK = "minikafka.broker.partition:advance_high_watermark"
WINDOW = "minikafka.broker.partition:fetch_window"


def ack_on_append(p: Produce, v: LeaderView) -> str:
    """Whatever was asked for, the leader's own copy will do."""
    if p.last_offset is None:
        too_few = p.acks == -1 and len(v.isr) < min(v.min_insync_replicas, len(v.replicas))
        return "NOT_ENOUGH_REPLICAS" if too_few else "APPEND"
    return "NO_REPLY" if p.acks == 0 else "NONE"


def mark_of_the_leader(
    current: Offset, leader_end: Offset, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> Offset:
    """What the leader has written is committed."""
    return leader_end


def mark_of_the_majority(
    current: Offset, leader_end: Offset, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> Offset:
    """A majority is enough, as in Raft."""
    ends = sorted([leader_end, *(follower.log_end_offset for follower in followers)], reverse=True)
    return max(current, ends[len(ends) // 2])


def mark_without_newcomers(
    current: Offset, leader_end: Offset, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> Offset:
    """Whoever is not in the ISR yet does not count yet."""
    members = [follower for follower in followers if follower.in_isr]
    if 1 + len(members) < effective_min_isr:
        return current
    return max(current, min([leader_end, *(follower.log_end_offset for follower in members)]))


def mark_without_minimum(
    current: Offset, leader_end: Offset, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> Offset:
    """The minimum is for producers; the mark follows whoever is left."""
    ends = [follower.log_end_offset for follower in followers if follower.in_isr or follower.joining]
    return max(current, min([leader_end, *ends]))


def mark_that_falls(
    current: Offset, leader_end: Offset, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> Offset:
    """The mark is the smallest end, also when that is smaller than before."""
    if 1 + sum(follower.in_isr for follower in followers) < effective_min_isr:
        return current
    return min([leader_end, *(max(follower.log_end_offset, 0) for follower in followers if follower.in_isr)])


def read_the_tail(
    log_start: Offset,
    high_watermark: Offset,
    log_end: Offset,
    fetch_offset: Offset,
    replica_id: BrokerId,
    replicas: tuple[BrokerId, ...],
) -> tuple[int, Offset]:
    """What is in the log can be read."""
    if replica_id >= 0 and replica_id not in replicas:
        return 6, -1
    return (0, log_end) if log_start <= fetch_offset <= log_end else (1, -1)


def followers_wait_too(
    log_start: Offset,
    high_watermark: Offset,
    log_end: Offset,
    fetch_offset: Offset,
    replica_id: BrokerId,
    replicas: tuple[BrokerId, ...],
) -> tuple[int, Offset]:
    """Nobody may read above the mark."""
    if replica_id >= 0 and replica_id not in replicas:
        return 6, -1
    return (0, max(fetch_offset, high_watermark)) if log_start <= fetch_offset <= log_end else (1, -1)


ALONE = schedule((0, "cut", 1, "brokers"), (100, "send", "x"), (400, "crash", 1), (15_000, "heal"))
ONE_SLOW = schedule((0, "send", "a"), (500, "cut", 1, 2), (600, "send", "x"), (800, "crash", 1), (15_000, "heal"))
# Broker 3 has left and comes back; the controller writes it into the ISR, and the answer does not reach the leader.
EXPANSION = tuple(
    schedule(
        (0, "cut", 3, "brokers"), (100, "send", "w"), (50_000, "heal"), (at_ms, "cut", 1, "controllers"),
        (at_ms, "cut", 1, 3), (at_ms + 50, "send", "x", {"acks": "1"}), (at_ms + 3_000, "heal"),
    )
    for at_ms in range(50_006, 50_014)
)  # fmt: skip
TWO_GONE = schedule((0, "crash", 2), (0, "crash", 3), (15_000, "send", "x", {"acks": "1"}))
UNCOMMITTED = schedule((0, "read"), (0, "cut", 1, "brokers"), (100, "send", "x"), (3_000, "heal"))
NEW_LEADER = schedule((0, "send", "a"), (2_000, "send", "b"), (4_000, "crash", 1))

MUTANTS = (
    Mutant(
        "ack_on_append", "the leader has it, so it is stored", "I1",
        "Record x was acknowledged at offset 0; broker 2, which leads now in epoch 1, has nothing there.",
        {ACKS: ack_on_append}, (ALONE,),
    ),
    Mutant(
        "ack_too_early", "the leader has it, so it is stored", "I11", "but only broker 1 had it",
        {ACKS: ack_on_append}, (ALONE,),
    ),
    Mutant(
        "mark_of_the_leader", "written is committed", "I3", "expected to hold all below it",
        {MARK: mark_of_the_leader}, (ALONE,),
    ),
    Mutant(
        "mark_of_the_majority", "two of three are enough, as in Raft", "I2",
        "broker 2, which leads now in epoch 1, has nothing there", {MARK: mark_of_the_majority}, (ONE_SLOW,),
    ),
    Mutant(
        "mark_without_newcomers", "who is not in yet does not count yet", "I3", "broker 3, in the ISR",
        {MARK: mark_without_newcomers}, EXPANSION,
    ),
    Mutant(
        "mark_without_minimum", "the minimum is for producers only", "I11",
        "moved its high watermark to 1 while its ISR was {1}", {MARK: mark_without_minimum}, (TWO_GONE,),
    ),
    Mutant(
        "mark_that_falls", "the mark is the smallest end, whatever it was before", "I10",
        "took its high watermark back", {MARK: mark_that_falls}, (NEW_LEADER,),
    ),
    Mutant(
        "read_the_tail", "what is in the log can be read", "I10", "was given x at offset 0, which was not committed",
        {WINDOW: read_the_tail}, (UNCOMMITTED,),
    ),
    Mutant(
        "followers_wait_too", "nobody may read above the mark", "I30", "high watermark stands at",
        {WINDOW: followers_wait_too}, (schedule((0, "send", "a")),),
    ),
)  # fmt: skip
