r"""Bytes to messages and back: the schema, compiled to Python functions.

The problem: a request is a row of bytes without names. Where a field stands depends on the API, on its version and on
every length before it. Code written by hand for each version would be thousands of lines, and one slip in any of them
would read a partition's offset as its epoch. Code that walks the schema for each message would be slow.

The idea: for each API, version and direction that is really used, write the Python function that a person would have
written, once, from the schema, and compile it. Neighbours of a fixed size are one `struct` call; `source()` shows the
result. This is `Metadata` for the topic `orders`, as an old client asks (version 1) and as a new one does (version 9):

    >>> ask = {"topics": [{"name": "orders"}]}
    >>> old, new = request_frame(3, 1, 7, "me", ask), request_frame(3, 9, 7, "me", ask)
    >>> old.hex(" ")
    '00 00 00 18 00 03 00 01 00 00 00 07 00 02 6d 65 00 00 00 01 00 06 6f 72 64 65 72 73'
    >>> new.hex(" ")
    '00 00 00 1a 00 03 00 09 00 00 00 07 00 02 6d 65 00 02 07 6f 72 64 65 72 73 00 01 00 00 00'

    size        │ key   version correlation client   header │ topics       "orders"           flags    tags
    00 00 00 18 │ 00 03 00 01   00 00 00 07 00 02 me        │ 00 00 00 01  00 06 orders
    00 00 00 1a │ 00 03 00 09   00 00 00 07 00 02 me     00 │ 02           07    orders   00  01 00 00 00
                                              header's tags ┘ └ length + 1 ┘      topic's ┘         └ body's tags

Invariants:

- A decoded message has every field of the schema, whatever its version; what the version lacks has its default.
- Decoding what was encoded gives the same message, and the bytes are those of any other right implementation: there is
  one canonical form (a tagged field that equals its default is not written, nor is an empty tagged array).
- Bytes from outside never raise anything but `CodecError`, and never make more than they are: a length is compared with
  the bytes that are left before anything is made of it. Unknown tagged fields are skipped (KIP-482).
- Records stay bytes: not copied, not looked at. A batch of 1 MB costs as much here as one of 100 bytes.

What we leave out: types that our messages do not use (float64) and request header v0 (ControlledShutdown).
Kafka's own is generated Java (`org.apache.kafka.message.MessageGenerator`).
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Literal, NamedTuple

from minikafka.server.compiler import (
    Body,
    Buffer,
    Decoder,
    Encoder,
    compile_text,
    decoder_text,
    encoder_text,
    skip_tags,
)
from minikafka.server.schema import Api, Direction, apis

API_VERSIONS = 18
SIZE_BYTES = 4
"""Before every frame stands its size."""
CORRELATION_IDS = 1 << 31
"""So many are not negative: a node's own numbers go on beyond, and start again on the wire."""
_HEADER = struct.Struct(">hhih")
_SIZE_AND_CORRELATION = struct.Struct(">ii")


class CodecError(Exception):
    """These bytes are no message we know, or this message cannot be written; the text is one sentence."""


class RequestHeader(NamedTuple):
    """What stands before every request. Kafka: `RequestHeader`, versions 1 and 2."""

    api_key: int
    api_version: int
    correlation_id: int
    """Any number; the answer repeats it."""
    client_id: str | None


# --- whole frames -----------------------------------------------------------------------------------------------------


def decode_request_header(buffer: Buffer) -> tuple[RequestHeader, int]:
    """The header and where the body starts. Raises `CodecError` for an unknown key, not for an unknown version."""
    view = memoryview(buffer)
    try:
        key, version, correlation_id, length = _HEADER.unpack_from(view)
        end = _HEADER.size + max(length, 0)
        client_id = None if length < 0 else str(view[_HEADER.size : end], "utf-8", "replace")
        if api_of(key).is_flexible(version):
            end = skip_tags(view, end, len(view))
    except (struct.error, IndexError):
        raise CodecError("The request ends inside its header.") from None
    except ValueError as refused:
        raise CodecError(f"The header of the request: {refused}") from None
    if end > len(view):
        raise CodecError("The request ends inside its header.")
    return RequestHeader(key, version, correlation_id, client_id), end


