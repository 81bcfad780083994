"""07/truncation_step: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.log.leader_epochs import Cut, EpochEnd, Epochs
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    own_epochs: Epochs
    own_end: int
    high_watermark: int
    answer: EpochEnd | None

    @property
    def starts(self) -> dict[int, int]:
        """Where each epoch of one's own begins."""
        return dict(self.own_epochs)


REQUIREMENTS = {
    "R1": "No answer: cut to the high watermark, done.",
    "R2": "You have the epoch named: keep what both have of it, up to the smaller of the two ends, done.",
    "R3": "You do not, but you have a lower one: cut to the end of the highest lower one in your own log, not done.",
    "R4": "All your epochs are above it: keep what lies below the first of them and below the answer's end, done.",
    "R5": "You have no epochs: keep what lies below the answer's end and your own, done.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.answer is None:
        return "R1"
    if not question.own_epochs:
        return "R5"
    if question.answer.epoch in question.starts:
        return "R2"
    return "R4" if question.answer.epoch < question.own_epochs[0][0] else "R3"


def accept(question: Question, came: Any) -> Cut:
    """A pair of a number and a bool."""
    match came:
        case (int() as offset, bool(done)) if not isinstance(offset, bool) and offset >= 0:
            return Cut(offset, done)
    raise WrongShape("a Cut(offset, done): a number from 0 on, and a bool")


def draw(random: Random) -> Question:
    """Logs with gaps between their epochs, and every answer a leader can give to a question about the last of them."""
    own, start = [], random.choice((0, 0, 3))
    for epoch in sorted(random.sample(range(1, 7), random.randrange(5))):
        own.append((epoch, start))
        start += random.randrange(1, 5)
    named = random.randrange(own[-1][0] + 1) if own else random.randrange(7)
    answer = EpochEnd(named, random.randrange(start + 4)) if random.random() < 0.9 else None
    return Question(tuple(own), start, random.randrange(start + 1), answer)


EXAMPLES = (
    Example(Question(((0, 0),), 10, 6, EpochEnd(0, 8)), Cut(8, True)),
    Example(Question(((0, 0), (1, 1)), 3, 1, EpochEnd(0, 3)), Cut(1, True)),
    Example(Question(((0, 0), (1, 3), (3, 7)), 9, 3, EpochEnd(2, 9)), Cut(7, False)),
)

ALONE = {"acks": "1"}
RETURNS = schedule(
    (0, "send", "a"), (500, "cut", 1, "controllers"), (11_000, "send", "x", {**ALONE, "to": 1}),
    (11_500, "send", "b", {"producer": "B", "to": 2}), (13_000, "heal"),
)  # fmt: skip
"""Broker 1 leads in its own eyes only, keeps x for itself, and comes back."""

TWICE = schedule(
    (0, "send", "m0"), (700, "cut", 2, "brokers"), (701, "send", "m1", {**ALONE, "to": 1}),
    (1_000, "send", "m2", {**ALONE, "to": 1}), (2_000, "crash", 1),
    (13_000, "send", "m3", {**ALONE, "to": 2, "producer": "B"}),
    (13_300, "send", "m4", {**ALONE, "to": 2, "producer": "B"}), (14_000, "crash", 2),
    (25_000, "send", "m5", {**ALONE, "to": 3, "producer": "C"}), (26_000, "heal"), (26_001, "restart", 2),
)  # fmt: skip
"""Brokers 1, 2, 3 lead in turn. Broker 2 comes back with m3 and m4 of epoch 1, which nobody else has."""

HEARD_TOO_LATE = schedule(
    (0, "send", "tea"), (700, "send", "rum"), (715, "crash", 1), (715, "cut", 2, "brokers"),
    (13_000, "send", "m", {**ALONE, "to": 2, "producer": "B"}), (13_500, "crash", 2), (25_000, "heal"),
    (25_001, "restart", 2),
)  # fmt: skip
"""rum is committed, and brokers 2 and 3 have not heard so. Broker 2 leads, crashes, and comes back with m."""

IN_TURN = schedule(
    (0, "send", "m0"), (700, "crash", 1), (700, "cut", 2, 3),
    (12_000, "send", "a", {**ALONE, "to": 2, "producer": "B"}),
    (13_000, "cut", 2, "controllers"), (24_000, "send", "b", {**ALONE, "to": 3, "producer": "C"}),
    (25_000, "heal"), (25_000, "cut", 2, 3), (25_000, "cut", 3, "controllers"),
    (36_000, "send", "c", {**ALONE, "to": 2, "producer": "B"}),
    (37_000, "heal"), (37_000, "cut", 2, 3), (37_000, "cut", 2, "controllers"),
    (48_000, "send", "d", {**ALONE, "to": 3, "producer": "C"}), (49_000, "heal"),
)  # fmt: skip
"""Brokers 2 and 3 lead in turn, and neither hears what the other takes: epochs 1 and 3 here, 2 and 4 there."""

ONE_IS_ENOUGH = Setup(min_isr=1)

DIRECTED = (
    Directed("a leader returns", "never", RETURNS),
    Directed("a leader returns, whole epoch", "whole_epoch", RETURNS, promise="I6"),
    Directed("a leader returns, longer end", "longer_end", RETURNS),
    Directed("heard too late", "to_high_watermark", HEARD_TOO_LATE, promise="I6"),
    Directed("in turn", "done_at_once", IN_TURN),
    Directed("two failovers, offset only", "offset_only", TWICE, ONE_IS_ENOUGH),
)


def _told_to_cut(evidence: Evidence) -> Told | None:
    """The leader's answer."""
    return evidence.last(facts.DivergenceFound)


def _own_end(question: Question) -> int:
    """Of the epoch that the answer names, or the highest lower one."""
    assert question.answer is not None
    above = (start for epoch, start in question.own_epochs if epoch > question.answer.epoch)
    return min(above, default=question.own_end)


def _of_both(wrong: Wrong) -> str:
    return f"The leader's end of epoch {wrong.question.answer.epoch} is {wrong.question.answer.end_offset}, yours is " \
           f"{_own_end(wrong.question)}"  # fmt: skip


MISTAKES = (
    Mistake(
        "none_is_zero", "R1",
        lambda wrong: "No answer does not say that your log is worthless. What is committed you know: below "
        f"{wrong.question.high_watermark}.",
        when=lambda question, got, expected: question.answer is None and got.offset == 0,
        only_asked="whoever asks has records of an epoch that its leader has passed, and so is answered",
    ),
    Mistake(
        "done_at_once", "R3",
        lambda wrong: f"One doomed epoch is cut, and another may be left below {wrong.got.offset}: ask again for the "
        "epoch that is last now.",
        _told_to_cut,
        lambda question, got, expected: not expected.done and got == (expected.offset, True),
    ),
    Mistake(
        "to_high_watermark", "R2",
        lambda wrong: f"The high watermark you know ({wrong.question.high_watermark}) is old: it says what is safe, "
        "not what may be thrown away. The leader has told you more.",
        _told_to_cut,
        lambda question, got, expected: question.answer is not None and got.offset == question.high_watermark,
        answers=((EXAMPLES[0].question, Cut(6, True)),),
    ),
    Mistake(
        "never", "R2",
        lambda wrong: f"Your log goes on at {wrong.got.offset} as if nothing had happened: what the leader never had "
        "stays in it, and the leader's records come behind.",
        _told_to_cut,
        lambda question, got, expected: question.answer is not None and got.offset == question.own_end,
        answers=((EXAMPLES[0].question, Cut(10, True)), (EXAMPLES[2].question, Cut(9, True))),
    ),
    Mistake(
        "longer_end", "R2",
        lambda wrong: f"{_of_both(wrong)}. Keep what both have: up to the smaller one.",
        _told_to_cut,
        lambda question, got, expected: rule(question) == "R2"
        and got.offset == max(_own_end(question), question.answer.end_offset),
        answers=((EXAMPLES[0].question, Cut(10, True)),),
    ),
    Mistake(
        "whole_epoch", "R2",
        lambda wrong: f"Epoch {wrong.question.answer.epoch} begins at {wrong.got.offset} in your log. "
        f"{_of_both(wrong)}. Below the smaller one the records are the same, and some are committed.",
        _told_to_cut,
        lambda question, got, expected: rule(question) == "R2"
        and got.offset == question.starts[question.answer.epoch],
        answers=((EXAMPLES[0].question, Cut(0, True)),),
    ),
    Mistake(
        "offset_only", "R2",
        lambda wrong: f"The leader speaks of epoch {wrong.question.answer.epoch}, not of your last one. Below "
        f"{wrong.got.offset} you hold records of epochs that it never had.",
        _told_to_cut,
        lambda question, got, expected: rule(question) in ("R2", "R3", "R4")
        and got.offset == min(question.answer.end_offset, question.own_end) > expected.offset,
    ),
    Mistake(
        "empty_knows_nothing", "R5",
        lambda wrong: "A log without epochs still has an end, and the leader has named one: keep what lies below both.",
        when=lambda question, got, expected: rule(question) == "R5",
        only_asked="whoever is answered has records, and so an epoch",
    ),
)  # fmt: skip

EXERCISE = Write(
    order=4,
    function="truncation_step",
    place="minikafka.log.leader_epochs:truncation_step",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(Setup(min_isr=1),),
    schedules=22,  # In one of eight somebody has to cut.
)
