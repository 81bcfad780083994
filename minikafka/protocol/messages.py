"""Every request beside its response, in one version-neutral form.

Nodes exchange these dataclasses; the wire's versions, topic ids and field order live in `server/`. A message never
changes after it was made. Partition data is flat: one entry for each partition, in the order of the request.

What we leave out: fetch sessions (KIP-227; each fetch names all its partitions), throttling, authorized operations.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.config import MAX_LONG
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.message import message
from minikafka.types import (
    NO_EPOCH,
    NO_LEADER,
    NO_OFFSET,
    BrokerId,
    Epoch,
    Millis,
    NodeId,
    Offset,
    TopicPartition,
)

NONE = ErrorCode.NONE


class Request:
    """Base of every question. Each family of messages has a file of its own, loaded when somebody needs it."""

    __slots__ = ()


class Response:
    """Base of every answer."""

    __slots__ = ()


Message = Request | Response


# --- Metadata: who leads what (clients → any broker) ---


@message
class MetadataRequest(Request):
    """Ask any broker for what it has replayed. Its answer may be old."""

    topics: tuple[str, ...] | None = None
    """None asks for all topics."""
    allow_auto_topic_creation: bool = False
    """Not modelled in the simulation: an unknown topic is answered UNKNOWN_TOPIC_OR_PARTITION."""


@message
class BrokerEndpoint:
    """An unfenced broker as clients see it; `host` and `port` mean something only behind TCP."""

    broker_id: BrokerId
    host: str = ""
    port: int = 0
    rack: str | None = None


@message
class PartitionMetadata:
    """One partition as the answering broker knows it."""

    partition: TopicPartition
    error: ErrorCode
    leader: BrokerId
    leader_epoch: Epoch
    replicas: tuple[BrokerId, ...]
    isr: tuple[BrokerId, ...]
    offline: tuple[BrokerId, ...] = ()


@message
class TopicMetadata:
    """One topic with its partitions, or the error for a name that is not known."""

    topic: str
    error: ErrorCode
    topic_id: str = ""
    """32 hexadecimal digits; empty when the topic is not known."""
    partitions: tuple[PartitionMetadata, ...] = ()


@message
class MetadataResponse(Response):
    """Answer to `MetadataRequest`."""

    brokers: tuple[BrokerEndpoint, ...]
    topics: tuple[TopicMetadata, ...]
    controller_id: BrokerId = NO_LEADER
    cluster_id: str = ""
    transaction_version: int = 2
    """Ours alone, not on the wire: the cluster's feature level `transaction.version`, which Kafka's clients learn from
    ApiVersions when they connect."""


# --- Produce (producer → partition leader) ---


@message
class ProducePartition:
    """One record batch for one partition, as bytes (format v2)."""

    partition: TopicPartition
    records: bytes


@message
class ProduceRequest(Request):
    """Append batches. It carries no leader epoch: an old leader that has not heard of its successor will take it."""

    acks: int
    """0: no answer at all, 1: after the leader's append, -1: when the whole ISR has it."""
    timeout_ms: Millis
    partitions: tuple[ProducePartition, ...]
    transactional_id: str | None = None
    adds_partition: bool = True
    """Produce v12+ (protocol 2): the leader itself adds the partition to the transaction (KIP-890)."""
    knows_abortable: bool = True
    """Produce v11+: TRANSACTION_ABORTABLE instead of INVALID_TXN_STATE."""

    @property
    def expects_response(self) -> bool:
        """acks=0 is never answered, not even with an error."""
        return self.acks != 0


@message
class ProducePartitionResult:
    """Where the batch landed, or why it did not."""

    partition: TopicPartition
    error: ErrorCode
    base_offset: Offset = NO_OFFSET
    log_append_time_ms: Millis = -1
    log_start_offset: Offset = NO_OFFSET
    current_leader: BrokerId = NO_LEADER
    """With NOT_LEADER_OR_FOLLOWER: who leads as far as this broker knows (KIP-951)."""
    current_leader_epoch: Epoch = NO_EPOCH


@message
class ProduceResponse(Response):
    """Answer to `ProduceRequest` unless acks=0."""

    partitions: tuple[ProducePartitionResult, ...]


# --- Fetch (consumer or follower → leader; broker → controller for the metadata log) ---


@message
class FetchPartition:
    """What the reader wants of one partition, and what it knows about it."""

    partition: TopicPartition
    fetch_offset: Offset
    """Next offset the reader needs, so a follower that sends it holds everything below."""
    current_leader_epoch: Epoch = NO_EPOCH
    """The leader epoch the reader believes in; -1 is not compared (KIP-320)."""
    last_fetched_epoch: Epoch = NO_EPOCH
    """Epoch of the reader's last record; the leader answers where that epoch ends if it differs (KIP-595)."""
    max_bytes: int = 1_048_576
    log_start_offset: Offset = 0
    high_watermark: Offset = MAX_LONG
    """Metadata log only: what the reader knows to be committed; when there is more it need not wait (KIP-1166)."""


