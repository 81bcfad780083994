from collections.abc import Callable
from typing import NamedTuple


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes | None
    value: str


def handle_batch(
    records: list[Record],
    work: Callable[[Record], str],
    dead: Callable[[Record, dict[str, str]], bool],
    parked: set[bytes],
    tries: int,
) -> int | None:
    records = [Record(*record) for record in records]
    for record in records:
        reason = "order" if record.key in parked else ask(work, record, tries)
        if reason == "again":
            return record.offset
        if reason == "ok":
            continue
        headers = {"partition": str(record.partition), "offset": str(record.offset), "reason": reason}
        if not dead(record, headers):
            return record.offset
        if record.key is not None:
            parked.add(record.key)
    return records[-1].offset + 1 if records else None


def ask(work: Callable[[Record], str], record: Record, tries: int) -> str:
    answer = "again"
    while answer == "again" and tries > 0:
        answer = work(record)
        tries -= 1
    return answer
