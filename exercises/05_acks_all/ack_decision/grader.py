"""05/ack_decision: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.broker.acks import LeaderView, Produce
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told

WORDS = (
    "APPEND", "WAIT", "NO_REPLY", "NONE", "NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    "REQUEST_TIMED_OUT",
)  # fmt: skip


class Question(NamedTuple):
    p: Produce
    v: LeaderView

    @property
    def too_few(self) -> bool:
        """Is the ISR below the minimum?"""
        return len(self.v.isr) < min(self.v.min_insync_replicas, len(self.v.replicas))

    @property
    def is_capped(self) -> bool:
        """Would the setting alone say something else than the minimum?"""
        return (len(self.v.isr) < self.v.min_insync_replicas) != self.too_few

    @property
    def is_committed(self) -> bool:
        """Does the high watermark vouch for the last record?"""
        return self.p.last_offset is not None and self.v.high_watermark > self.p.last_offset


REQUIREMENTS = {
    "R1": "The minimum is min_insync_replicas, or the number of replicas if that is smaller.",
    "R2": "Not appended yet: with acks=all and an ISR below the minimum NOT_ENOUGH_REPLICAS, else APPEND.",
    "R3": "Appended: with acks=0 NO_REPLY, with acks=1 NONE, whatever the ISR and the clock say.",
    "R4": "With acks=all, once the high watermark has passed the last record: NONE; with an ISR below the minimum "
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND.",
    "R5": "Else WAIT, and from timeout_ms on REQUEST_TIMED_OUT.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    p = question.p
    asks_for_minimum = p.acks == -1 and (p.last_offset is None or question.is_committed)
    if asks_for_minimum and question.is_capped:
        return "R1"
    if p.last_offset is None:
        return "R2"
    if p.acks != -1:
        return "R3"
    return "R4" if question.is_committed else "R5"


def accept(question: Question, came: Any) -> str:
    """One of seven words."""
    if isinstance(came, str) and came in WORDS:
        return str(came)
    raise WrongShape(f"one of {', '.join(WORDS)}")


def draw(random: Random) -> Question:
    """Up to three replicas, ends close to each other, and a wait that is over, nearly over or has just begun."""
    replicas = tuple(range(1, random.choice((2, 3, 4, 4))))
    isr = frozenset(broker for broker in replicas if broker == 1 or random.random() < 0.6)
    end = random.randint(1, 6)
    ends = ((1, end), *((broker, random.choice((-1, end, random.randint(0, end)))) for broker in replicas[1:]))
    produce = Produce(
        random.choice((-1, -1, -1, 0, 1)), random.choice((None, end - 1, random.randint(0, end - 1))),
        random.choice((0, 29_999, 30_000, 30_001)), 30_000,
    )  # fmt: skip
    return Question(produce, LeaderView(replicas, isr, random.choice((1, 2, 2, 3)), random.randint(0, end), ends))


def asked(
    acks: int, last_offset: int | None, isr: set[int], high_watermark: int, ends: tuple[int, ...], *,
    minimum: int = 2, waited_ms: int = 0,
) -> Question:  # fmt: skip
    """A question about as many replicas as there are ends."""
    replicas = tuple(range(1, len(ends) + 1))
    known = tuple(zip(replicas, ends, strict=True))
    view = LeaderView(replicas, frozenset(isr), minimum, high_watermark, known)
    return Question(Produce(acks, last_offset, waited_ms, 30_000), view)


EXAMPLES = (
    Example(asked(1, None, {1}, 4, (4, 4, 4)), "APPEND"),
    Example(asked(-1, 4, {1, 2, 3}, 4, (5, 5, 4)), "WAIT"),
    Example(asked(-1, 4, {1}, 5, (5, 5, 5), waited_ms=30_000), "NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
)

ONE_BEHIND = schedule((500, "cut", 1, 2), (600, "send", "x"), (31_000, "crash", 1))
"""Broker 2 does not get x. The question comes again when x has waited for 30 s; then broker 2 is the first in line."""

DIRECTED = (
    Directed("D1", "all_replicas", schedule((0, "crash", 3), (10_000, "send", "x"))),
    Directed("D2", "min_isr_acks", ONE_BEHIND, promise="I1"),
    Directed(
        "D3", "gate_for_everyone",
        schedule((0, "crash", 2), (0, "crash", 3), (15_000, "send", "x", {"acks": "1"})),
    ),
    Directed(
        "D4", "off_by_one", schedule((0, "cut", 1, "brokers"), (100, "send", "x"), (400, "crash", 1)), promise="I1"
    ),
    Directed("one replica", "raw_min", schedule((0, "send", "x")), Setup(replicas=(1,))),
    Directed("too few", "no_gate", schedule((0, "crash", 2), (0, "crash", 3), (15_000, "send", "x"))),
    Directed(
        "no answer in time", "never_gives_up",
        schedule((0, "cut", 1, "brokers"), (100, "send", "x"), (40_000, "heal")),
    ),
)  # fmt: skip


def _left(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: set(fact.old_isr) - set(fact.isr))


def _appended(evidence: Evidence) -> Told | None:
    return evidence.last(facts.RecordsAppended, lambda fact: fact.as_leader)


def _ends(wrong: Wrong) -> str:
    return ", ".join(f"broker {broker} at {end}" for broker, end in wrong.question.v.ends)


def _isr(wrong: Wrong) -> str:
    return "{" + ", ".join(map(str, sorted(wrong.question.v.isr))) + "}"


LAGGING = asked(-1, 4, {1, 2}, 5, (5, 5, 2))
HALF = asked(-1, 4, {1, 2, 3}, 4, (5, 5, 4))
SHRUNK = asked(-1, 4, {1}, 5, (5, 5, 5))
REFUSED = asked(-1, None, {1}, 4, (4, 4, 4))
LATE = asked(-1, 4, {1, 2, 3}, 4, (5, 5, 4), waited_ms=30_000)
ONE_ACK = asked(1, None, {1}, 4, (4, 4, 4))
SINGLE = asked(-1, None, {1}, 4, (4,))

MISTAKES = (
    Mistake(
        "raw_min", "R1",
        lambda wrong: f"There are {len(wrong.question.v.replicas)} replicas, and min.insync.replicas is "
        f"{wrong.question.v.min_insync_replicas}: Kafka takes the smaller one, or nobody could write here at all.",
        when=lambda question, got, expected: question.is_capped,
        answers=((SINGLE, "NOT_ENOUGH_REPLICAS"), (REFUSED, "NOT_ENOUGH_REPLICAS")),
    ),
    Mistake(
        "gate_for_everyone", "R2",
        lambda wrong: f"With acks={wrong.question.p.acks} nobody asked for copies. It is taken, though no reader sees "
        "it while the ISR is below the minimum.",
        _left,
        when=lambda question, got, expected: question.p.acks != -1 and got.startswith("NOT_ENOUGH"),
        answers=((ONE_ACK, "NOT_ENOUGH_REPLICAS"),),
    ),
    Mistake(
        "no_gate", "R2",
        lambda wrong: f"The ISR is {_isr(wrong)}, below the minimum. Refused now, the record is nowhere; appended, it "
        "waits for copies that will not come.",
        _left,
        when=lambda question, got, expected: expected == "NOT_ENOUGH_REPLICAS" and got == "APPEND",
    ),
    Mistake(
        "all_replicas", "R4",
        lambda wrong: f"The ISR is {_isr(wrong)}, and all of it has the record. Who has left the ISR cannot lead, so "
        "nobody waits for it. You still do.",
        _left,
        when=lambda question, got, expected: expected == "NONE" and got in ("WAIT", "REQUEST_TIMED_OUT"),
        answers=((LAGGING, "WAIT"), (HALF, "WAIT")),
    ),
    Mistake(
        "min_isr_acks", "R5",
        lambda wrong: f"Ends: {_ends(wrong)}. So many copies as the minimum says are not all: a member of the ISR "
        f"{_isr(wrong)} is without the record, and may lead next.",
        _appended,
        answers=((HALF, "NONE"), (asked(-1, 4, {1, 2, 3}, 4, (5, 4, 4)), "WAIT")),
    ),
    Mistake(
        "off_by_one", "R5",
        lambda wrong: f"High watermark {wrong.question.v.high_watermark} vouches for what lies below it, and this "
        f"record stands at {wrong.question.p.last_offset}.",
        _appended,
        when=lambda question, got, expected: question.v.high_watermark == question.p.last_offset,
        answers=((HALF, "NONE"), (asked(-1, 4, {1, 2, 3}, 4, (5, 4, 4)), "NONE")),
    ),
    Mistake(
        "append_check_only", "R4",
        lambda wrong: f"There were enough when it was appended. Now the ISR is {_isr(wrong)}, and what so few hold may "
        "be lost with them: the producer has to know.",
        _left,
        when=lambda question, got, expected: expected == "NOT_ENOUGH_REPLICAS_AFTER_APPEND" and got == "NONE",
        only_asked="a waiting producer is answered in the very step in which the mark passes its record: no "
        "shrink comes between",
    ),
    Mistake(
        "clock_first", "R4",
        lambda wrong: "The time is up, but all in sync have the record: it is stored, and that is the answer.",
        when=lambda question, got, expected: question.is_committed and got == "REQUEST_TIMED_OUT",
        only_asked="a waiting producer is answered in the very step in which the mark passes its record: the "
        "clock does not come between",
    ),
    Mistake(
        "never_gives_up", "R5",
        lambda wrong: f"{wrong.question.p.waited_ms} of {wrong.question.p.timeout_ms} ms are over. The producer is "
        "told so; whether the record stays, nobody knows yet.",
        _appended,
        when=lambda question, got, expected: expected == "REQUEST_TIMED_OUT" and got == "WAIT",
        answers=((LATE, "WAIT"),),
    ),
)  # fmt: skip

EXERCISE = Write(
    order=1,
    function="ack_decision",
    place="minikafka.broker.acks:ack_decision",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(Setup(), Setup(min_isr=1)),
)
