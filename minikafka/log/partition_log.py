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
* A record's offset and leader epoch together name it: two logs that agree on both agree on everything before (KIP-101).

The controllers' log and every topic's partitions are this same class (D2 of the design: one log for everything).
Readers of committed transactions stop earlier, at the last stable offset: below it every transaction is decided
(promise I22).

Mirrors `UnifiedLog`. What we leave out: more than one segment, retention, compaction.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.disk import Disk
from minikafka.log import leader_epochs, producer_state, transaction_index
from minikafka.log.leader_epochs import Cut, EpochEnd, LeaderEpochs
from minikafka.log.producer_state import ACCEPTED, ProducerStates, Verdict
from minikafka.log.segment import Segment
from minikafka.log.transaction_index import AbortedTransaction
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import RecordBatch, end_marker, split_batches
from minikafka.types import NO_EPOCH, NO_OFFSET, Epoch, Offset, TopicPartition


def last_stable_offset(high_watermark: Offset, first_unstable: Offset | None) -> Offset:
    """Up to here a reader of committed transactions may read (`UnifiedLog.fetchLastStableOffsetMetadata`, I22)."""
    return high_watermark if first_unstable is None else min(high_watermark, first_unstable)


class PartitionLog:
    """The log of one partition on one disk."""

    def __init__(self, partition: TopicPartition, disk: Disk) -> None:
        """Open the log, recovering what the disk holds."""
        self.partition = partition
        self.epochs = LeaderEpochs()
        self.log_start_offset: Offset = 0
        self.high_watermark: Offset = 0
        self.producers = ProducerStates()
        """What is known of numbered producers; read by whoever likes, changed here."""
        self._aborted: list[AbortedTransaction] = []
        self._news: list[facts.Fact] = []
        self._stable_told: Offset = NO_OFFSET
        """The last stable offset as stated last, while it lies below the high watermark; else -1."""
        self._segment = Segment(disk, str(partition), 0)
        for batch in self._segment.recover():
            self.epochs.assign(batch.leader_epoch, batch.base_offset)
            self._note_producer(batch)
        self.log_end_offset: Offset = self._segment.next_offset
        """Next offset to be written."""

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
        return transaction_index.collect(self._aborted, fetch_offset, up_to)

    def _note_producer(self, batch: RecordBatch) -> None:
        """Bring the book of producers up to a batch that stands in the log."""
        completed = self.producers.update(batch)
        if completed is not None and completed.aborted:
            stable = self.producers.last_stable_after(completed)
            self._aborted.append(
                AbortedTransaction(completed.producer_id, completed.first_offset, completed.last_offset, stable)
            )

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
        self._segment.append(stamped)
        self.log_end_offset = stamped.next_offset
        self.epochs.assign(leader_epoch, stamped.base_offset)
        # I14: the book of producers follows the disk, never the other way round.
        self._note_producer(stamped)
        if stamped.is_transactional:
            self._tell_transactions(stamped)
        return stamped

    def append_as_follower(self, batch: RecordBatch) -> bool:
        """Write a leader's batch as it is; False when this log already has it. Raises `StorageError`."""
        if batch.next_offset <= self.log_end_offset:
            return False
        self._segment.append(batch)
        self.log_end_offset = batch.next_offset
        self.epochs.assign(batch.leader_epoch, batch.base_offset)
        self._note_producer(batch)
        return True

    def read(self, offset: Offset, max_bytes: int, up_to: Offset) -> bytes:
        """Whole batches from the one that holds `offset`, below `up_to`; at least one if there is one."""
        assert self.log_start_offset <= offset, f"{offset} is below the log start {self.log_start_offset}"
        return self._segment.read(offset, max_bytes, min(up_to, self.log_end_offset))

    def batches(self, start: Offset = 0) -> Iterator[RecordBatch]:
        """Every batch from the one that holds `start` to the end."""
        if start < self.log_end_offset:
            yield from split_batches(self._segment.read(start, 1 << 62, self.log_end_offset))

    def truncate_to(self, offset: Offset) -> bool:
        """Cut off everything at and above `offset`; False when there was nothing to cut."""
        if offset >= self.log_end_offset:
            # A leader that noted its epoch and wrote nothing in it must forget that epoch all the same, or it would
            # be told of the same divergence for ever (`UnifiedLog.truncateTo`).
            self.epochs.truncate_to(self.log_end_offset)
            return False
        self._segment.truncate_to(offset)
        self.log_end_offset = self._segment.next_offset
        self.epochs.truncate_to(self.log_end_offset)
        self.high_watermark = min(self.high_watermark, self.log_end_offset)
        self._reload_producers()
        return True

    def _reload_producers(self) -> None:
        """After a cut the book is written anew from the log (`ProducerStateManager.truncateAndReload`)."""
        if self.producers.entries:
            self.producers, self._aborted = ProducerStates(), []
            for batch in self.batches():
                self._note_producer(batch)
            self.producers.move_high_watermark(self.high_watermark)

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

    def flush(self) -> None:
        """Make everything written so far durable."""
        self._segment.flush()
