"""Which transactions in this log were aborted: what a reader of committed data must leave out.

A batch does not say whether its transaction was committed; the marker, later in the log, does. A reader of committed
data gets, with its records, the aborted transactions among them:

```
offset    10   11   12   13          producer 7 opened at 10 and aborted at 13:  (7, 10, 13, 14)
          [7]  [8]  [7]  [A7]        last stable offset 14: nothing is open beyond
```

* The last stable offset at the time of the marker says where a search may stop: whatever was aborted later began at or
  above it.

Mirrors `TransactionIndex` and `AbortedTxn`: 34 bytes each in the `.txnindex` file of the marker's segment. What we
leave out: reading the index from disk for each fetch; it is small, and kept in memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from minikafka.types import Offset

ENTRY = struct.Struct(">hqqqq")


class AbortedTransaction(NamedTuple):
    """One entry."""

    producer_id: int
    first_offset: Offset
    last_offset: Offset
    """Offset of the marker."""
    last_stable_offset: Offset
    """What the last stable offset became with this marker."""


def encode(aborted: AbortedTransaction) -> bytes:
    """An entry as the file holds it."""
    return ENTRY.pack(0, *aborted)


def decode(data: bytes) -> list[AbortedTransaction]:
    """All whole entries of a file."""
    whole = len(data) - len(data) % ENTRY.size
    return [AbortedTransaction(*fields[1:]) for fields in ENTRY.iter_unpack(data[:whole])]


def collect(
    entries: Iterable[AbortedTransaction], fetch_offset: Offset, up_to: Offset
) -> tuple[AbortedTransaction, ...]:
    """The aborted transactions that a reader of offsets from `fetch_offset` to `up_to` must know of."""
    found = []
    for entry in entries:
        if entry.last_offset >= fetch_offset and entry.first_offset < up_to:
            found.append(entry)
        if entry.last_stable_offset >= up_to:
            break
    return tuple(found)
