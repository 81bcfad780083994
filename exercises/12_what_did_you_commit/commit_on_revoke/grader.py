"""12/commit_on_revoke: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple, Self

from minikafka.grading.handing_over import GroupSetup, HandOver, MemberRuns, Progress, Table, may_differ
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim import drawing
from minikafka.sim.schedule import Entry, Schedule, Setup, schedule
from minikafka.trace.trace import Told
from minikafka.types import TopicPartition


class _Fields(NamedTuple):
    event: str
    taken: tuple[TopicPartition, ...]
    tracked: Mapping[TopicPartition, Progress]


class Question(_Fields):
    """One callback."""

    def __new__(cls, event: str, taken: Any, tracked: Any) -> Self:
        """As plain values, or as the cluster has them."""
        table = Table({TopicPartition(*name): Progress(*known) for name, known in tracked.items()})
        return super().__new__(cls, event, tuple(TopicPartition(*name) for name in taken), table)

    @property
    def going(self) -> dict[TopicPartition, Progress]:
        """Tracked, and taken away."""
        return {name: known for name, known in self.tracked.items() if name in self.taken}


REQUIREMENTS = {
    "R1": "revoked: commit each taken, tracked partition whose stored offset may not be handled: committed differs, or "
    "another value is in flight.",
    "R2": "The value is handled, even below committed: somebody went back.",
    "R3": "lost: commit nothing.",
    "R4": "keep is tracked without taken, unchanged, after both events.",
    "R5": "A partition that is not tracked is not committed. One that you keep may be, with its handled.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.event == "lost":
        return "R3" if question.going else "R4"
    if any(may_differ(known) for known in question.going.values()):
        return "R1"
    return "R5" if set(question.taken) - set(question.tracked) else "R4"


def accept(question: Question, came: Any) -> HandOver:
    """A HandOver, or any pair of dicts like it; commits that change nothing are left out."""
    match came:
        case (dict(commit), dict(keep)) if _are_offsets(commit) and _are_progress(keep):
            tracked = question.tracked
            free = {
                name for name, offset in commit.items()
                if question.event == "revoked" and name in tracked and offset == tracked[name].handled
                and not (name in question.going and may_differ(tracked[name]))
            }  # fmt: skip
            counted = {TopicPartition(*name): offset for name, offset in commit.items() if name not in free}
            kept = {TopicPartition(*name): Progress(*known) for name, known in keep.items()}
            return HandOver(Table(counted), Table(kept))
    raise WrongShape("a HandOver(commit, keep): a dict of offsets and a dict of Progress, both by (topic, partition)")


def _are_offsets(commit: dict[Any, Any]) -> bool:
    return all(_is_name(name) and type(offset) is int for name, offset in commit.items())


def _are_progress(keep: dict[Any, Any]) -> bool:
    return all(_is_name(name) and isinstance(known, tuple) and len(known) == 4 for name, known in keep.items())


def _is_name(name: Any) -> bool:
    match name:
        case (str(), int()):
            return True
    return False


NAMES = tuple(TopicPartition(topic, number) for topic, number in (("a", 0), ("a", 1), ("b", 1)))


def draw(random: Random) -> Question:
    """Up to three partitions, some tracked, some taken, in every state that their commits can be in."""
    tracked = {}
    for name in NAMES:
        handled = random.randint(0, 4)
        near = (None, handled, handled, random.randint(0, 5))
        if random.random() < 0.7:
            tracked[name] = Progress(handled, handled + random.randint(0, 2), random.choice(near), random.choice(near))
    taken = tuple(name for name in NAMES if random.random() < 0.6)
    return Question(random.choice(("revoked", "revoked", "revoked", "lost")), taken, tracked)


def somebody_joins(random: Random, setup: Setup) -> Schedule:
    """Some sends and a fault, and a second member that comes and perhaps goes: without one nobody is called back."""
    joins_ms = random.randint(1_000, 9_000)
    lines = [*drawing.random_schedule(random, setup, 5, 1), Entry(joins_ms, "join", ("M2",))]
    if random.random() < 0.5:
        lines.append(Entry(joins_ms + random.randint(3_000, 9_000), "leave", ("M2",)))
    return tuple(sorted(lines, key=lambda entry: entry.at_ms))


def asked(event: str, a0: tuple[Any, ...] | None, b1: tuple[Any, ...] | None = None) -> Question:
    """A question about a/0, which is taken, and b/1, which stays."""
    known = {("a", 0): a0, ("b", 1): b1}
    return Question(event, (("a", 0),), {name: one for name, one in known.items() if one is not None})


def said(commit: int | None, b1: tuple[Any, ...] | None = None, a0: tuple[Any, ...] | None = None) -> HandOver:
    """An answer to it."""
    known = {TopicPartition("a", 0): a0, TopicPartition("b", 1): b1}
    keep = {name: Progress(*one) for name, one in known.items() if one is not None}
    return HandOver(Table({} if commit is None else {TopicPartition("a", 0): commit}), Table(keep))


IN_HAND = asked("revoked", (6, 8, 4, None))
LOST = asked("lost", (6, 8, 4, 6))
STAYS = asked("revoked", (6, 8, 4, None), (3, 3, 3, None))
FLYING = asked("revoked", (6, 8, 4, 6))
BACK = asked("revoked", (2, 3, 5, None))
LATE = asked("revoked", (6, 6, 6, 4))
EXAMPLES = (
    Example(FLYING, said(6)),
    Example(LOST, said(None)),
    Example(BACK, said(2)),
    Example(STAYS, said(6, (3, 3, 3, None))),
    Example(asked("revoked", None), said(None)),
)

SETTINGS = (
    ("offsets.topic.num.partitions", "1"), ("offsets.topic.replication.factor", "1"),
    ("group.initial.rebalance.delay.ms", "0"),
)  # fmt: skip
EAGER = GroupSetup(brokers=1, replicas=(1,), min_isr=1, partitions=2, settings=SETTINGS)
COOPERATIVE = GroupSetup(
    brokers=1, replicas=(1,), min_isr=1, partitions=2, settings=SETTINGS, strategy="cooperative-sticky"
)
THREE = GroupSetup(partitions=2, settings=SETTINGS[:1])
JOINS_ALIKE = {"strategy": "cooperative-sticky"}
ON_1 = {"partition": 1}

DIRECTED = (
    Directed(
        "records in hand", "commit_position",
        schedule((1_000, "send", "a1"), (1_000, "send", "b8"), (3_000, "join", "M2")), EAGER, "I29",
    ),
    Directed("silent for too long", "commit_when_lost", schedule((1_000, "send", "stop9")), EAGER),
    Directed(
        "one of two is taken", "forget_all",
        schedule((1_000, "send", "a1"), (3_000, "join", "M2", JOINS_ALIKE)), COOPERATIVE,
    ),
    Directed(
        "the other of two is taken", "forget_nothing",
        schedule((1_000, "send", "a1", ON_1), (3_000, "join", "M2", JOINS_ALIKE)), COOPERATIVE,
    ),
    Directed(
        "the link breaks behind a commit", "trust_async",
        schedule((1_000, "send", "a1"), (5_003, "disconnect", 1, "consumer-M1"), (5_200, "join", "M2")), EAGER,
    ),
    Directed(
        "somebody goes back", "only_forward",
        schedule((1_000, "send", "a2"), (5_500, "send", "redo1"), (6_400, "join", "M2")), EAGER,
    ),
)  # fmt: skip


def _works_on(evidence: Evidence) -> Told | None:
    return evidence.last(facts.Note, lambda fact: fact.text.startswith("The member works on"))


def _went_back(evidence: Evidence) -> Told | None:
    return evidence.last(facts.Note, lambda fact: fact.text.startswith("The member goes back"))


def _left(evidence: Evidence) -> Told | None:
    return evidence.last(facts.MemberRemoved)


def _failed(evidence: Evidence) -> Told | None:
    return evidence.last(facts.CommitFailed)


def _first(wrong: Wrong) -> tuple[TopicPartition, Progress]:
    """The partition to speak of."""
    question, commits = wrong.question, (wrong.got.commit, wrong.expected.commit)
    differs = (name for name in question.going if commits[0].get(name) != commits[1].get(name))
    name = next(differs, next(iter(question.going)))
    return name, question.going[name]


def _position(wrong: Wrong) -> str:
    name, known = _first(wrong)
    return f"What lies between {known.handled} and {known.position} was in hand; the new owner of {name} starts at " + (
        f"{known.position}, and nobody does it."
    )


def _in_flight(wrong: Wrong) -> str:
    name, known = _first(wrong)
    return (
        f"{known.in_flight} has been sent for {name}, and nobody has answered. It may have been lost with the link: "
        "then the new owner repeats what you have done. No answer proves nothing; commit, and wait."
    )


MISTAKES = (
    Mistake(
        "commit_when_lost", "R3",
        lambda wrong: "Somebody else may own it already. The commit is refused (ILLEGAL_GENERATION, or a member that "
        "nobody knows), and that is raised in your callback.",
        _left,
        lambda question, got, expected: question.event == "lost",
        answers=((LOST, said(6)),),
    ),
    Mistake(
        "commit_position", "R2",
        _position,
        _works_on,
        answers=((IN_HAND, said(8)),),
    ),
    Mistake(
        "forget_all", "R4",
        lambda wrong: "What was not taken is still yours, and so is its progress: you would commit nothing for it, or "
        "begin it anew.",
        when=lambda question, got, expected: len(got.keep) < len(expected.keep),
        answers=((STAYS, said(6)),),
    ),
    Mistake(
        "forget_nothing", "R4",
        lambda wrong: "It is not yours any more. When it comes back it stands elsewhere, at 20 say, and you would "
        "commit the old number.",
        when=lambda question, got, expected: len(got.keep) > len(expected.keep),
        answers=((STAYS, said(6, (3, 3, 3, None), (6, 8, 4, None))),),
    ),
    Mistake(
        "trust_async", "R1",
        _in_flight,
        _failed,
        answers=((IN_HAND, said(6)), (FLYING, said(None))),
    ),
    Mistake(
        "only_forward", "R2",
        lambda wrong: "Somebody went back on purpose. If the higher number stays, the next owner skips the repair.",
        _went_back,
        answers=((IN_HAND, said(6)), (BACK, said(None))),
    ),
    Mistake(
        "committed_is_last", "R1",
        lambda wrong: "handled is committed already, but an older number is on its way, and may land after it. Commit "
        "again, and wait: then handled is the last word.",
        answers=((IN_HAND, said(6)), (FLYING, said(6)), (LATE, said(None))),
        only_asked="the commits of one member arrive in the order in which it sent them",
    ),
)  # fmt: skip

EXERCISE = Write(
    order=4,
    function="hand_over",
    place="minikafka.grading.handing_over:hand_over",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(EAGER, THREE),
    explore=somebody_joins,
    application=MemberRuns,
)
