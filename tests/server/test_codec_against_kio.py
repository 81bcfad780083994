"""Our codec against another implementation: `kio`, whose messages were made from Kafka's own description of them.

For every API, version and direction: own encode → kio decode → kio encode gives the same bytes, and own decode the same
message; names, values and defaults are compared field by field.
"""

from __future__ import annotations

import dataclasses
import datetime
import io
import os
import random
import uuid
from typing import Any

import pytest
from server_under_test import needed

from minikafka.server import codec
from minikafka.server.schema import Api, Field, apis

kio_index = needed("kio.index")
kio_serial = needed("kio.serial")
kio_errors = needed("kio.schema.errors")

SEED = int(os.environ.get("CODEC_SEED", "20"))
MESSAGES_PER_VERSION = 25
INTEGERS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63}
TEXT = "aé√0 -_.\U0001f600"
CASES = [(api, version) for api in apis().values() for version in api.versions]


class Maker:
    """Makes random messages."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def group(self, fields: tuple[Field, ...], version: int) -> dict[str, Any]:
        """A message with every field of the version, some of them at their default."""
        return {f.name: self.value(f, version) if version in f.versions else f.default for f in fields}

    def value(self, field: Field, version: int) -> Any:
        if self.random.random() < 0.15 and (field.default is not None or version in field.nullable):
            return field.default
        if version in field.nullable and self.random.random() < 0.2:
            return None
        if field.is_array:
            return [self.one(field, version) for _ in range(self.size())]
        return self.one(field, version)

    def one(self, field: Field, version: int) -> Any:
        if not field.type:
            return self.group(field.fields, version)
        if field.name.endswith("error_code"):
            return int(self.random.choice(list(kio_errors.ErrorCode)))
        if field.name.endswith("_ms") or field.name.startswith("last_"):
            return self.random.randrange(2**31)  # kio makes times of these, and not every number is one
        if field.type in INTEGERS:
            return self.integer(INTEGERS[field.type])
        return self.scalar(field.type)

    def integer(self, bits: int) -> int:
        return self.random.choice(
            [-1, 0, 1, 2**bits - 1, -(2**bits), self.random.randrange(-(2**bits), 2**bits), self.random.randrange(100)]
        )

    def scalar(self, kind: str) -> Any:
        if kind == "bool":
            return self.random.random() < 0.5
        if kind == "uint16":
            return self.random.randrange(2**16)
        if kind == "uuid":
            return self.random.randbytes(16)
        if kind == "bytes":
            return self.random.randbytes(self.random.choice([0, 1, 61, 126, 127, 128, 20_000]))
        assert kind == "string"
        return "".join(self.random.choice(TEXT) for _ in range(self.size()))

    def size(self) -> int:
        """Mostly small; some at the edges of a varint's first byte."""
        return self.random.choice([0, 1, 1, 2, 2, 3] if self.random.random() < 0.97 else [126, 127, 128])


def kio_class(api: Api, version: int, direction: str) -> Any:
    load = kio_index.load_request_schema if direction == "request" else kio_index.load_response_schema
    return load(api.key, version)


def plain(value: Any) -> Any:
    """kio's richer values as the plain ones of the wire."""
    if isinstance(value, datetime.timedelta):
        return round(value / datetime.timedelta(milliseconds=1))
    if isinstance(value, datetime.datetime):
        return round((value - datetime.datetime.fromtimestamp(0, tz=datetime.UTC)) / datetime.timedelta(milliseconds=1))
    if isinstance(value, uuid.UUID):
        return value.bytes
    return value


def assert_same(own: Any, other: Any, path: str) -> None:
    """The dict and the kio object say the same, under the same names."""
    if dataclasses.is_dataclass(other):
        for field in dataclasses.fields(other):
            name = field.name if field.name in own else f"{field.name}_ms"
            assert name in own, f"{path}: kio has a field {field.name} that we lack"
            assert_same(own[name], getattr(other, field.name), f"{path}.{name}")
    elif isinstance(other, tuple):
        assert len(own) == len(other), path
        for number, (mine, theirs) in enumerate(zip(own, other, strict=True)):
            assert_same(mine, theirs, f"{path}[{number}]")
    elif other is None:  # kio has None for a uuid of zeros and for a time of -1
        assert own in (None, bytes(16), -1), path
    else:
        assert own == plain(other), path


