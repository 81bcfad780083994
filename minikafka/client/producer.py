"""The producer: collect records into batches, send them to leaders, retry what can be retried.

```
 produce ─▶ partition by key ─▶ open batch ─(linger.ms, batch.size, flush)─▶ ProduceRequest ─▶ leader
                                    ▲                                              │
                                    └── retriable error: back to the front ◀───────┘
```

* Told *stored* means what `acks` says, and nothing more. After a timeout the outcome is unknown: the records may be
  there.
* Without idempotence a retry can store a record twice, and with several requests in flight out of order.
* Every record ends in exactly one report: stored, or failed with an error.

Mirrors `KafkaProducer`, `RecordAccumulator` and `Sender`. What we leave out: idempotence and transactions (to come),
buffer.memory, compression, jitter in the back-off, adaptive partitioning. Kafka's Java client gives a request up itself
after request.timeout.ms; we wait a little longer for the broker's own REQUEST_TIMED_OUT, as librdkafka does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from minikafka.client import partitioner
from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.config import ProducerConfig
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    Envelope,
    MetadataResponse,
    ProducePartition,
    ProducePartitionResult,
    ProduceRequest,
    ProduceResponse,
)
from minikafka.protocol.records import build_batch
from minikafka.types import NO_OFFSET, BrokerId, Epoch, Millis, NodeId, Offset, TopicPartition, broker_node, number_of

WAKE = "producer-wake"
SOCKET_TIMEOUT_MS = 60_000
"""librdkafka's socket.timeout.ms: when a broker that answers nothing at all is given up."""
RECORD_OVERHEAD = 20
"""Rough size of a record's own fields, for batch.size."""


@dataclass(slots=True)
class PendingRecord:
    """A record the application has handed over."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: Millis
    opaque: Any = None
    """Whatever the surface wants back with the report."""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of one record."""

    record: PendingRecord
    partition: TopicPartition
    error: ErrorCode
    offset: Offset


@dataclass(slots=True)
class Batch:
    """Records of one partition that travel together."""

    partition: TopicPartition
    created_ms: Millis
    records: list[PendingRecord] = field(default_factory=list)
    size: int = 61
    attempts: int = 0
    not_before_ms: Millis = 0
    """End of the back-off."""
    closed: bool = False
    """Full, lingered, or flushed: takes no more records."""
    data: bytes = b""

    @property
    def values(self) -> tuple[bytes | None, ...]:
        """The values, for facts."""
        return tuple([record.value for record in self.records])


@dataclass(slots=True)
class InFlight:
    """A request that has been sent."""

    broker: BrokerId
    batches: list[Batch]
    due_ms: Millis
    epochs: dict[TopicPartition, Epoch]


