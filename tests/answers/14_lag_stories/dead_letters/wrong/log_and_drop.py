"""Writes a line, and goes on."""

from typing import NamedTuple


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes | None
    value: str


def handle_batch(records, work, dead, parked, tries):
    records = [Record(*record) for record in records]
    for record in records:
        reason = ask(work, record, tries)
        if reason == "again":
            return record.offset
        if reason == "poison":
            print(f"cannot handle {record}")
    return records[-1].offset + 1 if records else None


def ask(work, record, tries):
    answer = "again"
    while answer == "again" and tries > 0:
        answer, tries = work(record), tries - 1
    return answer


def where(record, reason):
    return {"partition": str(record.partition), "offset": str(record.offset), "reason": reason}