@pytest.mark.parametrize("direction", ["request", "response"])
@pytest.mark.parametrize(("api", "version"), CASES, ids=[f"{api.name}-{version}" for api, version in CASES])
def test_bytes_names_and_values_are_those_of_kio(api: Api, version: int, direction: Any) -> None:
    seed = f"{SEED}/{api.name}/{version}/{direction}"
    print(f"CODEC_SEED={SEED}: {seed}")
    maker = Maker(seed)
    kind = kio_class(api, version, direction)
    read, write = kio_serial.entity_reader(kind), kio_serial.entity_writer(kind)
    for _ in range(MESSAGES_PER_VERSION):
        message = maker.group(api.fields(direction), version)
        wire = b"".join(codec.encode(api.key, version, direction, message))
        theirs, size = read(wire, 0)
        assert size == len(wire)
        assert_same(message, theirs, api.name)
        again = io.BytesIO()
        write(again, theirs)
        assert again.getvalue() == wire
        assert codec.decode(api.key, version, direction, wire) == message


def test_enough_random_messages_are_compared() -> None:
    assert len(CASES) * MESSAGES_PER_VERSION >= 2_000, "for each direction"


@pytest.mark.parametrize("direction", ["request", "response"])
@pytest.mark.parametrize(("api", "version"), CASES, ids=[f"{api.name}-{version}" for api, version in CASES])
def test_defaults_are_those_of_kio(api: Api, version: int, direction: Any) -> None:
    compare_defaults(api.fields(direction), kio_class(api, version, direction), version)


def compare_defaults(fields: tuple[Field, ...], kind: Any, version: int) -> None:
    """Every explicit default of kio's class that is no empty array is ours; and there are no further fields."""
    ours = {field.name: field for field in fields if version in field.versions}
    theirs = {f.name if f.name in ours else f"{f.name}_ms": f for f in dataclasses.fields(kind)}
    assert ours.keys() == theirs.keys()
    for name, field in theirs.items():
        if field.default is not dataclasses.MISSING and ours[name].type and not ours[name].is_array:
            assert_same(ours[name].default, field.default, name)


@pytest.mark.parametrize(("api", "version"), CASES, ids=[f"{api.name}-{version}" for api, version in CASES])
def test_headers_are_those_of_kio(api: Api, version: int) -> None:
    kind = kio_class(api, version, "request").__header_schema__
    fields = {"request_api_key": api.key, "request_api_version": version, "correlation_id": -3}
    for client_id in (None, "", "me"):
        body = Maker("header").group(api.request, version)
        frame = codec.request_frame(api.key, version, -3, client_id, body)
        header, start = codec.decode_request_header(frame[4:])
        assert header == (api.key, version, -3, client_id)
        theirs, size = kio_serial.entity_reader(kind)(frame[4:], 0)
        assert size == start
        assert {name: plain(getattr(theirs, name)) for name in fields} == fields
        assert theirs.client_id == client_id


@pytest.mark.parametrize(("api", "version"), CASES, ids=[f"{api.name}-{version}" for api, version in CASES])
def test_response_headers_are_those_of_kio(api: Api, version: int) -> None:
    kind = kio_class(api, version, "response").__header_schema__
    frame = b"".join(codec.response_frame(api.key, version, 77, Maker("header").group(api.response, version)))
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    theirs, size = kio_serial.entity_reader(kind)(frame[4:], 0)
    assert theirs.correlation_id == 77
    body = codec.decode(api.key, version, "response", frame, 4 + size)
    assert codec.decode_response(api.key, version, frame[4:]) == (77, body)
