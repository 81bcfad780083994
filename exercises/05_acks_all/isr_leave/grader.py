"""05/isr_leave: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.broker.isr import Follower, Leader
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    leader: Leader
    followers: tuple[Follower, ...]
    now_ms: int
    lag_time_max_ms: int

    def silent_ms(self, follower: Follower) -> int:
        """For how long it has lacked something, as far as is known."""
        return self.now_ms - follower.last_caught_up_ms

    @property
    def late(self) -> list[Follower]:
        """Those who lack something, and have done so for too long; members or not."""
        return [
            one for one in self.followers
            if one.log_end_offset != self.leader.log_end_offset and self.silent_ms(one) > self.lag_time_max_ms
        ]  # fmt: skip


REQUIREMENTS = {
    "R1": "While a change is in flight, nobody leaves.",
    "R2": "Only members of the ISR leave.",
    "R3": "Who is at the leader's end stays, however silent.",
    "R4": "Who is not stays as long as now_ms - last_caught_up_ms is at most lag_time_max_ms.",
    "R5": "Whether a member is active does not matter here: fencing is the controller's business.",
}


def rule(question: Question) -> str:
    """Which requirement decides, the first that somebody could overlook."""
    leader, followers = question.leader, question.followers
    if leader.change_in_flight and question.late:
        return "R1"
    if any(one.id not in leader.isr for one in question.late):
        return "R2"
    members = [one for one in followers if one.id in leader.isr]
    if any(not one.active for one in members):
        return "R5"
    silent = [one for one in members if question.silent_ms(one) > question.lag_time_max_ms]
    return "R3" if any(one.log_end_offset == leader.log_end_offset for one in silent) else "R4"


def accept(question: Question, came: Any) -> frozenset[int]:
    """A set of followers."""
    followers = sorted(one.id for one in question.followers)
    if isinstance(came, set | frozenset) and all(type(one) is int and one in followers for one in came):
        return frozenset(came)
    raise WrongShape(f"a set of followers, here of {', '.join(map(str, followers))}")


def draw(random: Random) -> Question:
    """Two followers, ends close to each other, clocks around the limit."""
    end, now = random.randint(1, 9), random.randint(40_000, 90_000)
    followers = []
    for broker in (2, 3):
        silent = random.choice((0, 400, 29_999, 30_000, 30_001, 33_000))
        at = random.choice((-1, end, end, max(0, end - random.randint(1, 6))))
        followers.append(Follower(broker, at, now - silent, random.random() < 0.8, 5, 5))
    isr = frozenset((1, *(broker for broker in (2, 3) if random.random() < 0.75)))
    return Question(Leader(1, end, 0, 0, isr, random.random() < 0.15), tuple(followers), now, 30_000)


def asked(
    *followers: tuple[int, int, int], isr: tuple[int, ...] = (1, 2), in_flight: bool = False, now_ms: int = 30_001,
    dead: int = 0,
) -> Question:  # fmt: skip
    """Leader 1 at 9; followers as (broker, end, last caught up)."""
    known = tuple(Follower(broker, end, caught_up, broker != dead, 5, 5) for broker, end, caught_up in followers)
    return Question(Leader(1, 9, 7, 8, frozenset(isr), in_flight), known, now_ms, 30_000)


EXAMPLES = (
    Example(asked((2, 8, 0), now_ms=30_000), frozenset()),
    Example(asked((2, 8, 0)), frozenset({2})),
    Example(asked((2, 9, 0), now_ms=99_000), frozenset()),
    Example(asked((2, 8, 0), (3, 4, 0)), frozenset({2})),
)

WRITES = tuple((15_000 + 100 * n, "send", f"m{n}", {"acks": "1"}) for n in range(160))
QUICK = Setup(settings=(("replica.lag.time.max.ms", "5000"),))

DIRECTED = (
    Directed("D1", "by_count", schedule((14_000, "slow", 1, 3, 1_500), *WRITES, (40_000, "heal"))),
    Directed("D2", "time_only", schedule((0, "pause", 3), (8_000, "resume", 3), (20_000, "heal")), QUICK),
    Directed("D3", "strangers_too", schedule((0, "crash", 3), (12_000, "send", "x"), (70_000, "heal"))),
    Directed(
        "D4", "in_flight_too",
        schedule((0, "cut", 1, "controllers"), (100, "cut", 1, "brokers"), (200, "send", "x"), (70_000, "heal")),
    ),
    Directed("D5", "never", schedule((0, "cut", 3, "brokers"), (100, "send", "x"), (60_000, "heal"))),
)  # fmt: skip


def _appended(evidence: Evidence) -> Told | None:
    return evidence.last(facts.RecordsAppended, lambda fact: fact.as_leader)


def _paused(evidence: Evidence) -> Told | None:
    return evidence.last(facts.NodePaused)


def _left(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: set(fact.old_isr) - set(fact.isr))


def _asked_for(evidence: Evidence) -> Told | None:
    return evidence.last(facts.IsrProposed)


def _too_many(wrong: Wrong) -> str:
    return ", ".join(map(str, sorted(wrong.got - wrong.expected)))


def _more(got: frozenset[int], expected: frozenset[int]) -> frozenset[int]:
    return got - expected


def _follower(question: Question, broker: int) -> Follower:
    return next(one for one in question.followers if one.id == broker)


def _by_count(question: Question, got: frozenset[int], expected: frozenset[int]) -> bool:
    """Did somebody have to go who was only some records behind?"""
    gone = [_follower(question, broker) for broker in _more(got, expected) if broker in question.leader.isr]
    return any(question.silent_ms(one) < question.lag_time_max_ms for one in gone)


def _time_only(question: Question, got: frozenset[int], expected: frozenset[int]) -> bool:
    gone = [_follower(question, broker) for broker in _more(got, expected) if broker in question.leader.isr]
    return any(one.log_end_offset == question.leader.log_end_offset for one in gone)


FEW_BEHIND = asked((2, 3, 30_000))
LEVEL = asked((2, 9, 0), now_ms=99_000)
STRANGER = asked((2, 9, 0), (3, 4, 0))
FLYING = asked((2, 8, 0), in_flight=True)
LATE = asked((2, 8, 0))
ON_TIME = asked((2, 8, 0), now_ms=30_000)
DEAD = asked((2, 8, 30_000), dead=2)

MISTAKES = (
    Mistake(
        "in_flight_too", "R1",
        lambda wrong: "You have asked the controller for one change, and it has not answered. Which ISR would the "
        "second one begin from?",
        _asked_for,
        when=lambda question, got, expected: question.leader.change_in_flight and bool(got),
        answers=((FLYING, frozenset({2})), (LATE, frozenset({2}))),
    ),
    Mistake(
        "strangers_too", "R2",
        lambda wrong: f"{_too_many(wrong)} is not in the ISR: it cannot leave what it is not in.",
        _left,
        when=lambda question, got, expected: any(one not in question.leader.isr for one in _more(got, expected)),
        answers=((STRANGER, frozenset({3})),),
    ),
    Mistake(
        "time_only", "R3",
        lambda wrong: f"{_too_many(wrong)} has been silent, and lacks nothing. Behind in what? Out of the ISR it "
        "would only make the next failure worse.",
        _paused,
        when=_time_only,
        answers=((LEVEL, frozenset({2})), (FEW_BEHIND, frozenset())),
    ),
    Mistake(
        "by_count", "R4",
        lambda wrong: f"{_too_many(wrong)} lacks some records, and had everything a moment ago. A burst makes "
        "everybody lag by a count; only time tells who cannot keep up.",
        _appended,
        when=_by_count,
        answers=((FEW_BEHIND, frozenset({2})),),
    ),
    Mistake(
        "never", "R4",
        lambda wrong: "Somebody has lacked records for longer than is allowed, and you keep waiting for it: so does "
        "every producer with acks=all.",
        _appended,
        when=lambda question, got, expected: bool(expected - got),
        answers=((LATE, frozenset()),),
    ),
    Mistake(
        "at_the_limit", "R4",
        lambda wrong: "Exactly lag_time_max_ms is not longer than lag_time_max_ms: it has this one moment left.",
        when=lambda question, got, expected: any(
            question.silent_ms(_follower(question, one)) == question.lag_time_max_ms
            for one in _more(got, expected)
            if one in question.leader.isr
        ),
        answers=((ON_TIME, frozenset({2})), (FEW_BEHIND, frozenset())),
        only_asked="no timer strikes in the very millisecond of the limit",
    ),
    Mistake(
        "dead_leave", "R5",
        lambda wrong: f"{_too_many(wrong)} is fenced. The controller has taken it out, or will: two who decide the "
        "same thing get in each other's way.",
        when=lambda question, got, expected: any(
            not _follower(question, one).active for one in _more(got, expected) if one in question.leader.isr
        ),
        answers=((DEAD, frozenset({2})), (ON_TIME, frozenset())),
        only_asked="who is fenced is taken out of the ISR in the same record",
    ),
)  # fmt: skip

EXERCISE = Write(
    order=2,
    function="to_remove",
    place="minikafka.broker.isr:to_remove",
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
