"""Records wait here, in batches, until they are sent: one queue for each partition.

```
 orders-0   [ batch: full ]  [ batch: full ]  [ batch: open ◀── the next record ]
              └ the first goes out                └ closed when full, after linger.ms, or by flush
```

* A batch is closed once and never opened again. Put back after an error, it stands where its sequence number belongs,
  or in front of all that has none.
* `buffer.memory` bounds what has been handed over and not reported yet.
* Every record ends in exactly one report.

Mirrors `RecordAccumulator`, `ProducerBatch` and `BufferPool`. What we leave out: compression; and Kafka reserves a
whole batch.size of memory for each open batch, while ours counts what the records take.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from minikafka.config import ProducerConfig
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import HEADER_SIZE, MAX_SEQUENCE, build_batch
from minikafka.types import NO_EPOCH, NO_OFFSET, NO_PRODUCER_ID, NO_SEQUENCE, Millis, Offset, TopicPartition

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
    handed_ms: Millis = 0
    hurry: bool = False
    """Flushed before its topic was known: its batch does not linger."""

    @property
    def size(self) -> int:
        """Rough size in a batch."""
        headers = sum(len(name) + len(value or b"") + 2 for name, value in self.headers)
        return RECORD_OVERHEAD + len(self.key or b"") + len(self.value or b"") + headers


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of one record."""

    record: PendingRecord
    partition: TopicPartition
    error: ErrorCode
    offset: Offset
    purged: str = ""
    """`queue` or `in flight` when the producer itself took the record back."""


@dataclass(slots=True, eq=False)
class Batch:
    """Records of one partition that travel together."""

    partition: TopicPartition
    created_ms: Millis
    records: list[PendingRecord] = field(default_factory=list)
    size: int = HEADER_SIZE
    attempts: int = 0
    not_before_ms: Millis = 0
    """End of the back-off."""
    closed: bool = False
    """Full, lingered, or flushed: takes no more records."""
    data: bytes = b""
    """The packed records; empty until they are sent, and after their numbers have changed."""
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_EPOCH
    base_sequence: int = NO_SEQUENCE
    renumbered: bool = False
    """Its sequence numbers have started again at 0."""
    on_wire: bool = False
    reported: bool = False
    is_piece: bool = False
    """Cut from a batch that was too large."""

    @property
    def values(self) -> tuple[bytes | None, ...]:
        """The values, for facts."""
        return tuple([record.value for record in self.records])

    def pack(self, transactional: bool) -> bytes:
        """The batch as it travels; packed once, unless its numbers change."""
        if not self.data:
            self.data = build_batch(
                [(record.timestamp_ms, record.key, record.value, record.headers) for record in self.records],
                producer_id=self.producer_id,
                producer_epoch=self.producer_epoch,
                base_sequence=self.base_sequence,
                transactional=transactional,
            ).data
        return self.data


