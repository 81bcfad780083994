"""When is a producer told *stored*? One function, asked before the append, after it, and until the answer is due.

* acks=0: never told. acks=1: told once the leader has appended. acks=all: told once the high watermark has passed.
* min.insync.replicas is a gate, not a number of votes: all of the ISR must have the record, and the ISR must be large
  enough, before the append and again when the answer is given.
* A timeout says nothing about the record: it is in the leader's log and may yet be committed.

Mirrors `ReplicaManager.appendRecords`, `DelayedProduce` and `Partition.checkEnoughReplicasReachOffset`. What we leave
out: nothing; the whole rule is here.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.types import BrokerId, Millis, Offset


class Produce(NamedTuple):
    """One batch that a producer wants stored."""

    acks: int
    """0, 1, or -1 for all."""
    last_offset: Offset | None
    """Where its last record stands; None: not appended yet."""
    waited_ms: Millis
    timeout_ms: Millis


class LeaderView(NamedTuple):
    """What the leader knows when it is asked."""

    replicas: tuple[BrokerId, ...]
    isr: frozenset[BrokerId]
    min_insync_replicas: int
    high_watermark: Offset
    ends: tuple[tuple[BrokerId, Offset], ...]
    """(broker, end offset known)."""


def ack_decision(p: Produce, v: LeaderView) -> str:
    """`APPEND`, `WAIT`, `NO_REPLY`, `NONE` (stored), or the name of an error."""
    too_few = len(v.isr) < min(v.min_insync_replicas, len(v.replicas))
    if p.last_offset is None:
        return "NOT_ENOUGH_REPLICAS" if p.acks == -1 and too_few else "APPEND"
    if p.acks != -1:
        return "NO_REPLY" if p.acks == 0 else "NONE"
    if v.high_watermark >= p.last_offset + 1:
        return "NOT_ENOUGH_REPLICAS_AFTER_APPEND" if too_few else "NONE"
    return "REQUEST_TIMED_OUT" if p.waited_ms >= p.timeout_ms else "WAIT"
