"""The controllers' log on one voter: written by its leader, copied by the others, read by everybody.

```
                     fetch from 7, my last epoch is 2
 follower  ────────────────────────────────────────────▶  leader   log start 4, epochs (1, 0) (2, 5) (4, 6)
           ◀────────────────────────────────────────────
                     epoch 2 ends at 6 here: cut there
```

* What is appended, by the leader or by a follower, is flushed before anybody hears of it (D4).
* What is committed is never cut: a leader whose log lacks it was never elected.
* A snapshot sums up what is committed; the log begins where the newest one ends, and who is further behind gets it.

Mirrors `KafkaRaftLog` and `KafkaRaftClient.appendAsFollower`. What we leave out: deleting segments below a snapshot;
the log start moves, the files stay.
"""

from __future__ import annotations

from dataclasses import replace

from minikafka.disk import Disk
from minikafka.log.leader_epochs import EpochEnd
from minikafka.log.loading import Opening
from minikafka.log.partition_log import PartitionLog
from minikafka.metadata import snapshot
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.snapshot import Download, SnapshotId
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartition, FetchPartitionResult
from minikafka.protocol.quorum_messages import FetchSnapshotRequest, FetchSnapshotResponse
from minikafka.protocol.records import CorruptBatch, RecordBatch, split_batches
from minikafka.types import METADATA_PARTITION, NO_EPOCH, Epoch, Offset


