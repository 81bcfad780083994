"""What is to be parked comes out of a generator; an exception says that the sink is down."""

from typing import NamedTuple


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes | None
    value: str


class SinkDown(Exception):
    pass


def letters(records, work, parked, tries):
    for record in records:
        if record.key in parked:
            yield record, "order"
            continue
        for _ in range(tries):
            answer = work(record)
            if answer != "again":
                break
        else:
            raise SinkDown(record.offset)
        if answer == "poison":
            yield record, "poison"


def handle_batch(records, work, dead, parked, tries):
    records = [Record(*record) for record in records]
    try:
        for record, reason in letters(records, work, parked, tries):
            if not dead(record, {"partition": str(record.partition), "offset": str(record.offset), "reason": reason}):
                return record.offset
            if record.key is not None:
                parked.add(record.key)
    except SinkDown as down:
        return down.args[0]
    return records[-1].offset + 1 if records else None
