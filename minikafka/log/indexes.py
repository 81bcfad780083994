"""Two small files beside each segment: where in it is an offset, and from where on is it as late as a time?

```
.log         | 0 … | 7 … | 19 … | 31 … |        batches, some kilobytes apart
.index         (7, 4102) (31, 8310)             last offset of a batch, and the position where that batch begins
.timeindex     (10:00:04, 7) (10:00:09, 28)     the largest timestamp so far, and the offset of its batch
```

* An entry is added every index.interval.bytes: the indexes are sparse, so a lookup gives the last entry at or below
  what is asked, and the batches after it are scanned.
* Offsets are relative to the segment's first, so that four bytes are enough.
* No checksum protects an index, and none is needed: it can always be made anew from the log, and recovery does so.

Mirrors `OffsetIndex` and `TimeIndex`. What we leave out: memory mapping, and space reserved in advance.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from itertools import pairwise
from typing import ClassVar

from minikafka.disk import Disk, StorageError
from minikafka.types import Offset

OFFSET_ENTRY = struct.Struct(">ii")
TIME_ENTRY = struct.Struct(">qi")


class Index:
    """A file of entries of two numbers, both of which rise along it; kept in memory too."""

    entry: ClassVar[struct.Struct]
    """How an entry is packed. Of the class: an index is copied with its cluster, and a `Struct` cannot be."""

    def __init__(self, disk: Disk, path: str) -> None:
        self.disk = disk
        self.path = path
        self.entries: list[tuple[int, int]] = []

    def add(self, one: int, two: int) -> bool:
        """Append an entry; False when the disk refuses it, which costs a longer scan and nothing else."""
        try:
            self.disk.append(self.path, self.entry.pack(one, two))
        except StorageError:
            return False
        self.entries.append((one, two))
        return True

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return len(self.entries) * self.entry.size

    def load(self) -> bool:
        """Take the entries as the file has them; False when it cannot be what was written."""
        data = self.disk.read(self.path, 0, self.disk.size(self.path))
        if len(data) % self.entry.size:
            return False
        self.entries = list(self.entry.iter_unpack(data))
        return all(one < two for one, two in pairwise(self.entries))

    def keep(self, count: int) -> None:
        """Drop all entries but the first so many."""
        if count < len(self.entries):
            del self.entries[count:]
        if self.disk.size(self.path) != self.size:
            self.disk.truncate(self.path, self.size)


class OffsetIndex(Index):
    """(last offset of a batch minus base offset, position where the batch begins)."""

    entry = OFFSET_ENTRY

    def position_for(self, relative_offset: int) -> int:
        """Where to begin to look for an offset."""
        place = bisect_right(self.entries, relative_offset, key=_first)
        return self.entries[place - 1][1] if place else 0

    def truncate_to(self, relative_offset: int) -> None:
        """Drop entries of batches that end at or above an offset."""
        self.keep(sum(last < relative_offset for last, _ in self.entries))


class TimeIndex(Index):
    """(largest timestamp so far, last offset of its batch minus base offset)."""

    entry = TIME_ENTRY

    def note(self, timestamp_ms: int, relative_offset: int) -> bool:
        """Append an entry if the time has risen since the last one; False when that is needed and refused."""
        return bool(self.entries and timestamp_ms <= self.entries[-1][0]) or self.add(timestamp_ms, relative_offset)

    def offset_before(self, timestamp_ms: int) -> int:
        """Nothing below this offset (relative to the base) is as late as `timestamp_ms`."""
        place = bisect_right(self.entries, timestamp_ms - 1, key=_first)
        return self.entries[place - 1][1] if place else 0

    def truncate_to(self, relative_offset: Offset) -> None:
        """Drop entries that name offsets at or above this one."""
        self.keep(sum(offset < relative_offset for _, offset in self.entries))


def _first(entry: tuple[int, int]) -> int:
    return entry[0]
