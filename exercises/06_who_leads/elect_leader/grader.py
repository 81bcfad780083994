"""06/elect_leader: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.controller.election import Election
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    replicas: tuple[int, ...]
    current: int | None
    isr: frozenset[int]
    elr: frozenset[int]
    last_known: int | None
    live: frozenset[int]
    unclean_allowed: bool

    @property
    def eligible(self) -> list[int]:
        """In assignment order."""
        return [broker for broker in self.replicas if broker in self.live and broker in (self.isr or self.elr)]


REQUIREMENTS = {
    "R1": "The current leader stays if it is eligible.",
    "R2": "Else the first eligible replica in assignment order leads.",
    "R3": "The ELR counts only when the ISR is empty.",
    "R4": "With nobody eligible, ISR and ELR both empty, the last known leader leads if it is live: unclean.",
    "R5": "Else, if allowed, the first live replica in assignment order leads: unclean.",
    "R6": "Else nobody leads: (None, False).",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.current in question.eligible:
        return "R1"
    if question.eligible:
        return "R2" if question.isr else "R3"
    if not question.isr and not question.elr and question.last_known in question.live:
        return "R4"
    return "R5" if question.unclean_allowed and set(question.replicas) & question.live else "R6"


def accept(question: Question, came: Any) -> Election:
    """An Election, or any pair like it."""
    match came:
        case (None | int() as leader, bool(unclean)) if not isinstance(leader, bool):
            if leader is None or leader in question.replicas:
                return Election(leader, unclean)
            raise WrongShape(f"a pair (leader, unclean) with None or one of the replicas {question.replicas} as leader")
    raise WrongShape("an Election(leader, unclean): a broker or None, and a bool")


def draw(random: Random) -> Question:
    """Three brokers, sometimes numbered from 0, in every constellation the controller can be in and some it cannot."""
    first = random.choice((0, 1))
    brokers = list(range(first, first + 3))
    random.shuffle(brokers)
    among = lambda: frozenset(broker for broker in brokers if random.random() < 0.4)  # noqa: E731
    return Question(
        tuple(brokers), random.choice([None, *brokers]), among(), among(), random.choice([None, *brokers]),
        frozenset(broker for broker in (*brokers, 7) if random.random() < 0.6), random.random() < 0.5,
    )  # fmt: skip


NOBODY: frozenset[int] = frozenset()
EXAMPLES = (
    Example(Question((3, 1, 2), 3, frozenset({1, 2}), NOBODY, None, frozenset({1, 2}), False), Election(1, False)),
    Example(Question((1, 2, 3), None, NOBODY, frozenset({2}), 3, frozenset({2, 3}), False), Election(2, False)),
    Example(Question((1, 2, 3), None, NOBODY, NOBODY, 2, frozenset({1, 2}), False), Election(2, True)),
)

S1 = schedule((0, "cut", 3, "brokers"), (20_000, "send", "x"), (47_000, "crash", 2), (48_000, "crash", 1))
"""Broker 3 lacks nothing until x is sent, and leaves the ISR 30 s after it last had everything."""

DIRECTED = (
    Directed("S1", "any_live", S1, promise="I2"),
    Directed(
        "S2", "elr_beside_isr",
        schedule((0, "shut_down", 1), (12_000, "cut", 1, "brokers"), (13_000, "restart", 1), (25_000, "crash", 2)),
        Setup(min_isr=3),
    ),
    Directed(
        "S3", "last_known_first",
        schedule(
            (0, "crash", 3), (10_000, "send", "x"), (11_000, "cut", 2, "controllers"), (21_000, "power_loss", 1),
            (22_000, "restart", 1), (40_000, "heal"),
        ),
        promise="I2",
    ),
    Directed(
        "S4", "unclean_first",
        schedule(
            (0, "crash", 1), (10_000, "send", "x"), (12_000, "cut", 1, "brokers"), (13_000, "restart", 1),
            (30_000, "crash", 2),
        ),
        Setup(unclean=True),
        promise="I2",
    ),
    Directed("S5", "preferred_first", schedule((0, "crash", 1), (10_000, "restart", 1))),
    Directed("S6", "lowest_id", schedule((0, "crash", 3)), Setup(replicas=(3, 2, 1))),
    Directed(
        "S7", "last_known_is_clean", (*S1, *schedule((70_000, "restart", 2), (71_000, "restart", 1))), promise="I4"
    ),
)  # fmt: skip


def _left_the_isr(evidence: Evidence) -> Told | None:
    leader = evidence.wrong.got.leader
    return evidence.last(facts.PartitionChanged, lambda fact: leader in fact.old_isr and leader not in fact.isr)


def _joined_the_elr(evidence: Evidence) -> Told | None:
    leader = evidence.wrong.got.leader
    return evidence.last(facts.PartitionChanged, lambda fact: leader in fact.elr and leader not in fact.old_elr)


def _first_expected(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: evidence.wrong.expected.leader in fact.isr)


def _came_back(evidence: Evidence) -> Told | None:
    return evidence.last(facts.BrokerRegistered, lambda fact: fact.broker == evidence.wrong.got.leader)


def _leads_already(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: fact.leader == evidence.wrong.question.current)


def _isr_empty(evidence: Evidence) -> Told | None:
    return evidence.last(facts.PartitionChanged, lambda fact: not fact.isr)


def _in_elr(wrong: Wrong) -> str:
    """The way out, in a few words."""
    return "wait for it" if wrong.expected.leader is None else f"broker {wrong.expected.leader}"


def _any_live(question: Question, got: Election, expected: Election) -> bool:
    ahead = next((broker for broker in question.replicas if broker in question.live), None)
    return got == (ahead, False) and got.leader not in question.eligible and expected != (got.leader, True)


MISTAKES = (
    Mistake(
        "broker_zero_is_none", "R2",
        lambda wrong: "Broker 0 is a broker. Compare with None: `if leader:` takes 0 for nobody.",
        when=lambda question, got, expected: expected.leader == 0 and 0 in question.eligible,
        only_asked="the simulation has no broker 0",
    ),
    Mistake(
        "last_known_is_clean", "R4",
        lambda wrong: f"Broker {wrong.got.leader} may lack records. Not marked unclean, the partition is not "
        "RECOVERING: nobody will know that data may be missing.",
        _isr_empty,
        lambda question, got, expected: expected == (question.last_known, True) == (got.leader, not got.unclean),
    ),
    Mistake(
        "elr_beside_isr", "R3",
        lambda wrong: f"Broker {wrong.got.leader} waits in the ELR; "
        + (f"broker {wrong.expected.leader} is in the ISR and alive." if wrong.expected.leader is not None
           else "the ISR is not empty, so the ELR does not count yet."),
        _joined_the_elr,
        lambda question, got, expected: bool(question.isr) and got.leader in question.elr - question.isr
        and not got.unclean,
    ),
    Mistake(
        "last_known_first", "R4",
        lambda wrong: f"Broker {wrong.got.leader} led last, but may have lost what it had; the ELR still holds "
        f"everything committed ({_in_elr(wrong)}). The last known leader counts when the ELR is empty too.",
        _came_back,
        lambda question, got, expected: got.leader is not None and got.leader == question.last_known
        and not question.isr and bool(question.elr) and got.leader not in question.elr,
    ),
    Mistake(
        "unclean_first", "R5",
        lambda wrong: f"Broker {wrong.expected.leader} was in the {'ISR' if wrong.question.isr else 'ELR'}, and alive; "
        "allowed is not preferred.",
        _first_expected,
        lambda question, got, expected: question.unclean_allowed and bool(question.eligible) and got.unclean,
    ),
    Mistake(
        "preferred_first", "R1",
        lambda wrong: f"Broker {wrong.question.current} was fine. Moving leaders back to their preferred replica is "
        "another election, at another time.",
        _leads_already,
        lambda question, got, expected: question.current in question.eligible and got.leader in question.eligible,
    ),
    Mistake(
        "lowest_id", "R2",
        lambda wrong: f"Broker {wrong.expected.leader} comes before broker {wrong.got.leader} in the assignment "
        f"{wrong.question.replicas}. Order spreads leaders over the brokers; ids do not.",
        lambda evidence: evidence.last(facts.PartitionChanged, lambda fact: fact.old_leader_epoch < 0),
        lambda question, got, expected: len(question.eligible) > 1 and got == (min(question.eligible), False),
    ),
    Mistake(
        "any_live", "R2",
        lambda wrong: f"Broker {wrong.got.leader} is alive, but not in sync: what was acknowledged since it left, it "
        "lacks. " + ("No leader was the right answer." if wrong.expected.leader is None
                     else f"Broker {wrong.expected.leader} was the right answer."),
        _left_the_isr,
        _any_live,
    ),
)  # fmt: skip

EXERCISE = Write(
    order=1,
    function="elect_leader",
    place="minikafka.controller.election:elect_leader",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(Setup(), Setup(min_isr=3), Setup(replicas=(3, 1, 2), unclean=True)),
    schedules=12,
)

