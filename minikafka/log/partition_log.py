"""One replica's copy of one partition: append, read, cut, and three offsets to remember.

```
offset      0     1     2     3     4
          [milk] [rye] [jam] [tea]
            ▲                 ▲     ▲
     log start offset   high watermark  log end offset
     first still here   first not yet   next to be written
                        committed
```

* Records are only ever added at the end; what lies below the high watermark is never cut.
* Log start ≤ high watermark ≤ log end.
* The high watermark is this replica's *knowledge*: a follower's is one fetch behind its leader's.
* A record's offset and leader epoch together name it: two logs that agree on both agree on all before it (KIP-101).
* Readers of committed transactions stop earlier, at the last stable offset: all below it are decided (promise I22).

The controllers' log and every topic's partitions are this same class (D2 of the design: one log for everything). Its
files are those of a directory named after the partition: `segment.py`, `loading.py`, `checkpoints.py`.

Mirrors `UnifiedLog`. What we leave out: tiered storage, more than one log directory, flush.messages and flush.ms (no
record is flushed before its segment is closed, which is also Kafka's default).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, takewhile

from minikafka.config import TopicConfig
from minikafka.disk import Disk
from minikafka.log import leader_epochs, loading, producer_state, retention, transaction_index
from minikafka.log.checkpoints import LEADER_EPOCHS
from minikafka.log.leader_epochs import Cut, EpochEnd, LeaderEpochs
from minikafka.log.loading import DELETED, Found, Opening
from minikafka.log.producer_state import ACCEPTED, ProducerStates, Verdict
from minikafka.log.retention import SegmentView
from minikafka.log.segment import SUFFIXES
from minikafka.log.segments import Segments
from minikafka.log.transaction_index import AbortedTransaction
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import CorruptBatch, RecordBatch, end_marker
from minikafka.types import NO_EPOCH, NO_OFFSET, Epoch, Millis, Offset, TopicPartition

UNKNOWN_PAST = Opening()
"""Nothing is known of the process before this one: everything is walked."""


def last_stable_offset(high_watermark: Offset, first_unstable: Offset | None) -> Offset:
    """Up to here a reader of committed transactions may read (`UnifiedLog.fetchLastStableOffsetMetadata`, I22)."""
    return high_watermark if first_unstable is None else min(high_watermark, first_unstable)


class PartitionLog:
    """The log of one partition on one disk."""

    def __init__(
        self,
        partition: TopicPartition,
        disk: Disk,
        config: TopicConfig | None = None,
        opening: Opening = UNKNOWN_PAST,
    ) -> None:
        """Open the log, recovering what the disk holds."""
        self.partition = partition
        self.disk = disk
        self.directory = str(partition)
        self.epochs = LeaderEpochs(disk, f"{self.directory}/{LEADER_EPOCHS}")
        self.producers = ProducerStates()
        """What is known of numbered producers; read by whoever likes, changed here."""
        self.doomed: list[str] = []
        """Files that nobody reads any more; the owner deletes them after file.delete.delay.ms."""
        self.cleaned_up_to: Offset = 0
        """Compaction has been through everything below."""
        self._news: list[facts.Fact] = []
        self._stable_told: Offset = NO_OFFSET
        """The last stable offset as stated last, while it lies below the high watermark; else -1."""
        self.config = config or TopicConfig()
        found = loading.load(disk, self.directory, self.config, opening)
        self.segments = Segments(disk, self.directory, self.config, found.segments)
        self.log_end_offset: Offset = self.segments.active.next_offset
        """Next offset to be written."""
        self.log_start_offset: Offset = max(opening.log_start_offset, self.segments.first_offset)
        self.high_watermark: Offset = self.log_start_offset
        self.recovery_point: Offset = self.segments.active.base_offset
        """Everything below is durable."""
        self._take(found)

    def _take(self, found: Found) -> None:
        """Bring epochs and the book of producers up to what was found in the segments."""
        for batch in found.walked:
            self.epochs.assign(batch.leader_epoch, batch.base_offset)
        self.epochs.truncate_to(self.log_end_offset)
        self.epochs.start_at(self.log_start_offset)
        recovered_from = found.recovered[0].base_offset if found.recovered else self.log_end_offset
        self._restore_producers(recovered_from, found.walked)
        if found.lost_bytes:
            self._news.append(facts.TailCut(self.partition, self.log_end_offset, found.lost_bytes))

    def configure(self, config: TopicConfig) -> None:
        """The topic's settings have changed, or are read for the first time."""
        self.config = self.segments.config = config

    @property
    def last_epoch(self) -> Epoch:
        """Leader epoch of the last record, or of a leader that has noted its start and written nothing yet."""
        return self.epochs.latest

    @property
    def last_stable_offset(self) -> Offset:
        """Below it every transaction is decided, as far as this replica knows."""
        return last_stable_offset(self.high_watermark, self.producers.first_unstable_offset)

    def take_news(self) -> list[facts.Fact]:
        """What happened beside the appends themselves since this was last asked, for the owner to state."""
        if not self._news:
            return []
        news, self._news = self._news, []
        return news

    # --- numbered producers ---

    def check_producer(self, batch: RecordBatch, must_start_at_zero: bool = False) -> Verdict:
        """May a producer's batch be appended, or is it here already? Asked by leaders, before the append."""
        if batch.producer_id < 0:
            return ACCEPTED
        entry = self.producers.entries.get(batch.producer_id)
        verdict = producer_state.check_sequence(
            entry, batch.producer_epoch, batch.base_sequence, batch.last_sequence, must_start_at_zero
        )
        if verdict != ACCEPTED:
            return verdict
        return Verdict(producer_state.check_transaction(entry, batch.is_transactional))

    def check_marker(self, marker: RecordBatch, transaction_version: int) -> ErrorCode:
        """May this marker be appended? Asked by leaders, before the append."""
        said = end_marker(marker)
        assert said is not None, "only the marker of a transaction is checked here"
        entry = self.producers.entries.get(marker.producer_id)
        return producer_state.check_marker(entry, marker.producer_epoch, said.coordinator_epoch, transaction_version)

    def aborted_transactions(self, fetch_offset: Offset, up_to: Offset) -> tuple[AbortedTransaction, ...]:
        """What a reader of committed transactions must leave out between these offsets."""
        return transaction_index.collect(self.segments.aborted_from(fetch_offset), fetch_offset, up_to)

    def _note_producer(self, batch: RecordBatch) -> None:
        """Bring the book of producers up to a batch that stands in the log."""
        completed = self.producers.update(batch)
        if completed is not None and completed.aborted:
            stable = self.producers.last_stable_after(completed)
            segment = self.segments.active
            if batch.base_offset < segment.base_offset:
                segment = list(self.segments)[self.segments.holding(batch.base_offset)]
            segment.add_aborted(AbortedTransaction(*completed[:3], stable))

    def _tell_transactions(self, batch: RecordBatch) -> None:
        """What a leader's append means for transactions, as facts."""
        marker = end_marker(batch) if batch.is_control else None
        who = (self.partition, batch.producer_id, batch.producer_epoch)
        if marker is not None:
            written = facts.MarkerWritten(*who, marker.commit, batch.base_offset, marker.coordinator_epoch)
            self._news.append(written)
        elif self.producers.entries[batch.producer_id].transaction_start == batch.base_offset:
            self._news.append(facts.TransactionOpened(*who, batch.base_offset))

    def _tell_stable(self) -> None:
        """State the last stable offset where it is not simply the high watermark."""
        stable = self.last_stable_offset
        if stable != self._stable_told and (stable < self.high_watermark or self._stable_told >= 0):
            self._news.append(facts.LastStableOffsetMoved(self.partition, stable))
        self._stable_told = stable if stable < self.high_watermark else -1

    # --- appending ---

    def append_as_leader(self, batch: RecordBatch, leader_epoch: Epoch) -> RecordBatch:
        """Give the batch its offset and epoch, and write it. Raises `StorageError`, changing nothing."""
        stamped = batch.stamped(self.log_end_offset, leader_epoch)
        self._write(stamped)
        if stamped.is_transactional:
            self._tell_transactions(stamped)
        return stamped

    def append_as_follower(self, batch: RecordBatch) -> bool:
        """Write a leader's batch as it is; False when this log already has it. Raises `StorageError`."""
        if batch.next_offset <= self.log_end_offset:
            return False
        self._write(batch)
        return True

    def _write(self, batch: RecordBatch) -> None:
        if self.segments.must_roll(batch):
            self.roll()
        self.segments.active.append(batch)
        self.log_end_offset = batch.next_offset
        self.epochs.assign(batch.leader_epoch, batch.base_offset)
        # I14: the book of producers follows the disk, never the other way round.
        self._note_producer(batch)

    def roll(self) -> None:
        """Close the active segment, flushed, and begin the next one; write the book of producers down."""
        self.segments.roll(self.log_end_offset)
        self.recovery_point = self.log_end_offset
        self._save_snapshot()
        self.epochs.save()
        self._news.append(facts.SegmentRolled(self.partition, self.log_end_offset))

    # --- reading ---

    def read(self, offset: Offset, max_bytes: int, up_to: Offset) -> bytes:
        """Whole batches from the one that holds `offset`, below `up_to`; at least one if there is one."""
        assert self.log_start_offset <= offset, f"{offset} is below the log start {self.log_start_offset}"
        return self.segments.read(offset, max_bytes, min(up_to, self.log_end_offset))

    def batches(self, start: Offset | None = None) -> Iterator[RecordBatch]:
        """Every batch from the one that holds `start` (or the log start) to the end."""
        first = max(self.log_start_offset if start is None else start, self.segments.first_offset)
        if first < self.log_end_offset:
            yield from self.segments.batches(first)

    def offset_for_time(self, timestamp_ms: Millis) -> tuple[Millis, Offset, Epoch] | None:
        """(time, offset, leader epoch) of the first record at or after a time; None when there is none.

        `UnifiedLog.fetchOffsetByTimestamp`: segments by their largest timestamp, then the time index, then a scan.
        """
        for segment in self.segments:
            if segment.max_timestamp_ms < timestamp_ms or segment.next_offset <= self.log_start_offset:
                continue
            for batch in segment.batches_since(timestamp_ms, self.log_start_offset):
                found = first_at(batch, timestamp_ms, self.log_start_offset)
                if found is not None:
                    return (*found, batch.leader_epoch)
        return None

    def offset_of_largest_time(self) -> tuple[Millis, Offset, Epoch] | None:
        """(time, offset, leader epoch) of the first record with the largest timestamp of all (ListOffsets -3)."""
        largest = max((one.max_timestamp_ms for one in self.segments if one.size), default=-1)
        return None if largest < 0 else self.offset_for_time(largest)

    # --- cutting ---

    def truncate_to(self, offset: Offset) -> bool:
        """Cut off everything at and above `offset`; False when there was nothing to cut."""
        if offset >= self.log_end_offset:
            # A leader that noted its epoch and wrote nothing in it must forget that epoch all the same, or it would
            # be told of the same divergence for ever (`UnifiedLog.truncateTo`).
            self.epochs.truncate_to(self.log_end_offset)
            return False
        if offset < self.segments.first_offset:
            self.start_over_at(offset)
            return True
        self.segments.truncate_to(offset)
        self.log_end_offset = self.segments.active.next_offset
        self.recovery_point = min(self.recovery_point, self.log_end_offset)
        self.cleaned_up_to = min(self.cleaned_up_to, self.log_end_offset)
        self.log_start_offset = min(self.log_start_offset, self.log_end_offset)
        self.epochs.truncate_to(self.log_end_offset)
        self.high_watermark = min(self.high_watermark, self.log_end_offset)
        if self.producers.entries:
            self._restore_producers(self.log_end_offset)
        return True

    def start_over_at(self, offset: Offset, epoch: Epoch = NO_EPOCH) -> None:
        """Drop everything and go on at `offset` (`truncateFullyAndStartAt`): the leader's log begins only there.

        `epoch`: that of the record before, where a snapshot tells it.
        """
        self.segments.start_over_at(offset)
        self.log_start_offset = self.log_end_offset = self.high_watermark = self.recovery_point = offset
        self.epochs.truncate_to(0)
        if epoch != NO_EPOCH:
            self.epochs.assign(epoch, offset - 1)
        self._restore_producers(offset)

    def move_log_start(self, offset: Offset, reason: str) -> bool:
        """Records below `offset`, which is at most the high watermark, can no longer be read; False: that is so."""
        assert offset <= self.high_watermark, f"{offset} is above the high watermark {self.high_watermark}"
        if offset <= self.log_start_offset:
            return False
        self.log_start_offset = offset
        self.epochs.start_at(offset)
        self._news.append(facts.LogStartMoved(self.partition, offset, reason))
        return True

    # --- retention ---

    def delete_old_segments(self, now: Millis) -> int:
        """Take away whole segments that are below the log start, too old or too many; how many (`deleteOldSegments`).

        Without `delete` in cleanup.policy only what DeleteRecords has passed goes.
        """
        gone = self._drop_oldest(retention.below_log_start(self._views(), self.log_start_offset), "")
        if "delete" in self.config.cleanup_policy:
            mark, config = self.high_watermark, self.config
            gone += self._drop_oldest(
                retention.too_large(self._views(), mark, config.retention_bytes), "retention.bytes"
            )
            gone += self._drop_oldest(retention.too_old(self._views(), mark, now, config.retention_ms), "retention.ms")
        return gone

    def _views(self) -> tuple[SegmentView, ...]:
        segments = [one for one in self.segments if one.size or one is not self.segments.active]
        return tuple(SegmentView(one.next_offset, one.size, one.max_timestamp_ms) for one in segments)

    def _drop_oldest(self, count: int, reason: str) -> int:
        if not count:
            return 0
        if count == len(self.segments):
            self.roll()
        for segment in self.segments.remove(count):
            self.doom([f"{segment.stem}{kind}" for kind in SUFFIXES])
            self.disk.delete(loading.snapshot_path(self.directory, segment.base_offset))
        if reason:
            self.move_log_start(self.segments.first_offset, reason)
        return count

    def compacted(self, below: Offset, removed: tuple[Offset, ...]) -> None:
        """Compaction has been through everything below an offset."""
        self.cleaned_up_to = below
        if removed:
            self._news.append(facts.LogCompacted(self.partition, below, removed))

    def doom(self, paths: list[str]) -> None:
        """Rename files to `.deleted`: readers under way may still hold them, so they go a while later."""
        for path in paths:
            self.disk.rename(path, f"{path}{DELETED}")
            self.doomed.append(f"{path}{DELETED}")

    # --- what other logs say ---

    def end_of_epoch(self, epoch: Epoch) -> EpochEnd | None:
        """Where `epoch` ends in this log, or None when it cannot tell."""
        return leader_epochs.end_of_epoch(self.epochs.entries, self.log_end_offset, epoch)

    def divergence(self, last_fetched_epoch: Epoch, fetch_offset: Offset) -> EpochEnd | None:
        """What to tell a reader whose log has parted from this one; None when it has not.

        KIP-595: it has if its last epoch is unknown here, or ends here before the offset it asks for.
        """
        if last_fetched_epoch == NO_EPOCH:
            return None
        own = self.end_of_epoch(last_fetched_epoch)
        if own is None or (own.epoch == last_fetched_epoch and own.end_offset >= fetch_offset):
            return None
        return own

    def truncation_step(self, answer: EpochEnd | None) -> Cut:
        """Where this log must be cut after the leader's answer."""
        return leader_epochs.truncation_step(self.epochs.entries, self.log_end_offset, self.high_watermark, answer)

    def move_high_watermark(self, offset: Offset) -> bool:
        """Set the high watermark, never beyond the log end; False when it stays where it is."""
        clamped = min(max(offset, self.log_start_offset), self.log_end_offset)
        if clamped == self.high_watermark:
            return False
        self.high_watermark = clamped
        if self.producers.entries and (self.producers.first_unstable_offset is not None or self._stable_told >= 0):
            self.producers.move_high_watermark(clamped)
            self._tell_stable()
        return True

    # --- on disk ---

    def flush(self) -> None:
        """Make everything written so far durable."""
        self.segments.active.flush()
        self.recovery_point = self.log_end_offset

    def close(self) -> None:
        """Stop in order: everything flushed, and the book of producers written down, so that nothing is walked."""
        self.flush()
        self.epochs.save()
        self._save_snapshot()

    def _save_snapshot(self) -> None:
        self.disk.replace(loading.snapshot_path(self.directory, self.log_end_offset), self.producers.snapshot())

    def _restore_producers(self, up_to: Offset, walked: list[RecordBatch] | None = None) -> None:
        """Write the book of producers anew: the newest snapshot at or below `up_to`, then the batches after it.

        `ProducerStateManager.truncateAndReload`: snapshots outside the log are deleted first (I20).
        """
        self.producers = ProducerStates()
        for offset in reversed(loading.snapshots(self.disk, self.directory)):
            path = loading.snapshot_path(self.directory, offset)
            if not self.log_start_offset < offset <= self.log_end_offset:
                self.disk.delete(path)
            elif offset <= up_to:
                restored = ProducerStates.restored(self.disk.read(path, 0, self.disk.size(path)), offset)
                if restored is not None:
                    self.producers = restored
                    break
                self.disk.delete(path)
        self._replay_producers(up_to, walked or [])
        self.producers.move_high_watermark(self.high_watermark)

    def _replay_producers(self, up_to: Offset, walked: list[RecordBatch]) -> None:
        """Note what the snapshot lacks. Aborted transactions below `up_to` stand in their segments' indexes already."""
        start = self.producers.end_offset
        known = walked[0].base_offset if walked else self.log_end_offset
        unread = takewhile(lambda batch: batch.base_offset < known, self.batches(start)) if start < known else ()
        for batch in chain(unread, walked):
            if batch.base_offset < start:
                continue
            if batch.base_offset < up_to:
                self.producers.update(batch)
            else:
                self._note_producer(batch)


def first_at(batch: RecordBatch, timestamp_ms: Millis, start: Offset) -> tuple[Millis, Offset] | None:
    """(time, offset) of the first record of a batch that is at or after a time, and not below `start`."""
    if batch.max_timestamp_ms < timestamp_ms or batch.next_offset <= start:
        return None
    try:
        for record in batch.records():
            if record.timestamp_ms >= timestamp_ms and record.offset >= start:
                return record.timestamp_ms, record.offset
    except CorruptBatch:
        # Compressed: the core does not open it, and the batch itself is the best answer.
        return batch.max_timestamp_ms, batch.base_offset
    return None
