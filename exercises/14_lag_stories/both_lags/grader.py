"""14/both_lags: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.exporter import ExporterRuns, Lag
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    log_start: int
    last_stable: int
    high_watermark: int
    committed: int | None
    stored: tuple[tuple[int, int], ...]
    now_ms: int

    @property
    def waiting(self) -> list[tuple[int, int]]:
        """Records at or above committed that everybody may count."""
        start = self.committed or 0
        return [one for one in self.stored if start <= one[0] < self.high_watermark]

    @property
    def unreal(self) -> list[int]:
        """Times of records at or above committed that may still be cut off."""
        start = max(self.committed or 0, self.high_watermark)
        return [time for offset, time in self.stored if offset >= start]


REQUIREMENTS = {
    "R1": "offsets = high_watermark - committed. Negative is a finding, not a zero.",
    "R2": "committed is None: all four are None. 0 is a number.",
    "R3": "readable = last_stable - the greater of committed and log_start, at least 0.",
    "R4": "gone = log_start - committed, at least 0.",
    "R5": "time_ms = now_ms - the time of the first stored record with committed <= offset < high_watermark, "
    "at least 0; 0 if there is none.",
}


def rule(question: Question) -> str:
    """Which requirement a question without a known mistake is about."""
    return "R2" if question.committed is None else "R5" if question.waiting else "R1"


def accept(question: Question, came: Any) -> Lag:
    """A Lag, or four values like it."""
    if isinstance(came, tuple) and len(came) == 4 and all(one is None or type(one) is int for one in came):
        return Lag(*came)
    raise WrongShape("a Lag: offsets, readable, gone, time_ms, each an int or None")


def draw(random: Random) -> Question:
    """A short log with holes, marks in order; anything may be committed."""
    log_start = random.randint(0, 3)
    high_watermark = log_start + random.randint(0, 5)
    last_stable = random.choice((high_watermark, random.randint(log_start, high_watermark)))
    offsets = [offset for offset in range(log_start, high_watermark + 2) if random.random() < 0.7]
    time, stored = 1_000, []
    for offset in offsets:
        time += random.choice((0, 10, 1_000))
        stored.append((offset, time))
    now_ms = time + random.choice((-5, 0, 2_000))
    return Question(
        log_start, last_stable, high_watermark, random.choice((None, *range(9))), tuple(stored), now_ms
    )  # fmt: skip


GONE = Question(30, 100, 100, 20, ((30, 30_000), (31, 31_000)), 100_000)
STUCK = Question(0, 5, 9, 5, ((5, 1_000), (6, 2_000)), 4_000)
MARKER = Question(0, 8, 8, 7, (), 4_000)
NEVER = Question(0, 8, 8, None, ((0, 1_000),), 4_000)
MADE_ANEW = Question(0, 3, 3, 100, ((0, 1_000),), 4_000)
EXAMPLES = (
    Example(GONE, Lag(80, 70, 10, 70_000)),
    Example(STUCK, Lag(4, 0, 0, 3_000)),
    Example(MARKER, Lag(1, 1, 0, 0)),
    Example(NEVER, Lag(None, None, None, None)),
    Example(MADE_ANEW, Lag(-97, 0, 0, 0)),
)

QUIET = (("offsets.topic.num.partitions", "1"), ("offsets.topic.replication.factor", "1"))
ONE = Setup(
    brokers=1, replicas=(1,), min_isr=1,
    settings=(
        *QUIET, ("transaction.state.log.num.partitions", "1"), ("transaction.state.log.replication.factor", "1"),
        ("transaction.state.log.min.isr", "1"),
    ),
)  # fmt: skip
UNCLEAN = Setup(replicas=(2, 3), min_isr=1, unclean=True, settings=QUIET)
"""The committed offsets lie on broker 1, which nothing happens to."""

DIRECTED = (
    Directed("nothing committed yet", "none_is_all", schedule((0, "send", "a4")), ONE),
    Directed(
        "a transaction is open", "lso_for_all",
        schedule((0, "send", "a1"), (0, "transact", "b1", {"end": ""})), ONE,
    ),
    Directed("two wait", "newest_waiting", schedule((0, "send", "a9"), (3_000, "send", "b1")), ONE),
    Directed(
        "what comes next is gone", "exact_offset",
        schedule((0, "send", "a1"), (3_000, "send", "b9"), (4_000, "send", "c9"), (5_000, "delete_records", 2)), ONE,
    ),
    Directed(
        "what was deleted is asked for", "readable_from_committed",
        schedule((0, "send", "a1"), (3_000, "send", "b9"), (4_000, "send", "c9"), (5_000, "delete_records", 2)), ONE,
    ),
    Directed(
        "a transaction keeps readers waiting", "readable_to_the_mark",
        schedule((0, "send", "a1"), (0, "transact", "b1", {"end": ""})), ONE,
    ),
    Directed("all that was wanted is there", "gone_may_be_negative", schedule((0, "send", "a1")), ONE),
    Directed(
        "a follower is cut off", "to_log_end",
        schedule((0, "send", "a1"), (5_000, "cut", 3, "brokers"), (6_000, "send", "b1")),
    ),
    Directed(
        "the log is cut", "hide_negative",
        schedule((0, "crash", 3), (10_000, "send", "a1"), (20_000, "crash", 2), (21_000, "restart", 3)), UNCLEAN,
    ),
)  # fmt: skip


def _committed(evidence: Evidence) -> Told | None:
    return evidence.last(facts.OffsetCommitted, lambda fact: fact.group == "pool" and not fact.pending)


def _appended(evidence: Evidence) -> Told | None:
    return evidence.last(facts.RecordsAppended, lambda fact: fact.partition.topic == "orders")


def _opened(evidence: Evidence) -> Told | None:
    return evidence.last(facts.TransactionOpened)


def _moved(evidence: Evidence) -> Told | None:
    return evidence.last(facts.LogStartMoved)


def _times(question: Question, got: Lag, expected: Lag, wanted: list[int]) -> bool:
    """Is only the time wrong, and is it this one?"""
    times = [max(question.now_ms - one, 0) for one in wanted]
    return got.time_ms != expected.time_ms and got.time_ms in times


MISTAKES = (
    Mistake(
        "none_is_all", "R2",
        lambda wrong: f"Nothing was ever committed. That is not {wrong.got.offsets} behind: this group may be about to "
        "start at the end.",
        _appended,
        lambda question, got, expected: question.committed is None and got.offsets is not None,
    ),
    Mistake(
        "hide_negative", "R1",
        lambda wrong: f"{wrong.question.committed} is committed, and the high watermark is "
        f"{wrong.question.high_watermark}: the log was cut, or the topic made anew. You show 0, and that is green.",
        _committed,
        lambda question, got, expected: (expected.offsets or 0) < 0 == got.offsets,
    ),
    Mistake(
        "lso_for_all", "R1",
        lambda wrong: f"Up to the LSO, {wrong.question.last_stable}, is what may be read. Where a transaction is open "
        "nothing arrives, and you say that nobody is behind.",
        _opened,
        lambda question, got, expected: question.committed is not None and got.offsets != expected.offsets
        and got.offsets in (up_to_lso := question.last_stable - question.committed, max(up_to_lso, 0)),
    ),
    Mistake(
        "readable_from_committed", "R3",
        lambda wrong: f"Below {wrong.question.log_start} nothing is left: what was deleted is gone, not readable.",
        _moved,
        lambda question, got, expected: question.committed is not None and question.committed < question.log_start
        and got.readable == max(question.last_stable - question.committed, 0) != expected.readable,
    ),
    Mistake(
        "readable_to_the_mark", "R3",
        lambda wrong: f"A reader of committed data stops at the LSO, {wrong.question.last_stable}: what is above "
        "belongs to a transaction that nobody has decided.",
        _opened,
        lambda question, got, expected: question.committed is not None and got.readable != expected.readable
        and got.readable == max(question.high_watermark - max(question.committed, question.log_start), 0),
    ),
    Mistake(
        "gone_may_be_negative", "R4",
        lambda wrong: f"{wrong.question.committed} is committed and the log starts at {wrong.question.log_start}: "
        "nothing that this group wants is gone. That is 0.",
        _committed,
        lambda question, got, expected: got.gone is not None and got.gone < 0 == expected.gone,
    ),
    Mistake(
        "to_log_end", "R5",
        lambda wrong: f"That record lies at or above the high watermark, {wrong.question.high_watermark}. It may still "
        "be cut off, and nobody may read it: nobody is late.",
        _appended,
        lambda question, got, expected: question.committed is not None and not question.waiting
        and _times(question, got, expected, question.unreal[:1]),
    ),
    Mistake(
        "exact_offset", "R5",
        lambda wrong: f"There is no record at {wrong.question.committed}: deleted, compacted away, or a marker. "
        f"{wrong.question.waiting[0][0]} is the next one that waits.",
        _moved,
        lambda question, got, expected: bool(question.waiting) and got.time_ms == 0 != expected.time_ms
        and question.waiting[0][0] != question.committed,
    ),
    Mistake(
        "newest_waiting", "R5",
        lambda wrong: f"That is how old the newest is. The first that waits has waited {wrong.expected.time_ms} ms, "
        "and it is the one whose customer calls.",
        _appended,
        lambda question, got, expected: len(question.waiting) > 1
        and _times(question, got, expected, [question.waiting[-1][1]]),
    ),
)  # fmt: skip

EXERCISE = Write(
    order=1,
    function="lag",
    place="minikafka.grading.exporter:lag",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(ONE, Setup()),
    schedules=3,
    application=ExporterRuns,
)
