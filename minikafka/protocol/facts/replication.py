"""Facts about logs and their replicas, stated by whoever holds them."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId, Epoch, NodeId, Offset, TopicPartition


class RecordsAppended(NamedTuple):
    """Batches were written at the end of a log, into the page cache."""

    partition: TopicPartition
    base_offset: Offset
    next_offset: Offset
    """Log end offset after the append."""
    batches: bytes
    as_leader: bool
    """False: copied from the leader."""


class LogTruncated(NamedTuple):
    """Everything at and above `to_offset` was cut off."""

    partition: TopicPartition
    to_offset: Offset
    was_end: Offset


class HighWatermarkMoved(NamedTuple):
    """Below `high_watermark` everything is committed, as far as this replica knows."""

    partition: TopicPartition
    high_watermark: Offset
    as_leader: bool


class LogRecovered(NamedTuple):
    """A process has started and found this log on its disk."""

    partition: TopicPartition
    log_start_offset: Offset
    log_end_offset: Offset
    high_watermark: Offset
    """From the checkpoint file, so possibly older than what was known before."""


class LogFlushed(NamedTuple):
    """Everything below `durable_end` survives a power loss here."""

    partition: TopicPartition
    durable_end: Offset


class BecameLeader(NamedTuple):
    """This broker has replayed the record that makes it leader, and noted where its epoch starts."""

    partition: TopicPartition
    leader_epoch: Epoch
    start_offset: Offset
    isr: tuple[BrokerId, ...]
    partition_epoch: Epoch


class BecameFollower(NamedTuple):
    """This broker has replayed that another one leads (or, with leader -1, that nobody does)."""

    partition: TopicPartition
    leader: BrokerId
    leader_epoch: Epoch


class FollowerProgress(NamedTuple):
    """The leader learns from a fetch how far a follower has got."""

    partition: TopicPartition
    follower: BrokerId
    log_end_offset: Offset
    leader_epoch: Epoch
    """The epoch in which the leader counts this fetch."""
    claimed_epoch: Epoch
    """The epoch the follower named in its fetch; -1 if it named none."""


class IsrProposed(NamedTuple):
    """The leader asks the controller for another ISR."""

    partition: TopicPartition
    isr: tuple[BrokerId, ...]
    added: tuple[BrokerId, ...]
    removed: tuple[BrokerId, ...]
    leader_epoch: Epoch


class IsrAdopted(NamedTuple):
    """The leader now counts with this ISR: the controller has written it."""

    partition: TopicPartition
    isr: tuple[BrokerId, ...]
    partition_epoch: Epoch


class IsrProposalRefused(NamedTuple):
    """The controller did not take the leader's proposal."""

    partition: TopicPartition
    error: ErrorCode


class ProduceParked(NamedTuple):
    """An acks=all request waits until the high watermark reaches `needs_offset`."""

    partition: TopicPartition
    client: NodeId
    needs_offset: Offset
    correlation_id: int


class ProduceAnswered(NamedTuple):
    """A producer was told what became of its batch; with acks=0 the answer is not sent."""

    partition: TopicPartition
    client: NodeId
    error: ErrorCode
    base_offset: Offset
    next_offset: Offset
    acks: int
    correlation_id: int


class ReadRefused(NamedTuple):
    """A fetch or lookup was answered with an error."""

    partition: TopicPartition
    reader: NodeId
    error: ErrorCode
    request_epoch: Epoch
    local_epoch: Epoch


class DivergenceFound(NamedTuple):
    """The leader tells a reader that their logs part: its epoch `epoch` ends at `end_offset` here."""

    partition: TopicPartition
    reader: NodeId
    fetch_offset: Offset
    last_fetched_epoch: Epoch
    epoch: Epoch
    end_offset: Offset


class MetadataReplayed(NamedTuple):
    """This broker has applied the committed metadata log below `next_offset`."""

    next_offset: Offset


class StorageFailed(NamedTuple):
    """The disk refused a write; nothing of it was kept."""

    partition: TopicPartition
    reason: str


ReplicationFact: TypeAlias = (
    RecordsAppended
    | LogTruncated
    | HighWatermarkMoved
    | LogRecovered
    | LogFlushed
    | BecameLeader
    | BecameFollower
    | FollowerProgress
    | IsrProposed
    | IsrAdopted
    | IsrProposalRefused
    | ProduceParked
    | ProduceAnswered
    | ReadRefused
    | DivergenceFound
    | MetadataReplayed
    | StorageFailed
)
