"""Record batches, format v2: the only shape in which records travel and rest.

A producer packs records into a batch once. From then on it is a run of bytes: the leader writes two numbers into its
head, followers and consumers copy it, and nobody looks inside until somebody needs a key or a value.

```
 0           8      12     16  17   21          57    61
 | baseOffset|length| epoch|2 | crc | attributes … | n | records …
   └ leader writes ────┘      └── the CRC covers attributes to the end ──┘
```

* Base offset and leader epoch lie before the checksum, so a leader can stamp a batch without recomputing it.
* The last offset is base offset + last offset delta, also when compaction has removed records in between.
* Integers are big-endian; inside records they are zigzag varints.

Mirrors `DefaultRecordBatch` and `DefaultRecord`. What we leave out: compression (a compressed batch is kept and passed
on, but not opened in the core) and message formats v0 and v1 (Kafka 4 no longer writes them).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from minikafka.protocol.crc32c import crc32c
from minikafka.types import NO_SEQUENCE, Epoch, Millis, Offset

HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_SIZE = HEADER.size
LOG_OVERHEAD = 12
"""Bytes before those that `batchLength` counts: base offset and the length itself."""
CRC_START = 21
"""First byte under the checksum."""
MAGIC = 2

_PREFIX = struct.Struct(">qi")
_CRC = struct.Struct(">I")
_COMPRESSION_BITS = 0x07
_APPEND_TIME_BIT = 0x08
_TRANSACTIONAL_BIT = 0x10
_MARKER_KEY = struct.Struct(">hh")
"""Version, and 0 for abort or 1 for commit."""
_MARKER_VALUE = struct.Struct(">hi")
"""Version, and the epoch of the coordinator that decided."""
_CONTROL_BIT = 0x20
_HORIZON_BIT = 0x40
MAX_SEQUENCE = 2_147_483_647
"""After this one a producer's sequence numbers go on at 0."""


class Record(NamedTuple):
    """One record as an application sees it."""

    offset: Offset
    timestamp_ms: Millis
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class CorruptBatch(ValueError):
    """The bytes are not a whole, intact batch of format v2; the message says what is wrong."""


class RecordBatch:
    """A batch with its head parsed and its records still packed. Immutable."""

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp_ms",
        "count",
        "crc",
        "data",
        "last_offset_delta",
        "leader_epoch",
        "max_timestamp_ms",
        "producer_epoch",
        "producer_id",
    )

    base_offset: Offset
    leader_epoch: Epoch
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp_ms: Millis
    max_timestamp_ms: Millis
    producer_id: int
    producer_epoch: int
    base_sequence: int
    count: int

    def __init__(self, data: bytes) -> None:
        """Parse the head of `data`, which must be exactly one batch. The checksum is verified by `check` only."""
        if len(data) < HEADER_SIZE:
            raise CorruptBatch(f"a batch has at least {HEADER_SIZE} bytes, this has {len(data)}")
        (
            self.base_offset,
            length,
            self.leader_epoch,
            magic,
            self.crc,
            self.attributes,
            self.last_offset_delta,
            self.base_timestamp_ms,
            self.max_timestamp_ms,
            self.producer_id,
            self.producer_epoch,
            self.base_sequence,
            self.count,
        ) = HEADER.unpack_from(data)
        if magic != MAGIC:
            raise CorruptBatch(f"magic is {magic}, expected {MAGIC}")
        if length + LOG_OVERHEAD != len(data):
            raise CorruptBatch(f"the head says {length + LOG_OVERHEAD} bytes, there are {len(data)}")
        self.data = data

    @property
    def last_offset(self) -> Offset:
        """Offset of the last record the batch was made with."""
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> Offset:
        """Offset after this batch."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def is_control(self) -> bool:
        """A marker of Kafka's own, never shown to an application."""
        return bool(self.attributes & _CONTROL_BIT)

    @property
    def is_transactional(self) -> bool:
        """Part of a transaction: what it says counts once the transaction's marker says so."""
        return bool(self.attributes & _TRANSACTIONAL_BIT)

    @property
    def last_sequence(self) -> int:
        """Sequence number of the last record; it wraps to 0 after 2^31 - 1. -1 without a sequence."""
        if self.base_sequence < 0:
            return NO_SEQUENCE
        return (self.base_sequence + self.last_offset_delta) % (MAX_SEQUENCE + 1)

    @property
    def has_append_time(self) -> bool:
        """The leader's clock counts (`LogAppendTime`): every record has the batch's largest timestamp."""
        return bool(self.attributes & _APPEND_TIME_BIT)

    @property
    def delete_horizon_ms(self) -> Millis | None:
        """When compaction may remove tombstones and markers of this batch; None: it has not seen them yet."""
        return self.base_timestamp_ms if self.attributes & _HORIZON_BIT else None

    @property
    def is_compressed(self) -> bool:
        """Some codec packed the records; the core keeps them as they are."""
        return bool(self.attributes & _COMPRESSION_BITS)

    def check(self) -> None:
        """Raise `CorruptBatch` unless the checksum matches."""
        if crc32c(memoryview(self.data)[CRC_START:]) != self.crc:
            raise CorruptBatch(f"the checksum of the batch at offset {self.base_offset} does not match its bytes")

    def stamped(self, base_offset: Offset, leader_epoch: Epoch) -> RecordBatch:
        """The same batch as a leader writes it: two numbers patched, no byte under the checksum touched."""
        length = len(self.data) - LOG_OVERHEAD
        head = struct.pack(">qii", base_offset, length, leader_epoch)
        return RecordBatch(b"".join((head, memoryview(self.data)[16:])))

    def with_append_time(self, now: Millis) -> RecordBatch:
        """The batch of a `LogAppendTime` topic: the time lies under the checksum, which is computed anew."""
        data = bytearray(self.data)
        struct.pack_into(">h", data, 21, self.attributes | _APPEND_TIME_BIT)
        struct.pack_into(">q", data, 35, now)
        return sealed(data)

    def records(self) -> Iterator[Record]:
        """Unpack the records. Compressed batches are the wire's business and refused here."""
        if self.is_compressed:
            raise CorruptBatch("this batch is compressed; the core does not open compressed batches")
        position = HEADER_SIZE
        for _ in range(self.count):
            try:
                record, position = _decode_record(self.data, position, self.base_offset, self.base_timestamp_ms)
            except (IndexError, UnicodeDecodeError) as problem:
                where = f"in the batch at offset {self.base_offset}"
                raise CorruptBatch(f"a record {where} is garbled: {problem}") from None
            yield record._replace(timestamp_ms=self.max_timestamp_ms) if self.has_append_time else record