class QuorumLog:
    """`__cluster_metadata` on one controller."""

    def __init__(self, disk: Disk, piece_bytes: int) -> None:
        """`piece_bytes`: how much of a snapshot to ask for at once."""
        self.disk = disk
        self.snapshot = snapshot.newest(disk)
        """The newest snapshot on this disk: the log begins where it ends."""
        self.download: Download | None = None
        start = self.snapshot.end_offset if self.snapshot else 0
        self.log = PartitionLog(METADATA_PARTITION, disk, opening=Opening(log_start_offset=start))
        if self.snapshot is not None and self.log.log_end_offset < start:
            self.log.start_over_at(*self.snapshot)
        self._piece_bytes = piece_bytes

    @property
    def log_end_offset(self) -> Offset:
        """Next offset to be written."""
        return self.log.log_end_offset

    @property
    def high_watermark(self) -> Offset:
        """What lies below is committed, as far as this voter knows."""
        return self.log.high_watermark

    @property
    def last_epoch(self) -> Epoch:
        """Epoch of the last record, which may stand in the snapshot only (`KafkaRaftLog.lastFetchedEpoch`)."""
        return max(self.log.last_epoch, self.snapshot.epoch if self.snapshot else NO_EPOCH)

    def end(self) -> tuple[Epoch, Offset]:
        """Epoch of the last record and log end: what voters compare."""
        return max(self.last_epoch, 0), self.log.log_end_offset

    # --- leading ---

    def append(self, batch: RecordBatch, epoch: Epoch) -> list[facts.Fact]:
        """Write as leader, and flush. Raises `StorageError`, changing nothing."""
        written = self.log.append_as_leader(batch, epoch)
        self.log.flush()
        told = _appended(written.base_offset, written.next_offset, written.data, as_leader=True)
        return [told, *self.log.take_news()]

    def commit(self, offset: Offset, as_leader: bool) -> list[facts.Fact]:
        """What lies below `offset` is committed. Never taken back."""
        if offset <= self.log.high_watermark or not self.log.move_high_watermark(offset):
            return []
        return [facts.HighWatermarkMoved(METADATA_PARTITION, self.log.high_watermark, as_leader)]

    def read(self, asked: FetchPartition, epoch: Epoch, leader: int) -> FetchPartitionResult:
        """The leader's answer to a replica: records, or where the logs part (`validateOffsetAndEpoch`)."""
        log = self.log
        if snapshot.is_needed(asked.fetch_offset, asked.last_fetched_epoch, log.log_start_offset, self.snapshot):
            return FetchPartitionResult(
                asked.partition, ErrorCode.NONE, log.high_watermark, log.log_start_offset,
                current_leader=leader, current_leader_epoch=epoch, snapshot_id=self.snapshot,
            )  # fmt: skip
        error, diverging, records = ErrorCode.NONE, log.divergence(asked.last_fetched_epoch, asked.fetch_offset), b""
        if diverging is None and asked.fetch_offset > log.log_end_offset:
            error = ErrorCode.OFFSET_OUT_OF_RANGE
        elif diverging is None:
            records = log.read(asked.fetch_offset, asked.max_bytes, log.log_end_offset)
        return FetchPartitionResult(
            asked.partition, error, log.high_watermark, log.log_start_offset, records,
            diverging.epoch if diverging else -1, diverging.end_offset if diverging else -1, leader, epoch,
        )  # fmt: skip

    # --- following ---

    def what_to_ask(self, epoch: Epoch, max_bytes: int) -> FetchPartition:
        """The next fetch of a voter that follows the leader of `epoch`."""
        log = self.log
        return FetchPartition(
            log.partition, log.log_end_offset, epoch, self.last_epoch, max_bytes, log.log_start_offset,
            log.high_watermark,
        )  # fmt: skip

    def take(self, answer: FetchPartitionResult) -> list[facts.Fact]:
        """Use the leader's answer. Raises `StorageError`."""
        if answer.snapshot_id is not None:
            self.download = Download(SnapshotId(*answer.snapshot_id))
            return []
        if answer.diverging_epoch >= 0:
            return self._cut(EpochEnd(answer.diverging_epoch, answer.diverging_end_offset))
        told = self._copy(answer.records)
        return told + self.commit(min(answer.high_watermark, self.log.log_end_offset), as_leader=False)

    def _copy(self, data: bytes) -> list[facts.Fact]:
        try:
            batches = list(split_batches(data))
            for batch in batches:
                batch.check()
        except CorruptBatch:
            return []
        written = [batch for batch in batches if self.log.append_as_follower(batch)]
        if not written:
            return []
        self.log.flush()
        copied = b"".join(batch.data for batch in written)
        told = _appended(written[0].base_offset, self.log.log_end_offset, copied, as_leader=False)
        return [told, *self.log.take_news()]

    def _cut(self, answer: EpochEnd) -> list[facts.Fact]:
        was_end, step = self.log.log_end_offset, self.log.truncation_step(answer)
        assert step.offset >= self.log.high_watermark, (
            f"the leader's log parts from ours at {step.offset}, but {self.log.high_watermark} was committed"
        )
        if not self.log.truncate_to(step.offset):
            return []
        return [facts.LogTruncated(METADATA_PARTITION, self.log.log_end_offset, was_end)]

    # --- snapshots ---

    def take_snapshot(self, image: MetadataImage) -> list[facts.Fact]:
        """Sum up all that is committed, and let the log begin where the snapshot ends."""
        taken = SnapshotId(image.next_offset, self.log.epochs.epoch_at(image.next_offset - 1))
        snapshot.save(self.disk, taken, snapshot.bytes_of(image, taken.epoch))
        self.snapshot = taken
        self.log.move_log_start(taken.end_offset, "snapshot")
        return [facts.SnapshotTaken(*taken), *self.log.take_news()]

    def load_snapshot(self) -> MetadataImage:
        """The image of the newest snapshot here."""
        assert self.snapshot is not None, "there is no snapshot"
        return snapshot.load(self.disk, self.snapshot)

    def next_piece(self, local_id: int, epoch: Epoch) -> FetchSnapshotRequest | None:
        """The next piece of the snapshot that is being fetched; None when there is none."""
        return None if self.download is None else self.download.next_request(local_id, epoch, self._piece_bytes)

    def read_piece(self, asked: FetchSnapshotRequest, epoch: Epoch, leader: int) -> FetchSnapshotResponse:
        """A piece of the newest snapshot."""
        return replace(snapshot.piece(self.disk, self.snapshot, asked), epoch=epoch, leader=leader)

    def take_piece(self, asked: FetchSnapshotRequest, answer: FetchSnapshotResponse) -> list[facts.Fact]:
        """Use a piece of the leader's snapshot; the last one makes it ours. Raises `StorageError`."""
        download = self.download
        if download is None:
            return []
        if answer.error != ErrorCode.NONE:
            self.download = None
            return []
        if not download.take(asked, answer):
            return []
        self.download = None
        # The file first: a log that begins later than its snapshot ends would have a hole.
        snapshot.save(self.disk, download.snapshot, download.data)
        self.snapshot = download.snapshot
        self.log.start_over_at(*download.snapshot)
        return [facts.SnapshotLoaded(*download.snapshot)]


def _appended(start: Offset, end: Offset, data: bytes, as_leader: bool) -> facts.Fact:
    return facts.RecordsAppended(METADATA_PARTITION, start, end, data, as_leader=as_leader)
