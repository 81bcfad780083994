"""`minikafka dump DIR`: what lies in the files of a data directory, batch by batch.

    broker-1/orders-0/00000000000000000000.log
      0 to 2  epoch 0  3 records  221 bytes  producer 7 epoch 0 from 0
      3  epoch 1  a marker: commit  78 bytes  producer 7 epoch 1

It only reads, so it may be used beside a running server; what comes behind the last whole batch is said, not repaired.

Mirrors `DumpLogSegments`. What we leave out: indexes, and records of compressed batches (which nobody has opened).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from minikafka.protocol import records
from minikafka.protocol.records import CorruptBatch, RecordBatch

SIZE_ENDS = 12
"""A batch begins with its base offset and its length behind these two."""


def dump(directory: Path, *, with_records: bool = False) -> int:
    """Print all segments below a directory. Returns the exit code."""
    segments = sorted(directory.rglob("*.log")) if directory.is_dir() else []
    if not segments:
        print(f"There is no log in {directory}.", file=sys.stderr)
        return 2
    for segment in segments:
        print(segment.relative_to(directory).as_posix())
        for line in lines_of(segment.read_bytes(), with_records=with_records):
            print(f"  {line}")
    return 0


def lines_of(data: bytes, *, with_records: bool = False) -> Iterator[str]:
    """A line for each batch, and for its records if they are wanted."""
    position = 0
    while position < len(data):
        size = SIZE_ENDS + int.from_bytes(data[position + 8 : position + SIZE_ENDS], "big", signed=True)
        try:
            batch = RecordBatch(data[position : position + max(size, 0)])
            batch.check()
        except CorruptBatch as torn:
            yield f"{len(data) - position} bytes that are no whole batch: {torn}"
            return
        yield line_of(batch)
        if with_records and not batch.is_control and not batch.is_compressed:
            yield from (f"  {record.key!r}: {record.value!r}" for record in batch.records())
        position += size


def line_of(batch: RecordBatch) -> str:
    """One batch: offsets, epoch, what is in it, who wrote it."""
    offsets = f"{batch.base_offset} to {batch.last_offset}" if batch.count > 1 else f"{batch.base_offset}"
    marker = records.end_marker(batch) if batch.is_control else None
    count = "1 record" if batch.count == 1 else f"{batch.count} records"
    content = count if marker is None else f"a marker: {'commit' if marker.commit else 'abort'}"
    producer = ""
    if batch.producer_id >= 0:
        producer = f"  producer {batch.producer_id} epoch {batch.producer_epoch}"
        producer += f" from {batch.base_sequence}" if batch.base_sequence >= 0 else ""
    return f"{offsets}  epoch {batch.leader_epoch}  {content}  {len(batch.data)} bytes{producer}"
