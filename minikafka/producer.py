"""`Producer`: confluent-kafka's calls, on a simulated cluster.

`produce` only hands a record over. What became of it is reported to `on_delivery`, from `poll` or `flush`, which let
virtual time pass, as much as they would wait. Calls about transactions wait for the coordinator in the same way; when
their time is over they may be called again, and then wait for the same outcome.

What we leave out: serializers, statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minikafka.api import KafkaError, KafkaException, Message, TopicPartition, bootstrap_of
from minikafka.client.accumulator import DeliveryReport, PendingRecord
from minikafka.client.producer import ProducerNode
from minikafka.client.transaction_manager import GroupMetadata, State, TransactionManager
from minikafka.config import ProducerConfig, read_settings
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.types import BrokerId, Millis
from minikafka.types import TopicPartition as Name

DeliveryCallback = Callable[[KafkaError | None, Message], None]
"""Called once for each record: with what went wrong (None: nothing) and the record as it was stored."""


class Producer:
    """Sends records."""

    def __init__(self, conf: Mapping[str, Any]) -> None:
        """`conf` has Kafka's dotted names; `bootstrap.servers` is a `Cluster`. Raises `ConfigError`."""
        self.config = config = read_settings(ProducerConfig, conf, "producer")
        self.cluster, first = bootstrap_of(config.bootstrap_servers)
        self.node = self.cluster.add_producer(config.client_id, config, first)
        self._callbacks: dict[int, DeliveryCallback] = {}
        self._tickets = 0
        self._reported = 0
        self._in_callback = False

    # --- records ---

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
        """Hand a record over. It is sent when its batch is full, has lingered, or at `flush`.

        Raises `BufferError` when buffer.memory is still full after max.block.ms, and `KafkaException` for a record that
        is too large, or that comes when no transaction is open.
        """
        content, name = _bytes(value), _bytes(key)
        pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers or ())
        where = None if partition < 0 else partition
        self._check(PendingRecord(topic, where, name, content, pairs, timestamp).size)
        self._tickets += 1
        ticket, told = self._tickets, on_delivery or callback
        if told is not None:
            self._callbacks[ticket] = told

        def act(node: ProducerNode, now: Millis) -> list[Any]:
            return node.produce(PendingRecord(topic, where, name, content, pairs, timestamp or now, ticket), now)

        shown = "null" if content is None else content[:24].decode("utf-8", "replace")
        self.cluster.call(self.node, f"produce {shown}", act)

    def _check(self, size: int) -> None:
        manager = self._client.transactions
        if manager is not None and not manager.may_produce():
            raise KafkaException(_why_not(manager))
        if size > min(self.config.max_request_size, self.config.buffer_memory):
            sentence = f"A record of {size} bytes is larger than max.request.size or buffer.memory."
            raise KafkaException(KafkaError(ErrorCode.MESSAGE_TOO_LARGE, sentence))
        room = self._client.accumulator.has_room_for
        if not room(size) and not self.cluster.sim.run_until(lambda: room(size), self.config.max_block_ms):
            raise BufferError(f"buffer.memory ({self.config.buffer_memory} bytes) is full: poll, or wait for answers.")

    def poll(self, timeout: float = 0) -> int:
        """Let up to `timeout` seconds pass until something is reported; calls callbacks, returns how many reports."""
        node = self._client
        self.cluster.sim.run_until(lambda: len(node.reports) > self._reported, _milliseconds(timeout))
        return self._report()

    def flush(self, timeout: float = 120) -> int:
        """Send everything and wait for it, `timeout` seconds at most; returns how many records are still open."""
        if self._in_callback:
            raise KafkaException(KafkaError(KafkaError._STATE, "flush() in a delivery callback would wait for itself."))
        self.cluster.call(self.node, "~flush", lambda node, now: node.flush(now))
        node = self._client
        self.cluster.sim.run_until(lambda: node.outstanding == 0, _milliseconds(timeout))
        self._report()
        return node.outstanding

    def purge(self, in_queue: bool = True, in_flight: bool = True, blocking: bool = True) -> None:
        """Give up what waits, and what is under way; that may be stored all the same."""
        self.cluster.call(self.node, "purge", lambda node, now: node.purge(in_queue, in_flight, now))

    def list_topics(self, topic: str, timeout: float = 10) -> dict[int, BrokerId]:
        """Learn who leads a topic's partitions: {partition: broker}. Here only the leaders are returned."""
        self.cluster.call(self.node, f"who leads {topic}?", lambda node, now: node.learn_about(topic, now))
        metadata = self._client.metadata
        self.cluster.sim.run_until(lambda: topic in metadata.partitions_of, _milliseconds(timeout))
        return {name.partition: known.leader for name, known in metadata.leaders.items() if name.topic == topic}

    def __len__(self) -> int:
        return self._client.outstanding

    def __bool__(self) -> bool:
        return True

    # --- transactions ---

    def init_transactions(self, timeout: float = -1) -> None:
        """Fence every earlier user of this transactional.id, and finish what it left open. Once, before the first."""
        self._transactional("init_transactions", lambda node, now: node.init_transactions(now), timeout)

    def begin_transaction(self) -> None:
        """From here on records belong together."""
        self._transactional("begin_transaction", lambda node, now: node.begin_transaction(now), 0)

    def send_offsets_to_transaction(
        self, positions: Sequence[TopicPartition], group_metadata: Any, timeout: float = -1
    ) -> None:
        """Commit these offsets with the transaction; `group_metadata` is the consumer's `consumer_group_metadata()`."""
        offsets = {
            Name(one.topic, one.partition): OffsetToCommit(Name(one.topic, one.partition), one.offset)
            for one in positions
            if one.offset >= 0
        }
        group = _group_of(group_metadata)
        self._transactional("send_offsets", lambda node, now: node.send_offsets(offsets, group, now), timeout)

    def commit_transaction(self, timeout: float = -1) -> None:
        """Flush, and make everything since `begin_transaction` visible at once.

        After a time-out the outcome is unknown: call it again. `txn_requires_abort()` of the error says that only
        `abort_transaction` is left, `fatal()` that another instance has taken over.
        """
        self._transactional("commit", lambda node, now: node.end_transaction(True, now), timeout)

    def abort_transaction(self, timeout: float = -1) -> None:
        """Take everything since `begin_transaction` back; what has not been sent is not sent any more."""
        self._transactional("abort", lambda node, now: node.end_transaction(False, now), timeout)

    def _transactional(self, name: str, act: Callable[[ProducerNode, Millis], list[Any]], timeout: float) -> None:
        if not self.config.transactional_id:
            sentence = f"{name}: this producer has no transactional.id."
            raise KafkaException(KafkaError(KafkaError._STATE, sentence))
        self.cluster.call(self.node, name, act)
        manager = self._manager
        limit_ms = self.config.max_block_ms if timeout < 0 else round(timeout * 1000)
        done = self.cluster.sim.run_until(lambda: manager.call.done, limit_ms)
        self._report()
        if not done:
            sentence = f"{name}: no answer within {limit_ms} ms; the outcome is unknown, call it again."
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, sentence, retriable=True))
        if manager.call.refusal or manager.call.error != ErrorCode.NONE:
            raise KafkaException(_error_of(manager))

    # --- reports ---

    @property
    def _client(self) -> ProducerNode:
        node = self.cluster.client(self.node)
        assert isinstance(node, ProducerNode)
        return node

    @property
    def _manager(self) -> TransactionManager:
        manager = self._client.transactions
        assert manager is not None, "a transactional producer is numbered"
        return manager

    def _report(self) -> int:
        reports = self._client.reports[self._reported :]
        self._reported += len(reports)
        for report in reports:
            callback = self._callbacks.pop(report.record.opaque, None)
            if callback is not None:
                self._in_callback = True
                try:
                    callback(_error_in(report), _message_of(report))
                finally:
                    self._in_callback = False
        return len(reports)


