"""One record, and the rest."""

from typing import NamedTuple


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes | None
    value: str


def handle_batch(records, work, dead, parked, tries):
    if not records:
        return None
    first, rest = Record(*records[0]), records[1:]
    reason = "order" if first.key in parked else attempt(work, first, tries)
    if reason == "again":
        return first.offset
    if reason != "ok":
        if not dead(first, {"partition": f"{first.partition}", "offset": f"{first.offset}", "reason": reason}):
            return first.offset
        if first.key is not None:
            parked |= {first.key}
    return handle_batch(rest, work, dead, parked, tries) if rest else first.offset + 1


def attempt(work, record, left):
    answer = work(record)
    return attempt(work, record, left - 1) if answer == "again" and left > 1 else answer
