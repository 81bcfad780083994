"""One broker's copy of a partition, as the book has it: what was written there, batch by batch, and what is left of it.

```
 committed        [a][b][c][d]
 deleted below 2  [a][b][c][d]      log start 2: a and b were there, and need not be any more
 compacted        [a][ ][c][d]      the place of b stays in the book; no bytes of it are left on that disk
 began late       [ ][ ][c][d]      a copy that joined after the deletion holds only what there was to copy
```

* Each batch is named together with everything before it, so two copies agree exactly as far as their names do.
* What compaction or a moved log start took away keeps its name: an agreement does not end because a record is old.
* A batch that comes without what was before it, or with fewer records, is taken for the committed one only if it holds
  nothing that is not committed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from minikafka.protocol.records import Record, RecordBatch, records_in
from minikafka.types import Epoch, Offset


class Cell(NamedTuple):
    """One batch in a log."""

    base_offset: Offset
    next_offset: Offset
    epoch: Epoch
    prefix: int
    """Names this batch together with everything before it: equal names, equal logs up to here."""
    data: bytes
    """As it lies there now; empty: nothing of it is left, or ever was here."""

    def records(self) -> list[Record]:
        """Its records."""
        return list(records_in(self.data))

    def __str__(self) -> str:
        return ", ".join(text_of(record.value) for record in self.records())


@dataclass(slots=True)
class Copy:
    """What one broker's disk and page cache hold of a partition."""

    cells: list[Cell] = field(default_factory=list)
    agreed: int = 0
    """How many cells, from the first, are the committed ones."""
    lost_power: bool = False
    """Its page cache is gone, and the controller has not heard of it yet: it may count with what is no longer there."""
    high_watermark: Offset = 0
    """As this broker has stated it last."""
    begins: Offset = 0
    """Where it began anew, because its leader's log begins there; it may be in the middle of a batch."""

    @property
    def end(self) -> Offset:
        """Log end offset."""
        return max(self.cells[-1].next_offset if self.cells else 0, self.begins)

    @property
    def agreed_end(self) -> Offset:
        """Below this offset it holds what is committed, as far as it need be there."""
        end = self.cells[self.agreed - 1].next_offset if self.agreed else 0
        return max(end, self.begins) if self.begins and self.agreed == len(self.cells) else end

    def cut(self, offset: Offset) -> list[Cell]:
        """Drop all cells that reach above `offset`."""
        keep = len(self.cells)
        while keep and self.cells[keep - 1].next_offset > offset:
            keep -= 1
        dropped = self.cells[keep:]
        del self.cells[keep:]
        self.agreed, self.begins = min(self.agreed, keep), min(self.begins, offset)
        return dropped

    def cell_at(self, offset: Offset) -> Cell | None:
        """The cell that holds an offset."""
        place = bisect_right(self.cells, offset, key=_base_offset) - 1
        return self.cells[place] if place >= 0 and offset < self.cells[place].next_offset else None

    def batches(self) -> list[RecordBatch]:
        """What was written here, as far as compaction has left it; also what lies below the log start."""
        return [RecordBatch(cell.data) for cell in self.cells if cell.data]


_base_offset = attrgetter("base_offset")


def add(names: dict[tuple[int, bytes], int], copy: Copy, batch: RecordBatch) -> None:
    """A batch was written behind what is there."""
    key = (copy.cells[-1].prefix if copy.cells else -1, batch.data)
    name = names.setdefault(key, len(names))
    copy.cells.append(Cell(batch.base_offset, batch.next_offset, batch.leader_epoch, name, batch.data))


def extend_agreement(committed: Sequence[Cell], copy: Copy) -> None:
    """Compare on from where the copy and what is committed agreed last."""
    most = min(len(copy.cells), len(committed))
    while copy.agreed < most and copy.cells[copy.agreed].prefix == committed[copy.agreed].prefix:
        copy.agreed += 1


def take_late(committed: Sequence[Cell], copy: Copy, batch: RecordBatch) -> bool:
    """Take a batch for the committed one, and leave a place for each that is gone before it; False: it is another."""
    if copy.agreed != len(copy.cells):
        return False
    last = copy.agreed
    while last < len(committed) and committed[last].next_offset < batch.next_offset:
        last += 1
    if last == len(committed) or not is_left_of(committed[last], batch):
        return False
    copy.cells += [cell._replace(data=b"") for cell in committed[copy.agreed : last]]
    copy.cells.append(committed[last]._replace(data=batch.data))
    copy.agreed = len(copy.cells)
    return True


def begin_at(committed: Sequence[Cell], copy: Copy, start: Offset) -> None:
    """The copy begins anew at an offset: what was committed below need never be there."""
    copy.cells.clear()
    copy.agreed, copy.begins = 0, start
    while copy.agreed < len(committed) and committed[copy.agreed].next_offset <= start:
        copy.cells.append(committed[copy.agreed]._replace(data=b""))
        copy.agreed += 1


def is_left_of(cell: Cell, batch: RecordBatch) -> bool:
    """Is this batch what compaction has left of that one?"""
    place = (batch.base_offset, batch.next_offset, batch.leader_epoch)
    same = place == (cell.base_offset, cell.next_offset, cell.epoch)
    if not same or batch.data == cell.data:
        return same
    known = {(record.offset, record.key, record.value) for record in cell.records()}
    return all((record.offset, record.key, record.value) in known for record in batch.records())


def rewrite(copy: Copy, batches: Iterable[RecordBatch], below: Offset) -> None:
    """Compaction has been through everything below an offset: only these batches are left of it."""
    left = {batch.base_offset: batch for batch in batches if batch.base_offset < below}
    for number, cell in enumerate(copy.cells):
        if cell.base_offset >= below:
            break
        batch = left.get(cell.base_offset)
        copy.cells[number] = cell._replace(data=batch.data if batch else b"")


def text_of(value: bytes | None) -> str:
    """A value in a sentence."""
    return "(null)" if value is None else value.decode("utf-8", "replace")
