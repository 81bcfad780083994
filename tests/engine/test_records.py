"""Record batches, checksums and hashes against Kafka's own numbers."""

from __future__ import annotations

import pytest

from minikafka.client.partitioner import murmur2, partition_for_key
from minikafka.protocol import crc32c as checksums
from minikafka.protocol.records import (
    HEADER_SIZE,
    CorruptBatch,
    EndMarker,
    RecordBatch,
    _read_varint,
    _write_varint,
    build_batch,
    build_marker,
    end_marker,
    records_in,
    split_batches,
)

ONE_RECORD = bytes.fromhex(
    "0000000000000000 0000003a 00000000 02 e99b8dd8 0000 00000000 0000018bcfe56800 0000018bcfe56800"
    "ffffffffffffffff ffff ffffffff 00000001 10000000026b027600"
)
"""What Apache Kafka 4.4.0 writes for key k, value v at 1700000000000."""


def test_a_batch_is_byte_for_byte_what_kafka_writes():
    batch = build_batch([(1_700_000_000_000, b"k", b"v", ())], leader_epoch=0)
    assert batch.data == ONE_RECORD
    assert (batch.crc, len(batch.data), batch.count) == (0xE99B8DD8, 70, 1)


def test_reading_it_back_gives_the_record():
    batch = RecordBatch(ONE_RECORD)
    batch.check()
    assert [(record.offset, record.key, record.value) for record in batch.records()] == [(0, b"k", b"v")]


def test_stamping_changes_offset_and_epoch_and_no_byte_under_the_checksum():
    stamped = RecordBatch(ONE_RECORD).stamped(41, 7)
    stamped.check()
    assert (stamped.base_offset, stamped.leader_epoch, stamped.next_offset) == (41, 7, 42)
    assert stamped.data[16:] == ONE_RECORD[16:]


@pytest.mark.parametrize("at", [21, 30, 61, 69])
def test_a_flipped_bit_is_found(at):
    broken = bytearray(ONE_RECORD)
    broken[at] ^= 1
    with pytest.raises(CorruptBatch, match="checksum"):
        RecordBatch(bytes(broken)).check()


@pytest.mark.parametrize("size", [0, 11, 60, 69])
def test_a_torn_batch_is_refused(size):
    with pytest.raises(CorruptBatch):
        RecordBatch(ONE_RECORD[:size])


def test_several_records_headers_and_nulls_survive_the_trip():
    records = [(5, None, b"a", ()), (9, b"key", None, (("h", b"1"), ("none", None))), (7, b"", b"", ())]
    batch = build_batch(records)
    got = [(record.timestamp_ms, record.key, record.value, record.headers) for record in batch.records()]
    assert got == records
    assert (batch.base_timestamp_ms, batch.max_timestamp_ms, batch.last_offset) == (5, 9, 2)


def test_a_run_of_batches_is_cut_apart_and_control_batches_stay_out_of_sight():
    control = build_batch([(0, b"\x00\x00\x00\x02", b"", ())], control=True).stamped(1, 0)
    run = ONE_RECORD + control.data + RecordBatch(ONE_RECORD).stamped(2, 0).data
    assert [batch.base_offset for batch in split_batches(run)] == [0, 1, 2]
    assert [record.offset for record in records_in(run)] == [0, 2]
    with pytest.raises(CorruptBatch):
        list(split_batches(run[:-1]))


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "00"),
        (-1, "01"),
        (1, "02"),
        (-2, "03"),
        (63, "7e"),
        (-64, "7f"),
        (64, "8001"),
        (300, "d804"),
        (-1000, "cf0f"),
    ],
)
def test_varints_are_zigzag(number, written):
    out = bytearray()
    _write_varint(out, number)
    assert out.hex() == written
    assert _read_varint(bytes(out), 0) == (number, len(out))


def test_crc32c_with_and_without_the_package():
    assert checksums.crc32c(b"123456789") == 0xE3069283
    assert checksums.table_crc32c(b"123456789") == 0xE3069283
    assert checksums.table_crc32c(ONE_RECORD[21:]) == 0xE99B8DD8


@pytest.mark.parametrize(
    ("data", "signed"),
    [
        ("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107), ("", 275646681), ("bob", -2048144690),
    ],
)  # fmt: skip
def test_murmur2_is_kafkas(data, signed):
    assert murmur2(data.encode()) == signed % (1 << 32)


@pytest.mark.parametrize(
    ("key", "of_3", "of_6", "of_12"),
    [("alice", 0, 3, 9), ("bob", 0, 0, 6), ("order-1", 1, 4, 10), ("order-42", 0, 0, 0), ("user-7", 2, 2, 8)],
)
def test_a_key_goes_where_java_puts_it(key, of_3, of_6, of_12):
    assert [partition_for_key(key.encode(), count) for count in (3, 6, 12)] == [of_3, of_6, of_12]


def test_the_head_has_61_bytes():
    assert HEADER_SIZE == 61


@pytest.mark.parametrize("commit", [True, False])
def test_a_marker_says_how_the_transaction_ended(commit):
    batch = build_marker(EndMarker(commit, 5), 1_000, producer_id=7, producer_epoch=2)
    assert (batch.is_control, batch.is_transactional, batch.producer_id, batch.producer_epoch) == (True, True, 7, 2)
    assert end_marker(batch) == EndMarker(commit, 5)
    record = next(batch.records())
    assert (record.key, record.value) == (bytes([0, 0, 0, commit]), bytes([0, 0, 0, 0, 0, 5]))
