"""`Producer`: confluent-kafka's calls, on a simulated cluster.

`produce` only hands a record over. What became of it is reported to `on_delivery`, from `poll` or `flush`, which let
virtual time pass.

What we leave out: transactions, serializers, statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minikafka.api import KafkaError, Message, bootstrap_of
from minikafka.client.accumulator import PendingRecord
from minikafka.client.producer import ProducerNode
from minikafka.config import ProducerConfig, read_settings
from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId, Millis

DeliveryCallback = Callable[[KafkaError | None, Message], None]
"""Called once for each record: with what went wrong (None: nothing) and the record as it was stored."""


class Producer:
    """Sends records."""

    def __init__(self, conf: Mapping[str, Any]) -> None:
        """`conf` has Kafka's dotted names; `bootstrap.servers` is a `Cluster`. Raises `ConfigError`."""
        config = read_settings(ProducerConfig, conf, "producer")
        self.cluster, first = bootstrap_of(config.bootstrap_servers)
        self.node = self.cluster.add_producer(config.client_id, config, first)
        self._callbacks: dict[int, DeliveryCallback] = {}
        self._tickets = 0
        self._reported = 0

    def produce(
        self,
        topic: str,
        value: bytes | str | None = None,
        key: bytes | str | None = None,
        partition: int = -1,
        on_delivery: DeliveryCallback | None = None,
        timestamp: Millis = 0,
        headers: Mapping[str, bytes | None] | Sequence[tuple[str, bytes | None]] | None = None,
        callback: DeliveryCallback | None = None,
    ) -> None:
        """Hand a record over. It is sent when its batch is full, has lingered, or at `flush`."""
        self._tickets += 1
        told = on_delivery or callback
        if told is not None:
            self._callbacks[self._tickets] = told
        ticket, content = self._tickets, _bytes(value)
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers or ())
        where = None if partition < 0 else partition

        def act(node: ProducerNode, now: Millis) -> list[Any]:
            record = PendingRecord(topic, where, _bytes(key), content, pairs, timestamp or now, ticket)
            return node.produce(record, now)

        shown = "null" if content is None else content[:24].decode("utf-8", "replace")
        self.cluster.call(self.node, f"produce {shown}", act)

    def poll(self, timeout: float = 0) -> int:
        """Let up to `timeout` seconds pass until something is reported; calls callbacks, returns how many reports."""
        node = self._client
        self.cluster.sim.run_until(lambda: len(node.reports) > self._reported, round(timeout * 1000))
        return self._report()

    def flush(self, timeout: float = 120) -> int:
        """Send everything and wait for it, `timeout` seconds at most; returns how many records are still open."""
        self.cluster.call(self.node, "~flush", lambda node, now: node.flush(now))
        node = self._client
        self.cluster.sim.run_until(lambda: node.outstanding == 0, round(timeout * 1000))
        self._report()
        return node.outstanding

    def list_topics(self, topic: str, timeout: float = 10) -> dict[int, BrokerId]:
        """Learn who leads a topic's partitions: {partition: broker}. Here only the leaders are returned."""
        self.cluster.call(self.node, f"who leads {topic}?", lambda node, now: node.learn_about(topic, now))
        metadata = self._client.metadata
        self.cluster.sim.run_until(lambda: topic in metadata.partitions_of, round(timeout * 1000))
        return {name.partition: known.leader for name, known in metadata.leaders.items() if name.topic == topic}

    def __len__(self) -> int:
        return self._client.outstanding

    def __bool__(self) -> bool:
        return True

    @property
    def _client(self) -> ProducerNode:
        node = self.cluster.client(self.node)
        assert isinstance(node, ProducerNode)
        return node

    def _report(self) -> int:
        reports = self._client.reports[self._reported :]
        self._reported += len(reports)
        for report in reports:
            callback = self._callbacks.pop(report.record.opaque, None)
            if callback is not None:
                error = None if report.error == ErrorCode.NONE else KafkaError(report.error)
                record = report.record
                message = Message(
                    report.partition,
                    report.offset,
                    record.key,
                    record.value,
                    record.headers,
                    record.timestamp_ms,
                    error,
                )
                callback(error, message)
        return len(reports)


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
