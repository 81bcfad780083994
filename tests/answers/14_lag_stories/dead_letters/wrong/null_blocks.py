"""None is a key like any other."""

from typing import NamedTuple


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes | None
    value: str


def handle_batch(records, work, dead, parked, tries):
    records = [Record(*record) for record in records]
    for record in records:
        reason = "order" if record.key in parked else ask(work, record, tries)
        if reason == "again" or (reason != "ok" and not dead(record, where(record, reason))):
            return record.offset
        if reason == "poison":
            parked.add(record.key)
    return records[-1].offset + 1 if records else None


def ask(work, record, tries):
    answer = "again"
    while answer == "again" and tries > 0:
        answer, tries = work(record), tries - 1
    return answer


def where(record, reason):
    return {"partition": str(record.partition), "offset": str(record.offset), "reason": reason}
