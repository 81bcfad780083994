"""04/fetch_window: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told

Window = tuple[int, int]
NOBODYS, OUT_OF_RANGE = (6, -1), (1, -1)


class Question(NamedTuple):
    log_start: int
    high_watermark: int
    log_end: int
    fetch_offset: int
    replica_id: int
    replicas: tuple[int, ...]

    @property
    def is_replica(self) -> bool:
        """Does a broker ask that holds a copy?"""
        return self.replica_id in self.replicas


REQUIREMENTS = {
    "R1": "A replica_id of 0 or more that is not among the replicas: (6, -1), before anything else is looked at.",
    "R2": "A fetch_offset below log_start or above log_end: (1, -1), whoever asks.",
    "R3": "A negative replica_id is a reader: it may read up to the high watermark.",
    "R4": "A replica may read up to the log end.",
    "R5": "Without an error, code 0, the end is never below fetch_offset: a reader above the mark gets "
    "(0, fetch_offset).",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.replica_id >= 0 and not question.is_replica:
        return "R1"
    if not question.log_start <= question.fetch_offset <= question.log_end:
        return "R2"
    if question.is_replica:
        return "R4"
    return "R5" if question.fetch_offset > question.high_watermark else "R3"


def accept(question: Question, came: Any) -> Window:
    """A pair of whole numbers."""
    match came:
        case (int(code), int(end)) if type(came) is tuple and type(code) is type(end) is int and code in (0, 1, 6):
            return code, end
    raise WrongShape("a pair (error code, end): 0, 1 or 6, and an offset")


def draw(random: Random) -> Question:
    """Short logs, offsets on both sides of every border, three brokers; 0 may be one of them, or a stranger."""
    log_start = random.choice((0, 0, 2, 4))
    mark = log_start + random.randint(0, 3)
    log_end = mark + random.randint(0, 3)
    first = random.choice((0, 1))
    replicas = tuple(random.sample(range(first, first + 3), 3))
    who = random.choice((-1, -1, -2, *replicas, 7, 0))
    return Question(log_start, mark, log_end, random.randint(0, log_end + 2), who, replicas)


BROKERS = (0, 1, 2)
EXAMPLES = (
    Example(Question(0, 3, 5, 0, -1, BROKERS), (0, 3)),
    Example(Question(0, 3, 5, 4, -1, BROKERS), (0, 4)),
    Example(Question(0, 3, 5, 5, 0, BROKERS), (0, 5)),
    Example(Question(4, 6, 6, 2, 1, BROKERS), OUT_OF_RANGE),
    Example(Question(0, 3, 5, 0, 77, BROKERS), NOBODYS),
)

DIRECTED = (
    Directed(
        "E1", "read_the_tail", schedule((0, "read"), (0, "cut", 1, "brokers"), (100, "send", "x")), promise="I10"
    ),
    Directed(
        "E2", "above_is_error",
        # Broker 2 has copied a and has not heard that it is readable; nobody fetches from it when the reader comes.
        schedule((0, "read"), (1_000, "cut", 2, 3), (1_000, "send", "a", {"acks": "1"}), (1_100, "crash", 1)),
        Setup(min_isr=1),
    ),
    Directed("waiting for each other", "followers_wait_too", schedule((0, "send", "a")), promise="I30"),
    Directed("at the end", "end_is_error", ()),
    Directed(
        "E3", "clamp_to_start",
        schedule((0, "send", "a"), (100, "send", "b"), (1_000, "delete_records", 2), (2_000, "ask", 1, 0, 0)),
    ),
)  # fmt: skip


def _newest_append(evidence: Evidence) -> Told | None:
    return evidence.last(facts.RecordsAppended, lambda fact: fact.as_leader)


def _start_moved(evidence: Evidence) -> Told | None:
    return evidence.last(facts.LogStartMoved)


def _became(evidence: Evidence) -> Told | None:
    return evidence.last(facts.BecameLeader)


def _asked(wrong: Wrong) -> str:
    return f"offset {wrong.question.fetch_offset}"


MISTAKES = (
    Mistake(
        "strangers_too", "R1",
        lambda wrong: f"Broker {wrong.question.replica_id} holds no copy of this partition. Whoever says that it is a "
        "replica must be one, or the leader counts a stranger.",
        when=lambda question, got, expected: expected == NOBODYS,
        answers=((Question(0, 3, 5, 0, 77, BROKERS), (0, 5)),),
        only_asked="nobody in the simulation fetches as a replica who is none",
    ),
    Mistake(
        "zero_is_nobody", "R4",
        lambda wrong: "Broker 0 is a broker, and it follows. You took it for a reader: only a negative number is one.",
        when=lambda question, got, expected: question.replica_id == 0 and question.is_replica,
        answers=((Question(0, 3, 5, 0, 1, BROKERS), (0, 5)), (Question(0, 3, 5, 0, 0, BROKERS), (0, 3))),
        only_asked="the simulation has no broker 0",
    ),
    Mistake(
        "clamp_to_start", "R2",
        lambda wrong: f"It asked for {_asked(wrong)} and would be given {wrong.question.log_start} without a word. "
        "Records that are gone have to be an error, or nobody notices.",
        _start_moved,
        when=lambda question, got, expected: question.fetch_offset < question.log_start and got[0] == 0,
    ),
    Mistake(
        "end_is_error", "R2",
        lambda wrong: f"There is nothing at {_asked(wrong)} yet, and asking for it is how one waits for it. Only what "
        "lies above the end is out of range.",
        when=lambda question, got, expected: question.fetch_offset == question.log_end and got == OUT_OF_RANGE,
        answers=((Question(0, 3, 3, 3, -1, BROKERS), OUT_OF_RANGE),),
    ),
    Mistake(
        "above_is_error", "R5",
        lambda wrong: f"The log has {_asked(wrong)}, or will have it next; a new leader may not know yet that it is "
        "readable. After your error the reader starts over, and reads twice.",
        _became,
        when=lambda question, got, expected: question.fetch_offset > question.high_watermark and got == OUT_OF_RANGE,
    ),
    Mistake(
        "read_the_tail", "R3",
        lambda wrong: f"Above {wrong.question.high_watermark} nobody knows yet who else holds it. If this leader goes, "
        "another record may stand there, and somebody has read the first.",
        _newest_append,
        when=lambda question, got, expected: question.replica_id < 0 and got == (0, question.log_end),
    ),
    Mistake(
        "followers_wait_too", "R4",
        lambda wrong: "The follower waits for the mark, and the mark waits for the follower. Somebody has to be given "
        "what is not readable yet.",
        _newest_append,
        when=lambda question, got, expected: question.is_replica
        and got == (0, max(question.fetch_offset, question.high_watermark)),
    ),
)  # fmt: skip

EXERCISE = Write(
    order=3,
    function="fetch_window",
    place="minikafka.broker.partition:fetch_window",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(Setup(), Setup(replicas=(2, 3, 1))),
)
