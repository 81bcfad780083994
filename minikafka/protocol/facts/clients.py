"""Facts stated by clients: what they sent, what they were told, what they read."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId, Epoch, Millis, Offset, TopicPartition


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


ClientFact: TypeAlias = (
    ProduceSent | ProduceAcknowledged | ProduceRetried | ProduceFailed | LeaderLearned | RecordsConsumed | FetchFailed
)
