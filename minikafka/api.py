"""The surface people import: confluent-kafka's classes and calls, on a simulated cluster.

A script written against these names runs unchanged with `from confluent_kafka import …` against `minikafka serve` or
Apache Kafka; only `bootstrap.servers` differs. `poll` and `flush` let virtual time pass, as much as they would wait.

Here is what producer and consumer share, and the `Consumer`; `Producer` is in `producer.py`.

What we leave out: groups (`subscribe`), commits, serializers, statistics.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from minikafka.client.consumer import ConsumerNode, Fetched
from minikafka.cluster import Bootstrap, Cluster
from minikafka.config import ConfigError, ConsumerConfig, read_settings
from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId, Millis
from minikafka.types import TopicPartition as Name

OFFSET_BEGINNING = -2
OFFSET_END = -1
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


class KafkaException(Exception):
    """Raised with a `KafkaError` in `args[0]`."""


class TopicPartition:
    """A partition, and an offset in it."""

    def __init__(self, topic: str, partition: int = -1, offset: int = OFFSET_INVALID) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset

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


class Consumer:
    """Reads records from partitions assigned by hand."""

    def __init__(self, conf: Mapping[str, Any]) -> None:
        """`conf` has Kafka's dotted names; `bootstrap.servers` is a `Cluster`. Raises `ConfigError`."""
        config = read_settings(ConsumerConfig, conf, "consumer")
        self.cluster, first = bootstrap_of(config.bootstrap_servers)
        self.node = self.cluster.add_consumer(config.client_id, config, first)
        self._closed = False

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions; without an offset from where `auto.offset.reset` says."""
        positions = {Name(one.topic, one.partition): _position(one.offset) for one in partitions}
        self.cluster.call(self.node, "~assign", lambda node, now: node.assign(positions, now))

    def subscribe(self, topics: Sequence[str], **_: Any) -> NoReturn:
        """Not built yet: groups come later."""
        sentence = (
            "subscribe() needs consumer groups, which are not built yet: "
            "use assign([TopicPartition(topic, 0, offset)])."
        )
        raise KafkaException(KafkaError(KafkaError._NOT_IMPLEMENTED, sentence))

    def poll(self, timeout: float = 1) -> Message | None:
        """The next record, waiting up to `timeout` seconds for it; None if there is none by then."""
        node = self._client
        if not node.state.buffer and not node.state.errors:
            self.cluster.call(self.node, "~poll", lambda node, now: node.poll(True, now))
            self.cluster.sim.run_until(lambda: bool(node.state.buffer or node.state.errors), round(timeout * 1000))
            self.cluster.call(self.node, "~poll ends", lambda node, now: node.poll(False, now))
        if node.state.errors:
            name, error = node.state.errors.pop(0)
            return Message(name, -1, None, None, (), 0, KafkaError(error))
        return _message(node.state.buffer.pop(0)) if node.state.buffer else None

    def consume(self, num_messages: int = 1, timeout: float = 1) -> list[Message]:
        """Up to so many records, waiting up to `timeout` seconds altogether."""
        end_ms = self.cluster.now_ms + round(timeout * 1000)
        found: list[Message] = []
        while len(found) < num_messages and (message := self.poll(max(end_ms - self.cluster.now_ms, 0) / 1000)):
            found.append(message)
        return found

    def position(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """The next offset the application will be given, for each partition."""
        return [TopicPartition(one.topic, one.partition, self._next_offset(one)) for one in partitions]

    def _next_offset(self, one: TopicPartition) -> int:
        name, node = Name(one.topic, one.partition), self._client
        for waiting in node.state.buffer:
            if waiting.partition == name:
                return waiting.record.offset
        assigned = node.assigned.get(name)
        return OFFSET_INVALID if assigned is None or assigned.position is None else assigned.position

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = 1, cached: bool = False
    ) -> tuple[int, int]:
        """(log start offset, high watermark) as last heard from the leader; (-1001, -1001) before the first fetch."""
        heard = self._client.state.watermarks.get(Name(partition.topic, partition.partition))
        return heard or (OFFSET_INVALID, OFFSET_INVALID)

    def ask_once(self, broker: BrokerId, partition: TopicPartition, offset: int, epoch: int) -> None:
        """Ours alone, for lessons: one fetch to a broker of your choice, believing in a leader epoch of your choice."""
        name = Name(partition.topic, partition.partition)
        self.cluster.call(
            self.node,
            f"ask broker {broker}, epoch {epoch}",
            lambda node, now: node.ask_once(broker, name, offset, epoch, now),
        )

    def close(self) -> None:
        """Stop reading."""
        if not self._closed:
            self._closed = True
            self.cluster.call(self.node, "~close", lambda node, now: node.poll(False, now))

    @property
    def _client(self) -> ConsumerNode:
        node = self.cluster.client(self.node)
        assert isinstance(node, ConsumerNode)
        return node


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


def _position(offset: int) -> int | None:
    if offset == OFFSET_BEGINNING:
        return 0
    return None if offset < 0 else offset


def _message(fetched: Fetched) -> Message:
    record = fetched.record
    return Message(
        fetched.partition, record.offset, record.key, record.value, record.headers, record.timestamp_ms,
        leader_epoch=fetched.leader_epoch,
    )  # fmt: skip
