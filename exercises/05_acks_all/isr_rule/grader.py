"""05/isr_rule: clusters that keep the promise and clusters that break it, and the replies to known ways to misjudge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from minikafka.broker.isr import may_join
from minikafka.broker.partition import FollowerView, Partition
from minikafka.grading.specify import Judged, Misjudging, Moment, Onlooker, Specify, of_schedule
from minikafka.protocol import facts
from minikafka.sim.checkers.copies import text_of
from minikafka.sim.checkers.ledger import Ledger, replica_of
from minikafka.sim.schedule import Run, Schedule, Setup, schedule
from minikafka.sim.simulation import Simulation
from minikafka.trace.trace import Told


class Replica(NamedTuple):
    """One broker's copy."""

    id: int
    leads: bool
    high_watermark: int
    log: tuple[tuple[int, str], ...]


class Question(NamedTuple):
    replicas: tuple[Replica, ...]
    isr: frozenset[int]
    elr: frozenset[int]


class Pair(NamedTuple):
    """A leader and a member of ISR or ELR, and the first offset at which they differ."""

    leader: Replica
    member: Replica
    offset: int


# --- what the text says ---


def isr_rule(replicas: tuple[Replica, ...], isr: frozenset[int], elr: frozenset[int]) -> bool:
    """Is all that any leader shows as committed on every member?"""
    return not broken(Question(replicas, isr, elr))


def broken(question: Question) -> Pair | None:
    """The first member that lacks what a leader shows as committed."""
    return next((pair for pair in differing(question) if pair.offset < pair.leader.high_watermark), None)


def differing(question: Question) -> Iterator[Pair]:
    """Leaders and members whose logs are not the same."""
    for leader in question.replicas:
        for member in question.replicas:
            if leader.leads and member.id in question.isr | question.elr and leader.log != member.log:
                yield Pair(leader, member, first_difference(leader.log, member.log))


def first_difference(one: tuple[Any, ...], other: tuple[Any, ...]) -> int:
    """The first offset at which two logs do not hold the same."""
    both = zip(one, other, strict=False)
    return next((offset for offset, (mine, theirs) in enumerate(both) if mine != theirs), min(len(one), len(other)))


# --- what is seen ---


class Looking(Onlooker):
    """Takes down every state of the partition that is unlike the one before."""

    def __init__(self, setup: Setup) -> None:
        self.partition, self.ledger = setup.partition, Ledger()
        self.seen: list[tuple[int, Question]] = []

    def begin(self, sim: Simulation) -> None:
        """See `Checker.begin`."""
        self.ledger.begin(sim)

    def watch(self, sim: Simulation, told: list[Told]) -> str | None:
        """See `Checker.watch`."""
        self.ledger.observe(sim, told)
        found = self._look(sim)
        if not self.seen or self.seen[-1][1] != found:
            self.seen.append((sim.recorder.step, found))
        return None

    def _look(self, sim: Simulation) -> Question:
        history = self.ledger.histories[self.partition]
        found = []
        for broker in history.state.replicas:
            copy, running = history.copies[broker], replica_of(sim, broker, self.partition)
            mark = running.log.high_watermark if running is not None else copy.high_watermark
            log = tuple((cell.epoch, text_of(record.value)) for cell in copy.cells for record in cell.records())
            found.append(Replica(broker, running is not None and running.is_leader, mark, log))
        return Question(tuple(found), frozenset(history.state.isr), frozenset(history.state.elr))

    def moments(self, run: Run) -> tuple[Moment, ...]:
        """See `Onlooker.moments`."""
        return tuple(Moment(step, tuple(one), broken(one) is None, shows(one)) for step, one in self.seen)


def shows(question: Question) -> str:
    """What decides, in a sentence or two."""
    pair = broken(question) or next(differing(question), None)
    leaders = [one for one in question.replicas if one.leads]
    if pair is None:
        marks = ", ".join(f"broker {one.id} at {one.high_watermark}" for one in leaders)
        return f"Who leads: {marks}; the members have the same log." if leaders else "Nobody believes that it leads."
    place = "ISR" if pair.member.id in question.isr else "ELR"
    return (
        f"Broker {pair.leader.id} leads, as it believes, with high watermark {pair.leader.high_watermark}; at offset "
        f"{pair.offset} it has {_cell(pair.leader, pair.offset)}, and broker {pair.member.id}, in the {place}, has "
        f"{_cell(pair.member, pair.offset)}."
    )


