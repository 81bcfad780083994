"""07/end_of_epoch: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.log.leader_epochs import EpochEnd, Epochs
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    epochs: Epochs
    log_end: int
    asked: int

    @property
    def last(self) -> int:
        """The newest epoch here; -1 if there is none."""
        return self.epochs[-1][0] if self.epochs else -1

    @property
    def starts(self) -> dict[int, int]:
        """Where each epoch begins."""
        return dict(self.epochs)


REQUIREMENTS = {
    "R1": "The last epoch ends at log_end.",
    "R2": "An earlier one ends where the next higher begins; name the largest here that is not above it.",
    "R3": "Asked for an epoch below all, answer with the one asked, and the start of the first.",
    "R4": "None if asked is negative, above all, or there are no epochs.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.asked < 0 or question.asked > question.last:
        return "R4"
    if question.asked == question.last:
        return "R1"
    return "R3" if question.asked < question.epochs[0][0] else "R2"


def accept(question: Question, came: Any) -> EpochEnd | None:
    """None, or a pair of numbers."""
    match came:
        case None:
            return None
        case (int() as epoch, int() as end_offset) if not isinstance(epoch, bool) and not isinstance(end_offset, bool):
            return EpochEnd(epoch, end_offset)
    raise WrongShape("an EpochEnd(epoch, end_offset), a pair of numbers, or None")


def draw(random: Random) -> Question:
    """Logs with gaps between their epochs, sometimes beginning late, sometimes without any."""
    epochs, start = [], random.choice((0, 0, 3))
    for epoch in sorted(random.sample(range(7), random.randrange(5))):
        epochs.append((epoch, start))
        start += random.randrange(1, 5)
    return Question(tuple(epochs), start, random.randrange(-1, 8))


EXAMPLES = (
    Example(Question(((0, 0), (2, 8)), 9, 0), EpochEnd(0, 8)),
    Example(Question(((0, 0), (2, 3)), 4, 1), EpochEnd(0, 3)),
    Example(Question(((0, 0), (2, 8)), 9, 3), None),
)

ALONE = {"acks": "1"}
RETURNS = schedule(
    (0, "send", "a"), (500, "cut", 1, "controllers"), (11_000, "send", "x", {**ALONE, "to": 1}),
    (11_500, "send", "b", {"producer": "B", "to": 2}), (13_000, "heal"),
)  # fmt: skip
"""Broker 1 leads in its own eyes only, keeps x for itself, and comes back: where does epoch 0 end?"""

TWICE = schedule(
    (0, "send", "m0"), (700, "cut", 2, "brokers"), (701, "send", "m1", {**ALONE, "to": 1}),
    (1_000, "send", "m2", {**ALONE, "to": 1}), (2_000, "crash", 1),
    (13_000, "send", "m3", {**ALONE, "to": 2, "producer": "B"}),
    (13_300, "send", "m4", {**ALONE, "to": 2, "producer": "B"}), (14_000, "crash", 2),
    (25_000, "send", "m5", {**ALONE, "to": 3, "producer": "C"}), (26_000, "heal"), (26_001, "restart", 2),
)  # fmt: skip
"""Brokers 1, 2, 3 lead in turn. Broker 2 comes back and asks for epoch 1, of which broker 3 never had a record."""

HEARD_TOO_LATE = schedule(
    (0, "send", "tea"), (700, "send", "rum"), (715, "crash", 1), (715, "cut", 2, "brokers"),
    (13_000, "send", "m", {**ALONE, "to": 2, "producer": "B"}), (13_500, "crash", 2), (25_000, "heal"),
    (25_001, "restart", 2),
)  # fmt: skip
"""rum is committed, and brokers 2 and 3 have not heard so. Broker 2 leads, crashes, and comes back with m."""

ONE_IS_ENOUGH = Setup(min_isr=1)

DIRECTED = (
    Directed("a leader returns", "start_of_asked", RETURNS, promise="I6"),
    Directed("a leader returns, end", "end_of_the_log", RETURNS),
    Directed("a leader returns, one less", "one_less", RETURNS),
    Directed("two failovers", "offset_only", TWICE, ONE_IS_ENOUGH, promise="I5"),
    Directed("two failovers, no answer", "exact_or_nothing", HEARD_TOO_LATE, promise="I6"),
    Directed("two failovers, ahead", "next_epoch", TWICE, ONE_IS_ENOUGH),
    Directed("nobody fails", "last_needs_a_next", schedule((0, "send", "a"))),
)


def _the_leaders_epoch(evidence: Evidence) -> Told | None:
    """Where the epoch above the one asked for began: there the asked one ended."""
    return evidence.last(facts.BecameLeader, lambda fact: fact.leader_epoch > evidence.wrong.question.asked)


def _between(question: Question) -> bool:
    """Asked for an epoch that was not written here, with others below and above it?"""
    return bool(question.epochs) and question.epochs[0][0] < question.asked < question.last and (
        question.asked not in question.starts
    )  # fmt: skip


def _next(question: Question) -> int:
    return min((epoch for epoch, _ in question.epochs if epoch > question.asked), default=-1)


def _says(wrong: Wrong) -> str:
    return f"epoch {wrong.expected.epoch} ends at {wrong.expected.end_offset}"


MISTAKES = (
    Mistake(
        "none_is_zero", "R4",
        lambda wrong: "Unknown is not empty. Who hears *it ends at 0* drops everything; who hears None looks further.",
        when=lambda question, got, expected: expected is None and got is not None and got.end_offset == 0,
        only_asked="whoever asks has records of an epoch that its leader has passed",
    ),
    Mistake(
        "last_needs_a_next", "R1",
        lambda wrong: f"Epoch {wrong.question.asked} has no next epoch: it is the one being written. It ends where the "
        f"log ends, at {wrong.question.log_end}.",
        when=lambda question, got, expected: question.asked == question.last >= 0 and got is None,
    ),
    Mistake(
        "below_is_nothing", "R3",
        lambda wrong: f"Nothing as old as epoch {wrong.question.asked} is left here, and that can be said: it ends "
        f"where the first epoch begins, at {wrong.question.epochs[0][1]}.",
        when=lambda question, got, expected: rule(question) == "R3" and got is None,
        only_asked="whoever is below the leader's log start is told so first",
    ),
    Mistake(
        "exact_or_nothing", "R2",
        lambda wrong: f"Told nothing, the follower goes back to its high watermark, which is old. Of epoch "
        f"{wrong.question.asked} you know nothing, but {_says(wrong)}: say that.",
        _the_leaders_epoch,
        lambda question, got, expected: _between(question) and got is None,
    ),
    Mistake(
        "next_epoch", "R2",
        lambda wrong: f"You named epoch {wrong.got.epoch}, the next one. The follower asked for epoch "
        f"{wrong.question.asked}: it cannot know one above its own. Name what both may have: {_says(wrong)}.",
        _the_leaders_epoch,
        lambda question, got, expected: got is not None and got.epoch == _next(question) > question.asked >= 0,
    ),
    Mistake(
        "offset_only", "R2",
        lambda wrong: f"You answered for epoch {wrong.question.asked}, of which you have no record; {_says(wrong)}. "
        "A number alone fits records that you never had (KIP-279).",
        _the_leaders_epoch,
        lambda question, got, expected: _between(question) and got is not None
        and got == (question.asked, expected.end_offset),
    ),
    Mistake(
        "end_of_the_log", "R2",
        lambda wrong: f"You were asked where epoch {wrong.question.asked} ends, not the log: {_says(wrong)}.",
        _the_leaders_epoch,
        lambda question, got, expected: rule(question) == "R2" and got is not None
        and got.end_offset == question.log_end != expected.end_offset,
    ),
    Mistake(
        "one_less", "R2",
        lambda wrong: f"End offsets are exclusive: the offset after the last record. {_says(wrong).capitalize()}, so "
        f"offset {wrong.got.end_offset} stays.",
        _the_leaders_epoch,
        lambda question, got, expected: got is not None and expected is not None
        and got.end_offset == expected.end_offset - 1,
        answers=((Question(((0, 0), (2, 8)), 9, 0), EpochEnd(0, 7)),),
    ),
    Mistake(
        "start_of_asked", "R2",
        lambda wrong: f"There epoch {wrong.got.epoch} begins. The follower drops all of it, also what was committed; "
        f"{_says(wrong)}.",
        _the_leaders_epoch,
        lambda question, got, expected: got is not None and expected is not None
        and got.end_offset == question.starts.get(got.epoch) != expected.end_offset,
    ),
)  # fmt: skip

EXERCISE = Write(
    order=2,
    function="end_of_epoch",
    place="minikafka.log.leader_epochs:end_of_epoch",
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
