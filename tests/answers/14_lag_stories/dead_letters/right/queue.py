"""A queue of records; more headers than are asked for, and keys that are added again."""

from typing import NamedTuple


class Record(NamedTuple):
    partition: int
    offset: int
    key: bytes | None
    value: str


def handle_batch(records, work, dead, parked, tries):
    from collections import deque

    queue = deque(Record(*record) for record in records)
    done = None
    while queue:
        record, answer = queue[0], "order"
        if record.key is None or record.key not in parked:
            answer, left = work(record), tries - 1
            while answer == "again":
                if not left:
                    return record.offset
                answer, left = work(record), left - 1
        if answer != "ok":
            where = {"partition": str(record.partition), "offset": str(record.offset)}
            if dead(record, {**where, "reason": answer, "said": record.value}) is False:
                return record.offset
            parked.update(key for key in [record.key] if key is not None)
        done = queue.popleft().offset + 1
    return done