class ProducerNode:
    """One producer."""

    def __init__(self, node: NodeId, config: ProducerConfig, bootstrap: tuple[NodeId, ...]) -> None:
        self.id = node
        self.config = config
        self.metadata = ClusterMetadata(bootstrap)
        self.reports: list[DeliveryReport] = []
        """Finished records, for the application to collect."""
        self._unplaced: deque[PendingRecord] = deque()
        self._queues: dict[TopicPartition, deque[Batch]] = {}
        self._in_flight: dict[int, InFlight] = {}
        self._metadata_asked: tuple[int, NodeId, Millis] | None = None
        """(correlation id, broker, due) of the metadata request under way."""
        self._metadata_not_before_ms: Millis = 0
        self._metadata_wanted = False
        self._correlation_id = 0
        self._connections: dict[BrokerId, int] = {}
        self._wake_due_ms: Millis | None = None

    # --- the application's calls ---

    def produce(self, record: PendingRecord, now: Millis) -> list[Effect]:
        """Take a record; it is sent when its batch is full or has lingered."""
        self._unplaced.append(record)
        self.metadata.topics.add(record.topic)
        return self._advance(now)

    def learn_about(self, topic: str, now: Millis) -> list[Effect]:
        """Ask who leads a topic, without sending anything."""
        self.metadata.topics.add(topic)
        self._metadata_wanted = True
        return self._advance(now)

    def flush(self, now: Millis) -> list[Effect]:
        """Send everything now instead of lingering."""
        for queue in self._queues.values():
            for batch in queue:
                batch.closed = True
        return self._advance(now)

    @property
    def outstanding(self) -> int:
        """Records without a report yet."""
        queued = sum(len(batch.records) for queue in self._queues.values() for batch in queue)
        flying = sum(len(batch.records) for sent in self._in_flight.values() for batch in sent.batches)
        return len(self._unplaced) + queued + flying

    # --- the four calls of a node ---

    def start(self, now: Millis) -> list[Effect]:
        """Nothing to do before the first record."""
        return []

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """An answer to a produce or metadata request; late ones are ignored."""
        effects: list[Effect] = []
        match envelope.message:
            case ProduceResponse() as response:
                sent = self._in_flight.pop(envelope.correlation_id, None)
                if sent is not None:
                    effects = self._answered(sent, response, now)
            case MetadataResponse() as news:
                if self._metadata_asked is not None and self._metadata_asked[0] == envelope.correlation_id:
                    effects = self._metadata_arrived(news, now)
        return effects + self._advance(now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """Whatever was under way to `peer` has an unknown outcome: try again."""
        effects: list[Effect] = []
        for number, sent in list(self._in_flight.items()):
            if broker_node(sent.broker) == peer:
                del self._in_flight[number]
                effects += self._failed(sent.batches, ErrorCode.NETWORK_EXCEPTION, now)
        if self._metadata_asked is not None and self._metadata_asked[1] == peer:
            self._metadata_failed(now)
        return effects + self._advance(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """Something is due: a batch has lingered, a pause is over, time is up."""
        if timer.guards != self._wake_due_ms:
            return []
        self._wake_due_ms = None
        return self._give_up_on_the_late(now) + self._advance(now)

    # --- the one loop ---

    def _advance(self, now: Millis) -> list[Effect]:
        """Do everything that can be done now, and set the timer for the next thing that becomes due."""
        self._place(now)
        effects = self._send_ready(now)
        if self._metadata_wanted:
            effects += self._ask_metadata(now)
        due = self._next_due_ms(now)
        if due is not None and (self._wake_due_ms is None or due < self._wake_due_ms):
            self._wake_due_ms = due
            effects.append(SetTimer(Timer(WAKE, due), max(due - now, 1)))
        return effects

    def _next_due_ms(self, now: Millis) -> Millis | None:
        dues = [sent.due_ms for sent in self._in_flight.values()]
        for queue in self._queues.values():
            for batch in list(queue)[:1]:
                dues.append(batch.created_ms + self.config.delivery_timeout_ms)
                if batch.not_before_ms > now:
                    dues.append(batch.not_before_ms)
                elif not batch.closed and batch.created_ms + self.config.linger_ms > now:
                    dues.append(batch.created_ms + self.config.linger_ms)
        if self._metadata_asked is not None:
            dues.append(self._metadata_asked[2])
        elif self._metadata_wanted and self._metadata_not_before_ms > now:
            dues.append(self._metadata_not_before_ms)
        if self._unplaced:
            dues.append(self._unplaced[0].timestamp_ms + self.config.delivery_timeout_ms)
        return max(min(dues), now + 1) if dues else None

    # --- records into batches ---

    def _place(self, now: Millis) -> None:
        waiting: deque[PendingRecord] = deque()
        while self._unplaced:
            record = self._unplaced.popleft()
            count = self.metadata.partitions_of.get(record.topic, 0)
            if count == 0:
                waiting.append(record)
                self._metadata_wanted = True
                continue
            self._into_batch(TopicPartition(record.topic, self._choose(record, count)), record, now)
        self._unplaced = waiting

    def _choose(self, record: PendingRecord, count: int) -> int:
        if record.partition is not None:
            return record.partition
        if record.key is not None:
            return partitioner.partition_for_key(record.key, count)
        # Sticky: stay with the partition whose batch is open, else take the one that has least to do.
        for number in range(count):
            queue = self._queues.get(TopicPartition(record.topic, number))
            if queue and not queue[-1].closed:
                return number
        return min(range(count), key=lambda number: len(self._queues.get(TopicPartition(record.topic, number), ())))

    def _into_batch(self, partition: TopicPartition, record: PendingRecord, now: Millis) -> None:
        queue = self._queues.setdefault(partition, deque())
        size = RECORD_OVERHEAD + len(record.key or b"") + len(record.value or b"")
        if not queue or queue[-1].closed or queue[-1].size + size > self.config.batch_size:
            if queue:
                queue[-1].closed = True
            queue.append(Batch(partition, now))
        queue[-1].records.append(record)
        queue[-1].size += size

    # --- batches into requests ---

    def _send_ready(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        while ready := self._ready_by_leader(now):
            for broker, batches in sorted(ready.items()):
                effects += self._send(broker, batches, now)
        return effects

    def _ready_by_leader(self, now: Millis) -> dict[BrokerId, list[Batch]]:
        """The first ready batch of each partition, by leader; partitions without a known leader make us ask."""
        ready: dict[BrokerId, list[Batch]] = {}
        for partition, queue in self._queues.items():
            if not queue or not self._is_ready(queue, now):
                continue
            leader = self.metadata.leader_of(partition)
            if leader is None:
                self._metadata_wanted = True
            elif self._flying_to(leader) < self.config.max_in_flight_requests_per_connection:
                ready.setdefault(leader, []).append(queue[0])
        for batches in ready.values():
            for batch in batches:
                self._queues[batch.partition].popleft()
        return ready

    def _is_ready(self, queue: deque[Batch], now: Millis) -> bool:
        first = queue[0]
        lingered = first.closed or len(queue) > 1 or now - first.created_ms >= self.config.linger_ms
        return lingered and first.not_before_ms <= now

    def _flying_to(self, broker: BrokerId) -> int:
        return sum(sent.broker == broker for sent in self._in_flight.values())

    def _send(self, broker: BrokerId, batches: list[Batch], now: Millis) -> list[Effect]:
        acks = self.config.required_acks
        effects: list[Effect] = []
        for batch in batches:
            _close(batch)
            sent = facts.ProduceSent(batch.partition, broker, acks, batch.values, batch.attempts)
            effects.append(Observe(sent))
        request = ProduceRequest(
            acks,
            self.config.request_timeout_ms,
            tuple(ProducePartition(batch.partition, batch.data) for batch in batches),
        )
        number = self._next_correlation_id()
        effects.append(Send(Envelope(self.id, broker_node(broker), request, number, self._channel(broker))))
        epochs = {batch.partition: self.metadata.epoch_of(batch.partition) for batch in batches}
        if acks == 0:
            for batch in batches:
                effects += self._stored(batch, NO_OFFSET, broker, epochs[batch.partition])
        else:
            self._in_flight[number] = InFlight(broker, batches, now + SOCKET_TIMEOUT_MS, epochs)
        return effects

    def _channel(self, broker: BrokerId) -> str:
        connection = self._connections.get(broker, 0)
        return "data" if connection == 0 else f"data#{connection}"

    # --- answers ---

    def _answered(self, sent: InFlight, response: ProduceResponse, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        by_partition = {batch.partition: batch for batch in sent.batches}
        for result in response.partitions:
            batch = by_partition[result.partition]
            if result.error == ErrorCode.NONE:
                effects += self._stored(batch, result.base_offset, sent.broker, sent.epochs[result.partition])
            else:
                effects += self._learn_from(result)
                effects += self._failed([batch], result.error, now)
        return effects

    def _learn_from(self, result: ProducePartitionResult) -> list[Effect]:
        """KIP-951: a broker that does not lead says who does."""
        if result.current_leader_epoch < 0:
            return []
        news = self.metadata.learn(result.partition, result.current_leader, result.current_leader_epoch)
        return [Observe(fact) for fact in news]

    def _stored(self, batch: Batch, base_offset: Offset, broker: BrokerId, epoch: Epoch) -> list[Effect]:
        for delta, record in enumerate(batch.records):
            offset = NO_OFFSET if base_offset == NO_OFFSET else base_offset + delta
            self.reports.append(DeliveryReport(record, batch.partition, ErrorCode.NONE, offset))
        acks = self.config.required_acks
        return [Observe(facts.ProduceAcknowledged(batch.partition, base_offset, acks, batch.values, broker, epoch))]

    def _failed(self, batches: list[Batch], error: ErrorCode, now: Millis) -> list[Effect]:
        """Put the batches back to the front of their queues, or report the error if there is no point."""
        effects: list[Effect] = []
        if error.refreshes_metadata:
            self._metadata_wanted = True
        for batch in batches:
            out_of_time = now - batch.created_ms >= self.config.delivery_timeout_ms
            if not error.retriable or batch.attempts > self.config.retries or out_of_time:
                effects += self._report_failure(batch, error)
                continue
            backoff = min(self.config.retry_backoff_ms << min(batch.attempts - 1, 20), self.config.retry_backoff_max_ms)
            batch.not_before_ms = now + backoff
            self._queues[batch.partition].appendleft(batch)
            effects.append(Observe(facts.ProduceRetried(batch.partition, error, batch.values, backoff)))
        return effects

    def _report_failure(self, batch: Batch, error: ErrorCode) -> list[Effect]:
        for record in batch.records:
            self.reports.append(DeliveryReport(record, batch.partition, error, NO_OFFSET))
        return [Observe(facts.ProduceFailed(batch.partition, error, batch.values))]

    def _give_up_on_the_late(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        for number, sent in list(self._in_flight.items()):
            if sent.due_ms <= now:
                del self._in_flight[number]
                self._connections[sent.broker] = self._connections.get(sent.broker, 0) + 1
                effects += self._failed(sent.batches, ErrorCode.NETWORK_EXCEPTION, now)
        for queue in self._queues.values():
            while queue and now - queue[0].created_ms >= self.config.delivery_timeout_ms:
                effects += self._report_failure(queue.popleft(), ErrorCode.REQUEST_TIMED_OUT)
        while self._unplaced and now - self._unplaced[0].timestamp_ms >= self.config.delivery_timeout_ms:
            record = self._unplaced.popleft()
            batch = Batch(TopicPartition(record.topic, record.partition or 0), now, [record])
            error = self.metadata.errors.get(record.topic, ErrorCode.REQUEST_TIMED_OUT)
            effects += self._report_failure(batch, error)
        if self._metadata_asked is not None and self._metadata_asked[2] <= now:
            broker = number_of(self._metadata_asked[1])
            self._connections[broker] = self._connections.get(broker, 0) + 1
            self._metadata_failed(now)
        return effects

    # --- metadata ---

    def _ask_metadata(self, now: Millis) -> list[Effect]:
        if self._metadata_asked is not None or now < self._metadata_not_before_ms:
            return []
        number, broker = self._next_correlation_id(), self.metadata.whom_to_ask()
        self._metadata_asked = (number, broker, now + self.config.request_timeout_ms)
        request = self.metadata.request(allow_auto_topic_creation=True)
        return [Send(Envelope(self.id, broker, request, number, "metadata"))]

    def _metadata_arrived(self, news: MetadataResponse, now: Millis) -> list[Effect]:
        self._metadata_asked = None
        self._metadata_wanted = False
        self._metadata_not_before_ms = now + self.config.retry_backoff_ms
        if any(topic.error != ErrorCode.NONE for topic in news.topics):
            self.metadata.ask_another()
        return [Observe(fact) for fact in self.metadata.update(news)]

    def _metadata_failed(self, now: Millis) -> None:
        self._metadata_asked = None
        self._metadata_wanted = True
        self._metadata_not_before_ms = now + self.config.retry_backoff_ms
        self.metadata.ask_another()

    def _next_correlation_id(self) -> int:
        self._correlation_id += 1
        return self._correlation_id


def _close(batch: Batch) -> None:
    """Count the attempt; pack the records the first time."""
    batch.closed = True
    batch.attempts += 1
    if not batch.data:
        batch.data = build_batch(
            [(record.timestamp_ms, record.key, record.value, record.headers) for record in batch.records]
        ).data