def request_frame(key: int, version: int, correlation_id: int, client_id: str | None, body: Body) -> bytes:
    """A whole request, size first: what a client writes."""
    client = b"" if client_id is None else client_id.encode()
    header = _HEADER.pack(key, version, correlation_id, -1 if client_id is None else len(client)) + client
    tags = b"\0" if api_of(key).is_flexible(version) else b""
    message = b"".join([header, tags, *encode(key, version, "request", body)])
    return len(message).to_bytes(4, "big") + message


def response_frame(key: int, version: int, correlation_id: int, body: Body) -> list[Buffer]:
    """A whole response, size first, in pieces to be written one after the other; records are not copied."""
    tagged = api_of(key).is_flexible(version) and key != API_VERSIONS  # KIP-511: ApiVersions always has header v0
    pieces = encode(key, version, "response", body)
    tags = b"\0" if tagged else b""
    size = 4 + len(tags) + sum(map(len, pieces))
    return [_SIZE_AND_CORRELATION.pack(size, correlation_id) + tags, *pieces]


def decode_response(key: int, version: int, message: Buffer) -> tuple[int, Body]:
    """Correlation id and body of a response without its size: what a client reads."""
    tagged = api_of(key).is_flexible(version) and key != API_VERSIONS
    view = memoryview(message)
    start = skip_tags(view, 4, len(view)) if tagged else 4
    return int.from_bytes(view[:4], "big", signed=True), decode(key, version, "response", view, start)


# --- bodies -----------------------------------------------------------------------------------------------------------


def decode(key: int, version: int, direction: Direction, buffer: Buffer, position: int = 0) -> Body:
    """The message that starts at `position`; bytes left over are ignored, as Kafka does. Raises `CodecError`."""
    view = memoryview(buffer)
    try:
        body, end = _decoder(key, version, direction)(view, position, len(view))
    except (struct.error, IndexError):
        raise CodecError(f"{_title(key, version, direction)} ends in the middle of a field.") from None
    except ValueError as refused:
        raise CodecError(f"{_title(key, version, direction)}: {refused}") from None
    if end > len(view):
        raise CodecError(f"{_title(key, version, direction)} ends in the middle of a field.")
    return body


def encode(key: int, version: int, direction: Direction, body: Body) -> list[Buffer]:
    """The message in pieces; fields that this version lacks are left out. Raises `CodecError` if one is missing."""
    pieces: list[Buffer] = []
    try:
        _encoder(key, version, direction)(body, pieces.append)
    except (struct.error, KeyError, TypeError, AttributeError) as wrong:
        raise CodecError(f"{_title(key, version, direction)} cannot be written: {wrong!r}.") from wrong
    return pieces


def api_of(key: int) -> Api:
    """The API with this key. Raises `CodecError` when there is none."""
    if key not in apis():
        raise CodecError(f"There is no API with the key {key}.")
    return apis()[key]


def _title(key: int, version: int, direction: Direction) -> str:
    return f"{api_of(key).name} v{version} {direction}"


@cache
def source(key: int, version: int, direction: Direction, verb: Literal["decode", "encode"]) -> str:
    """The Python text of one compiled function. Made to be read. Raises `CodecError` for a version there is not."""
    api = api_of(key)
    if version not in api.versions:
        raise CodecError(f"{api.name} has no version {version}.")
    write = decoder_text if verb == "decode" else encoder_text
    return write(api.fields(direction), version, flexible=api.is_flexible(version))


@cache
def _decoder(key: int, version: int, direction: Direction) -> Decoder:
    decoder: Decoder = compile_text(source(key, version, direction, "decode"), _title(key, version, direction))
    return decoder


@cache
def _encoder(key: int, version: int, direction: Direction) -> Encoder:
    encoder: Encoder = compile_text(source(key, version, direction, "encode"), _title(key, version, direction))
    return encoder
