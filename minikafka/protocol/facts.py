"""What happened: the small true statements from which traces, checkers and pictures are made.

A fact is stated where the change is made and nowhere else. Domain objects return facts, nodes wrap them in `Observe`,
the simulation files them under the step in which they happened, together with the node that stated them. Replaying
all facts from the start rebuilds everything that the stage shows (`trace/fold.py` does so). The English sentence
of each fact is in `trace/story.py`.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId, Epoch, Millis, NodeId, Offset, TopicPartition

# --- Stated by whoever holds a log ---


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


# --- Stated by brokers about their replicas ---


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


# --- Stated by the active controller ---


class QuorumLeaderElected(NamedTuple):
    """This controller is active in this quorum epoch."""

    epoch: Epoch


class BrokerRegistered(NamedTuple):
    """A broker process was given its broker epoch. `clean` is False when it may have lost its last writes."""

    broker: BrokerId
    broker_epoch: Epoch
    clean: bool


class RegistrationRefused(NamedTuple):
    """The former process of this broker still counts as alive."""

    broker: BrokerId
    error: ErrorCode


class BrokerFenced(NamedTuple):
    """No heartbeat for `silent_ms`: this broker may lead nothing until it reports again."""

    broker: BrokerId
    silent_ms: Millis


class BrokerUnfenced(NamedTuple):
    """This broker has caught up with the metadata log and may lead again."""

    broker: BrokerId


class TopicCreated(NamedTuple):
    """A topic exists; a `PartitionChanged` for each of its partitions follows."""

    topic: str
    topic_id: str


class PartitionChanged(NamedTuple):
    """The controller wrote a new state of a partition into the metadata log."""

    partition: TopicPartition
    replicas: tuple[BrokerId, ...]
    """In assignment order."""
    leader: BrokerId
    leader_epoch: Epoch
    isr: tuple[BrokerId, ...]
    elr: tuple[BrokerId, ...]
    last_known_leader: BrokerId
    partition_epoch: Epoch
    old_leader: BrokerId
    """Leader before this change; -1 for none. The same as `leader` when only the ISR changed."""
    old_leader_epoch: Epoch
    """-1: the partition is new."""
    old_isr: tuple[BrokerId, ...]
    old_elr: tuple[BrokerId, ...]
    recovering: bool
    """True: this leader was chosen uncleanly, so data may be missing (LeaderRecoveryState RECOVERING)."""
    metadata_offset: Offset


# --- Stated by clients ---


class ProduceSent(NamedTuple):
    """A producer sends these values to a broker, the first time or again."""

    partition: TopicPartition
    broker: BrokerId
    acks: int
    values: tuple[bytes | None, ...]
    attempt: int
    """1 for the first time."""


class ProduceAcknowledged(NamedTuple):
    """The application was told *stored*. For acks=0 nobody said so, and the offset is -1."""

    partition: TopicPartition
    base_offset: Offset
    acks: int
    values: tuple[bytes | None, ...]
    broker: BrokerId
    leader_epoch_known: Epoch
    """Leader epoch in this producer's metadata when it sent."""


class ProduceRetried(NamedTuple):
    """An attempt ended with this error; the producer will try again."""

    partition: TopicPartition
    error: ErrorCode
    values: tuple[bytes | None, ...]
    retry_after_ms: Millis


class ProduceFailed(NamedTuple):
    """The application was told that these values failed. With REQUEST_TIMED_OUT they may still be there."""

    partition: TopicPartition
    error: ErrorCode
    values: tuple[bytes | None, ...]


class LeaderLearned(NamedTuple):
    """A client's metadata now names this leader."""

    partition: TopicPartition
    leader: BrokerId
    leader_epoch: Epoch


class RecordsConsumed(NamedTuple):
    """A consumer was handed these records: (offset, leader epoch, key, value)."""

    partition: TopicPartition
    records: tuple[tuple[Offset, Epoch, bytes | None, bytes | None], ...]
    position: Offset
    """Next offset it will ask for."""


class FetchFailed(NamedTuple):
    """A consumer's fetch was answered with an error."""

    partition: TopicPartition
    broker: BrokerId
    error: ErrorCode


# --- Stated by the world: faults, and what the checkers see ---


class NodeStarted(NamedTuple):
    """A process starts for the first time."""

    node: NodeId


class NodeCrashed(NamedTuple):
    """The process is gone. Without `power_lost` the page cache stays."""

    node: NodeId
    power_lost: bool


class NodeRestarted(NamedTuple):
    """The process starts again on the same disk."""

    node: NodeId


class NodePaused(NamedTuple):
    """The process stands still (a long garbage collection, SIGSTOP); what arrives waits."""

    node: NodeId


class NodeResumed(NamedTuple):
    """The process goes on, without knowing that it stood still."""

    node: NodeId


class LinkCut(NamedTuple):
    """Nothing passes between these two; neither is told."""

    one: NodeId
    other: NodeId


class LinkHealed(NamedTuple):
    """Messages pass again between these two."""

    one: NodeId
    other: NodeId


class ConnectionsLost(NamedTuple):
    """All connections between these two broke; both are told. Requests under way are lost, or arrive late."""

    one: NodeId
    other: NodeId
    late_ms: Millis
    """How much later requests under way are still processed; -1: they are lost."""


class DiskFilled(NamedTuple):
    """The disk takes no more bytes until it is freed."""

    node: NodeId
    full: bool


class PromiseBroken(NamedTuple):
    """A checker saw what must never be seen."""

    promise: str
    """Number in the list of promises, as `I2`."""
    name: str
    """Its name, as `leader completeness`."""
    sentence: str


class LossBeyondPromise(NamedTuple):
    """A record is gone, but more failed than Kafka promises to survive."""

    sentence: str


class Note(NamedTuple):
    """The scenario says what it is about to do."""

    text: str


Fact: TypeAlias = (
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
    | QuorumLeaderElected
    | BrokerRegistered
    | RegistrationRefused
    | BrokerFenced
    | BrokerUnfenced
    | TopicCreated
    | PartitionChanged
    | ProduceSent
    | ProduceAcknowledged
    | ProduceRetried
    | ProduceFailed
    | LeaderLearned
    | RecordsConsumed
    | FetchFailed
    | NodeStarted
    | NodeCrashed
    | NodeRestarted
    | NodePaused
    | NodeResumed
    | LinkCut
    | LinkHealed
    | ConnectionsLost
    | DiskFilled
    | PromiseBroken
    | LossBeyondPromise
    | Note
)
