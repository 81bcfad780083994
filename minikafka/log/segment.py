"""A file of batches, back to back, where each of them begins, and what lies beside it.

The name of the file is the offset of its first record, in twenty digits. After a crash the file may end inside a batch:
recovery walks from the start, trusts only lengths and checksums, and cuts at the first byte that does not fit.

```
orders-0/00000000000000000000.log        | batch at 0 | batch at 3 | batch at 4 |✂ torn
                                         pos 0        pos 95       pos 170
         00000000000000000000.index      where to look for an offset        (see indexes.py)
         00000000000000000000.timeindex  from which offset on it is as late as a time
         00000000000000000000.txnindex   aborted transactions whose marker is here, if there are any
```

* Only the newest segment of a log is appended to. A closed one is flushed, and its indexes are complete.
* A segment that is opened by trust (a clean stop, or all of it below the recovery point) is not read before somebody
  needs it.

Mirrors `LogSegment`. What we leave out: an offset is found through a list of all batches in memory, which the offset
index on disk only samples.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from minikafka.disk import Disk, StorageError
from minikafka.log import transaction_index
from minikafka.log.indexes import OffsetIndex, TimeIndex
from minikafka.log.transaction_index import AbortedTransaction
from minikafka.protocol.records import HEADER_SIZE, LOG_OVERHEAD, CorruptBatch, RecordBatch, split_batches
from minikafka.types import Millis, Offset

MAX_RELATIVE_OFFSET = 2_147_483_647
SUFFIXES = (".log", ".index", ".timeindex", ".txnindex")


def should_roll(
    size: int,
    incoming: int,
    segment_bytes: int,
    age_ms: Millis,
    segment_ms: Millis,
    index_is_full: bool,
    relative_offset: int,
) -> bool:
    """Must a next segment begin before a batch of `incoming` bytes? `LogSegment.shouldRoll`.

    `age_ms` is the time between the first batch and the incoming one, by their timestamps.
    """
    return size > 0 and (
        size > segment_bytes - incoming or age_ms > segment_ms or index_is_full or relative_offset > MAX_RELATIVE_OFFSET
    )


class Segment:
    """One file of one partition, with its indexes."""

    def __init__(self, disk: Disk, directory: str, base_offset: Offset, index_interval_bytes: int = 4096) -> None:
        self.disk = disk
        self.stem = f"{directory}/{base_offset:020d}"
        self.path = f"{self.stem}.log"
        self.base_offset = base_offset
        self.next_offset = base_offset
        self.size = 0
        self.index_interval_bytes = index_interval_bytes
        self.offset_index = OffsetIndex(disk, f"{self.stem}.index")
        self.time_index = TimeIndex(disk, f"{self.stem}.timeindex")
        self.aborted: list[AbortedTransaction] = []
        self.first_timestamp_ms: Millis = -1
        self.max_timestamp_ms: Millis = -1
        self._offset_of_max: Offset = base_offset
        self._ends: list[Offset] = []
        """Of each batch the offset after it; compaction leaves gaps between a batch's end and the next one's base."""
        self._positions: list[int] = []
        self._loaded = True
        """Are the two lists there? Of a segment opened by trust they are made when they are needed."""
        self._bytes_since_entry = 0

    @property
    def index_bytes(self) -> int:
        """Size of the larger index."""
        return max(self.offset_index.size, self.time_index.size)

    # --- opening ---

    def recover(self) -> list[RecordBatch]:
        """Trust nothing: cut the file at the first batch that is not whole, make the indexes anew; what is left."""
        self.offset_index.keep(0)
        self.time_index.keep(0)
        self._rewrite_aborted([])
        data = self.disk.read(self.path, 0, self.disk.size(self.path))
        batches = []
        while (batch := whole_batch_at(data, self.size)) is not None and batch.base_offset >= self.next_offset:
            batches.append(batch)
            self._note(batch)
        if self.size < len(data):
            self.disk.truncate(self.path, self.size)
        if batches:
            # `LogSegment.recover`: who trusts this segment later knows its largest timestamp from the index alone.
            self.time_index.note(self.max_timestamp_ms, self._offset_of_max - self.base_offset)
        return batches

    def trust(self, next_offset: Offset) -> bool:
        """Take a closed segment as it stands, without reading it; False when its indexes are not what a close leaves.

        A closed segment's time index has at least one entry.
        """
        if not (self.offset_index.load() and self.time_index.load() and self.time_index.entries):
            return False
        self.size = self.disk.size(self.path)
        self.next_offset = next_offset
        self.max_timestamp_ms, relative = self.time_index.entries[-1]
        self._offset_of_max = self.base_offset + relative
        self.aborted = self._stored_aborted()
        self._loaded = False
        return True

    def reopen(self) -> list[RecordBatch]:
        """Take the newest segment after a clean stop: walk along the batches' heads, check no checksum."""
        data = self.disk.read(self.path, 0, self.disk.size(self.path))
        indexes_fit = self.offset_index.load() and self.time_index.load()
        if self.offset_index.entries and self.offset_index.entries[-1][1] >= len(data):
            return self.recover()
        try:
            batches = list(split_batches(data)) if indexes_fit else self.recover()
        except CorruptBatch:
            return self.recover()
        if not indexes_fit:
            return batches
        self.aborted = self._stored_aborted()
        for batch in batches:
            self._place(batch)
        since = self.offset_index.entries[-1][1] if self.offset_index.entries else 0
        self._bytes_since_entry = self.size - since
        return batches

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        size, next_offset, largest = self.size, self.next_offset, (self.max_timestamp_ms, self._offset_of_max)
        self.size = 0
        for batch in split_batches(self.disk.read(self.path, 0, size)):
            self._place(batch)
        self.next_offset, (self.max_timestamp_ms, self._offset_of_max) = next_offset, largest

    # --- writing ---

    def create(self) -> None:
        """Make the file, durably: its name alone says where the log goes on when all segments before it are deleted.

        Mirrors `LogSegment.open`, and the flush of the directory in `LocalLog.flush`. Raises `StorageError`.
        """
        self.disk.append(self.path, b"")
        self.disk.flush(self.path)

    def append(self, batch: RecordBatch) -> None:
        """Write a batch at the end. Raises `StorageError` and changes nothing when the disk refuses."""
        assert batch.base_offset >= self.next_offset, f"offset {batch.base_offset} is below {self.next_offset}"
        self.disk.append(self.path, batch.data)
        self._note(batch)

    def _note(self, batch: RecordBatch) -> None:
        position = self.size
        self._place(batch)
        if self._bytes_since_entry > self.index_interval_bytes:
            self.offset_index.add(batch.last_offset - self.base_offset, position)
            self.time_index.note(self.max_timestamp_ms, self._offset_of_max - self.base_offset)
            self._bytes_since_entry = 0
        self._bytes_since_entry += len(batch.data)

    def _place(self, batch: RecordBatch) -> None:
        if not self.size:
            self.first_timestamp_ms = batch.max_timestamp_ms
        self._positions.append(self.size)
        self.size += len(batch.data)
        self.next_offset = batch.next_offset
        self._ends.append(self.next_offset)
        if batch.max_timestamp_ms > self.max_timestamp_ms:
            self.max_timestamp_ms, self._offset_of_max = batch.max_timestamp_ms, batch.last_offset

    def add_aborted(self, aborted: AbortedTransaction) -> None:
        """Note an aborted transaction whose marker stands in this segment."""
        self.aborted.append(aborted)
        try:
            self.disk.append(f"{self.stem}.txnindex", transaction_index.encode(aborted))
        except StorageError:
            # The marker itself is in the log: recovery makes the entry anew.
            return

    def close(self) -> None:
        """Complete the indexes and flush everything: nothing will be appended here any more. Raises `StorageError`."""
        if not self.time_index.note(self.max_timestamp_ms, self._offset_of_max - self.base_offset):
            raise StorageError(f"no space left on the disk to close {self.path}")
        self.flush()

    def flush(self) -> None:
        """Make the file and its indexes durable."""
        for suffix in SUFFIXES:
            self.disk.flush(f"{self.stem}{suffix}")

    def truncate_to(self, offset: Offset) -> None:
        """Drop every batch that has a record at or above `offset`."""
        self._load()
        while self._ends and self._ends[-1] > offset:
            self._ends.pop()
            self.size = self._positions.pop()
        self.next_offset = self._ends[-1] if self._ends else self.base_offset
        self.disk.truncate(self.path, self.size)
        relative = self.next_offset - self.base_offset
        self.offset_index.truncate_to(relative)
        self.time_index.truncate_to(relative)
        self._rewrite_aborted([one for one in self.aborted if one.last_offset < self.next_offset])
        self._bytes_since_entry = self.size - (self.offset_index.entries[-1][1] if self.offset_index.entries else 0)
        self._find_largest_timestamp()

    def _find_largest_timestamp(self) -> None:
        self.max_timestamp_ms, self._offset_of_max = -1, self.base_offset
        for batch in self.batches(self.base_offset):
            if batch.max_timestamp_ms > self.max_timestamp_ms:
                self.max_timestamp_ms, self._offset_of_max = batch.max_timestamp_ms, batch.last_offset

    def _stored_aborted(self) -> list[AbortedTransaction]:
        path = f"{self.stem}.txnindex"
        return transaction_index.decode(self.disk.read(path, 0, self.disk.size(path)))

    def _rewrite_aborted(self, aborted: list[AbortedTransaction]) -> None:
        self.aborted = aborted
        path = f"{self.stem}.txnindex"
        size = len(aborted) * transaction_index.ENTRY.size
        if self.disk.size(path) != size:
            self.disk.truncate(path, size)

    def rename(self, suffix: str, new_suffix: str) -> None:
        """Give all files of this segment another ending: `.deleted` and back to nothing."""
        for kind in SUFFIXES:
            self.disk.rename(f"{self.stem}{kind}{suffix}", f"{self.stem}{kind}{new_suffix}")

    def delete(self) -> None:
        """Remove all files of this segment."""
        for kind in SUFFIXES:
            self.disk.delete(f"{self.stem}{kind}")

    # --- reading ---

    def read(self, offset: Offset, max_bytes: int, up_to: Offset) -> bytes:
        """Whole batches from the one that holds `offset`, all below `up_to`: at least one, then up to `max_bytes`."""
        if offset >= min(up_to, self.next_offset):
            return b""
        self._load()
        first = bisect_right(self._ends, offset)
        if first == len(self._ends):
            return b""
        last = min(bisect_left(self._ends, up_to) + 1, len(self._ends))
        start = self._positions[first]
        end = self._position_of(first + 1)
        while first + 1 < last and self._position_of(first + 2) - start <= max_bytes:
            first += 1
            end = self._position_of(first + 1)
        return self.disk.read(self.path, start, end - start)

    def batches(self, start: Offset) -> Iterator[RecordBatch]:
        """Every batch from the one that holds `start` to the end."""
        self._load()
        position = self._position_of(bisect_right(self._ends, start))
        yield from split_batches(self.disk.read(self.path, position, self.size - position))

    def batches_since(self, timestamp_ms: Millis, start: Offset) -> Iterator[RecordBatch]:
        """Batches from `start` on, without those of which the time index knows that they are too early."""
        relative = self.time_index.offset_before(timestamp_ms)
        yield from self.batches(max(start, self.base_offset + relative))

    def _position_of(self, index: int) -> int:
        return self._positions[index] if index < len(self._positions) else self.size


def whole_batch_at(data: bytes, position: int) -> RecordBatch | None:
    """The batch that begins at a position, if it is whole and intact."""
    if position + HEADER_SIZE > len(data):
        return None
    size = int.from_bytes(data[position + 8 : position + 12], "big") + LOG_OVERHEAD
    try:
        batch = RecordBatch(data[position : position + size])
        batch.check()
    except CorruptBatch:
        return None
    return batch
