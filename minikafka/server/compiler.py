"""Writes the Python function that reads, or writes, one message in one version.

The problem and the idea stand in `codec.py`. What comes out looks like this: how a `FindCoordinator` request of version
1 is read (`codec.source(10, 1, "request", "decode")`).

    n_1, = read_h(view, at); at += 2
    if n_1 < 0: refuse('key')
    key_2 = str(view[at:at + n_1], 'utf-8', 'replace'); at += n_1
    key_type_3, = read_b(view, at); at += 1
    return {'key': key_2, 'key_type': key_type_3, 'coordinator_keys': []}, at

Invariants:

- Fields of a fixed size that stand side by side become one `struct` call; so does the length that follows them, where
  lengths are fixed (the versions before a message became flexible), and the empty tag section behind them in writing.
- A slice that would pass the end comes out short, and then `at` is behind `end`: whoever calls the function checks
  that once. Everything else that passes the end raises at once.

What we leave out: speed beyond this. Kafka's own broker spends its time elsewhere too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from minikafka.server.schema import Field

Body: TypeAlias = dict[str, Any]
"""One decoded message: Kafka's field names in snake_case; uuids are 16 bytes, records are views of the frame."""
Buffer: TypeAlias = bytes | bytearray | memoryview
Decoder: TypeAlias = Callable[[memoryview, int, int], tuple[Body, int]]
Encoder: TypeAlias = Callable[[Body, Callable[[Buffer], object]], None]

