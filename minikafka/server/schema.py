"""What each message looks like in each version: read from `schema.txt`.

The problem: Kafka's messages have up to nineteen versions, clients of ten years' age still send the old ones, and a
field in the wrong place breaks all that follow it. The idea: write the fields down once, as data, each with the
versions it exists in; everything else (reading, writing, checking) is derived.

    partition:int32 current_leader_epoch:int32@9+=-1 fetch_offset:int64
    └ in every version └ from version 9 on, -1 below   └ in every version

Invariants:

- A version of a message is exactly the fields whose range holds it, in the order of the file.
- A field that a version does not carry has its default: readers of a message never ask for its version.
- Tagged fields come last, sorted by number, and only when they differ from their default.

What we leave out: APIs that minikafka does not know; Kafka's own description of them all is one JSON file for each
message (`clients/src/main/resources/common/message`), compiled to Java at build time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

Direction: TypeAlias = Literal["request", "response"]

ZEROS = {
    "bool": False,
    "int8": 0,
    "int16": 0,
    "int32": 0,
    "int64": 0,
    "uint16": 0,
    "uuid": bytes(16),
    "string": "",
    "bytes": b"",
}
FOREVER = 1 << 15
_FIELD = re.compile(
    r"(?P<name>\w+):(?P<type>\w+|\[\w*\]|\{\})(?P<null>\?(?P<nulls>\d+\+)?)?"
    r"(#(?P<tag>\d+))?(@(?P<versions>[\d+-]+))?(=(?P<default>.*))?"
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message, in all of its versions. Kafka: `FieldSpec` in the message generator."""

    name: str
    type: str
    """A scalar's name, or empty for a group of `fields`."""
    is_array: bool
    versions: range
    nullable: range
    """Versions in which it may be null."""
    tag: int | None
    default: object
    fields: tuple[Field, ...] = ()
    has_default: bool = False
    """Whether the schema gives a default. Only then may a message to be written lack the field."""

    def element(self) -> Field:
        """One element of this array, as a field of its own."""
        return replace(self, is_array=False, nullable=range(0), tag=None)


@dataclass(frozen=True, slots=True)
class Api:
    """One kind of request with its response."""

    key: int
    name: str
    versions: range
    flexible_from: int
    """From this version on lengths are varints and tagged fields are allowed (KIP-482)."""
    request: tuple[Field, ...]
    response: tuple[Field, ...]

    def fields(self, direction: Direction) -> tuple[Field, ...]:
        """The fields of one direction, those of all versions."""
        return self.request if direction == "request" else self.response

    def is_flexible(self, version: int) -> bool:
        """Whether this version has varint lengths and tags."""
        return version >= self.flexible_from


@cache
def apis() -> dict[int, Api]:
    """All APIs of `schema.txt` by key. Read once, when first asked for; takes about 3 ms."""
    text = Path(__file__).with_name("schema.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    starts = [number for number, line in enumerate(lines) if line.startswith("api ")]
    blocks = [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    return {api.key: api for api in map(_api, blocks)}


def versions_of(text: str | None, everything: range = range(FOREVER)) -> range:
    """`5` is one version, `5+` from 5 on, `-5` up to 5, `2-5` both ends, None all.

    >>> versions_of("2-5"), versions_of("9+").start, versions_of("-3")
    (range(2, 6), 9, range(0, 4))
    """
    if text is None:
        return everything
    if text.endswith("+"):
        return range(int(text[:-1]), FOREVER)
    first, dash, last = text.partition("-")
    return range(int(first or 0), int(last if dash else first) + 1)


def _api(lines: list[str]) -> Api:
    """One block: its first line, then the request's fields, then the response's."""
    _, key, name, versions, *flexible = lines[0].split()
    middle = lines.index("response")
    flexible_from = int(flexible[1]) if flexible else FOREVER
    request = _fields(_Cursor(lines[2:middle]), 2)
    return Api(int(key), name, versions_of(versions), flexible_from, request, _fields(_Cursor(lines[middle + 1 :]), 2))


class _Cursor:
    """The lines not yet read."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    def deeper(self, depth: int) -> Iterator[str]:
        """The lines with exactly this indent, until one with less."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            indent = len(line) - len(line.lstrip())
            if indent < depth:
                return
            assert indent == depth, f"schema.txt: unexpected indent in {line!r}"
            self.at += 1
            yield line


def _fields(cursor: _Cursor, depth: int) -> tuple[Field, ...]:
    """All fields at this depth; a group takes the deeper lines that follow it."""
    return tuple(_field(text, cursor, depth) for line in cursor.deeper(depth) for text in line.split())


def _field(text: str, cursor: _Cursor, depth: int) -> Field:
    """One field from its text."""
    match = _FIELD.fullmatch(text)
    assert match, f"schema.txt: cannot read the field {text!r}"
    part = match.groupdict()
    scalar = part["type"].strip("[]{}").replace("records", "bytes")
    is_array = part["type"].startswith("[")
    nested = () if scalar else _fields(cursor, depth + 2)
    nullable = versions_of(part["nulls"]) if part["null"] else range(0)
    return Field(
        name=part["name"],
        type=scalar,
        is_array=is_array,
        versions=versions_of(part["versions"]),
        nullable=nullable,
        tag=None if part["tag"] is None else int(part["tag"]),
        default=_default(part["default"], scalar, is_array, nested),
        fields=nested,
        has_default=part["default"] is not None or part["tag"] is not None,
    )


def _default(text: str | None, scalar: str, is_array: bool, nested: tuple[Field, ...]) -> object:
    """The value of a field that is not there."""
    if text == "null":
        return None
    if is_array:
        return []
    if not scalar:
        return {field.name: field.default for field in nested}
    if text is None:
        return ZEROS[scalar]
    return text == "true" if scalar == "bool" else text if scalar == "string" else int(text)
