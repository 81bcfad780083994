"""Facts about what a log's files hold: segments, where the log starts, what retention and compaction take away."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.types import Offset, TopicPartition


class SegmentRolled(NamedTuple):
    """The active segment is closed; the next one begins at this offset."""

    partition: TopicPartition
    base_offset: Offset


class LogStartMoved(NamedTuple):
    """Records below this offset can no longer be read here."""

    partition: TopicPartition
    log_start_offset: Offset
    reason: str
    """`retention.ms`, `retention.bytes`, `DeleteRecords` or `leader` (a follower hears of it)."""


class LogCompacted(NamedTuple):
    """Of each key below `below_offset` only the newest record is left; the others are gone, offsets stay."""

    partition: TopicPartition
    below_offset: Offset
    removed: tuple[Offset, ...]


class TailCut(NamedTuple):
    """Recovery found bytes at the end of a log that are no whole, intact batch, and cut them off."""

    partition: TopicPartition
    at_offset: Offset
    lost_bytes: int


class ReplicaDeleted(NamedTuple):
    """This broker holds no copy any more: the topic is gone, or the replica has moved elsewhere."""

    partition: TopicPartition


class LastStableOffsetMoved(NamedTuple):
    """Below this offset every transaction is decided, as far as this replica knows."""

    partition: TopicPartition
    last_stable_offset: Offset


LogFact: TypeAlias = SegmentRolled | LogStartMoved | LogCompacted | TailCut | LastStableOffsetMoved | ReplicaDeleted