LETTERS = {"bool": "o", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint16": "H", "uuid": "s"}
"""Types of a fixed size, each with its letter in the names `read_hiq` and `pack_hiq`."""
_STRUCT_CODES = {"o": "?", "s": "16s"}


# --- what the compiled functions call ---------------------------------------------------------------------------------

_SMALL = [bytes([number]) for number in range(128)]


def uvarint(number: int) -> bytes:
    """Seven bits a byte, low ones first; the high bit says that more follow.

    >>> uvarint(6).hex(), uvarint(300).hex()
    ('06', 'ac02')
    """
    if number < 128:
        return _SMALL[number]
    return bytes([number & 127 | 128]) + uvarint(number >> 7)


def read_uvarint(view: memoryview, at: int) -> tuple[int, int]:
    """The number and the position behind it. At most five bytes. Raises `ValueError` for more."""
    number = 0
    for shift in range(0, 35, 7):
        byte = view[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
    raise ValueError("a length has more than five bytes.")


def read_tag(view: memoryview, at: int, end: int) -> tuple[int, int, int]:
    """Number of a tagged field, where its value starts, and where it ends."""
    tag, at = read_uvarint(view, at)
    size, at = read_uvarint(view, at)
    if size > end - at:
        raise ValueError(f"tagged field {tag} is longer than the message.")
    return tag, at, at + size


def skip_tags(view: memoryview, at: int, end: int) -> int:
    """The position behind a section of tagged fields, none of which we know."""
    count, at = read_uvarint(view, at)
    for _ in range(count):
        _, _, at = read_tag(view, at, end)
    return at


def write_tags(write: Callable[[Buffer], object], tags: list[tuple[int, list[Buffer]]]) -> None:
    """A section of tagged fields, sorted by number."""
    write(uvarint(len(tags)))
    for tag, pieces in tags:
        value = b"".join(pieces)
        write(uvarint(tag) + uvarint(len(value)) + value)


def refuse(name: str) -> None:
    """A length that no value can have. Raises `ValueError`."""
    raise ValueError(f"{name} has an impossible length, or is null where it may not be.")


# --- the compiler -----------------------------------------------------------------------------------------------------


def compile_text(text: str, title: str) -> Any:
    """The function that the text defines; `title` is what a traceback calls its file."""
    helpers = (uvarint, read_uvarint, read_tag, skip_tags, write_tags, refuse)
    names: dict[str, Any] = {helper.__name__: helper for helper in helpers} | {"struct": struct}
    for name, letters in re.findall(r"\b((?:pack|read)_([bhiqsoxH]+))\(", text):
        layout = struct.Struct(">" + "".join(_STRUCT_CODES.get(letter, letter) for letter in letters))
        names[name] = layout.pack if name.startswith("pack") else layout.unpack_from
    exec(compile(text, f"<{title}>", "exec"), names)
    return names["function"]


def decoder_text(fields: tuple[Field, ...], version: int, *, flexible: bool) -> str:
    """Text of `function(view, at, end) -> (message, position behind it)`."""
    writer = _DecoderWriter(version, flexible)
    with writer.block("def function(view, at, end):"):
        message = writer.group(fields)
        writer.line(f"return {message}, at")
    return writer.text()


def encoder_text(fields: tuple[Field, ...], version: int, *, flexible: bool) -> str:
    """Text of `function(message, write)`, which calls `write` with one piece after the other."""
    writer = _EncoderWriter(version, flexible)
    with writer.block("def function(message, write):"):
        writer.group(fields, "message", "write")
        writer.flush("write")
    return writer.text()


class _Writer:
    """Lines of Python under way, and the run of fixed-size fields that waits to become one `struct` call."""

    def __init__(self, version: int, flexible: bool) -> None:
        self.version = version
        self.flexible = flexible
        self.lines: list[str] = []
        self.indent = ""
        self.count = 0
        self.run: list[tuple[str, str]] = []
        """(letter, name or expression) of each waiting field."""

    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines) + "\n"

    def line(self, text: str) -> None:
        """Append one line."""
        self.lines.append(self.indent + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """The lines written inside are indented under `head`."""
        self.line(head)
        self.indent += "    "
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self.indent = self.indent[:-4]

    def name(self, stem: str) -> str:
        """A variable that nobody else has."""
        self.count += 1
        return f"{stem}_{self.count}"

    def is_plain(self, field: Field) -> bool:
        """Whether it stands among the others in this version."""
        return self.version in field.versions and field.tag is None

    def tagged(self, fields: tuple[Field, ...]) -> list[Field]:
        """The tagged fields of this version, sorted."""
        return sorted((f for f in fields if self.version in f.versions and f.tag is not None), key=lambda f: f.tag or 0)

    def length_letter(self, field: Field) -> str:
        """How wide a length is where it has a fixed width."""
        return "h" if field.type == "string" and not field.is_array else "i"


class _DecoderWriter(_Writer):
    """`group` and `value` append the lines that read, and return the expression that holds what was read."""

    def group(self, fields: tuple[Field, ...]) -> str:
        """All fields of a group: the display of the dict that holds them."""
        values = {field.name: repr(field.default) for field in fields}
        values |= {field.name: self.value(field) for field in fields if self.is_plain(field)}
        self.flush()
        if self.flexible:
            values |= self.tag_section(self.tagged(fields))
        return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"

    def value(self, field: Field) -> str:
        """One field, whatever it is."""
        if field.is_array:
            return self.array(field)
        if field.type in LETTERS:
            name = self.name(field.name)
            self.run.append((LETTERS[field.type], name))
            return name
        return self.blob(field) if field.type else self.single_group(field)

    def flush(self) -> None:
        """Turn the waiting run into one call."""
        if not self.run:
            return
        letters = "".join(letter for letter, _ in self.run)
        size = struct.calcsize(">" + "".join(_STRUCT_CODES.get(letter, letter) for letter in letters))
        names = "".join(f"{name}, " for _, name in self.run).rstrip(" " if len(self.run) == 1 else ", ")
        self.line(f"{names} = read_{letters}(view, at); at += {size}")
        self.run.clear()

    def length(self, field: Field) -> str:
        """The variable that holds the length that stands here; -1 is null."""
        n = self.name("n")
        if not self.flexible:
            self.run.append((self.length_letter(field), n))
            self.flush()
            return n
        self.flush()
        self.line(f"{n} = view[at] - 1; at += 1")
        with self.block(f"if {n} > 126:"):
            self.line(f"{n}, at = read_uvarint(view, at - 1); {n} -= 1")
        return n

    def blob(self, field: Field) -> str:
        """A string, or bytes: a length and that many bytes."""
        n, name, may_be_null = self.length(field), self.name(field.name), self.version in field.nullable
        part = f"view[at:at + {n}]"
        # a broken UTF-8 sequence becomes U+FFFD, as in Java
        value = f"str({part}, 'utf-8', 'replace')" if field.type == "string" else part
        self.line(f"if {n} < 0: " + (f"{name} = None" if may_be_null else f"refuse({field.name!r})"))
        self.line(f"{'else: ' if may_be_null else ''}{name} = {value}; at += {n}")
        return name

    def array(self, field: Field) -> str:
        """A length and that many elements; fixed-size ones are read at once."""
        n, name = self.length(field), self.name(field.name)
        may_be_null = self.version in field.nullable
        self.line(f"if {n} > end - at{'' if may_be_null else f' or {n} < 0'}: refuse({field.name!r})")
        if field.type in LETTERS and field.type != "uuid":
            letter = LETTERS[field.type]
            self.line(f"{name} = list(struct.unpack_from(f'>{{max({n}, 0)}}{letter}', view, at))")
            self.line(f"at += len({name}) * {struct.calcsize('>' + letter)}")
        else:
            self.line(f"{name} = []")
            with self.block(f"for _ in range({n}):"):
                value = self.value(field.element())
                self.flush()
                self.line(f"{name}.append({value})")
        if may_be_null:
            self.line(f"if {n} < 0: {name} = None")
        return name

    def single_group(self, field: Field) -> str:
        """A group that stands alone; one that may be null has a byte before it, -1 for null."""
        if self.version not in field.nullable:
            return self.group(field.fields)
        present, name = self.name("present"), self.name(field.name)
        self.run.append(("b", present))
        self.flush()
        self.line(f"{name} = None")
        with self.block(f"if {present} >= 0:"):
            self.line(f"{name} = {self.group(field.fields)}")
        return name

    def tag_section(self, fields: list[Field]) -> dict[str, str]:
        """Read the tags at the end of a group; what each known one came to."""
        if not fields:
            self.line("if view[at]: at = skip_tags(view, at, end)")
            self.line("else: at += 1")
            return {}
        names = {field.name: self.name(field.name) for field in fields}
        for field in fields:
            self.line(f"{names[field.name]} = {field.default!r}")
        count, tag, stop = self.name("count"), self.name("tag"), self.name("stop")
        self.line(f"{count}, at = read_uvarint(view, at)")
        with self.block(f"for _ in range({count}):"):
            self.line(f"{tag}, at, {stop} = read_tag(view, at, end)")
            for field in fields:
                with self.block(f"if {tag} == {field.tag}:"):
                    value = self.value(field)
                    self.flush()
                    self.line(f"{names[field.name]} = {value}")
            self.line(f"at = {stop}")
        return names


class _EncoderWriter(_Writer):
    """`group` and `value` append the lines that write; `write` is the name of the function that takes a piece."""

    def group(self, fields: tuple[Field, ...], message: str, write: str) -> None:
        """All fields of the group that the variable `message` holds; the last run may still wait."""
        for field in fields:
            if self.is_plain(field):
                default = f"{message}.get({field.name!r}, {field.default!r})"
                self.value(field, default if field.has_default else f"{message}[{field.name!r}]", write)
        tagged = self.tagged(fields)
        if tagged:
            self.flush(write)
            self.tag_section(tagged, message, write)
        elif self.flexible:
            self.run.append(("x", ""))

    def value(self, field: Field, value: str, write: str) -> None:
        """One field, whose value is the expression `value`."""
        if field.is_array:
            self.array(field, value, write)
        elif field.type in LETTERS:
            self.run.append((LETTERS[field.type], value))
        elif field.type:
            self.blob(field, value, write)
        else:
            self.single_group(field, value, write)

    def flush(self, write: str) -> None:
        """Turn the waiting run into one call; an empty tag section in it is a pad byte."""
        if self.run:
            letters = "".join(letter for letter, _ in self.run)
            self.line(f"{write}(pack_{letters}({', '.join(value for letter, value in self.run if letter != 'x')}))")
            self.run.clear()

    def length(self, field: Field, n: str, write: str) -> None:
        """The length that the variable `n` holds, -1 for null."""
        if not self.flexible:
            self.run.append((self.length_letter(field), n))
        self.flush(write)
        if self.flexible:
            self.line(f"{write}(uvarint({n} + 1))")

    def blob(self, field: Field, value: str, write: str) -> None:
        """A string, or bytes: a length and that many bytes."""
        blob, n = self.name(field.name), self.name("n")
        self.line(f"{blob} = {value}")
        if self.version in field.nullable:
            self.line(f"{n} = -1")
            with self.block(f"if {blob} is not None:"):
                self.blob_length(field, blob, n)
        else:
            self.blob_length(field, blob, n)
        self.length(field, n, write)
        self.line(f"if {n} > 0: {write}({blob})")

    def blob_length(self, field: Field, blob: str, n: str) -> None:
        """Make bytes of the variable `blob` and take their length."""
        if field.type == "string":
            self.line(f"{blob} = {blob}.encode()")
        self.line(f"{n} = len({blob})")

    def array(self, field: Field, value: str, write: str) -> None:
        """A length and that many elements; fixed-size ones are written at once."""
        items, n, item = self.name(field.name), self.name("n"), self.name("item")
        self.line(f"{items} = {value}")
        null = f" if {items} is not None else -1" if self.version in field.nullable else ""
        self.line(f"{n} = len({items}){null}")
        self.length(field, n, write)
        if field.type in LETTERS and field.type != "uuid":
            self.line(f"if {n} > 0: {write}(struct.pack(f'>{{{n}}}{LETTERS[field.type]}', *{items}))")
            return
        with self.block(f"for {item} in {items}{' or ()' if null else ''}:"):
            self.value(field.element(), item, write)
            self.flush(write)

    def single_group(self, field: Field, value: str, write: str) -> None:
        """A group that stands alone; one that may be null has a byte before it, -1 for null."""
        if self.version not in field.nullable:
            self.group(field.fields, value, write)
            return
        self.flush(write)
        one = self.name(field.name)
        self.line(f"{one} = {value}")
        self.line(f"{write}(b'\\xff' if {one} is None else b'\\1')")
        with self.block(f"if {one} is not None:"):
            self.group(field.fields, one, write)
            self.flush(write)

    def tag_section(self, fields: list[Field], message: str, write: str) -> None:
        """The tagged fields that are not at their default."""
        tags = self.name("tags")
        self.line(f"{tags} = []")
        for field in fields:
            value, pieces = self.name(field.name), self.name("pieces")
            self.line(f"{value} = {message}.get({field.name!r}, {field.default!r})")
            with self.block(f"if {value}:" if field.is_array else f"if {value} != {field.default!r}:"):
                self.line(f"{pieces} = []")
                self.value(field, value, f"{pieces}.append")
                self.flush(f"{pieces}.append")
                self.line(f"{tags}.append(({field.tag}, {pieces}))")
        self.line(f"write_tags({write}, {tags})")