def sealed(data: bytearray) -> RecordBatch:
    """A batch whose bytes were changed, with the checksum that fits them."""
    _CRC.pack_into(data, 17, crc32c(memoryview(data)[CRC_START:]))
    return RecordBatch(bytes(data))


def build_batch(
    records: Sequence[tuple[Millis, bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]],
    *,
    base_offset: Offset = 0,
    leader_epoch: Epoch = -1,
    producer_id: int = -1,
    producer_epoch: int = -1,
    base_sequence: int = -1,
    control: bool = False,
    transactional: bool = False,
) -> RecordBatch:
    """Pack `(timestamp_ms, key, value, headers)` records, at least one, into a batch with consecutive offsets."""
    assert records, "a batch holds at least one record"
    base_timestamp = records[0][0]
    packed = bytearray(HEADER_SIZE)
    for delta, (timestamp, key, value, headers) in enumerate(records):
        _encode_record(packed, delta, timestamp - base_timestamp, key, value, headers)
    length = len(packed) - LOG_OVERHEAD
    attributes = (_CONTROL_BIT if control else 0) | (_TRANSACTIONAL_BIT if transactional else 0)
    max_timestamp = max(record[0] for record in records)
    HEADER.pack_into(
        packed, 0, base_offset, length, leader_epoch, MAGIC, 0, attributes, len(records) - 1, base_timestamp,
        max_timestamp, producer_id, producer_epoch, base_sequence, len(records),
    )  # fmt: skip
    return sealed(packed)


def with_records(batch: RecordBatch, kept: Sequence[Record], delete_horizon_ms: Millis | None) -> RecordBatch:
    """The batch with only some of its records, as compaction leaves it; offsets and sequences stay what they were.

    `MemoryRecords.filterTo`: a delete horizon takes the place of the base timestamp.
    """
    base_timestamp = kept[0].timestamp_ms if kept else batch.base_timestamp_ms
    attributes = batch.attributes
    if delete_horizon_ms is not None:
        base_timestamp, attributes = delete_horizon_ms, attributes | _HORIZON_BIT
    packed = bytearray(HEADER_SIZE)
    for record in kept:
        delta = record.offset - batch.base_offset
        _encode_record(packed, delta, record.timestamp_ms - base_timestamp, record.key, record.value, record.headers)
    max_timestamp = max((record.timestamp_ms for record in kept), default=batch.max_timestamp_ms)
    HEADER.pack_into(
        packed, 0, batch.base_offset, len(packed) - LOG_OVERHEAD, batch.leader_epoch, MAGIC, 0, attributes,
        batch.last_offset_delta, base_timestamp, max_timestamp, batch.producer_id, batch.producer_epoch,
        batch.base_sequence, len(kept),
    )  # fmt: skip
    return sealed(packed)