def _cell(replica: Replica, offset: int) -> str:
    if offset >= len(replica.log):
        return "nothing"
    epoch, value = replica.log[offset]
    return f"{value} of epoch {epoch}"


# --- planted faults ---


def two_copies_will_do(
    current: int, leader_end: int, followers: tuple[FollowerView, ...], effective_min_isr: int
) -> int:  # fmt: skip
    """The high watermark counts copies, and asks nobody in particular."""
    ends = sorted((leader_end, *(one.log_end_offset for one in followers)), reverse=True)
    return max(current, ends[effective_min_isr - 1])


def members_only(current: int, leader_end: int, followers: tuple[FollowerView, ...], effective_min_isr: int) -> int:
    """Whom the leader has asked for does not count until the answer is there."""
    members = [one.log_end_offset for one in followers if one.in_isr]
    return current if 1 + len(members) < effective_min_isr else max(current, min([leader_end, *members]))


def whoever_is_left(current: int, leader_end: int, followers: tuple[FollowerView, ...], effective_min_isr: int) -> int:
    """The high watermark has no minimum."""
    counting = [one.log_end_offset for one in followers if one.in_isr or one.joining]
    return max(current, min([leader_end, *counting]))


def the_leader_alone(current: int, leader_end: int, followers: tuple[FollowerView, ...], effective_min_isr: int) -> int:
    """Written is committed."""
    return leader_end


_propose = Partition._propose


def count_at_once(self: Partition, members: frozenset[int]) -> list[facts.Fact]:
    """The leader counts with the smaller ISR before the controller has written it."""
    told = _propose(self, members)
    self.isr = self.isr & members
    return told


def high_watermark_only(leader: Any, follower: Any) -> bool:
    """Whoever has reached the leader's high watermark joins; where its epoch began is not looked at."""
    return may_join(leader._replace(epoch_start_offset=0), follower)


def never_diverges(self: Any, last_fetched_epoch: int, fetch_offset: int) -> None:
    """Equal lengths are equal logs: nobody is ever told to cut."""


MARK = "minikafka.broker.partition:advance_high_watermark"
SHRINK = "minikafka.broker.partition:Partition._propose"
JOIN = "minikafka.broker.isr:may_join"
CUT = "minikafka.log.partition_log:PartitionLog.divergence"

# --- the clusters ---

ALONE = {"acks": "1"}
SLOW = schedule(
    (0, "send", "a"), (1_000, "slow", 1, 3, 400), (1_500, "send", "b"), (1_700, "send", "c"), (4_000, "heal"),
)  # fmt: skip


def _replaced(kept: str, taken: str) -> Schedule:
    """Broker 1 is replaced without knowing, takes one record, and broker 2 another; then broker 1 is back."""
    return schedule(
        (0, "send", "a"), (500, "cut", 1, "controllers"), (11_000, "send", kept, ALONE),
        (11_500, "send", taken, {"producer": "B", "to": 2}), (13_000, "heal"),
        (14_000, "send", "c", {"producer": "B", "to": 2}),
    )  # fmt: skip


