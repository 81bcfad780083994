"""04/advance_high_watermark: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.broker.partition import FollowerView
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    current: int
    leader_end: int
    followers: tuple[FollowerView, ...]
    effective_min_isr: int

    @property
    def smallest(self) -> int:
        """The smallest end of all that count."""
        counting = [view.log_end_offset for view in self.followers if view.in_isr or view.joining]
        return min([self.leader_end, *counting])

    @property
    def too_few(self) -> bool:
        """Are fewer in the ISR than the minimum?"""
        return self.in_sync < self.effective_min_isr

    @property
    def in_sync(self) -> int:
        """How many are in the ISR, the leader included."""
        return 1 + sum(view.in_isr for view in self.followers)


REQUIREMENTS = {
    "R1": "The mark is the smallest log end of the leader and of every follower in the ISR or joining it.",
    "R2": "Any other follower never holds it back.",
    "R3": "It never falls below current.",
    "R4": "A follower at -1 counts like any other: while it has not fetched, the mark does not move.",
    "R5": "While fewer than effective_min_isr are in the ISR, leader included, it stays at current. Joining is not "
    "being in.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.too_few:
        return "R5"
    if question.smallest < 0:
        return "R4"
    if question.smallest < question.current:
        return "R3"
    outside = [view for view in question.followers if not view.in_isr and not view.joining]
    return "R2" if any(view.log_end_offset < question.smallest for view in outside) else "R1"


def accept(question: Question, came: Any) -> int:
    """An offset."""
    if type(came) is int:
        return came
    raise WrongShape("an offset, as an int")


def draw(random: Random) -> Question:
    """Up to four followers with ends close to each other, some silent, some outside, some on their way in."""
    leader_end = random.randint(0, 6)
    views = []
    for broker in range(2, 2 + random.choice((0, 1, 2, 2, 2, 3, 4))):
        in_isr = random.random() < 0.6
        end = random.choice((-1, leader_end, random.randint(0, leader_end), random.randint(0, leader_end)))
        views.append(FollowerView(broker, end, in_isr, not in_isr and random.random() < 0.4))
    return Question(random.randint(0, leader_end), leader_end, tuple(views), random.choice((1, 1, 2, 2, 3, 4)))


def asked(current: int, leader_end: int, followers: tuple[tuple[int, int, bool, bool], ...], minimum: int) -> Question:
    """A question, its followers as rows."""
    return Question(current, leader_end, tuple(FollowerView(*row) for row in followers), minimum)


EXAMPLES = (
    Example(asked(0, 5, ((2, 3, True, False), (3, 5, True, False)), 1), 3),
    Example(asked(0, 5, ((2, 3, False, False), (3, 5, True, False)), 2), 5),
    Example(asked(4, 6, ((2, -1, True, False), (3, 6, True, False)), 1), 4),
    Example(asked(3, 5, ((2, 5, False, True),), 2), 3),
    Example(asked(0, 4, (), 1), 4),
)

ONE_SLOW = schedule((0, "send", "a"), (500, "cut", 1, 2), (600, "send", "x"), (800, "crash", 1))
"""Broker 2 does not get x, and is the first in line when broker 1 crashes."""
NEWCOMER = schedule(
    (0, "cut", 3, "brokers"), (100, "send", "w"), (50_000, "heal"), (50_009, "cut", 1, "controllers"),
    (50_009, "cut", 1, 3), (50_059, "send", "x", {"acks": "1"}),
)  # fmt: skip
"""Broker 3 comes back; the controller writes it into the ISR, and the answer does not reach broker 1."""

DIRECTED = (
    Directed(
        "D1", "written", schedule((0, "cut", 1, "brokers"), (100, "send", "x"), (400, "crash", 1)), promise="I1"
    ),
    Directed("D2", "all_replicas", schedule((0, "crash", 3), (15_000, "send", "x"))),
    Directed("D3", "isr_only", NEWCOMER, promise="I3"),
    Directed(
        "D4", "no_floor", schedule((0, "send", "a"), (2_000, "send", "b"), (4_000, "crash", 1)), promise="I10"
    ),
    Directed(
        "D5", "no_minimum", schedule((0, "crash", 2), (0, "crash", 3), (15_000, "send", "x", {"acks": "1"})),
        promise="I11",
    ),
    Directed("two of three", "majority", ONE_SLOW, promise="I2"),
    Directed("one of two", "fastest", ONE_SLOW, promise="I3"),
)  # fmt: skip


def _newest_append(evidence: Evidence) -> Told | None:
    return evidence.last(facts.RecordsAppended, lambda fact: fact.as_leader)


def _left(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: set(fact.old_isr) - set(fact.isr))


def _joined(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: set(fact.isr) - set(fact.old_isr))


def _became(evidence: Evidence) -> Told | None:
    return evidence.last(facts.BecameLeader)


def _slowest(evidence: Evidence) -> Told | None:
    return evidence.last(
        facts.FollowerProgress, lambda fact: fact.log_end_offset == evidence.wrong.question.smallest
    )


def _ends(wrong: Wrong) -> str:
    counting = [view.log_end_offset for view in wrong.question.followers if view.in_isr or view.joining]
    return ", ".join(map(str, [wrong.question.leader_end, *counting]))


TWO = asked(0, 5, ((2, 3, True, False), (3, 4, True, False)), 1)
FOUR = asked(0, 9, ((2, 3, True, False), (3, 4, True, False), (4, 5, True, False), (5, 6, True, False)), 1)
OUTSIDE = asked(0, 5, ((2, 3, False, False), (3, 5, True, False)), 1)
JOINING = asked(0, 5, ((2, 3, False, True), (3, 5, True, False)), 1)
BELOW = asked(4, 6, ((2, 2, True, False),), 1)
ALONE = asked(0, 5, ((2, 5, False, False),), 2)

MISTAKES = (
    Mistake(
        "written", "R1",
        lambda wrong: "You moved it to the leader's own end: read now, on one disk, and gone when that broker is. "
        "Who else has shown that it holds this?",
        _newest_append,
        answers=((TWO, 5), (OUTSIDE, 5)),
    ),
    Mistake(
        "majority", "R1",
        lambda wrong: f"Ends {_ends(wrong)}: more than half is not enough. The slowest may lead next, and it lacks "
        f"what lies from {max(wrong.expected, 0)} on.",
        _slowest,
        answers=((TWO, 4), (FOUR, 5)),
    ),
    Mistake(
        "fastest", "R1",
        lambda wrong: f"Ends {_ends(wrong)}: one copy beside the leader's was enough for you. The slowest may "
        "lead next.",
        _slowest,
        answers=((TWO, 4), (FOUR, 6)),
    ),
    Mistake(
        "all_replicas", "R2",
        lambda wrong: "A replica that left the ISR cannot lead, so nobody needs to wait for it. You still wait, and so "
        "does every producer.",
        _left,
        answers=((TWO, 3), (OUTSIDE, 3)),
    ),
    Mistake(
        "isr_only", "R1",
        lambda wrong: "A follower that is joining may already be in the ISR that the controller has written, and lead "
        "next. It counts from the moment you ask for it.",
        _joined,
        answers=((TWO, 3), (JOINING, 5)),
    ),
    Mistake(
        "no_floor", "R3",
        lambda wrong: f"From {wrong.question.current} to {wrong.got}: you hide what was readable. A slow start of a "
        "follower is no reason to take it back.",
        _became,
        answers=((TWO, 3), (BELOW, 2)),
    ),
    Mistake(
        "no_minimum", "R5",
        lambda wrong: f"The ISR has {wrong.question.in_sync} of at least {wrong.question.effective_min_isr}, and you "
        "moved the mark. What so few hold may be lost with them.",
        _left,
        when=lambda question, got, expected: question.too_few,
        answers=((TWO, 3), (ALONE, 5)),
    ),
)  # fmt: skip

EXERCISE = Write(
    order=2,
    function="advance_high_watermark",
    place="minikafka.broker.partition:advance_high_watermark",
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
