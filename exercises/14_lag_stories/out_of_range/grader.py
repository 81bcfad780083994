"""14/out_of_range: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.mailer import MailerRuns, Start
from minikafka.grading.write import Directed, Evidence, Example, Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.schedule import Setup, schedule
from minikafka.trace.trace import Told


class Question(NamedTuple):
    committed: int | None
    first_run: bool
    log_start: int
    end: int
    allow_gap: bool


REQUIREMENTS = {
    "R1": "log_start <= committed <= end: read there, nothing lost, quiet. Whatever first_run says.",
    "R2": "Nothing committed: a first run reads from log_start, quiet; any other stops, loud.",
    "R3": "committed < log_start: loud, lost is (committed, log_start); read from log_start if allow_gap, else stop.",
    "R4": "committed > end: stop, loud, lost is None. Always.",
}


def rule(question: Question) -> str:
    """Which requirement decides."""
    if question.committed is None:
        return "R2"
    if question.committed > question.end:
        return "R4"
    return "R3" if question.committed < question.log_start else "R1"


def accept(question: Question, came: Any) -> Start:
    """A Start, or four values like it."""
    match came:
        case ("read", int(offset), lost, bool(loud)) if type(offset) is int and _is_range(lost):
            return Start("read", offset, lost, loud)
        case ("stop", None, lost, bool(loud)) if _is_range(lost):
            return Start("stop", None, lost, loud)
    raise WrongShape('a Start: "read" with an offset, or "stop" with None; lost is None or (from, to); loud a bool')


def _is_range(lost: Any) -> bool:
    return lost is None or (type(lost) is tuple and len(lost) == 2 and all(type(one) is int for one in lost))


def draw(random: Random) -> Question:
    """A short log that may be empty; anything may be committed, its edges often."""
    log_start = random.randint(0, 4)
    end = log_start + random.randint(0, 4)
    committed = random.choice((None, log_start, end, *range(10)))
    return Question(committed, random.random() < 0.5, log_start, end, random.random() < 0.5)


BEHIND = Question(20, False, 30, 100, True)
BEYOND = Question(100, False, 0, 40, True)
EMPTIED = Question(50, False, 50, 50, False)
FORGOTTEN = Question(None, False, 0, 100, True)
EXAMPLES = (
    Example(BEHIND, Start("read", 30, (20, 30), True)),
    Example(BEYOND, Start("stop", None, None, True)),
    Example(EMPTIED, Start("read", 50, None, False)),
    Example(FORGOTTEN, Start("stop", None, None, True)),
)

ONE = Setup(
    brokers=1, replicas=(1,), min_isr=1,
    settings=(("offsets.topic.num.partitions", "1"), ("offsets.topic.replication.factor", "1")),
)  # fmt: skip
FORGETS = Setup(
    brokers=1, replicas=(1,), min_isr=1,
    settings=(*ONE.settings, ("offsets.retention.minutes", "1"), ("offsets.retention.check.interval.ms", "5000")),
)  # fmt: skip
UNCLEAN = Setup(replicas=(2, 3), min_isr=1, unclean=True, settings=ONE.settings)
"""The committed offsets lie on broker 1, which nothing happens to."""
OVERTAKEN = schedule(
    (0, "send", "a"), (5_000, "send", "b", {"acks": "0"}), (5_100, "send", "c"), (6_000, "delete_records", 2)
)
"""The mailer is away from second 4 to 8. b was promised to nobody, so its loss is nobody's."""
CUT = schedule((0, "crash", 3), (10_000, "send", "a"), (20_000, "crash", 2), (21_000, "restart", 3))
CUT_LATER = schedule((0, "send", "z"), *((line.at_ms + 1_000, line.verb, *line.arguments) for line in CUT))
"""Broker 3 has z, and nothing after it."""

DIRECTED = (
    Directed("the log start passes it", "jump_to_latest", OVERTAKEN, ONE, "I29"),
    Directed("the log start passes it, unsaid", "quiet_earliest", OVERTAKEN, ONE, "I29"),
    Directed("caught up", "end_is_outside", schedule((0, "send", "a")), ONE),
    Directed("offsets expire", "none_is_new", schedule((75_000, "send", "a")), FORGETS),
    Directed("the log is cut", "beyond_is_done", CUT, UNCLEAN),
    Directed("the log is cut, again", "rewind_when_beyond", CUT_LATER, UNCLEAN),
)


def _asked(evidence: Evidence) -> Told | None:
    return evidence.last(facts.Note, lambda fact: fact.text.startswith("The mailer starts"))


def _gone(wrong: Wrong) -> str:
    return f"{wrong.question.committed} to {wrong.question.log_start - 1}"


def _jumps(question: Question, got: Start, expected: Start) -> bool:
    behind = question.committed is not None and question.committed < question.log_start
    return behind and got.offset == question.end != question.log_start


def _is_quiet(question: Question, got: Start, expected: Start) -> bool:
    return expected.lost is not None and got.offset == question.log_start and not (got.loud and got.lost)


MISTAKES = (
    Mistake(
        "jump_to_latest", "R3",
        lambda wrong: f"That is what `latest` does. {wrong.question.log_start} to {wrong.question.end - 1} can still "
        "be read, and nobody will read them.",
        _asked,
        _jumps,
    ),
    Mistake(
        "quiet_earliest", "R3",
        lambda wrong: f"That is what `earliest` does. Who hears that {_gone(wrong)} are gone? Say it: loud, and from "
        "where to where.",
        _asked,
        _is_quiet,
    ),
    Mistake(
        "none_is_new", "R2",
        lambda wrong: "No committed offset is not the same as a new group. This one has run before, and its offsets "
        "have expired: from the start all is mailed twice.",
        _asked,
        lambda question, got, expected: question.committed is None and not question.first_run and got.action == "read",
    ),
    Mistake(
        "beyond_is_done", "R4",
        lambda wrong: f"{wrong.question.committed} is committed and the log ends at {wrong.question.end}: it was cut, "
        f"or made anew. Offsets from {wrong.question.end} on will be given to new records. Are those done?",
        _asked,
        lambda question, got, expected: question.committed is not None and question.committed > question.end
        and got.offset in (question.end, question.committed),
    ),
    Mistake(
        "rewind_when_beyond", "R4",
        lambda wrong: f"From {wrong.question.log_start} on, what has been mailed goes out again: "
        f"{wrong.question.end - wrong.question.log_start} records. A person has to look first.",
        _asked,
        lambda question, got, expected: question.committed is not None and question.committed > question.end
        and got.offset == question.log_start,
    ),
    Mistake(
        "end_is_outside", "R1",
        lambda wrong: "committed is the next offset to read, so at the end it means caught up: nothing is lost, and "
        "nobody has to be woken.",
        _asked,
        lambda question, got, expected: question.committed == question.end and got.loud and not expected.loud,
    ),
)  # fmt: skip

EXERCISE = Write(
    order=3,
    function="choose_start",
    place="minikafka.grading.mailer:choose_start",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
    explored=(ONE, Setup()),
    application=MailerRuns,
)
