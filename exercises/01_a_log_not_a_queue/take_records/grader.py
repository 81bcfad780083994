"""01/take_records: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from minikafka.client import consumer_fetching
from minikafka.client.consumer_state import Completed, Fetched
from minikafka.grading.write import Directed, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol.messages import FetchPartitionResult
from minikafka.protocol.records import split_batches
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import Epoch, Offset

Taken = tuple[int, bytes | None]
"""offset, value; a tombstone has no value."""
Batch = tuple[int, int, tuple[Taken, ...]]
"""base offset, last offset, records."""


class Question(NamedTuple):
    position: int
    batches: tuple[Batch, ...]
    max_records: int


REQUIREMENTS = {
    "R1": "records are those whose offset is at or above position, in order.",
    "R2": "There are at most max_records of them, the first ones.",
    "R3": "A record without a value counts like any other.",
    "R4": "With records left over, the new position is above the last one given, and at most the first one left over.",
    "R5": "With none left over, the new position is the last batch's last offset + 1.",
    "R6": "The new position is never below the old one.",
}


def take_records(position: int, batches: tuple[Batch, ...], max_records: int) -> tuple[tuple[Taken, ...], int]:
    """What the requirements say; of the positions they allow the lowest."""
    wanted = tuple(record for _, _, records in batches for record in records if record[0] >= position)
    given = wanted[:max_records]
    if len(given) == max_records:
        return given, given[-1][0] + 1
    return given, max(position, batches[-1][1] + 1)


def highest(question: Question) -> int:
    """Where the new position may be at most."""
    position, batches, most = question
    wanted = [record for _, _, records in batches for record in records if record[0] >= position]
    if len(wanted) > most:
        return wanted[most][0]
    return max(position, batches[-1][1] + 1)


class Whole(Completed):
    """An answer that keeps its batches."""

    def __init__(self, made: Completed, batches: tuple[Batch, ...], fetched: dict[Offset, Fetched]) -> None:
        super().__init__(made.start, made.records, made.next_offset, made.next_epoch)
        self.batches, self.fetched = batches, fetched


def inside(decide: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
    """A consumer that asks `decide` what it hands over, and where it stands then."""
    ours = consumer_fetching.complete

    def complete(result: FetchPartitionResult, start: Offset) -> Completed | None:
        made = ours(result, start)
        if made is None:
            return None
        batches = list(split_batches(result.records))
        seen = consumer_fetching.readable(batches, result.aborted_transactions)
        rows, fetched = [], {}
        for batch in batches:
            records = list(batch.records()) if any(one is batch for one in seen) else []
            rows.append((batch.base_offset, batch.last_offset, tuple((one.offset, one.value) for one in records)))
            fetched |= {one.offset: Fetched(result.partition, one, batch.leader_epoch) for one in records}
        return Whole(made, tuple(rows), fetched)

    def hand_over(completed: Whole, most: int) -> tuple[list[Fetched], Offset, Epoch]:
        records, position = decide(completed.start, completed.batches, most)
        given = [completed.fetched[offset] for offset, _ in records]
        completed.records = [*given, *(one for offset, one in completed.fetched.items() if offset >= position)]
        return given, position, given[-1].leader_epoch if given else completed.next_epoch

    home = "minikafka.client.consumer_fetching"
    return {f"{home}:complete": complete, f"{home}:hand_over": hand_over}


def rule(question: Question) -> str:
    """Which requirement decides."""
    given, _ = take_records(*question)
    if question.position > question.batches[-1][1]:
        return "R6"
    if len(given) == question.max_records:
        return "R4"
    return "R1" if given else "R5"


def accept(question: Question, came: Any) -> tuple[tuple[Taken, ...], int]:
    """Records of the question and a number; a position that is as right as ours becomes ours."""
    if not (isinstance(came, (tuple, list)) and len(came) == 2 and isinstance(came[0], (tuple, list))):
        raise WrongShape("a tuple (records, position)")
    known = {record for _, _, records in question.batches for record in records}
    records = [tuple(one) if isinstance(one, (tuple, list)) else one for one in came[0]]
    if type(came[1]) is not int or not all(type(one) is tuple and one in known for one in records):
        raise WrongShape("a tuple (records, position): records of these batches, each (offset, value), and an int")
    given, position = take_records(*question)
    if tuple(records) == given and position <= came[1] <= highest(question):
        return given, position
    return tuple(records), came[1]


def draw(random: Random) -> Question:
    """Up to three batches on eight offsets, each with holes or empty; a position anywhere; small limits."""
    batches: list[Batch] = []
    base = random.choice((0, 0, 0, 2))
    while base < 8 and len(batches) < 3:
        last = min(base + random.choice((0, 1, 2, 3)), 7)
        there = [offset for offset in range(base, last + 1) if random.random() < 0.6]
        value = random.choice((b"x", b"y", None))
        batches.append((base, last, tuple((offset, value) for offset in there)))
        base = last + random.choice((1, 1, 1, 2))
    first, end = batches[0], batches[-1][1]
    position = random.randint(0, first[1]) if random.random() < 0.8 else random.choice((min(end, 3), end + 1, end + 3))
    return Question(position, tuple(batches), random.choice((1, 2, 3, 500)))


A: Batch = (0, 3, ((1, b"x"), (3, b"y")))
B: Batch = (4, 6, ())
C: Batch = (9, 9, ((9, b"z"),))
DELETED: Batch = (0, 1, ((0, None), (1, b"x")))
EXAMPLES = (
    Example(Question(0, (A, B, C), 9), (((1, b"x"), (3, b"y"), (9, b"z")), 10)),
    Example(Question(4, (B,), 9), ((), 7)),
    Example(Question(2, (A, C), 1), (((3, b"y"),), 4)),
    Example(Question(0, (DELETED,), 9), (((0, None), (1, b"x")), 2)),
)

ONE = Setup(brokers=1, replicas=(1,), min_isr=1)
COMPACTED = Setup(
    brokers=1, replicas=(1,), min_isr=1, settings=(("log.cleanup.policy", "compact"), ("log.segment.bytes", "290"))
)
STATUS = (
    (0, "read", {"consumer": "D"}),
    (0, "send", "x", {"key": "alice"}), (200, "send", "y", {"key": "bob"}), (400, "send", "x2", {"key": "alice"}),
    (600, "send", "x3", {"key": "alice"}), (800, "send", "y2", {"key": "bob"}),
)  # fmt: skip
"""As in the lesson: 0 and 2 go, and 1, 3 and 4 stay."""
ALONE = Setup(
    brokers=1, replicas=(1,), min_isr=1,
    settings=(("transaction.state.log.replication.factor", "1"), ("transaction.state.log.min.isr", "1"),
              ("transaction.state.log.num.partitions", "1")),
)  # fmt: skip
ABORTED = schedule((0, "transact", "x", "y", "z", {"end": ""}), (12_000, "read", {"committed": True}))
"""Nobody ends the transaction, so it is aborted after 8 s: 0 to 2 are left out, and so is the marker at 3."""

DIRECTED = (
    Directed("after compaction", "plus_count", schedule(*STATUS, (40_000, "read")), COMPACTED),
    Directed("a hole at the beginning", "gap_is_error", schedule(*STATUS, (40_000, "read")), COMPACTED),
    Directed("an aborted transaction", "last_record_plus_one", ABORTED, ALONE),
    Directed("after an aborted transaction", "base_plus_count", ABORTED, ALONE),
    Directed("into a batch", "whole_batch",
             schedule((0, "read", {"consumer": "D"}), (0, "send", "x"), (0, "send", "y"), (0, "send", "z"),
                      (1_000, "read", {"offset": 2})), ONE),
)  # fmt: skip


def _given(wrong: Wrong) -> str:
    return ", ".join(str(offset) for offset, _ in wrong.got[0]) or "nothing"


MISTAKES = (
    Mistake(
        "ignores_the_limit", "R2",
        lambda wrong: f"You gave {len(wrong.got[0])} records, and at most {wrong.question.max_records} were wanted. "
        "Who asks for few has a reason: what is not handled in time costs a consumer its partitions.",
        when=lambda question, got, expected: len(got[0]) > question.max_records,
        only_asked="nobody in the simulation polls for fewer records than there are",
    ),
    Mistake(
        "tombstones_are_nothing", "R3",
        lambda wrong: "A record without a value is a tombstone: it says that the key is gone. Who does not get it "
        "goes on believing the old value.",
        answers=((Question(0, (DELETED,), 9), (((1, b"x"),), 2)),),
        only_asked="nobody in these schedules sends a tombstone",
    ),
    Mistake(
        "gap_is_error", "R1",
        lambda wrong: f"You stand at {wrong.question.position}, and stop where an offset is missing. Nothing is "
        "lost: compaction took it away, or a marker stands there. Give what there is.",
        answers=((Question(0, (A,), 9), ((), 0)),),
    ),
    Mistake(
        "whole_batch", "R1",
        lambda wrong: f"You were at {wrong.question.position} and gave {_given(wrong)}. A batch comes whole; what "
        "lies below the position was given before, or was never asked for.",
        answers=((Question(2, (A,), 9), (((1, b"x"), (3, b"y")), 4)),),
    ),
    Mistake(
        "plus_count", "R5",
        lambda wrong: f"You gave {_given(wrong)} and went to {wrong.got[1]}. An offset is an address, not a count: "
        "with a hole in between, something comes twice, or you stand still.",
        answers=((Question(0, (A,), 9), (((1, b"x"), (3, b"y")), 2)), (Question(0, (B,), 9), ((), 0))),
    ),
    Mistake(
        "last_record_plus_one", "R5",
        lambda wrong: f"There is nothing to give up to {wrong.question.batches[-1][1]}, and you stay at "
        f"{wrong.got[1]}. You will be sent the same again, and what comes behind it is never read.",
        answers=((Question(0, (A,), 9), (((1, b"x"), (3, b"y")), 4)), (Question(4, (B,), 9), ((), 4))),
    ),
    Mistake(
        "to_batch_end", "R4",
        lambda wrong: f"You gave {_given(wrong)} and went to {wrong.got[1]}. What the limit kept back is skipped.",
        answers=((Question(0, (A,), 1), (((1, b"x"),), 4)),),
        only_asked="nobody in the simulation polls for fewer records than there are",
    ),
    Mistake(
        "base_plus_count", "R5",
        lambda wrong: f"You went to {wrong.got[1]}. A batch keeps the offsets it was made with, however few of its "
        "records are left: its last offset says where it ends.",
        answers=((Question(0, (A,), 9), (((1, b"x"), (3, b"y")), 2)), (Question(0, (B,), 9), ((), 4))),
    ),
)  # fmt: skip

EXERCISE = Write(
    order=3,
    function="take_records",
    place="minikafka.client.consumer_fetching:hand_over",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(Setup(),),
    schedules=3,
    reference=take_records,
    fit=inside,
)