def split_target(batch: Batch, batch_size: int) -> int:
    """How large the pieces of a batch may be that was too large: batch.size first, then halves."""
    if not batch.is_piece:
        return batch_size
    largest = HEADER_SIZE + max(record.size for record in batch.records)
    return max(largest, (batch.size + HEADER_SIZE) // 2)  # KAFKA-8350: else a topic's own limit would never be met


class RecordAccumulator:
    """What one producer holds."""

    def __init__(self, config: ProducerConfig) -> None:
        self.config = config
        self.queues: dict[TopicPartition, deque[Batch]] = {}
        self.unplaced: deque[PendingRecord] = deque()
        """Records whose topic is not known yet, or which come behind such a one."""
        self.reports: list[DeliveryReport] = []
        """Finished records, for the application to collect."""
        self.outstanding = 0
        """Records without a report yet."""
        self.bytes_held = 0

    def has_room_for(self, size: int) -> bool:
        """Does buffer.memory allow another record of this size?"""
        return self.bytes_held + size <= self.config.buffer_memory

    # --- in ---

    def take(self, record: PendingRecord, now: Millis) -> None:
        """A record is ours from now on."""
        record.handed_ms = now
        self.unplaced.append(record)
        self.outstanding += 1
        self.bytes_held += record.size

    def add(self, partition: TopicPartition, record: PendingRecord, now: Millis) -> bool:
        """Put a record into the open batch of its partition, or into a new one; True if that batch is full now."""
        queue, size = self.queue(partition), record.size
        if not queue or queue[-1].closed or queue[-1].size + size > self.config.batch_size:
            if queue:
                queue[-1].closed = True
            queue.append(Batch(partition, now))
        batch = queue[-1]
        batch.records.append(record)
        batch.size += size
        batch.closed = batch.closed or record.hurry
        return batch.size >= self.config.batch_size

    def queue(self, partition: TopicPartition) -> deque[Batch]:
        """The batches that wait for a partition."""
        return self.queues.setdefault(partition, deque())

    def close_all(self) -> None:
        """Nothing that is here now lingers any longer."""
        for queue in self.queues.values():
            for batch in queue:
                batch.closed = True
        for record in self.unplaced:
            record.hurry = True

    def is_ready(self, queue: deque[Batch], now: Millis) -> bool:
        """Has the first batch of a queue waited as long as it has to?"""
        first = queue[0]
        lingered = first.closed or len(queue) > 1 or now - first.created_ms >= self.config.linger_ms
        return lingered and first.not_before_ms <= now

    # --- back ---

    def put_back(self, batch: Batch) -> None:
        """A batch must be sent again: before all that has no sequence, behind those whose sequence is lower."""
        queue, at = self.queue(batch.partition), 0
        if batch.base_sequence != NO_SEQUENCE:
            while at < len(queue) and _goes_before(queue[at], batch):
                at += 1
        queue.insert(at, batch)

    def split(self, batch: Batch) -> list[Batch]:
        """Cut a batch that was too large into pieces with the same numbers, at the place where it would go back."""
        limit, pieces = split_target(batch, self.config.batch_size), list[Batch]()
        for record in batch.records:
            if not pieces or pieces[-1].size + record.size > limit:
                pieces.append(_piece_of(batch, sum(len(piece.records) for piece in pieces)))
            pieces[-1].records.append(record)
            pieces[-1].size += record.size
        for piece in pieces if batch.base_sequence != NO_SEQUENCE else reversed(pieces):
            self.put_back(piece)
        return pieces

    # --- out ---

    def finish(self, batch: Batch, error: ErrorCode, base_offset: Offset = NO_OFFSET, purged: str = "") -> None:
        """Report every record of a batch."""
        assert not batch.reported, "a batch is reported once"
        batch.reported = True
        for delta, record in enumerate(batch.records):
            offset = NO_OFFSET if base_offset == NO_OFFSET else base_offset + delta
            self._report(record, batch.partition, error, offset, purged)

    def finish_unplaced(self, error: ErrorCode, purged: str = "") -> Batch:
        """Report the first record that has no partition yet; returns it as a batch of its own."""
        record = self.unplaced.popleft()
        batch = Batch(TopicPartition(record.topic, record.partition or 0), record.handed_ms, [record])
        self.finish(batch, error, purged=purged)
        return batch

    def _report(
        self, record: PendingRecord, partition: TopicPartition, error: ErrorCode, offset: Offset, purged: str
    ) -> None:
        self.outstanding -= 1
        self.bytes_held -= record.size
        self.reports.append(DeliveryReport(record, partition, error, offset, purged))

    def take_out(self, numbered: bool) -> list[Batch]:
        """Take batches out of all queues: every one, or only those that were never given a sequence number."""
        taken: list[Batch] = []
        for queue in self.queues.values():
            taken += [batch for batch in queue if numbered or batch.base_sequence == NO_SEQUENCE]
            kept = [batch for batch in queue if not numbered and batch.base_sequence != NO_SEQUENCE]
            queue.clear()
            queue.extend(kept)
        return taken

    def expired(self, now: Millis) -> list[Batch]:
        """Take out the batches whose delivery.timeout.ms is over."""
        late: list[Batch] = []
        for queue in self.queues.values():
            while queue and now - queue[0].created_ms >= self.config.delivery_timeout_ms:
                late.append(queue.popleft())
        return late

    def due_times(self, now: Millis) -> Iterator[Millis]:
        """When something here becomes ready or late."""
        for queue in self.queues.values():
            for batch in list(queue)[:1]:
                yield batch.created_ms + self.config.delivery_timeout_ms
                if batch.not_before_ms > now:
                    yield batch.not_before_ms
                elif not batch.closed and batch.created_ms + self.config.linger_ms > now:
                    yield batch.created_ms + self.config.linger_ms
        if self.unplaced:
            yield self.unplaced[0].handed_ms + self.config.max_block_ms


def _goes_before(queued: Batch, batch: Batch) -> bool:
    """Was `queued` given its number before `batch`? Numbers wrap, so the distance decides."""
    if queued.base_sequence == NO_SEQUENCE:
        return False
    return (batch.base_sequence - queued.base_sequence) % (MAX_SEQUENCE + 1) <= MAX_SEQUENCE // 2


def _piece_of(batch: Batch, records_before: int) -> Batch:
    piece = Batch(batch.partition, batch.created_ms, attempts=batch.attempts - 1, closed=True, is_piece=True)
    if batch.base_sequence != NO_SEQUENCE:
        piece.producer_id, piece.producer_epoch = batch.producer_id, batch.producer_epoch
        piece.base_sequence = (batch.base_sequence + records_before) % (MAX_SEQUENCE + 1)
        piece.renumbered = batch.renumbered
    return piece
