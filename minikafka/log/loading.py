"""How a log is opened: what its files may be trusted for after a clean stop, and after a crash.

```
                 recovery point (flushed up to here)
                        ▼
 [ closed ][ closed ][ closed ][ active ✂ ]
  trusted   trusted   walked    walked: every length and checksum; cut at the first batch that does not fit,
                                indexes made anew, and whatever comes after a cut is deleted
```

* After a clean stop only the newest segment is walked, along the heads of its batches: the time to start does not
  grow with the log.
* An index is never trusted over the log: a segment whose indexes do not fit is walked like one after a crash (I13).
* Files of unfinished work tell what to do: `.deleted` and `.cleaned` go, `.swap` is complete and takes its place.

Mirrors `LogLoader` and `LogSegment.recover`. What we leave out: several threads, one for each directory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from minikafka.config import TopicConfig
from minikafka.disk import Disk
from minikafka.log.segment import SUFFIXES, Segment
from minikafka.protocol.records import RecordBatch, split_batches
from minikafka.types import Offset

DELETED, CLEANED, SWAP = ".deleted", ".cleaned", ".swap"
SNAPSHOT = ".snapshot"


class Opening(NamedTuple):
    """What the broker's checkpoint files say about a log that is opened."""

    clean: bool = False
    """The process before this one stopped in order."""
    recovery_point: Offset = 0
    """Everything below was flushed."""
    log_start_offset: Offset = 0


@dataclass(slots=True)
class Found:
    """A log's segments, opened."""

    segments: list[Segment] = field(default_factory=list)
    walked: list[RecordBatch] = field(default_factory=list)
    """Batches of the segments that were read, in order."""
    recovered: list[Segment] = field(default_factory=list)
    """Segments whose indexes were made anew; their aborted transactions are not noted yet."""
    lost_bytes: int = 0
    """Bytes that were no whole, intact batch, or came after such."""


def must_walk(opening: Opening, next_base: Offset | None) -> bool:
    """Must this segment be checked batch by batch? Those that reach beyond the recovery point, after a crash."""
    return not opening.clean and (next_base is None or next_base > opening.recovery_point)


def load(disk: Disk, directory: str, config: TopicConfig, opening: Opening) -> Found:
    """Open all segments of a directory; there is at least one afterwards."""
    finish_what_was_begun(disk, directory)
    bases = [_base_of(path) for path in disk.paths(directory) if path.endswith(".log")]
    found = Found()
    for number, base in enumerate(bases):
        segment = Segment(disk, directory, base, config.index_interval_bytes)
        if found.lost_bytes:
            # What comes after a cut cannot be the continuation of what comes before it.
            found.lost_bytes += disk.size(segment.path)
            segment.delete()
            continue
        next_base = bases[number + 1] if number + 1 < len(bases) else None
        _open(found, segment, opening, next_base)
    if found.segments and found.segments[-1].next_offset < opening.log_start_offset:
        # The log ends below where it may be read from: nothing of it is left (`LogLoader.load`).
        for segment in found.segments:
            segment.delete()
        found = Found(lost_bytes=found.lost_bytes)
    if not found.segments:
        found.segments.append(Segment(disk, directory, opening.log_start_offset, config.index_interval_bytes))
    return found


def _open(found: Found, segment: Segment, opening: Opening, next_base: Offset | None) -> None:
    found.segments.append(segment)
    size = segment.disk.size(segment.path)
    # Once one was walked the rest is, too: so the batches that were read are the end of the log, without a gap.
    walk = bool(found.recovered) or must_walk(opening, next_base)
    if not walk and next_base is not None and segment.trust(next_base):
        return
    if not walk and next_base is None:
        found.walked += segment.reopen()
    else:
        found.walked += segment.recover()
        found.recovered.append(segment)
    found.lost_bytes += size - segment.size


def finish_what_was_begun(disk: Disk, directory: str) -> None:
    """Remove what was to be deleted or is half made; put in place what was ready (`LogLoader.removeTempFiles`)."""
    for path in disk.paths(directory):
        if path.endswith((DELETED, CLEANED)):
            disk.delete(path)
    for path in disk.paths(directory):
        if path.endswith(f".log{SWAP}"):
            _take_the_place_of_its_originals(disk, directory, path)
    logs = {path.removesuffix(".log") for path in disk.paths(directory) if path.endswith(".log")}
    for path in disk.paths(directory):
        stem, _, kind = path.rpartition(".")
        if f".{kind}" in SUFFIXES and stem not in logs:
            disk.delete(path)


def _take_the_place_of_its_originals(disk: Disk, directory: str, path: str) -> None:
    """A cleaned segment covers everything from its base to the end of its last batch: the originals there go."""
    base, end = _base_of(path), _base_of(path)
    for batch in split_batches(disk.read(path, 0, disk.size(path))):
        end = batch.next_offset
    for old in disk.paths(directory):
        if old.endswith(".log") and base <= _base_of(old) < max(end, base + 1):
            for kind in SUFFIXES:
                disk.delete(f"{old.removesuffix('.log')}{kind}")
    for kind in SUFFIXES:
        stem = path.removesuffix(f".log{SWAP}")
        disk.rename(f"{stem}{kind}{SWAP}", f"{stem}{kind}")


def snapshots(disk: Disk, directory: str) -> list[Offset]:
    """Offsets at which the book of producers was written down, rising."""
    return [_base_of(path) for path in disk.paths(directory) if path.endswith(SNAPSHOT)]


def snapshot_path(directory: str, offset: Offset) -> str:
    """The file with the book of producers as of an offset."""
    return f"{directory}/{offset:020d}{SNAPSHOT}"


def _base_of(path: str) -> Offset:
    return int(path.rpartition("/")[2].partition(".")[0])
