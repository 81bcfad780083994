"""The surface people import: confluent-kafka's classes and calls, on a simulated cluster.

A script written against these names runs unchanged with `from confluent_kafka import …` against `minikafka serve` or
Apache Kafka; only `bootstrap.servers` differs. `poll` and `flush` let virtual time pass, as much as they would wait.

Here is what producer and consumer share; `Producer` is in `producer.py`, `Consumer` in `consumer.py`.

What we leave out: serializers, statistics, logging.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, NamedTuple

from minikafka.cluster import Bootstrap, Cluster
from minikafka.config import ConfigError
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import MetadataResponse
from minikafka.types import BrokerId, Millis
from minikafka.types import TopicPartition as Name

OFFSET_BEGINNING = -2
OFFSET_END = -1
OFFSET_STORED = -1000
OFFSET_INVALID = -1001


_CLIENT_CODES = {
    "_PARTITION_EOF": -191,
    "_UNKNOWN_PARTITION": -190,
    "_INVALID_ARG": -186,
    "_TIMED_OUT": -185,
    "_STATE": -172,
    "_NOT_IMPLEMENTED": -170,
    "_NO_OFFSET": -168,
    "_PURGE_QUEUE": -152,
    "_PURGE_INFLIGHT": -151,
    "_FATAL": -150,
    "_AUTO_OFFSET_RESET": -140,
}
"""Errors that no broker sends: librdkafka's names and numbers."""


class KafkaError:
    """Why something failed: Kafka's number and name, or one of the client library's own, which are negative."""

    _PARTITION_EOF = -191
    _UNKNOWN_PARTITION = -190
    _INVALID_ARG = -186
    _TIMED_OUT = -185
    _STATE = -172
    _NOT_IMPLEMENTED = -170
    _NO_OFFSET = -168
    _PURGE_QUEUE = -152
    _PURGE_INFLIGHT = -151
    _FATAL = -150
    _AUTO_OFFSET_RESET = -140

    def __init__(
        self,
        code: int,
        reason: builtins.str = "",
        fatal: bool = False,
        retriable: bool | None = None,
        txn_requires_abort: bool = False,
    ) -> None:
        """`retriable` is what Kafka says about the code, unless it is given."""
        self._code = code
        self._reason = reason
        self._fatal = fatal
        self._retriable = retriable
        self._txn_requires_abort = txn_requires_abort

    def code(self) -> int:
        """Kafka's number."""
        return self._code

    def name(self) -> builtins.str:
        """Kafka's name."""
        own = next((name for name, code in _CLIENT_CODES.items() if code == self._code), "")
        return own or ErrorCode(self._code).name

    def str(self) -> builtins.str:
        """For people."""
        return self._reason or self.name()

    def retriable(self) -> bool:
        """May the same be tried again?"""
        if self._retriable is not None:
            return self._retriable
        return self._code not in _CLIENT_CODES.values() and ErrorCode(self._code).retriable

    def fatal(self) -> bool:
        """Is this client of no use any more?"""
        return self._fatal

    def txn_requires_abort(self) -> bool:
        """Must the present transaction be aborted, after which the producer can go on?"""
        return self._txn_requires_abort

    def __repr__(self) -> builtins.str:
        return f"KafkaError({self.name()}, {self.str()!r})"

    def __str__(self) -> builtins.str:
        return self.str()

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, KafkaError) and other._code == self._code) or other == self._code

    def __hash__(self) -> int:
        return self._code


for _code in ErrorCode:
    # confluent-kafka has each of Kafka's numbers as a class attribute: `KafkaError.ILLEGAL_GENERATION`.
    setattr(KafkaError, {0: "NO_ERROR", -1: "UNKNOWN"}.get(_code, _code.name), int(_code))


class KafkaException(Exception):
    """Raised with a `KafkaError` in `args[0]`."""


