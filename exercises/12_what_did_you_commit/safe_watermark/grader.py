"""12/safe_watermark: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.worker_pool import PoolRuns
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    committed: int | None
    delivered: tuple[int, ...]
    done: frozenset[int]
    position: int

    @property
    def missing(self) -> list[int]:
        """Delivered and not done."""
        return [offset for offset in self.delivered if offset not in self.done]

    @property
    def safe(self) -> int:
        """The greatest value that loses nothing."""
        return min(self.missing, default=self.position)


REQUIREMENTS = {
    "R1": "Every delivered offset below the answer is done.",
    "R2": "The answer is the greatest such value, up to position: position itself if all is done, or none delivered.",
    "R3": "None exactly when that value equals committed. 0 counts; lower than committed is right after going back.",
    "R4": "Done offsets that were not delivered count for nothing: they are late results from before going back.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.safe == question.committed or question.safe < (question.committed or 0):
        return "R3"
    if question.done - set(question.delivered):
        return "R4"
    return "R1" if question.missing else "R2"


def accept(question: Question, came: Any) -> int | None:
    """An offset, or None."""
    if came is None or type(came) is int:
        return came
    raise WrongShape("an offset, as an int, or None")


def draw(random: Random) -> Question:
    """A handful of offsets with gaps, some done, some results late; anything may be committed."""
    first = random.randint(0, 3)
    delivered = tuple(offset for offset in range(first, first + 6) if random.random() < 0.6)
    chance = random.choice((0.4, 0.8, 1.0))
    done = {offset for offset in delivered if random.random() < chance}
    if random.random() < 0.3:
        done |= {random.randint(0, 9)}
    position = max(delivered, default=first - 1) + 1 + random.choice((0, 0, 0, 1, 2))
    return Question(random.choice((None, *range(position + 3))), delivered, frozenset(done), position)


def asked(committed: int | None, delivered: tuple[int, ...], done: set[int], position: int) -> Question:
    """A question."""
    return Question(committed, delivered, frozenset(done), position)


HOLE = asked(None, (0, 1, 2), {1, 2}, 3)
GAP = asked(3, (3, 7), {3}, 9)
MARKER = asked(3, (3, 7), {3, 7}, 9)
BACK = asked(9, (4, 5), {4}, 6)
LATE = asked(None, (4, 5), {0, 1}, 6)
EXAMPLES = (
    Example(HOLE, 0),
    Example(GAP, 7),
    Example(MARKER, 9),
    Example(BACK, 5),
    Example(asked(0, (), set(), 0), None),
)

ONE = Setup(
    brokers=1, replicas=(1,), min_isr=1,
    settings=(
        ("offsets.topic.num.partitions", "1"), ("offsets.topic.replication.factor", "1"),
        ("transaction.state.log.num.partitions", "1"), ("transaction.state.log.replication.factor", "1"),
        ("transaction.state.log.min.isr", "1"),
    ),
)  # fmt: skip
THREE = Setup(settings=(("offsets.topic.num.partitions", "1"),))
MARKED = schedule((0, "transact", "a1"), (2_000, "send", "b1"))
"""The transaction's marker takes an offset, and is nobody's work."""

DIRECTED = (
    Directed("a slow one first", "highest_done", schedule((0, "send", "a4"), (0, "send", "b1")), ONE, "I29"),
    Directed("handed over is not done", "the_position", schedule((0, "send", "a4")), ONE, "I29"),
    Directed("a marker in between", "plus_one_walk", MARKED, ONE),
    Directed("a marker at the end", "last_plus_one", MARKED, ONE),
    Directed("going back", "never_back", schedule((0, "send", "a1"), (4_000, "send", "redo1")), ONE),
    Directed("the first one takes long", "zero_is_nothing", schedule((0, "send", "a2")), ONE),
)


def _in_hand(evidence: Evidence) -> Told | None:
    mark = f"(offset {evidence.wrong.question.safe})"
    return evidence.last(facts.Note, lambda fact: fact.text.startswith("A worker takes") and mark in fact.text)


def _marker(evidence: Evidence) -> Told | None:
    return evidence.last(facts.RecordsAppended, lambda fact: fact.partition.topic == "orders")


def _went_back(evidence: Evidence) -> Told | None:
    return evidence.last(facts.Note, lambda fact: fact.text.startswith("The pool goes back"))


def _lost(wrong: Wrong) -> str:
    """What a crash would lose, in a few words."""
    missing = [offset for offset in wrong.question.missing if offset < wrong.got]
    return f"A crash now: the next run starts at {wrong.got}, and offset {missing[0]} is lost." if missing else ""


MISTAKES = (
    Mistake(
        "zero_is_nothing", "R3",
        lambda wrong: "0 is an offset, and it is not None: nothing is done yet, and the group should know where to "
        "start. Compare with `committed`, do not ask whether it is true.",
        _in_hand,
        answers=((HOLE, None), (GAP, 7)),
    ),
    Mistake(
        "highest_done", "R1",
        lambda wrong: "A later record was finished before an earlier one: workers do not finish in order. "
        + _lost(wrong),
        _in_hand,
        answers=((HOLE, 3), (GAP, 4)),
    ),
    Mistake(
        "the_position", "R1",
        lambda wrong: f"That is auto-commit: what was handed out, done or not. {_lost(wrong)}",
        _in_hand,
        answers=((HOLE, 3), (GAP, 9)),
    ),
    Mistake(
        "plus_one_walk", "R2",
        lambda wrong: f"Offset {wrong.got} holds no record for you: a marker, or one that was compacted away. Nobody "
        "will ever finish it, so you stand there for ever.",
        _marker,
        lambda question, got, expected: got is not None and got not in question.delivered,
        answers=((HOLE, 0), (GAP, 4)),
    ),
    Mistake(
        "last_plus_one", "R2",
        lambda wrong: f"All is done, and you stop at {wrong.got}; the position is {wrong.expected}. A marker lies "
        "between: lag for ever.",
        _marker,
        answers=((HOLE, 0), (GAP, 7), (MARKER, 8)),
    ),
    Mistake(
        "never_back", "R3",
        lambda wrong: f"Somebody went back to repair from {wrong.question.safe} on. While "
        f"{wrong.question.committed} stays committed, a crash skips the repair.",
        _went_back,
        answers=((HOLE, 0), (GAP, 7), (BACK, None)),
    ),
    Mistake(
        "counts_them", "R4",
        lambda wrong: "As many results as records, and not the results of these records: some are late, from before "
        "going back. Which of the delivered ones are done?",
        answers=((GAP, 7), (LATE, 6)),
        only_asked="the record of work that ends late is delivered again before the pool is asked",
    ),
)  # fmt: skip

EXERCISE = Write(
    order=3,
    function="safe_watermark",
    place="minikafka.grading.worker_pool:safe_watermark",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(ONE, THREE),
    application=PoolRuns,
)
