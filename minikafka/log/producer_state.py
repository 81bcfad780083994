"""Which batches a numbered producer has written here, and which transactions are open.

A producer that sends again because an answer was lost must not write twice. So it numbers its records, partition by
partition, and each replica remembers the last five batches of every producer:

```
producer 7, epoch 0     [0-2 at 10] [3-3 at 13] [4-5 at 20]      next must start with 6
  sends 3-3 again       → success, with the old offset 13: nothing is appended
  sends 8-9             → OUT_OF_ORDER_SEQUENCE_NUMBER: 6 and 7 are missing
  sends epoch 1, 0-0    → a new session of the same producer: starts again at 0
```

The same book keeps transactions. One that is open, or whose marker is not committed yet, holds readers back:

```
offset    10   11   12   13   14          10: first of producer 7's transaction, still open
          [7]  [8]  [7]  [C8] [x]         first unstable offset 10: who reads committed data stops there
```

* The state is changed only after the disk took the batch, by the batch itself: followers keep the same book (I18, I20).
* Sequence numbers wrap to 0 after 2^31 - 1.
* What is decided about a batch is a pure function of the producer's entry and the head of the batch.

Mirrors `ProducerStateManager`, `ProducerStateEntry` and `ProducerAppendInfo`. What we leave out: verification guards
(they are the broker's business), the metric for hanging transactions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from minikafka.protocol.crc32c import crc32c
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import MAX_SEQUENCE, RecordBatch, end_marker
from minikafka.types import NO_EPOCH, NO_OFFSET, NO_SEQUENCE, Epoch, Millis, Offset

BATCHES_KEPT = 5
"""So many batches a producer may have in flight: each of them can be recognised when it comes again."""

_SNAPSHOT_HEAD = struct.Struct(">hIi")
_SNAPSHOT_ENTRY = struct.Struct(">qhiqiqiq")
_SNAPSHOT_VERSION = 1


class WrittenBatch(NamedTuple):
    """One of the last batches of a producer."""

    first_sequence: int
    last_sequence: int
    first_offset: Offset
    last_offset: Offset
    timestamp_ms: Millis
    """Largest timestamp of the batch."""


@dataclass(slots=True)
class ProducerState:
    """What a log knows of one producer. Changed only by `ProducerStates.update`."""

    producer_id: int
    producer_epoch: int = NO_EPOCH
    batches: tuple[WrittenBatch, ...] = ()
    """The last five of this epoch, oldest first."""
    last_timestamp_ms: Millis = -1
    coordinator_epoch: Epoch = NO_EPOCH
    """Of the coordinator that wrote the newest marker."""
    transaction_start: Offset = NO_OFFSET
    """First offset of the transaction that is open here; -1: none is."""

    @property
    def last_sequence(self) -> int:
        """Sequence number of the last record in this epoch; -1 before the first."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE


class Verdict(NamedTuple):
    """What is to be done with a batch."""

    error: ErrorCode = ErrorCode.NONE
    duplicate: WrittenBatch | None = None
    """It is in the log already: answer with these offsets, and append nothing."""


ACCEPTED = Verdict()


class CompletedTransaction(NamedTuple):
    """A transaction whose marker stands in this log."""

    producer_id: int
    first_offset: Offset
    last_offset: Offset
    """Offset of the marker."""
    aborted: bool


# --- decisions ---


