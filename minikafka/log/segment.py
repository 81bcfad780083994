"""A file of batches, back to back, and where each of them begins.

The name of the file is the offset of its first record, in twenty digits. After a crash the file may end inside a batch:
recovery walks from the start, trusts only lengths and checksums, and cuts at the first byte that does not fit.

```
orders-0/00000000000000000000.log    | batch at 0 | batch at 3 | batch at 4 |✂ torn
                                     pos 0        pos 95       pos 170
```

* The index holds every batch's base offset and position, so finding an offset is a binary search in memory.

Mirrors `LogSegment`. What we leave out: index files (the index is rebuilt at start), rolling to a next segment.
"""

from __future__ import annotations

from bisect import bisect_right

from minikafka.disk import Disk
from minikafka.protocol.records import HEADER_SIZE, LOG_OVERHEAD, CorruptBatch, RecordBatch
from minikafka.types import Offset


class Segment:
    """One file of one partition."""

    def __init__(self, disk: Disk, directory: str, base_offset: Offset) -> None:
        self.disk = disk
        self.path = f"{directory}/{base_offset:020d}.log"
        self.base_offset = base_offset
        self.next_offset = base_offset
        self.size = 0
        self._offsets: list[Offset] = []
        self._positions: list[int] = []

    def recover(self) -> list[RecordBatch]:
        """Read the file from its start, cut it at the first batch that is not whole, and return what is left."""
        data = self.disk.read(self.path, 0, self.disk.size(self.path))
        batches = []
        while (batch := _whole_batch_at(data, self.size)) is not None and batch.base_offset >= self.next_offset:
            batches.append(batch)
            self._index(batch)
        if self.size < len(data):
            self.disk.truncate(self.path, self.size)
        return batches

    def append(self, batch: RecordBatch) -> None:
        """Write a batch at the end. Raises `StorageError` and changes nothing when the disk refuses."""
        assert batch.base_offset >= self.next_offset, f"offset {batch.base_offset} is below {self.next_offset}"
        self.disk.append(self.path, batch.data)
        self._index(batch)

    def read(self, offset: Offset, max_bytes: int, up_to: Offset) -> bytes:
        """Whole batches from the one that holds `offset`, all below `up_to`: at least one, then up to `max_bytes`."""
        if offset >= min(up_to, self.next_offset):
            return b""
        first = max(bisect_right(self._offsets, offset) - 1, 0)
        last = bisect_right(self._offsets, up_to - 1)
        start = self._positions[first]
        end = self._position_of(first + 1)
        while first + 1 < last and self._position_of(first + 2) - start <= max_bytes:
            first += 1
            end = self._position_of(first + 1)
        return self.disk.read(self.path, start, end - start)

    def truncate_to(self, offset: Offset) -> None:
        """Drop every batch that has a record at or above `offset`."""
        while self._offsets and self.next_offset > offset:
            self.next_offset = self._offsets.pop()
            self.size = self._positions.pop()
        self.disk.truncate(self.path, self.size)

    def flush(self) -> None:
        """Make the file durable."""
        self.disk.flush(self.path)

    def _index(self, batch: RecordBatch) -> None:
        self._offsets.append(batch.base_offset)
        self._positions.append(self.size)
        self.size += len(batch.data)
        self.next_offset = batch.next_offset

    def _position_of(self, index: int) -> int:
        return self._positions[index] if index < len(self._positions) else self.size


def _whole_batch_at(data: bytes, position: int) -> RecordBatch | None:
    if position + HEADER_SIZE > len(data):
        return None
    size = int.from_bytes(data[position + 8 : position + 12], "big") + LOG_OVERHEAD
    try:
        batch = RecordBatch(data[position : position + size])
        batch.check()
    except CorruptBatch:
        return None
    return batch