def _error_in(report: DeliveryReport) -> KafkaError | None:
    if report.purged:
        return KafkaError(KafkaError._PURGE_QUEUE if report.purged == "queue" else KafkaError._PURGE_INFLIGHT)
    return None if report.error == ErrorCode.NONE else KafkaError(report.error)


def _message_of(report: DeliveryReport) -> Message:
    record = report.record
    return Message(
        report.partition, report.offset, record.key, record.value, record.headers, record.timestamp_ms,
        _error_in(report),
    )  # fmt: skip


def _why_not(manager: TransactionManager) -> KafkaError:
    """Why a record cannot be taken now."""
    if manager.last_error != ErrorCode.NONE:
        return _failure_of(manager, manager.last_error)
    return KafkaError(KafkaError._STATE, f"produce() needs an open transaction; the producer is {manager.state.value}.")


def _error_of(manager: TransactionManager) -> KafkaError:
    """What went wrong in the last call."""
    if manager.call.refusal:
        return KafkaError(KafkaError._STATE, manager.call.refusal)
    return _failure_of(manager, manager.call.error)


def _failure_of(manager: TransactionManager, error: ErrorCode) -> KafkaError:
    fatal = manager.state == State.FATAL_ERROR
    must_abort = manager.state == State.ABORTABLE_ERROR
    return KafkaError(error, fatal=fatal, retriable=False, txn_requires_abort=must_abort)


def _group_of(metadata: Any) -> GroupMetadata:
    return GroupMetadata(metadata.group_id, metadata.generation_id, metadata.member_id, metadata.group_instance_id)


def _milliseconds(seconds: float) -> Millis:
    """confluent-kafka waits for ever with -1; virtual time needs an end, and a day is one."""
    return 86_400_000 if seconds < 0 else round(seconds * 1000)


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
