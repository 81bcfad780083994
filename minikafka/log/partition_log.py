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
Mirrors `UnifiedLog`. What we leave out: more than one segment, retention, compaction, producer state.
"""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.disk import Disk
from minikafka.log import leader_epochs
from minikafka.log.leader_epochs import Cut, EpochEnd, LeaderEpochs
from minikafka.log.segment import Segment
from minikafka.protocol.records import RecordBatch, split_batches
from minikafka.types import NO_EPOCH, Epoch, Offset, TopicPartition


class PartitionLog:
    """The log of one partition on one disk."""

    def __init__(self, partition: TopicPartition, disk: Disk) -> None:
        """Open the log, recovering what the disk holds."""
        self.partition = partition
        self.epochs = LeaderEpochs()
        self.log_start_offset: Offset = 0
        self.high_watermark: Offset = 0
        self._segment = Segment(disk, str(partition), 0)
        for batch in self._segment.recover():
            self.epochs.assign(batch.leader_epoch, batch.base_offset)
        self.log_end_offset: Offset = self._segment.next_offset
        """Next offset to be written."""

    @property
    def last_epoch(self) -> Epoch:
        """Leader epoch of the last record, or of a leader that has noted its start and written nothing yet."""
        return self.epochs.latest

    def append_as_leader(self, batch: RecordBatch, leader_epoch: Epoch) -> RecordBatch:
        """Give the batch its offset and epoch, and write it. Raises `StorageError`, changing nothing."""
        stamped = batch.stamped(self.log_end_offset, leader_epoch)
        self._segment.append(stamped)
        self.log_end_offset = stamped.next_offset
        self.epochs.assign(leader_epoch, stamped.base_offset)
        return stamped

    def append_as_follower(self, batch: RecordBatch) -> bool:
        """Write a leader's batch as it is; False when this log already has it. Raises `StorageError`."""
        if batch.next_offset <= self.log_end_offset:
            return False
        self._segment.append(batch)
        self.log_end_offset = batch.next_offset
        self.epochs.assign(batch.leader_epoch, batch.base_offset)
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
        return True

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
        return True

    def flush(self) -> None:
        """Make everything written so far durable."""
        self._segment.flush()