class EndMarker(NamedTuple):
    """The outcome of a producer's transaction, as a control batch of one record says it."""

    commit: bool
    coordinator_epoch: Epoch


def build_marker(marker: EndMarker, timestamp_ms: Millis, producer_id: int, producer_epoch: int) -> RecordBatch:
    """The control batch that ends a transaction in one partition (`EndTransactionMarker`)."""
    key, value = _MARKER_KEY.pack(0, marker.commit), _MARKER_VALUE.pack(0, marker.coordinator_epoch)
    return build_batch(
        [(timestamp_ms, key, value, ())],
        producer_id=producer_id, producer_epoch=producer_epoch, control=True, transactional=True,
    )  # fmt: skip


def end_marker(batch: RecordBatch) -> EndMarker | None:
    """The outcome that a control batch says; None for other kinds, and for one that compaction emptied."""
    assert batch.is_control, "an outcome is a control batch"
    record = next(batch.records(), None)
    kind = _MARKER_KEY.unpack_from(record.key)[1] if record is not None and record.key else -1
    if record is None or kind not in (0, 1) or record.value is None:
        return None
    return EndMarker(kind == 1, _MARKER_VALUE.unpack_from(record.value)[1])


def split_batches(data: bytes | memoryview) -> Iterator[RecordBatch]:
    """Cut a run of batches apart. Raises `CorruptBatch` where the run ends inside a batch."""
    position, end = 0, len(data)
    while position < end:
        if end - position < LOG_OVERHEAD:
            raise CorruptBatch(f"{end - position} bytes are left, too few for the head of a batch")
        size = _PREFIX.unpack_from(data, position)[1] + LOG_OVERHEAD
        if size < HEADER_SIZE or position + size > end:
            raise CorruptBatch(f"a batch of {size} bytes does not fit in the {end - position} that are left")
        yield RecordBatch(bytes(data[position : position + size]))
        position += size


def records_in(data: bytes) -> Iterator[Record]:
    """All records that an application would see in a run of uncompressed batches."""
    for batch in split_batches(data):
        if not batch.is_control:
            yield from batch.records()


# --- zigzag varints and single records ---


def _write_varint(out: bytearray, number: int) -> None:
    number = (number << 1) ^ (number >> 63)
    while number > 0x7F:
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    out.append(number)


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    shift = number = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), position
        shift += 7


def _write_bytes(out: bytearray, value: bytes | None) -> None:
    if value is None:
        out.append(1)
        return
    _write_varint(out, len(value))
    out += value


def _read_bytes(data: bytes, position: int) -> tuple[bytes | None, int]:
    length, position = _read_varint(data, position)
    if length < 0:
        return None, position
    return data[position : position + length], position + length


def _encode_record(
    out: bytearray,
    offset_delta: int,
    timestamp_delta: int,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
) -> None:
    body = bytearray(1)
    _write_varint(body, timestamp_delta)
    _write_varint(body, offset_delta)
    _write_bytes(body, key)
    _write_bytes(body, value)
    headers = tuple(headers)
    _write_varint(body, len(headers))
    for name, content in headers:
        _write_bytes(body, name.encode())
        _write_bytes(body, content)
    _write_varint(out, len(body))
    out += body


def _decode_record(data: bytes, position: int, base_offset: Offset, base_timestamp: Millis) -> tuple[Record, int]:
    length, position = _read_varint(data, position)
    end = position + length
    timestamp, position = _read_varint(data, position + 1)
    offset, position = _read_varint(data, position)
    key, position = _read_bytes(data, position)
    value, position = _read_bytes(data, position)
    count, position = _read_varint(data, position)
    headers = []
    for _ in range(count):
        name, position = _read_bytes(data, position)
        content, position = _read_bytes(data, position)
        headers.append(((name or b"").decode(), content))
    if position != end:
        raise CorruptBatch(f"a record says it has {length} bytes, but its fields end {end - position} before that")
    return Record(base_offset + offset, base_timestamp + timestamp, key, value, tuple(headers)), position
