"""Small text files in which a broker notes what it could not see in the logs themselves.

```
recovery-point-offset-checkpoint         leader-epoch-checkpoint (one in each log)
0               version                  0            version
2               lines that follow        2            lines that follow
orders 0 812    topic, partition,        0 0          epoch, first offset
orders 1 40     offset                   3 8
```

* A file is replaced as a whole, durably, or not at all; one that cannot be read counts as missing.

Mirrors `OffsetCheckpointFile` and `LeaderEpochCheckpointFile`. What we leave out: checksums (Kafka has none either).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from minikafka.disk import Disk
from minikafka.types import Epoch, Offset, TopicPartition

HIGH_WATERMARKS = "replication-offset-checkpoint"
RECOVERY_POINTS = "recovery-point-offset-checkpoint"
LOG_STARTS = "log-start-offset-checkpoint"
CLEANED = "cleaner-offset-checkpoint"
LEADER_EPOCHS = "leader-epoch-checkpoint"
_VERSION = "0"


def read_offsets(disk: Disk, path: str) -> dict[TopicPartition, Offset]:
    """One offset for each partition."""
    try:
        rows = [line.split(" ") for line in _lines(disk, path)]
        return {TopicPartition(topic, int(number)): int(offset) for topic, number, offset in rows}
    except ValueError:
        return {}


def write_offsets(disk: Disk, path: str, offsets: Mapping[TopicPartition, Offset]) -> None:
    """Replace the file."""
    _write(disk, path, [f"{name.topic} {name.partition} {offset}" for name, offset in sorted(offsets.items())])


def read_epochs(disk: Disk, path: str) -> tuple[tuple[Epoch, Offset], ...]:
    """(epoch, first offset), both rising; empty when the file says anything else."""
    try:
        rows = [line.split(" ") for line in _lines(disk, path)]
        entries = tuple((int(epoch), int(offset)) for epoch, offset in rows)
    except ValueError:
        return ()
    rising = all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(entries))
    return entries if rising else ()


def write_epochs(disk: Disk, path: str, entries: tuple[tuple[Epoch, Offset], ...]) -> None:
    """Replace the file."""
    _write(disk, path, [f"{epoch} {offset}" for epoch, offset in entries])


def _lines(disk: Disk, path: str) -> list[str]:
    version, count, *lines = disk.read(path, 0, disk.size(path)).decode().split("\n")
    if version != _VERSION or int(count) != len(lines) - 1:
        raise ValueError(f"{path} does not hold the lines it promises")
    return lines[:-1]


def _write(disk: Disk, path: str, lines: list[str]) -> None:
    disk.replace(path, "".join(f"{line}\n" for line in [_VERSION, str(len(lines)), *lines]).encode())
