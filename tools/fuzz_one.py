"""One input of `fuzz_codec.py`: what the codec, and whoever opens records, may make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from inspect import getfile, isfunction
from random import Random

from frame_storm import Maker

from minikafka.protocol import records
from minikafka.protocol.records import HEADER_SIZE, CorruptBatch, RecordBatch, build_batch, sealed, split_batches
from minikafka.server import codec, compiler
from minikafka.server.codec import SIZE_BYTES, CodecError
from minikafka.server.schema import Direction, apis

DIRECTIONS: tuple[Direction, Direction] = ("request", "response")
MESSAGES = [(api.key, version, way) for api in apis().values() for version in api.versions for way in DIRECTIONS]
FRAME, RECORDS = len(MESSAGES), len(MESSAGES) + 1
"""Numbers behind those of the messages: a whole request, and a batch of records."""
CHOICES = len(MESSAGES) + 2


def instrument(watched: Callable[[object], object]) -> None:
    """Have every function watched that a message goes through: of the source, and compiled from the schema."""
    for holder in (codec, compiler, records, RecordBatch):
        for one in vars(holder).values():
            if isfunction(one) and one.__code__.co_filename == getfile(holder):
                watched(one)
    for message in MESSAGES:
        watched(codec._decoder(*message))
        watched(codec._encoder(*message))


def judge(data: bytes) -> None:
    """Raises whatever must not happen."""
    choice, rest = int.from_bytes(data[:2], "big") % CHOICES, data[2:]
    if choice == FRAME:
        judge_frame(rest)
    elif choice == RECORDS:
        judge_records(rest)
    else:
        judge_message(*MESSAGES[choice], rest)


def judge_message(key: int, version: int, direction: Direction, data: bytes, start: int = 0) -> None:
    """There and back again."""
    try:
        message = codec.decode(key, version, direction, data, start)
    except CodecError:
        return
    written = b"".join(codec.encode(key, version, direction, message))
    again = codec.decode(key, version, direction, written)
    assert again == message, "decoded again it is another message"
    assert b"".join(codec.encode(key, version, direction, again)) == written, "encoded again it is other bytes"


def judge_frame(data: bytes) -> None:
    """A request behind its size."""
    try:
        header, start = codec.decode_request_header(data)
    except CodecError:
        return
    if header.api_version in apis()[header.api_key].versions:
        judge_message(header.api_key, header.api_version, "request", data, start)


def judge_records(data: bytes) -> None:
    """Batches as they come, and the first with its checksum put right."""
    with suppress(CorruptBatch):
        for batch in split_batches(data):
            open_batch(batch)
    if len(data) >= HEADER_SIZE:
        with suppress(CorruptBatch):
            open_batch(sealed(bytearray(data)))


def open_batch(batch: RecordBatch) -> None:
    """As a consumer does; a head that counts below 0, which no broker takes, has no records."""
    batch.check()
    assert len(list(batch.records())) == max(batch.count, 0)


def right_ones(random: Random) -> Iterator[tuple[str, bytes]]:
    """A name and an input, for each kind."""
    make = Maker(random, 1)
    for number, (key, version, direction) in enumerate(MESSAGES):
        body = make.group(apis()[key].fields(direction), version)
        yield str(number), number.to_bytes(2, "big") + b"".join(codec.encode(key, version, direction, body))
    yield "frame", FRAME.to_bytes(2, "big") + make.any_request()[SIZE_BYTES:]
    batch = build_batch([(1_000, b"key", b"value", (("header", b"1"),)), (1_001, None, None, ())])
    yield "records", RECORDS.to_bytes(2, "big") + batch.data
