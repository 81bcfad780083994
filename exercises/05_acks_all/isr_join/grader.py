"""05/isr_join: what is asked, the runs written for known mistakes, and the replies to them."""

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
    follower: Follower


REQUIREMENTS = {
    "R1": "While a change is in flight, nobody joins.",
    "R2": "Who is in the ISR already does not join.",
    "R3": "It holds everything below the high watermark.",
    "R4": "And everything below the start of this epoch.",
    "R5": "It is active, and the broker epoch of its fetch is the one that is known.",
    "R6": "Else it may join.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    leader, follower = question
    if leader.change_in_flight:
        return "R1"
    if follower.id in leader.isr:
        return "R2"
    if follower.log_end_offset < leader.high_watermark:
        return "R3"
    if follower.log_end_offset < leader.epoch_start_offset:
        return "R4"
    return "R6" if follower.active and follower.fetch_broker_epoch == follower.known_broker_epoch else "R5"


def accept(question: Question, came: Any) -> bool:
    """Yes or no."""
    if isinstance(came, bool):
        return came
    raise WrongShape("True or False")


def draw(random: Random) -> Question:
    """Offsets close to each other, mostly nothing in flight, mostly alive; of an older start, or of a newer one."""
    end = random.randint(2, 9)
    mark, start = random.randint(0, end), random.randint(0, end)
    isr = frozenset((1, *(broker for broker in (2, 3) if random.random() < 0.35)))
    leader = Leader(1, end, mark, start, isr, random.random() < 0.2)
    known = random.randint(5, 7)
    follower = Follower(
        random.choice((2, 3)), random.choice((-1, end, mark, start, random.randint(0, end))), random.randint(0, 40_000),
        random.random() < 0.8, random.choice((-1, known, known, known, known - 1, known + 1)), known,
    )  # fmt: skip
    return Question(leader, follower)


def asked(
    end: int, mark: int = 7, start: int = 0, isr: tuple[int, ...] = (1, 2), *, in_flight: bool = False,
    active: bool = True, epochs: tuple[int, int] = (5, 5),
) -> Question:  # fmt: skip
    """Broker 3 at `end`, and leader 1 at 9."""
    leader = Leader(1, 9, mark, start, frozenset(isr), in_flight)
    return Question(leader, Follower(3, end, 0, active, *epochs))


EXAMPLES = (
    Example(asked(7, start=8), False),
    Example(asked(8, start=8), True),
    Example(asked(9, isr=(1, 2, 3)), False),
    Example(asked(9, epochs=(4, 5)), False),
)

STALE_MARK = schedule(
    (0, "send", "a"), (600, "cut", 3, "controllers"), (11_000, "heal"), (11_000, "cut", 3, "brokers"),
    (12_000, "send", "b"), (12_010, "crash", 1), (24_000, "heal"), (24_004, "cut", 2, 3), (30_000, "heal"),
)  # fmt: skip
"""Broker 3 is out, though alive, while b is committed. The new leader's mark is from before b: broker 3 gets so far."""
RETURN = schedule(
    (0, "cut", 3, "brokers"), (100, "send", "a"), *((50_000 + at_ms, "send", f"b{at_ms}") for at_ms in range(20)),
    (52_000, "heal"),
)  # fmt: skip
ONE_BATCH = Setup(settings=(("replica.fetch.max.bytes", "1"),))
"""One batch with each fetch, so that catching up takes its time."""

FORMER_LIFE = schedule(
    (0, "send", "a"), (600, "slow", 1, 3, 2_000), (3_600, "disconnect", 1, 3, {"late_ms": 9_000}),
    (3_601, "power_loss", 3), (4_600, "restart", 3), (40_000, "heal"),
)  # fmt: skip
"""A fetch of broker 3 is on its way when its power fails; it arrives when broker 3 is back, with an empty disk."""

DIRECTED = (
    Directed("D1", "mark_only", STALE_MARK, promise="I9"),
    Directed("D2", "fetches_so_in_sync", RETURN, ONE_BATCH, promise="I9"),
    Directed(
        "D3", "equal_to_join",
        schedule(
            (0, "crash", 3), (10_000, "slow", 1, 2, 300), (10_000, "slow", 1, 3, 200), (12_000, "restart", 3),
            *((12_000 + 50 * n, "send", f"m{n}") for n in range(60)), (40_000, "heal"),
        ),
    ),
    Directed(
        "D4", "two_at_once", schedule((0, "cut", 1, "brokers"), (100, "send", "a"), (60_000, "heal")), Setup(min_isr=1)
    ),
    Directed("D5", "fenced_too", schedule((0, "cut", 3, "controllers"), (15_000, "heal"))),
    Directed("D6", "any_incarnation", FORMER_LIFE),
    Directed("back again", "never", schedule((0, "crash", 3), (15_000, "restart", 3))),
)  # fmt: skip


def _left(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: set(fact.old_isr) - set(fact.isr))


def _led(evidence: Evidence) -> Told | None:
    return evidence.last(facts.BecameLeader)


def _asked_for(evidence: Evidence) -> Told | None:
    return evidence.last(facts.IsrProposed)


def _fenced(evidence: Evidence) -> Told | None:
    return evidence.last(facts.BrokerFenced)


def _who(wrong: Wrong) -> str:
    return f"Broker {wrong.question.follower.id}"


def _at(wrong: Wrong) -> int:
    return int(wrong.question.follower.log_end_offset)


NEW_EPOCH = asked(7, start=8)
BEHIND = asked(3)
SHORT = asked(8, start=8)
FORMER = asked(9, epochs=(4, 5))
FENCED = asked(9, active=False)
FLYING = asked(9, in_flight=True)
MEMBER = asked(9, isr=(1, 2, 3))

MISTAKES = (
    Mistake(
        "two_at_once", "R1",
        lambda wrong: "You have asked the controller for one change, and it has not answered. Which ISR would the "
        "second one begin from?",
        _asked_for,
        when=lambda question, got, expected: question.leader.change_in_flight and got,
        answers=((FLYING, True), (NEW_EPOCH, False)),
    ),
    Mistake(
        "fetches_so_in_sync", "R3",
        lambda wrong: f"{_who(wrong)} is at {_at(wrong)}, and {wrong.question.leader.high_watermark} is committed: it "
        "lacks what somebody was told is stored. It fetches, but it is not there yet.",
        _left,
        when=lambda question, got, expected: got and rule(question) in ("R3", "R4"),
        answers=((BEHIND, True), (NEW_EPOCH, True)),
    ),
    Mistake(
        "mark_only", "R4",
        lambda wrong: f"{_who(wrong)} is at {_at(wrong)}, where your high watermark stands. But you began to lead at "
        f"{wrong.question.leader.epoch_start_offset}: what was committed before that is not in your mark yet.",
        _led,
        when=lambda question, got, expected: got and rule(question) == "R4",
        answers=((NEW_EPOCH, True), (BEHIND, False)),
    ),
    Mistake(
        "equal_to_join", "R6",
        lambda wrong: f"{_who(wrong)} is at {_at(wrong)}, your log ends at {wrong.question.leader.log_end_offset}, and "
        f"all below {wrong.question.leader.high_watermark} is committed. It lacks nothing that counts; under steady "
        "writes nobody is ever quite at the end.",
        _left,
        when=lambda question, got, expected: expected and not got,
        answers=((SHORT, False), (asked(9), True)),
    ),
    Mistake(
        "never", "R6",
        lambda wrong: f"{_who(wrong)} has everything again. If nobody comes back, one more crash and nothing is "
        "accepted.",
        _left,
        when=lambda question, got, expected: expected and not got,
        answers=((SHORT, False), (asked(9), False)),
    ),
    Mistake(
        "fenced_too", "R5",
        lambda wrong: f"{_who(wrong)} fetches from you, but the controller has heard nothing of it and has fenced it. "
        "It would refuse to write it into the ISR, and rightly: a fenced broker cannot lead.",
        _fenced,
        when=lambda question, got, expected: got and not question.follower.active and rule(question) == "R5",
        answers=((FENCED, True), (FORMER, False)),
    ),
    Mistake(
        "any_incarnation", "R5",
        lambda wrong: f"That fetch is of broker epoch {wrong.question.follower.fetch_broker_epoch}, and the broker now "
        f"lives in {wrong.question.follower.known_broker_epoch}: what it held in its former life it may have lost.",
        when=lambda question, got, expected: got and rule(question) == "R5" and question.follower.active,
        answers=((FORMER, True), (FENCED, False)),
    ),
    Mistake(
        "members_too", "R2",
        lambda wrong: f"{_who(wrong)} is in the ISR. Asking for it again is a change that changes nothing, and nothing "
        "else can be asked for meanwhile.",
        when=lambda question, got, expected: got and rule(question) == "R2",
        answers=((MEMBER, True),),
        only_asked="the leader does not ask about members of the ISR",
    ),
)  # fmt: skip

EXERCISE = Write(
    order=3,
    function="may_join",
    place="minikafka.broker.isr:may_join",
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