class TopicPartition:
    """A partition, and an offset in it."""

    def __init__(
        self,
        topic: str,
        partition: int = -1,
        offset: int = OFFSET_INVALID,
        metadata: str | None = None,
        leader_epoch: int | None = None,
        error: KafkaError | None = None,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.metadata = metadata
        self.leader_epoch = leader_epoch
        self.error = error

    def __repr__(self) -> str:
        return f"TopicPartition({self.topic!r}, {self.partition}, offset={self.offset})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TopicPartition) and self._key() == other._key()

    def __hash__(self) -> int:
        return sum(self.topic.encode()) * 31 + self.partition

    def _key(self) -> tuple[str, int]:
        return self.topic, self.partition


class Message:
    """A record that was delivered, or consumed."""

    def __init__(
        self,
        name: Name,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        timestamp_ms: Millis,
        error: KafkaError | None = None,
        leader_epoch: int | None = None,
    ) -> None:
        self._name = name
        self._offset = offset
        self._key = key
        self._value = value
        self._headers = list(headers)
        self._timestamp_ms = timestamp_ms
        self._error = error
        self._leader_epoch = leader_epoch

    def topic(self) -> str:
        """Its topic."""
        return self._name.topic

    def partition(self) -> int:
        """Its partition."""
        return self._name.partition

    def offset(self) -> int | None:
        """Its offset; None if it was not stored, or nobody said where."""
        return self._offset if self._offset >= 0 else None

    def key(self) -> bytes | None:
        """Its key."""
        return self._key

    def value(self) -> bytes | None:
        """Its value."""
        return self._value

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        """Its headers, None if there are none."""
        return self._headers or None

    def timestamp(self) -> tuple[int, int]:
        """(1 for create time, milliseconds)."""
        return 1, self._timestamp_ms

    def leader_epoch(self) -> int | None:
        """The epoch of the leader that wrote it."""
        return self._leader_epoch

    def error(self) -> KafkaError | None:
        """Why there is no record, None if there is one."""
        return self._error

    def __repr__(self) -> str:
        return f"Message({self._name}, offset={self.offset()}, key={self._key!r}, value={self._value!r})"


class ConsumerGroupMetadata(NamedTuple):
    """In whose name a producer commits offsets inside a transaction (KIP-447)."""

    group_id: str
    generation_id: int = -1
    member_id: str = ""
    group_instance_id: str | None = None


class BrokerMetadata(NamedTuple):
    """A broker in `ClusterMetadata`."""

    id: int
    host: str
    port: int


class PartitionMetadata(NamedTuple):
    """A partition in `TopicMetadata`."""

    id: int
    leader: int
    replicas: list[int]
    isrs: list[int]
    error: KafkaError | None


class TopicMetadata(NamedTuple):
    """A topic in `ClusterMetadata`."""

    topic: str
    partitions: dict[int, PartitionMetadata]
    error: KafkaError | None


class ClusterMetadata(NamedTuple):
    """What a broker says about the cluster, in confluent-kafka's shape."""

    controller_id: int
    brokers: dict[int, BrokerMetadata]
    topics: dict[str, TopicMetadata]


def cluster_metadata(news: MetadataResponse) -> ClusterMetadata:
    """A metadata answer as `list_topics` returns it."""
    topics = {}
    for topic in news.topics:
        partitions = {
            one.partition.partition: PartitionMetadata(
                one.partition.partition, one.leader, list(one.replicas), list(one.isr), error_or_none(one.error)
            )
            for one in topic.partitions
        }
        topics[topic.topic] = TopicMetadata(topic.topic, partitions, error_or_none(topic.error))
    brokers = {one.broker_id: BrokerMetadata(one.broker_id, one.host, one.port) for one in news.brokers}
    return ClusterMetadata(news.controller_id, brokers, topics)


def error_or_none(code: ErrorCode) -> KafkaError | None:
    """An error object, or None where nothing is wrong."""
    return None if code == ErrorCode.NONE else KafkaError(code)


def bootstrap_of(value: Any) -> tuple[Cluster, BrokerId | None]:
    """The cluster in `bootstrap.servers`. Raises `ConfigError` for anything else."""
    if isinstance(value, Bootstrap):
        return value.cluster, value.first
    if isinstance(value, Cluster):
        return value, None
    raise ConfigError(
        f"bootstrap.servers is {value!r}, but a simulated client needs a Cluster; "
        "to reach a server over TCP, import confluent_kafka instead of minikafka."
    )
