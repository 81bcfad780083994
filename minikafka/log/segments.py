"""The segments of one log as one line of batches: which of them holds an offset, where the next one begins.

```
orders-0/00000000000000000000.log   0 … 811      closed: flushed, indexes complete, goes as a whole
         00000000000000000812.log   812 … 1650   closed
         00000000000000001651.log   1651 …       active: the only one that is appended to
```

* There is always one active segment, the last; it may be empty.
* A closed segment ends where the next one begins.

Mirrors `LogSegments` and the file side of `LocalLog`. What we leave out: memory mapping, and a limit on open files.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from minikafka.config import TopicConfig
from minikafka.disk import Disk
from minikafka.log import segment as segment_rules
from minikafka.log.segment import Segment
from minikafka.log.transaction_index import AbortedTransaction
from minikafka.protocol.records import RecordBatch
from minikafka.types import Offset


class Segments:
    """All segments of one log, oldest first."""

    def __init__(self, disk: Disk, directory: str, config: TopicConfig, found: list[Segment]) -> None:
        """`found` are those that were opened, at least one."""
        self.disk = disk
        self.directory = directory
        self.config = config
        self._all = found
        self.active = found[-1]
        assert all(one.next_offset <= two.base_offset for one, two in pairwise(found)), "segments do not overlap"

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def first_offset(self) -> Offset:
        """Where the oldest segment begins."""
        return self._all[0].base_offset

    @property
    def closed(self) -> list[Segment]:
        """All but the active one."""
        return self._all[:-1]

    @property
    def size(self) -> int:
        """Bytes in all segments."""
        return sum(one.size for one in self._all)

    # --- writing ---

    def must_roll(self, batch: RecordBatch) -> bool:
        """Does this batch belong into a next segment?"""
        active, config = self.active, self.config
        return segment_rules.should_roll(
            active.size,
            len(batch.data),
            config.segment_bytes,
            batch.max_timestamp_ms - active.first_timestamp_ms if active.first_timestamp_ms >= 0 else 0,
            config.segment_ms,
            active.index_bytes >= config.segment_index_bytes,
            batch.last_offset - active.base_offset,
        )

    def roll(self, base_offset: Offset) -> None:
        """Close the active segment and begin the next one."""
        self.active.close()
        self._begin(base_offset)

    def _begin(self, base_offset: Offset) -> None:
        active = Segment(self.disk, self.directory, base_offset, self.config.index_interval_bytes)
        active.create()
        self.active = active
        self._all.append(active)

    def truncate_to(self, offset: Offset) -> None:
        """Drop every batch that has a record at or above `offset`; the segment that holds it becomes the active one."""
        while len(self._all) > 1 and self._all[-1].base_offset >= offset:
            self._all.pop().delete()
        self.active = self._all[-1]
        self.active.truncate_to(offset)

    def start_over_at(self, offset: Offset) -> None:
        """Drop everything; the log goes on at `offset`. Raises `StorageError`; then it is empty, and may try again."""
        for one in self._all:
            one.delete()
        self.active = Segment(self.disk, self.directory, offset, self.config.index_interval_bytes)
        self._all = [self.active]
        self.active.create()

    def remove(self, count: int) -> list[Segment]:
        """Take away the oldest so many; they are no longer read, and it is the caller's to delete them."""
        removed, self._all = self._all[:count], self._all[count:]
        if not self._all:
            self._begin(removed[-1].next_offset)
        return removed

    def put(self, old: list[Segment], new: Segment | None) -> None:
        """Put a cleaned segment into the place of those it was made from."""
        place = self._all.index(old[0])
        self._all[place : place + len(old)] = [] if new is None else [new]

    # --- reading ---

    def holding(self, offset: Offset) -> int:
        """Number of the segment in whose range an offset lies."""
        return max(bisect_right(self._all, offset, key=_base_offset) - 1, 0)

    def read(self, offset: Offset, max_bytes: int, up_to: Offset) -> bytes:
        """Whole batches of one segment from the one that holds `offset` (or the next there is), below `up_to`."""
        if offset >= self.active.base_offset:
            return self.active.read(offset, max_bytes, up_to)
        for one in self._all[self.holding(offset) :]:
            if found := one.read(max(offset, one.base_offset), max_bytes, up_to):
                return found
        return b""

    def batches(self, start: Offset) -> Iterator[RecordBatch]:
        """Every batch from the one that holds `start` to the end."""
        for one in self._all[self.holding(start) :]:
            yield from one.batches(start)

    def aborted_from(self, offset: Offset) -> Iterator[AbortedTransaction]:
        """Aborted transactions whose markers stand at or after an offset's segment, in the order of their markers."""
        for one in self._all[self.holding(offset) :]:
            yield from one.aborted


def _base_offset(segment: Segment) -> Offset:
    return segment.base_offset