REPLACED = _replaced("x", "b")
ONE_LEFT = schedule(
    (0, "send", "a"), (500, "crash", 3), (12_000, "crash", 2), (24_000, "send", "x", ALONE), (26_000, "restart", 2),
)  # fmt: skip
ALL_GONE = schedule(
    (0, "send", "a"), (500, "crash", 3), (12_000, "crash", 2), (24_000, "crash", 1), (36_000, "restart", 3),
    (40_000, "restart", 2),
)  # fmt: skip
JOINING = schedule(
    (0, "cut", 3, "brokers"), (0, "cut", 3, "controllers"), (100, "send", "w"), (12_000, "heal"),
    (12_010, "cut", 1, "controllers"), (12_010, "cut", 1, 3), (12_060, "send", "x", ALONE), (15_000, "heal"),
)  # fmt: skip
"""Broker 3 comes back; the controller writes it into the ISR, and the answer does not reach the leader."""
LEAVING = schedule(
    (0, "cut", 3, "brokers"), (100, "send", "a"), (4_000, "delay", "AlterPartitionRequest", 4_000),
    (8_000, "send", "b", ALONE), (9_000, "send", "c", ALONE), (20_000, "heal"),
)  # fmt: skip
"""Broker 3 is silent for longer than it may, and what the leader asks the controller is under way for 4 s."""
SHORT_LAG = Setup(settings=(("replica.lag.time.max.ms", "5000"),))
OLD_MARK = schedule(
    (0, "send", "a"), (600, "cut", 3, "controllers"), (600, "cut", 3, "brokers"), (12_000, "send", "b"),
    (12_050, "pause", 1), (24_000, "heal"), (24_001, "slow", 2, 3, 1_500), (30_000, "heal"), (30_000, "resume", 1),
)  # fmt: skip
"""Broker 3 is away while b is committed, and broker 2, which leads next, has not heard that it is."""


def cluster(
    name: str,
    did: str,
    lines: Schedule,
    reply: str,
    planted: Mapping[str, Callable[..., Any]] | None = None,
    setup: Setup | None = None,
) -> Judged:
    """A run of three brokers; with a fault in them it breaks the promise."""
    record = of_schedule(lines, Looking, setup, planted, title=f"A cluster: {name}")
    return Judged(name, did, record, planted is None, reply)


CLUSTERS = (
    cluster(
        "a slow follower", "We sent a, b and c, and broker 3 heard of b and c late.", SLOW,
        "What lies above the high watermark is promised to nobody.",
    ),
    cluster(
        "two leaders",
        "We cut broker 1 from the controllers, sent it x with acks=1, sent b to its successor, and let them meet.",
        REPLACED, "Broker 1 was replaced and has not heard of it. What it shows as committed must be there, no more.",
    ),
    cluster(
        "one is left", "We crashed broker 3, then broker 2, and sent x with acks=1 to the one that was left.", ONE_LEFT,
        "An ISR may shrink; who is in it has what is committed.",
    ),
    cluster(
        "all are gone", "We crashed brokers 3, 2 and 1, one after the other, and started 3 and 2 again.", ALL_GONE,
        "Nobody leads, so nobody shows anything.",
    ),
    cluster(
        "two copies will do",
        "We let the leader commit what any two brokers have, sent a, b and c, and broker 3 heard of b and c late.",
        SLOW, "It is in the ISR, and may be elected without it.", {MARK: two_copies_will_do},
    ),
    cluster(
        "nobody cuts", "We cut broker 1 from the controllers, sent it x with acks=1, sent b to its successor, and "
        "when they met nobody compared epochs.", REPLACED, "As long as the others, and not the same.",
        {CUT: never_diverges},
    ),
    cluster(
        "below the minimum",
        "We let the high watermark move below the minimum, crashed brokers 3 and 2, and sent x with acks=1.", ONE_LEFT,
        "Who is in the ELR may be elected when the last one goes.", {MARK: whoever_is_left},
    ),
    cluster(
        "sent to both", "We cut broker 1 from the controllers, sent it b with acks=1, sent b to its successor, too, "
        "and when they met nobody compared epochs.", _replaced("b", "b"),
        "Two records with the same words are two records: one of them was never committed.", {CUT: never_diverges},
    ),
    cluster(
        "a leader of the past", "We let every leader commit what it has written, replaced broker 1 without its "
        "knowing, and sent it x with acks=1.", REPLACED,
        "Broker 1 shows x to its readers, whoever else leads by now.", {MARK: the_leader_alone},
    ),
    cluster(
        "an old high watermark",
        "We let broker 3, which had been away, join when it had reached the high watermark of a leader that had just "
        "begun.", OLD_MARK,
        "That high watermark was old: b had been committed before.", {JOIN: high_watermark_only},
    ),
    cluster(
        "gone, and not written",
        "We cut broker 3 off, and let the leader count without it before the controller has written that.", LEAVING,
        "As long as the controller has it in the ISR, it may be elected.", {SHRINK: count_at_once}, SHORT_LAG,
    ),
    cluster(
        "joined, and not counted",
        "We let the leader count a newcomer only when it hears that it is in, and cut it off just before that.",
        JOINING, "The controller has written broker 3 down, and may elect it.", {MARK: members_only},
    ),
)  # fmt: skip