def check_sequence(
    entry: ProducerState | None,
    producer_epoch: int,
    first_sequence: int,
    last_sequence: int,
    must_start_at_zero: bool = False,
) -> Verdict:
    """May this batch of a numbered producer be appended? `ProducerAppendInfo.checkSequence`.

    `must_start_at_zero`: a transaction under protocol 2, where a partition without state accepts only sequence 0.
    """
    if entry is None or (entry.producer_epoch == NO_EPOCH and not entry.batches):
        # The state has expired, or there never was any: nothing can be said against any sequence. KIP-890: a
        # transaction is different, since its first record must be the one that was added to it.
        refused = must_start_at_zero and first_sequence != 0
        return Verdict(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) if refused else ACCEPTED
    if producer_epoch < entry.producer_epoch:
        return Verdict(ErrorCode.INVALID_PRODUCER_EPOCH)
    if producer_epoch > entry.producer_epoch:
        expected = 0
    else:
        for batch in entry.batches:
            if (batch.first_sequence, batch.last_sequence) == (first_sequence, last_sequence):
                return Verdict(duplicate=batch)
        expected = next_sequence(entry.last_sequence)
    if first_sequence != expected:
        return Verdict(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    return ACCEPTED


def next_sequence(last_sequence: int) -> int:
    """The sequence number after this one: 0 after -1 (none yet) and after 2^31 - 1."""
    return 0 if last_sequence == MAX_SEQUENCE else last_sequence + 1


def check_transaction(entry: ProducerState | None, is_transactional: bool) -> ErrorCode:
    """A producer whose transaction is open here may not write outside it (`ProducerAppendInfo.appendDataBatch`)."""
    outside = entry is not None and entry.transaction_start != NO_OFFSET and not is_transactional
    return ErrorCode.INVALID_TXN_STATE if outside else ErrorCode.NONE


def check_marker(
    entry: ProducerState | None, producer_epoch: int, coordinator_epoch: Epoch, transaction_version: int
) -> ErrorCode:
    """May this marker end the producer's transaction here? `ProducerAppendInfo.checkProducerEpoch`.

    KIP-890: under protocol 2 the marker's epoch is above that of every record it ends, so a late one is known by it.
    A marker that is written already may come again: its answer was lost, or another coordinator took over.
    """
    if entry is None:
        return ErrorCode.NONE
    is_repeated = producer_epoch == entry.producer_epoch and entry.transaction_start == NO_OFFSET
    lowest = entry.producer_epoch + (1 if transaction_version >= 2 and not is_repeated else 0)
    if producer_epoch < lowest:
        return ErrorCode.INVALID_PRODUCER_EPOCH
    if coordinator_epoch < entry.coordinator_epoch:
        return ErrorCode.TRANSACTION_COORDINATOR_FENCED
    return ErrorCode.NONE


# --- the book ---


class ProducerStates:
    """All numbered producers of one log."""

    def __init__(self) -> None:
        self.entries: dict[int, ProducerState] = {}
        self.end_offset: Offset = 0
        """Everything below is in the book."""
        self._open: dict[Offset, int] = {}
        """First offset of each open transaction → producer id; the offsets rise."""
        self._undecided: list[CompletedTransaction] = []
        """Ended, but the marker is not below the high watermark yet; in the order of their markers."""

    @property
    def first_unstable_offset(self) -> Offset | None:
        """First offset of the earliest transaction that is open, or ended by a marker that is not committed yet."""
        if not self._undecided and not self._open:
            return None
        starts = [completed.first_offset for completed in self._undecided]
        starts += list(self._open)[:1]
        return min(starts) if starts else None

    def has_open_transaction(self, producer_id: int) -> bool:
        """Is a transaction of this producer open here?"""
        entry = self.entries.get(producer_id)
        return entry is not None and entry.transaction_start != NO_OFFSET

    def update(self, batch: RecordBatch) -> CompletedTransaction | None:
        """Note a batch that has been written; the transaction it ends, if it ends one."""
        self.end_offset = batch.next_offset
        if batch.producer_id < 0:
            return None
        entry = self.entries.get(batch.producer_id)
        if entry is None:
            entry = self.entries[batch.producer_id] = ProducerState(batch.producer_id)
        if batch.producer_epoch > entry.producer_epoch:
            entry.producer_epoch, entry.batches = batch.producer_epoch, ()
        entry.last_timestamp_ms = batch.max_timestamp_ms
        if batch.is_control:
            return self._end(entry, batch)
        written = WrittenBatch(
            batch.base_sequence, batch.last_sequence, batch.base_offset, batch.last_offset, batch.max_timestamp_ms
        )
        entry.batches = (*entry.batches[1 - BATCHES_KEPT :], written)
        if batch.is_transactional and entry.transaction_start == NO_OFFSET:
            entry.transaction_start = batch.base_offset
            self._open[batch.base_offset] = batch.producer_id
        return None

    def _end(self, entry: ProducerState, batch: RecordBatch) -> CompletedTransaction | None:
        marker = end_marker(batch)
        if marker is None:
            return None
        entry.coordinator_epoch = marker.coordinator_epoch
        start, entry.transaction_start = entry.transaction_start, NO_OFFSET
        # A marker without records before it ends nothing here: no reader was held back.
        if start == NO_OFFSET:
            return None
        del self._open[start]
        completed = CompletedTransaction(entry.producer_id, start, batch.base_offset, not marker.commit)
        self._undecided.append(completed)
        return completed

    def last_stable_after(self, completed: CompletedTransaction) -> Offset:
        """The last stable offset once this marker is committed: up to the next open transaction."""
        return next(iter(self._open), completed.last_offset + 1)

    def move_high_watermark(self, high_watermark: Offset) -> None:
        """Markers below it are committed: their transactions hold nobody back any more."""
        if self._undecided:
            self._undecided = [one for one in self._undecided if one.last_offset >= high_watermark]

    def expire(self, now: Millis, expiration_ms: Millis) -> list[int]:
        """Forget producers that have been silent for so long and have no transaction open; their ids."""
        gone = [
            producer_id
            for producer_id, entry in self.entries.items()
            if entry.transaction_start == NO_OFFSET and now - entry.last_timestamp_ms >= expiration_ms
        ]
        for producer_id in gone:
            del self.entries[producer_id]
        return gone

    # --- on disk ---

    def snapshot(self) -> bytes:
        """The book as a `.snapshot` file holds it. Of each producer's batches it keeps the last (as Kafka does)."""
        packed = [_SNAPSHOT_ENTRY.pack(*_fields(entry)) for _, entry in sorted(self.entries.items())]
        body = struct.pack(">i", len(packed)) + b"".join(packed)
        return struct.pack(">hI", _SNAPSHOT_VERSION, crc32c(body)) + body

    @classmethod
    def restored(cls, snapshot: bytes, end_offset: Offset) -> ProducerStates | None:
        """The book as it was at `end_offset`; None when the file is damaged."""
        if len(snapshot) < _SNAPSHOT_HEAD.size:
            return None
        version, crc, count = _SNAPSHOT_HEAD.unpack_from(snapshot)
        size = _SNAPSHOT_HEAD.size + count * _SNAPSHOT_ENTRY.size
        if version != _SNAPSHOT_VERSION or size != len(snapshot) or crc32c(memoryview(snapshot)[6:]) != crc:
            return None
        states = cls()
        states.end_offset = end_offset
        for packed in _SNAPSHOT_ENTRY.iter_unpack(snapshot[_SNAPSHOT_HEAD.size :]):
            entry = _entry(*packed)
            states.entries[entry.producer_id] = entry
        started = [(one.transaction_start, one.producer_id) for one in states.entries.values()]
        states._open = {start: producer_id for start, producer_id in sorted(started) if start != NO_OFFSET}
        return states


def _fields(entry: ProducerState) -> tuple[int, ...]:
    last = entry.batches[-1] if entry.batches else WrittenBatch(NO_SEQUENCE, NO_SEQUENCE, 0, NO_OFFSET, -1)
    delta = last.last_offset - last.first_offset if entry.batches else 0
    return (
        entry.producer_id, entry.producer_epoch, last.last_sequence, last.last_offset, delta,
        entry.last_timestamp_ms, entry.coordinator_epoch, entry.transaction_start,
    )  # fmt: skip


def _entry(
    producer_id: int,
    producer_epoch: int,
    last_sequence: int,
    last_offset: Offset,
    delta: int,
    timestamp_ms: Millis,
    coordinator_epoch: Epoch,
    transaction_start: Offset,
) -> ProducerState:
    batches: tuple[WrittenBatch, ...] = ()
    if last_offset != NO_OFFSET:
        first_sequence = (last_sequence - delta) % (MAX_SEQUENCE + 1)
        batches = (WrittenBatch(first_sequence, last_sequence, last_offset - delta, last_offset, timestamp_ms),)
    return ProducerState(producer_id, producer_epoch, batches, timestamp_ms, coordinator_epoch, transaction_start)
