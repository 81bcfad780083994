"""Compaction: of each key the newest record is kept, for ever, and the older ones go.

```
 offset   0    1    2    3    4    5    6 │ 7 …          6 and below: closed segments; from 7 on: active, untouched
 key      a    b    a    c    b†   a    d │              † a tombstone: a key without a value
 after         ·         3    4†   5    6 │              1 went with 4, and 4 itself goes a day after its first clean
```

* Offsets never change: what goes leaves a gap. The newest record of a key is never removed, unless it is a tombstone
  whose delete horizon (first clean + delete.retention.ms) has passed.
* Only closed segments below the last stable offset are cleaned: what is open, or not committed, is nobody's to judge.
* Records of aborted transactions go at once; a marker stays as long as records of its transaction do, and then until
  its own delete horizon.
* The last batch of each live producer stays as an empty head, so that its next sequence number is still known.
* Cleaned files are complete before they replace anything: `.cleaned` while written, `.swap` when whole (`loading.py`).

Mirrors `LogCleaner` and `Cleaner`. What we leave out: the limit on the memory for keys (and so cleaning by halves),
throttling, compressed batches (kept as they are).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from minikafka.config import MAX_LONG
from minikafka.log.loading import CLEANED, SWAP
from minikafka.log.partition_log import PartitionLog
from minikafka.log.segment import MAX_RELATIVE_OFFSET, SUFFIXES, Segment
from minikafka.log.transaction_index import AbortedTransaction
from minikafka.protocol.records import Record, RecordBatch, with_records
from minikafka.types import Millis, Offset

# --- decisions ---


def survives(offset: Offset, newest_of_key: Offset, has_value: bool, horizon_passed: bool) -> bool:
    """Does a record stay? The newest of its key does, but a tombstone not for ever (`Cleaner.shouldRetainRecord`)."""
    return offset >= newest_of_key and (has_value or not horizon_passed)


def is_worth_it(
    dirty_bytes: int, clean_bytes: int, min_ratio: float, dirty_since_ms: Millis, max_lag_ms: Millis
) -> bool:
    """Is enough of the log unclean, or has some of it been so for too long?

    `dirty_since_ms` is how long ago the oldest unclean record was written.
    """
    if not dirty_bytes:
        return False
    return dirty_bytes / (dirty_bytes + clean_bytes) > min_ratio or dirty_since_ms > max_lag_ms


def cleanable(segments: Iterable[Segment], last_stable: Offset, now: Millis, min_lag_ms: Millis) -> list[Segment]:
    """The closed segments that may be cleaned: decided to their ends, and old enough; the first that is not, ends them.

    `LogCleanerManager.cleanableOffsets`. Kafka also cleans the beginning of a segment that reaches beyond the limit.
    """
    found = []
    for one in segments:
        if one.next_offset > last_stable or (min_lag_ms > 0 and one.max_timestamp_ms > now - min_lag_ms):
            break
        found.append(one)
    return found


class Plan(NamedTuple):
    """What is to be done with one batch."""

    records: tuple[Record, ...]
    """Those that stay."""
    keep_empty: bool
    """Without records it stays as an empty head."""
    sets_horizon: bool
    """It holds something that may go a while after this."""


# --- the cleaner ---


def clean_if_worth_it(log: PartitionLog, now: Millis) -> bool:
    """Clean a compacted log, if it needs it; True when it was cleaned."""
    config = log.config
    if "compact" not in config.cleanup_policy:
        return False
    segments = cleanable(log.segments.closed, log.last_stable_offset, now, config.min_compaction_lag_ms)
    dirty = [one for one in segments if one.next_offset > log.cleaned_up_to]
    dirty_bytes = sum(one.size for one in dirty)
    clean_bytes = sum(one.size for one in segments) - dirty_bytes
    since = now - dirty[0].max_timestamp_ms if dirty and config.max_compaction_lag_ms < MAX_LONG else 0
    if not is_worth_it(dirty_bytes, clean_bytes, config.min_cleanable_dirty_ratio, since, config.max_compaction_lag_ms):
        return False
    clean(log, segments, now)
    return True


def clean(log: PartitionLog, segments: list[Segment], now: Millis) -> None:
    """Rewrite these segments, the oldest of the log."""
    aborted = [entry for one in segments for entry in one.aborted]
    dirty = (batch for one in segments for batch in one.batches(log.cleaned_up_to))
    newest = newest_offsets(dirty, Transactions(one for one in aborted if one.last_offset >= log.cleaned_up_to))
    cleaner = _Cleaner(log, newest, Transactions(aborted), now)
    try:
        for group in _groups(segments, log.config.segment_bytes):
            cleaner.rewrite(group)
    finally:  # also when the disk is full in the middle: what has been replaced by then is gone
        log.compacted(cleaner.below, tuple(cleaner.removed))


def newest_offsets(batches: Iterable[RecordBatch], transactions: Transactions) -> dict[bytes, Offset]:
    """Key → offset of its newest record. What was aborted has replaced nothing."""
    newest: dict[bytes, Offset] = {}
    for batch in batches:
        if batch.is_control:
            transactions.end(batch)
        elif not transactions.is_aborted(batch) and not batch.is_compressed:
            newest.update((record.key, record.offset) for record in batch.records() if record.key is not None)
    return newest


class Transactions:
    """Which transactions are under way where the cleaner is, and whether their markers still have records to speak of.

    `CleanedTransactionMetadata`.
    """

    def __init__(self, aborted: Iterable[AbortedTransaction]) -> None:
        self._upcoming = sorted(aborted, key=lambda one: one.first_offset)
        self._aborted: dict[int, AbortedTransaction] = {}
        self._has_records: dict[int, bool] = {}

    def is_aborted(self, batch: RecordBatch) -> bool:
        """Is this data batch part of a transaction that was aborted?"""
        if not batch.is_transactional:
            return False
        self._catch_up(batch.last_offset)
        self._has_records[batch.producer_id] = True
        return batch.producer_id in self._aborted

    def end(self, marker: RecordBatch) -> tuple[bool, AbortedTransaction | None]:
        """(did this pass see records of the transaction that ends here?, its entry in the index if it was aborted)."""
        self._catch_up(marker.last_offset)
        seen = self._has_records.pop(marker.producer_id, False)
        return seen, self._aborted.pop(marker.producer_id, None)

    def _catch_up(self, offset: Offset) -> None:
        while self._upcoming and self._upcoming[0].first_offset <= offset:
            started = self._upcoming.pop(0)
            self._aborted[started.producer_id] = started


class _Cleaner:
    """One pass over one log."""

    def __init__(self, log: PartitionLog, newest: dict[bytes, Offset], transactions: Transactions, now: Millis) -> None:
        self.log = log
        self.newest = newest
        self.transactions = transactions
        self.now = now
        self.below = log.cleaned_up_to
        self.removed: list[Offset] = []
        self._producers = log.producers.entries

    def rewrite(self, group: list[Segment]) -> None:
        """Make one clean segment out of several, and put it in their place."""
        disk, stem = self.log.disk, group[0].stem
        aborted: list[AbortedTransaction] = []
        removed: list[Offset] = []
        batches = (batch for one in group for batch in one.batches(one.base_offset))
        data = b"".join(self._cleaned(batch, aborted, removed) for batch in batches)
        disk.delete(f"{stem}.log{CLEANED}")
        disk.append(f"{stem}.log{CLEANED}", data)
        disk.flush(f"{stem}.log{CLEANED}")
        disk.rename(f"{stem}.log{CLEANED}", f"{stem}.log{SWAP}")
        self.log.doom([f"{one.stem}{kind}" for one in group for kind in SUFFIXES])
        disk.rename(f"{stem}.log{SWAP}", f"{stem}.log")
        new = Segment(disk, self.log.directory, group[0].base_offset, self.log.config.index_interval_bytes)
        new.recover()
        new.next_offset = group[-1].next_offset
        for entry in aborted:
            new.add_aborted(entry)
        self.log.segments.put(group, new)
        self.below = group[-1].next_offset
        self.removed += removed
        new.close()

    def _cleaned(self, batch: RecordBatch, aborted: list[AbortedTransaction], removed: list[Offset]) -> bytes:
        """What is left of a batch: itself, one with fewer records, an empty head, or nothing."""
        if batch.is_compressed:
            return batch.data
        plan = self._plan_for_marker(batch, aborted) if batch.is_control else self._plan_for_data(batch)
        if batch.count > len(plan.records):
            kept = {record.offset for record in plan.records}
            removed += [record.offset for record in batch.records() if record.offset not in kept]
        if not plan.records and not plan.keep_empty:
            return b""
        horizon = batch.delete_horizon_ms
        if plan.sets_horizon and horizon is None:
            horizon = self.now + self.log.config.delete_retention_ms
        elif len(plan.records) == batch.count:
            return batch.data
        return with_records(batch, plan.records, horizon).data

    def _plan_for_data(self, batch: RecordBatch) -> Plan:
        producer = self._producers.get(batch.producer_id)
        keep_empty = bool(producer and producer.batches and producer.batches[-1].last_offset == batch.last_offset)
        if self.transactions.is_aborted(batch):
            return Plan((), keep_empty, False)
        passed = batch.delete_horizon_ms is not None and self.now >= batch.delete_horizon_ms
        kept = tuple(
            record
            for record in batch.records()
            if record.key is not None
            and survives(record.offset, self.newest.get(record.key, -1), record.value is not None, passed)
        )
        return Plan(kept, keep_empty, any(record.value is None for record in kept))

    def _plan_for_marker(self, batch: RecordBatch, aborted: list[AbortedTransaction]) -> Plan:
        seen, entry = self.transactions.end(batch)
        if seen and entry is not None:
            aborted.append(entry)
        passed = batch.delete_horizon_ms is not None and self.now >= batch.delete_horizon_ms
        producer = self._producers.get(batch.producer_id)
        # The producer has written nothing in this epoch: with the marker would go the only word of it.
        keep_empty = bool(producer and not producer.batches and producer.producer_epoch == batch.producer_epoch)
        return Plan(() if passed and not seen else tuple(batch.records()), keep_empty, not seen)


def _groups(segments: list[Segment], segment_bytes: int) -> Iterator[list[Segment]]:
    """Neighbours that fit into one segment together, so that a clean log does not crumble into small files."""
    group: list[Segment] = []
    size = 0
    for one in segments:
        too_far = bool(group) and one.next_offset - group[0].base_offset > MAX_RELATIVE_OFFSET
        if group and (size + one.size > segment_bytes or too_far):
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
    yield group