# --- known ways to misjudge ---

A, B, X = (0, "a"), (0, "b"), (0, "x")


def asked(*replicas: tuple[int, bool, int, tuple[Any, ...]], isr: tuple[int, ...] = (1, 2), elr: tuple[int, ...] = ()
) -> Question:  # fmt: skip
    """Replicas as (id, leads, high watermark, log)."""
    return Question(tuple(Replica(*one) for one in replicas), frozenset(isr), frozenset(elr))


TAIL = asked((1, True, 1, (A, B)), (2, False, 0, (A,)))
OTHER = asked((1, True, 1, (A, B)), (2, False, 1, (X, B)))
ELR_LACKS = asked((1, True, 1, (A, B)), (2, False, 0, ()), isr=(1,), elr=(2,))
OUTSIDE = asked((1, True, 1, (A, B)), (2, False, 0, ()), isr=(1,))
OTHER_TAIL = asked((1, True, 1, (A, X)), (2, False, 1, (A, B)))
LACKS = asked((1, True, 1, (A,)), (2, False, 0, ()))
HEARD = asked((1, True, 1, (A,)), (2, False, 1, (X,)))
SAME_WORDS = asked((1, True, 1, ((1, "a"),)), (2, False, 1, (A,)))
SMALL = asked((1, True, 1, (A,)), (2, False, 1, (A,)), isr=(1,))
TWO = asked((1, True, 1, (A,)), (2, True, 1, (A,)), (3, False, 1, (A,)), isr=(2, 3))
PAST = asked((1, True, 2, (A, X)), (2, True, 1, (A,)), (3, False, 1, (A,)), isr=(2, 3))

MISTAKES = (
    Misjudging(
        "same_length", "You compare how long they are. A member may be behind by what is not committed yet.",
        ((TAIL, False), (OTHER_TAIL, True), (OTHER, True)),
    ),
    Misjudging(
        "whole_log", "You compare more than is promised: from the leader's high watermark on, logs may differ.",
        ((TAIL, False), (OTHER_TAIL, False), (TWO, True)),
    ),
    Misjudging(
        "length_only", "Long enough is not the same: compare what lies there, cell by cell.",
        ((TAIL, True), (OTHER, True), (LACKS, False)),
    ),
    Misjudging(
        "one_leader", "You count leaders. Two may believe that they lead, and in an election nobody does: that breaks "
        "nothing here.", ((TAIL, True), (TWO, False)),
    ),
    Misjudging(
        "isr_only", "You forgot the ELR: who is in it surely has all that is committed, and may be elected.",
        ((ELR_LACKS, True), (LACKS, False), (OTHER, False)),
    ),
    Misjudging(
        "size_at_least_min", "You ask for two in the ISR. It may shrink to one, or to none: that stops commits, and "
        "breaks no promise about those that were made.", ((SMALL, False), (TAIL, True)),
    ),
    Misjudging(
        "all_replicas", "Who is in neither ISR nor ELR need not have anything: it cannot be elected.",
        ((OUTSIDE, False), (TAIL, True), (SMALL, True)),
    ),
    Misjudging(
        "values_only", "You compare the words and not the epochs. A record is its place, its epoch and its words.",
        ((SAME_WORDS, True), (OTHER, False), (LACKS, False)),
    ),
    Misjudging(
        "own_mark", "Whose high watermark? You take the member's own. What is promised is what the leader shows.",
        ((LACKS, True), (HEARD, False)),
    ),
    Misjudging(
        "last_leader", "You look at one leader only. Each of those that believe to lead shows its readers something.",
        ((PAST, True), (LACKS, False)),
    ),
)  # fmt: skip

EXERCISE = Specify(
    order=5,
    function="isr_rule",
    promise="I3, strong ISR: what any leader shows as committed is on every member of the controller's ISR and ELR.",
    clusters=CLUSTERS,
    mistakes=MISTAKES,
    reference="minikafka.sim.checkers.data",
    praise_text="The simulator looks at this very promise after every step.",
)
