"""01/read_slice: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Example, Mistake, Write, Wrong, WrongShape
from minikafka.log.segment import Segment
from minikafka.protocol.records import split_batches
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import Offset

Span = tuple[int, int, int, int]
"""base offset, last offset, position, size in bytes."""


class Question(NamedTuple):
    spans: tuple[Span, ...]
    fetch_offset: int
    end_offset: int
    max_bytes: int
    at_least_one: bool


REQUIREMENTS = {
    "R1": "start is the position of the first batch whose last offset is at or above fetch_offset.",
    "R2": "No batch is read whose base offset is at or above end_offset.",
    "R3": "From start on max_bytes are read, or all that may be if that is less; a torn last batch may be left out.",
    "R4": "A first batch larger than max_bytes is read whole if at_least_one, and not at all otherwise.",
    "R5": "Nothing to read is (0, 0).",
}


def read_slice(
    spans: tuple[Span, ...], fetch_offset: int, end_offset: int, max_bytes: int, at_least_one: bool
) -> tuple[int, int]:
    """What the requirements say."""
    asked = [span for span in spans if span[1] >= fetch_offset and span[0] < end_offset]
    if not asked:
        return 0, 0
    start, first = asked[0][2], asked[0][3]
    if first > max_bytes:
        return (start, start + first) if at_least_one else (0, 0)
    return start, min(start + max_bytes, asked[-1][2] + asked[-1][3])


def whole(question: Question, stop: int) -> int:
    """Where the last batch ends that a reader gets whole of bytes up to `stop`."""
    return max((span[2] + span[3] for span in question.spans if span[2] + span[3] <= stop), default=0)


def inside(decide: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
    """A file of a topic that asks `decide` which of its bytes a reader gets."""
    ours = Segment.read

    def read(self: Segment, offset: Offset, max_bytes: int, up_to: Offset) -> bytes:
        if self.stem.startswith("__") or offset >= self.next_offset:
            return ours(self, offset, max_bytes, up_to)
        position, rows = 0, []
        for batch in split_batches(self.disk.read(self.path, 0, self.size)):
            rows.append((batch.base_offset, batch.last_offset, position, len(batch.data)))
            position += len(batch.data)
        question = Question(tuple(rows), offset, up_to, max_bytes, True)
        start, stop = decide(*question)
        # What a reader does with a torn last batch: it throws it away. Ours gets none.
        return self.disk.read(self.path, start, max(whole(question, stop) - start, 0))

    return {"minikafka.log.segment:Segment.read": read}


def rule(question: Question) -> str:
    """Which requirement decides."""
    after = [span for span in question.spans if span[1] >= question.fetch_offset]
    asked = [span for span in after if span[0] < question.end_offset]
    if not asked:
        return "R2" if after else "R5"
    if asked[0][3] > question.max_bytes:
        return "R4"
    return "R3" if sum(span[3] for span in asked) > question.max_bytes else "R1"


def accept(question: Question, came: Any) -> tuple[int, int]:
    """Two places in the file; two equal ones are nothing."""
    if not isinstance(came, (tuple, list)) or [type(one) for one in came] != [int, int]:
        raise WrongShape("a tuple (start, stop) of two ints")
    start, stop = came
    if not 0 <= start <= stop:
        raise WrongShape("a part of a file: 0 <= start <= stop")
    right = read_slice(*question)
    if start == right[0] and start < right[1] and whole(question, right[1]) <= stop <= right[1]:
        return right
    return (start, stop) if start < stop else (0, 0)


def draw(random: Random) -> Question:
    """Up to four batches, with holes before, between and inside them."""
    spans: list[Span] = []
    offset = position = 0
    for _ in range(random.randint(0, 4)):
        base = offset + random.choice((0, 0, 0, 2))
        last = base + random.choice((0, 0, 1, 2))
        size = random.choice((100, 100, 200))
        spans.append((base, last, position, size))
        offset, position = last + 1, position + size
    return Question(
        tuple(spans), random.randint(0, offset), random.choice((offset, offset, random.randint(0, offset))),
        random.choice((60, 100, 250, 300, 1_000)), random.random() < 0.7,
    )  # fmt: skip


SPANS: tuple[Span, ...] = ((0, 0, 0, 100), (1, 3, 100, 100), (6, 6, 200, 100))
EXAMPLES = (
    Example(Question(SPANS, 2, 7, 1_000, True), (100, 300)),
    Example(Question(SPANS, 0, 7, 250, True), (0, 250)),
    Example(Question(SPANS, 4, 7, 10, True), (200, 300)),
    Example(Question(SPANS, 0, 7, 10, False), (0, 0)),
)

ONE = Setup(brokers=1, replicas=(1,), min_isr=1)
LIMIT_60 = Setup(brokers=2, replicas=(1, 2), min_isr=1, settings=(("replica.fetch.max.bytes", "60"),))
LIMIT_138 = Setup(brokers=2, replicas=(1, 2), min_isr=1, settings=(("replica.fetch.max.bytes", "138"),))
THREE = ((0, "send", "x"), (500, "send", "y"), (1_000, "send", "z"))
READS_ALL = (0, "read", {"consumer": "D"})
"""Somebody has read what the others leave out, or it would count as lost."""

DIRECTED = (
    Directed("limit 60", "hard_limit", schedule((0, "send", "x")), LIMIT_60),
    Directed("into a batch", "exact_start_only",
             schedule(READS_ALL, (0, "send", "x"), (0, "send", "y"), (1_000, "read", {"offset": 1})), ONE),
    Directed("the second batch of two records", "offset_is_index",
             schedule(READS_ALL, (0, "send", "x"), (0, "send", "y"), (500, "send", "z"),
                      (1_000, "read", {"offset": 2})), ONE),
    Directed("written, not readable", "past_the_bound",
             schedule((0, "pause", 2), (100, "send", "x", {"acks": "1"}), (500, "read")), promise="I10"),
    Directed("all at once", "no_limit", schedule((0, "crash", 2), *[(1_000 * n, "send", v) for n, v in
             enumerate("xyz", 1)], (12_000, "restart", 2)), LIMIT_138),
    Directed("room for two", "one_at_a_time", schedule(*THREE, (3_000, "read")), ONE),
)  # fmt: skip


def _first(wrong: Wrong) -> Span:
    q = wrong.question
    return next(span for span in q.spans if span[1] >= q.fetch_offset)


MISTAKES = (
    Mistake(
        "hard_limit", "R4",
        lambda wrong: f"The limit is {wrong.question.max_bytes}, the batch has {_first(wrong)[3]} bytes. None ever "
        "arrives whole, so the reader asks for it for ever.",
        when=lambda question, got, expected: question.at_least_one and expected[1] - expected[0] > question.max_bytes
        and got[1] - got[0] <= question.max_bytes,
        answers=((Question(SPANS, 1, 7, 60, True), (100, 160)),),
    ),
    Mistake(
        "past_the_bound", "R2",
        lambda wrong: f"end_offset is {wrong.question.end_offset}, and you sent a batch that begins there or behind "
        "it. It lies in the file, and may not be seen yet.",
        when=lambda question, got, expected: any(
            got[0] <= span[2] < got[1] and span[0] >= question.end_offset for span in question.spans
        ),
        answers=((Question(SPANS, 0, 1, 1_000, True), (0, 300)),),
    ),
    Mistake(
        "offset_is_index", "R1",
        lambda wrong: f"Offset {wrong.question.fetch_offset} is an address, not a place in a list: a batch may hold "
        "several records, and compaction leaves holes.",
        answers=((Question(SPANS, 1, 7, 1_000, True), (100, 300)), (Question(SPANS, 2, 7, 1_000, True), (200, 300))),
    ),
    Mistake(
        "exact_start_only", "R1",
        lambda wrong: f"{wrong.question.fetch_offset} lies inside {_first(wrong)[0]}..{_first(wrong)[1]}, or in a hole "
        "before it. You gave nothing, and the reader asks for ever.",
        when=lambda question, got, expected: got == (0, 0) and all(
            span[0] != question.fetch_offset for span in question.spans
        ),
        answers=((Question(SPANS, 2, 7, 1_000, True), (0, 0)), (Question(SPANS, 1, 7, 1_000, True), (100, 300))),
    ),
    Mistake(
        "one_at_a_time", "R3",
        lambda wrong: "There was room for more. A reader that gets one batch for each request waits for the network "
        "all the time.",
        answers=((Question(SPANS, 0, 7, 1_000, True), (0, 100)), (Question(SPANS, 1, 7, 1_000, True), (100, 200))),
    ),
    Mistake(
        "no_limit", "R3",
        lambda wrong: f"{wrong.question.max_bytes} bytes were asked for, at most. Only a first batch may be larger.",
        when=lambda question, got, expected: got[1] - got[0] > question.max_bytes,
        answers=((Question(SPANS, 0, 7, 250, True), (0, 300)),),
    ),
    Mistake(
        "always_one", "R4",
        lambda wrong: "at_least_one is False: another partition's batch is in this answer already, and the answer "
        "is full.",
        when=lambda question, got, expected: not question.at_least_one and expected == (0, 0),
        only_asked="in these schedules a fetch brings one partition, and so a first batch",
    ),
)  # fmt: skip

EXERCISE = Write(
    order=2,
    function="read_slice",
    place="minikafka.log.segment:Segment.read",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    drawn=1_000,
    explored=(Setup(settings=(("log.segment.bytes", "200"),)),),
    schedules=3,
    reference=read_slice,
    fit=inside,
)