@message
class FetchRequest(Request):
    """Long poll for records. `replica_id` -1 is a consumer; a follower sends its id and broker epoch (KIP-903)."""

    replica_id: BrokerId
    partitions: tuple[FetchPartition, ...]
    replica_epoch: Epoch = NO_EPOCH
    max_wait_ms: Millis = 500
    min_bytes: int = 1
    max_bytes: int = 52_428_800
    isolation_level: int = 0
    """0 read_uncommitted: up to the high watermark. 1 read_committed: up to the last stable offset."""
    rack_id: str = ""
    """Where the consumer is (`client.rack`, KIP-392)."""
    cluster_voter: bool = False
    """Metadata log only: the reader is a voter of the quorum, and what it holds counts."""


@message
class FetchPartitionResult:
    """Records from the asked offset on, or where the two logs part ways."""

    partition: TopicPartition
    error: ErrorCode
    high_watermark: Offset = NO_OFFSET
    log_start_offset: Offset = NO_OFFSET
    records: bytes = b""
    """Whole batches, back to back; the first may begin below the asked offset."""
    diverging_epoch: Epoch = NO_EPOCH
    """The leader's own epoch at or below the reader's last one, when the logs differ; else -1."""
    diverging_end_offset: Offset = NO_OFFSET
    """Where `diverging_epoch` ends in the leader's log; else -1."""
    current_leader: BrokerId = NO_LEADER
    current_leader_epoch: Epoch = NO_EPOCH
    last_stable_offset: Offset = NO_OFFSET
    aborted_transactions: tuple[tuple[int, Offset], ...] | None = None
    """(producer id, first offset) of each aborted transaction with records here; None unless read_committed asks."""
    preferred_read_replica: BrokerId = NO_LEADER
    """Ask that broker instead: it holds a copy in your rack (KIP-392)."""
    snapshot_id: tuple[Offset, Epoch] | None = None
    """Metadata log only: what you need is no longer in the log; fetch this snapshot (end offset, epoch)."""


@message
class FetchResponse(Response):
    """Answer to `FetchRequest`, parked until there is data or `max_wait_ms` passed."""

    partitions: tuple[FetchPartitionResult, ...]


# --- ListOffsets and OffsetForLeaderEpoch (readers → leader) ---

LATEST_TIMESTAMP = -1
EARLIEST_TIMESTAMP = -2
MAX_TIMESTAMP = -3


@message
class ListOffsetsPartition:
    """Which offset has this timestamp? -1 asks for the end, -2 for the log start, -3 for the largest time of all."""

    partition: TopicPartition
    timestamp: int
    current_leader_epoch: Epoch = NO_EPOCH


@message
class ListOffsetsRequest(Request):
    """Look offsets up by time."""

    partitions: tuple[ListOffsetsPartition, ...]
    replica_id: BrokerId = -1
    isolation_level: int = 0


@message
class ListOffsetsPartitionResult:
    """The offset found, -1 when no record is that young."""

    partition: TopicPartition
    error: ErrorCode
    timestamp: int = -1
    offset: Offset = NO_OFFSET
    leader_epoch: Epoch = NO_EPOCH


@message
class ListOffsetsResponse(Response):
    """Answer to `ListOffsetsRequest`."""

    partitions: tuple[ListOffsetsPartitionResult, ...]


@message
class EpochEndPartition:
    """Where does `leader_epoch` end in your log?"""

    partition: TopicPartition
    leader_epoch: Epoch
    current_leader_epoch: Epoch = NO_EPOCH


@message
class OffsetForLeaderEpochRequest(Request):
    """Ask a leader for the end of epochs (KIP-101, KIP-320)."""

    partitions: tuple[EpochEndPartition, ...]
    replica_id: BrokerId = -1


@message
class EpochEndPartitionResult:
    """The largest epoch at or below the one asked, and its end offset; -1, -1 when there is none."""

    partition: TopicPartition
    error: ErrorCode
    leader_epoch: Epoch = NO_EPOCH
    end_offset: Offset = NO_OFFSET


@message
class OffsetForLeaderEpochResponse(Response):
    """Answer to `OffsetForLeaderEpochRequest`."""

    partitions: tuple[EpochEndPartitionResult, ...]


# --- envelopes ---


class Envelope(NamedTuple):
    """A message on its way. Request and response share channel and correlation id, with the ends swapped."""

    source: NodeId
    destination: NodeId
    message: Message
    correlation_id: int
    channel: str = "data"
    """Which of the connections between the two: each carries its messages in order and answers one at a time."""
    is_response: bool = False
    connection: int = 0
    """By which connection a request came, where they are told apart by number: its answer goes back by no other."""

    def by(self, connection: int) -> Envelope:
        """The same, with the number of the connection by which it has come."""
        return Envelope(*self[:6], connection)

    def reply(self, message: Response) -> Envelope:
        """The envelope that answers this one."""
        source, destination, _, number, channel, _, connection = self
        return Envelope(destination, source, message, number, channel, True, connection)


def expects_response(message: Message) -> bool:
    """Every request is answered, but for a produce with acks=0."""
    return not (isinstance(message, ProduceRequest) and message.acks == 0)
