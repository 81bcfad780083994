"""06/check_leader_epoch: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told

FENCED, UNKNOWN, NOT_LEADER, NONE = (
    "FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH", "NOT_LEADER_OR_FOLLOWER", "NONE",
)  # fmt: skip


class Question(NamedTuple):
    request_epoch: int
    local_epoch: int
    is_leader: bool
    leader_only: bool


REQUIREMENTS = {
    "R1": "A negative request_epoch means that the client named none: it is not compared.",
    "R2": "An older request_epoch is answered FENCED_LEADER_EPOCH: the client is behind.",
    "R3": "A newer request_epoch is answered UNKNOWN_LEADER_EPOCH: this broker is behind, ask again.",
    "R4": "Only then the role: leader_only at a broker that does not lead is answered NOT_LEADER_OR_FOLLOWER.",
    "R5": "Else NONE.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.request_epoch >= 0 and question.request_epoch != question.local_epoch:
        return "R2" if question.request_epoch < question.local_epoch else "R3"
    if question.leader_only and not question.is_leader:
        return "R4"
    return "R1" if question.request_epoch < 0 else "R5"


def accept(question: Question, came: Any) -> str:
    """One of four names."""
    if came in (FENCED, UNKNOWN, NOT_LEADER, NONE):
        return str(came)
    raise WrongShape(f"one of {FENCED!r}, {UNKNOWN!r}, {NOT_LEADER!r}, {NONE!r}")


def draw(random: Random) -> Question:
    """Epochs close to each other, epoch 0 among them, and clients that name none."""
    return Question(random.choice((-1, 0, 0, 1, 2, 3, 9)), random.choice((0, 0, 1, 2, 9)), random.random() < 0.5,
                    random.random() < 0.7)  # fmt: skip


EXAMPLES = (
    Example(Question(0, 1, True, True), FENCED),
    Example(Question(2, 1, False, True), UNKNOWN),
    Example(Question(-1, 1, False, False), NONE),
)

DIRECTED = (
    Directed(
        "three leaders",
        "no_check",
        # After 30 s without an answer broker 3 asks again, in epoch 0; that question waits behind the cut.
        schedule(
            (0, "cut", 3, 1), (32_000, "pause", 1), (42_000, "resume", 1), (45_000, "pause", 2), (56_000, "heal"),
        ),
        promise="I8",
    ),
    Directed(
        "one who knows better",
        "newer_is_fine",
        schedule((0, "cut", 1, "controllers"), (10_500, "ask", 1, 0, 1)),
        promise="I8",
    ),
    Directed("ahead of the broker", "always_fenced", schedule((0, "cut", 1, "controllers"), (10_500, "ask", 1, 0, 1))),
    Directed(
        "newer, at a follower",
        "leader_first",
        schedule((0, "cut", 3, "controllers"), (1_000, "crash", 1), (12_000, "ask", 3, 0, 1)),
    ),
    Directed("an old client", "missing_is_old", schedule((0, "ask", 1, 0, -1))),
    Directed(
        "older than the first election",
        "zero_is_missing",
        schedule((0, "cut", 1, "controllers"), (10_600, "ask", 2, 0, 0)),
    ),
    Directed(
        "both sides of an election",
        "not_leader_for_all",
        schedule((0, "cut", 1, "controllers"), (10_500, "ask", 1, 0, 1), (10_600, "ask", 2, 0, 0)),
    ),
)  # fmt: skip


def _newest_leader(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: fact.leader_epoch == max(evidence.wrong.question[:2]))


def _sent_before(evidence: Evidence) -> Told | None:
    """The election that the reader of an older epoch has not heard of."""
    known = evidence.wrong.question.request_epoch
    return evidence.last(
        facts.PartitionChanged, lambda fact: (fact.old_leader_epoch, fact.leader_epoch) == (known, known + 1)
    )


def _newer(question: Question, got: str, expected: str) -> bool:
    return expected == UNKNOWN


def _who(wrong: Wrong) -> str:
    return f"The reader is in epoch {wrong.question.request_epoch}, this broker in epoch {wrong.question.local_epoch}"


MISTAKES = (
    Mistake(
        "zero_is_missing", "R2",
        lambda wrong: "Epoch 0 is an epoch, the first one. Only a negative number means that none was named.",
        _sent_before,
        when=lambda question, got, expected: question.request_epoch == 0 and expected == FENCED,
        answers=((Question(1, 2, True, True), FENCED),),
    ),
    Mistake(
        "always_leader_only", "R4",
        lambda wrong: "leader_only says whether it takes a leader at all: without it a follower may answer, too.",
        when=lambda question, got, expected: got == NOT_LEADER and not question.leader_only,
        only_asked="every reader in the simulation asks leaders",
    ),
    Mistake(
        "missing_is_old", "R1",
        lambda wrong: "A client that names no epoch (-1) is not behind, only older than this check. Now it can never "
        "read.",
        when=lambda question, got, expected: question.request_epoch < 0 and got == FENCED,
    ),
    Mistake(
        "no_check", "R2",
        lambda wrong: f"{_who(wrong)}: a fetch from another leader's time counts as a copy, and proves nothing.",
        _sent_before,
        when=lambda question, got, expected: expected in (FENCED, UNKNOWN),
        answers=((Question(0, 1, True, True), NONE), (Question(2, 1, True, True), NONE)),
    ),
    Mistake(
        "newer_is_fine", "R3",
        lambda wrong: f"{_who(wrong)}: a leader that was deposed serves one who knows better.",
        _newest_leader,
        when=_newer,
        answers=((Question(2, 1, True, True), NONE),),
    ),
    Mistake(
        "always_fenced", "R3",
        lambda wrong: f"{_who(wrong)}: it is this broker that is behind, not the reader. Told FENCED, the reader "
        "looks for a newer leader, and there is none.",
        _newest_leader,
        when=lambda question, got, expected: expected == UNKNOWN and got == FENCED,
    ),
    Mistake(
        "not_leader_for_all", "R3",
        lambda wrong: f"{_who(wrong)}: older, newer and not my partition are three states, and the reader "
        "does something else after each. They need three answers.",
        _newest_leader,
        when=lambda question, got, expected: got == NOT_LEADER,
        answers=((Question(2, 1, True, True), NOT_LEADER),),
    ),
    Mistake(
        "leader_first", "R4",
        lambda wrong: f"{_who(wrong)}, and does not lead. Compare epochs first: it may lead in a moment, as soon "
        "as it has read what the reader has read.",
        _newest_leader,
        when=lambda question, got, expected: got == NOT_LEADER and expected in (FENCED, UNKNOWN),
    ),
)  # fmt: skip

EXERCISE = Write(
    order=2,
    function="check_leader_epoch",
    place="minikafka.broker.fencing:check_leader_epoch",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    drawn=400,
    explored=(Setup(), Setup(replicas=(2, 3, 1))),
)
