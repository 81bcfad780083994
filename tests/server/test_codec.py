"""The codec on bytes that nobody should send, and the examples in its own text."""

from __future__ import annotations

import doctest
import random
from types import ModuleType
from typing import Any, Literal

import pytest

from minikafka.server import codec, compiler, schema
from minikafka.server.codec import CodecError

DIRECTIONS: tuple[Literal["request", "response"], ...] = ("request", "response")
PRODUCE, FETCH, METADATA, FIND_COORDINATOR, API_VERSIONS = 0, 1, 3, 10, 18


@pytest.mark.parametrize("module", [codec, compiler, schema], ids=lambda module: module.__name__)
def test_the_examples_in_the_text_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted > 0


def test_the_function_shown_in_the_text_is_the_one_that_is_made() -> None:
    assert compiler.__doc__
    shown = [line.strip() for line in compiler.__doc__.splitlines() if line.startswith("    ")]
    made = [line.strip() for line in codec.source(FIND_COORDINATOR, 1, "request", "decode").splitlines()]
    assert made[1:] == shown


def produce_request() -> dict[str, Any]:
    partition = {"index": 1, "records": b"x" * 200}
    topics = [{"name": "orders", "topic_id": bytes(16), "partition_data": [partition]}]
    return {"transactional_id": None, "acks": -1, "timeout_ms": 30_000, "topic_data": topics}


def test_records_are_not_copied() -> None:
    wire = bytearray(b"".join(codec.encode(PRODUCE, 9, "request", produce_request())))
    records = codec.decode(PRODUCE, 9, "request", wire)["topic_data"][0]["partition_data"][0]["records"]
    wire[wire.index(b"x")] = ord("y")
    assert bytes(records[:2]) == b"yx"


def test_records_are_handed_on_as_they_are_on_the_way_out() -> None:
    records = memoryview(b"batch" * 100)
    partition = {"partition_index": 0, "error_code": 0, "high_watermark": 5, "records": records}
    body = {"responses": [{"topic": "orders", "partitions": [partition]}]}
    pieces = codec.response_frame(FETCH, 12, 1, body)
    assert any(piece is records for piece in pieces)


@pytest.mark.parametrize("version", [3, 9, 13])
def test_every_cut_is_noticed(version: int) -> None:
    wire = b"".join(codec.encode(PRODUCE, version, "request", produce_request()))
    for end in range(len(wire)):
        with pytest.raises(CodecError, match=f"Produce v{version} request"):
            codec.decode(PRODUCE, version, "request", wire[:end])


def test_bytes_left_over_are_ignored() -> None:
    wire = b"".join(codec.encode(PRODUCE, 9, "request", produce_request()))
    assert codec.decode(PRODUCE, 9, "request", wire + b"12345")["acks"] == -1


def test_unknown_tagged_fields_are_skipped() -> None:
    # Metadata v9: topic "t" with tag 77 (3 bytes), then the three bools, then tags 5 (empty) and 300 (1 byte)
    wire = bytes.fromhex("02 0274 01 4d03616263 010000 02 0500 ac020178")
    body = codec.decode(METADATA, 9, "request", wire)
    assert body["topics"] == [{"topic_id": bytes(16), "name": "t"}]
    assert body["allow_auto_topic_creation"] is True


@pytest.mark.parametrize(
    ("version", "wire", "said"),
    [
        (1, "7fffffff", "topics has an impossible length"),
        (1, "00000001 fffe 6161", "name has an impossible length"),
        (9, "00 000000 00", None),  # null topics: fine
        (9, "ffffffffffff", "more than five bytes"),
        (9, "02 00 00", "name has an impossible length"),
        (9, "01 000000 01 00 7f", "tagged field 0 is longer"),
        (9, "01 000000 ffffffff0f", "ends in the middle"),
        (9, "", "ends in the middle"),
    ],
)
def test_lengths_that_cannot_be(version: int, wire: str, said: str | None) -> None:
    if said is None:
        assert codec.decode(METADATA, version, "request", bytes.fromhex(wire))["topics"] is None
        return
    with pytest.raises(CodecError, match=said):
        codec.decode(METADATA, version, "request", bytes.fromhex(wire))


def test_broken_utf_8_becomes_the_replacement_character() -> None:
    assert codec.decode(METADATA, 1, "request", b"\0\0\0\1\0\2\xffa")["topics"][0]["name"] == "\ufffda"


def test_random_bytes_never_raise_anything_else() -> None:
    source = random.Random(6)
    cases = [(api.key, version) for api in schema.apis().values() for version in api.versions]
    for _ in range(4_000):
        key, version = source.choice(cases)
        wire = source.randbytes(source.randrange(60))
        try:
            codec.decode(key, version, source.choice(DIRECTIONS), wire)
            codec.decode_request_header(wire)
        except CodecError as refused:
            assert str(refused).endswith(".")


def test_flipped_bytes_never_raise_anything_else() -> None:
    source = random.Random(7)
    for version in (3, 9, 13):
        wire = b"".join(codec.encode(PRODUCE, version, "request", produce_request()))
        for _ in range(1_000):
            broken = bytearray(wire)
            broken[source.randrange(len(broken))] = source.randrange(256)
            try:
                codec.decode(PRODUCE, version, "request", broken)
            except CodecError as refused:
                assert str(refused).endswith(".")


def test_unknown_keys_and_versions_are_refused_with_a_sentence() -> None:
    with pytest.raises(CodecError, match=r"^There is no API with the key -5\.$"):
        codec.decode_request_header(bytes.fromhex("fffb 0000 00000001 ffff"))
    with pytest.raises(CodecError, match=r"^Metadata has no version 99\.$"):
        codec.decode(METADATA, 99, "request", b"")


def test_the_header_of_an_unknown_version_can_be_read() -> None:
    # so that ApiVersions v99 can be answered at all (KIP-511)
    header, _ = codec.decode_request_header(bytes.fromhex("0012 0063 fffffffd ffff 00"))
    assert header == (API_VERSIONS, 99, -3, None)


@pytest.mark.parametrize("tags", ["01 05 ffffffffff01", "01 ffffffffffff", "01 05 7f", "05"])
def test_tags_in_the_header_that_cannot_be(tags: str) -> None:
    with pytest.raises(CodecError, match="header"):
        codec.decode_request_header(bytes.fromhex("0003 0009 00000001 ffff" + tags))


def test_a_message_that_cannot_be_written_says_why() -> None:
    with pytest.raises(CodecError, match=r"Metadata v9 request cannot be written: KeyError\('name'\)"):
        codec.encode(METADATA, 9, "request", {"topics": [{}]})
    with pytest.raises(CodecError, match="cannot be written"):
        codec.encode(METADATA, 0, "request", {"topics": None})
