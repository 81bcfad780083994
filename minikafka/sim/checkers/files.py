"""What lies on a machine's disk, read without any help of the engine: recovery is judged, so it cannot be the judge.

```
 cells of the book   [a][b][c][d]
 files               [a][b][c]xx      intact: a, b, c
```

Segments that retention took away are not missed, and of a batch that compaction removed there are no bytes to find.

What we leave out: indexes and snapshots, which recovery may rebuild from the batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from minikafka.protocol.records import RecordBatch
from minikafka.types import BrokerId, Offset, TopicPartition, broker_node

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class Written(Protocol):
    """A batch as it was appended."""

    @property
    def base_offset(self) -> Offset:
        """Its first offset."""
        ...

    @property
    def next_offset(self) -> Offset:
        """The first offset after it."""
        ...

    @property
    def data(self) -> bytes:
        """Its bytes."""
        ...


class LogFile(NamedTuple):
    """One segment."""

    base_offset: Offset
    durable: int
    """Bytes that survive a power loss."""
    content: bytes


def log_files(sim: Simulation, broker: BrokerId, partition: TopicPartition) -> list[LogFile]:
    """All segments of a partition on a broker's disk, oldest first."""
    disk = sim.machines[broker_node(broker)].disk
    assert disk is not None, f"broker {broker} has no disk"
    found = []
    for path in disk.paths():
        folder, _, name = path.partition("/")
        if folder == str(partition) and name.endswith(".log"):
            content = disk.read(path, 0, disk.size(path))
            found.append(LogFile(int(name.removesuffix(".log")), disk.durable_size(path), content))
    return sorted(found)


def intact_end(files: Sequence[LogFile], cells: Sequence[Written]) -> Offset:
    """Up to where the files hold these batches, byte for byte and without a hole."""
    return _walk([(one.base_offset, one.content) for one in files], cells)


def durable_end(files: Sequence[LogFile], cells: Sequence[Written]) -> Offset:
    """Up to where they would after a power loss now."""
    return _walk([(one.base_offset, one.content[: one.durable]) for one in files], cells)


def _walk(files: list[tuple[Offset, bytes]], cells: Sequence[Written]) -> Offset:
    number, position, end = 0, 0, files[0][0] if files else 0
    for cell in cells:
        if files and cell.next_offset <= files[0][0]:
            continue  # retention took it
        if number + 1 < len(files) and files[number + 1][0] == cell.base_offset:
            if position < len(files[number][1]):
                break
            number, position = number + 1, 0
        if files and files[number][1].startswith(cell.data, position):
            position += len(cell.data)
        elif cell.data and RecordBatch(cell.data).count:
            break  # an empty head that compaction has taken is no record: nobody is told of it
        end = cell.next_offset
    return end
