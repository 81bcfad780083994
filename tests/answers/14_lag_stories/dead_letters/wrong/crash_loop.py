"""Stops at the bad record, and hopes."""

from typing import NamedTuple


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes | None
    value: str


def handle_batch(records, work, dead, parked, tries):
    records = [Record(*record) for record in records]
    for record in records:
        if ask(work, record, tries) != "ok":
            return record.offset
    return records[-1].offset + 1 if records else None


def ask(work, record, tries):
    answer = "again"
    while answer == "again" and tries > 0:
        answer, tries = work(record), tries - 1
    return answer


def where(record, reason):
    return {"partition": str(record.partition), "offset": str(record.offset), "reason": reason}
