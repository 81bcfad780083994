"""From a failing run to the shortest one that still fails, told in at most 15 sentences, and a page that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from minikafka.grading.transplant import Seen, Transplant
from minikafka.grading.verdict import MOST_SENTENCES
from minikafka.protocol import facts
from minikafka.sim import shrinking
from minikafka.sim.schedule import Entry, Schedule, Setup
from minikafka.stage.page import page
from minikafka.trace import story
from minikafka.trace.trace import Told

SHRINK_LIMIT = 100
"""Runs spent on making a counterexample shorter."""


class Counterexample(NamedTuple):
    """The shortest run found."""

    seen: Seen
    step: int
    """Where it is seen best."""
    sentences: tuple[str, ...]

    def write(self, file: Path, title: str) -> None:
        """Make the page."""
        run = self.seen.run
        trace = run.trace(title=title, moral=self.sentences[-1] if self.sentences else "")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(trace, step=self.step, title=title), encoding="utf-8")


def shortest(transplant: Transplant, seen: Seen) -> Counterexample:
    """Shrink a failing run by its schedule, and play it once more."""

    def again(lines: Schedule) -> Seen:
        promise = seen.violation.promise if seen.violation is not None else None
        return transplant.watch(seen.setup, lines, promise, at_once=not seen.of_the_cluster, mend=seen.mended)

    written = set(seen.lines)

    def still_fails(lines: Schedule) -> bool:
        # Entries keep their times: a wait is often the point, and a story with round seconds is read more easily.
        if not written.issuperset(lines):
            return False
        shorter = again(lines)
        return shorter.symptom == seen.symptom and is_honest(shorter)

    kept = _played_entries(seen)
    lines = kept if kept != seen.lines and still_fails(kept) else seen.lines
    last = again(shrinking.shrink(lines, still_fails, SHRINK_LIMIT))
    assert last.violation is not None
    step = last.violation.step if last.of_the_cluster or last.decision is None else last.decision.step
    return Counterexample(last, step, tuple(sentences(last)))


def is_honest(seen: Seen) -> bool:
    """Nobody asks in the name of an epoch that nobody has written yet: such a run could not happen."""
    newest: dict[int, int] = {}
    for told in seen.run.sim.recorder.told:
        if isinstance(told.fact, facts.PartitionChanged):
            newest[told.step] = told.fact.leader_epoch
    return all(
        entry.verb != "ask" or entry.arguments[2] <= max((newest[at] for at in newest if at < step), default=-1)
        for step, entry in _entries_by_step(seen).items()
    )


def _played_entries(seen: Seen) -> Schedule:
    """Without what was skipped, or would have come after the end."""
    assert seen.violation is not None
    if not seen.of_the_cluster:
        return seen.lines
    steps = seen.run.sim.recorder.steps
    end_ms = steps[seen.violation.step - 1].at_ms - seen.run.started_ms
    return tuple(entry for entry in seen.lines if entry.at_ms <= end_ms and entry not in seen.run.skipped)


# --- the story ---


def sentences(seen: Seen) -> list[str]:
    """What happened between the first entry and the end, the most important 15 of it, each with its step."""
    recorder = seen.run.sim.recorder
    done = _entries_by_step(seen)
    first = min(done, default=recorder.step)
    end = seen.violation.step if seen.violation is not None else recorder.step
    lines: list[_Line] = []
    mended = _step_of_mending(seen)
    for step, entry in done.items():
        if entry.verb != "send":
            lines.append(_Line(9, step, 0, f"We {past(entry)}."))
    if mended is not None:
        lines.append(_Line(9, mended, 0, "We mend everything: links, disks, brokers."))
    heard: set[str] = set()
    for told in recorder.told:
        if first <= told.step <= end and (told.step not in done or told.node):
            sentence = story.sentence(told.node, told.fact)
            weight = _importance(told)
            if weight and sentence not in heard:
                heard.add(sentence)
                lines.append(_Line(weight, told.step, _place(told), sentence))
    # The loudest; among equals the last, since the end is what is to be explained.
    loudest = sorted(lines, key=lambda line: (-line.weight, -line.step))[:MOST_SENTENCES]
    return [f"Step {line.step}: {line.text}" for line in sorted(loudest, key=lambda line: (line.step, line.place))]


class _Line(NamedTuple):
    weight: int
    step: int
    place: int
    """Within the step: what led to a decision stands before it, what came of it behind."""
    text: str


def _place(told: Told) -> int:
    match told.fact:
        case facts.BrokerFenced() | facts.BrokerRegistered() | facts.BrokerUnfenced():
            return 1
        case facts.Note():
            return 2
        case facts.PromiseBroken() | facts.LossBeyondPromise():
            return 4
    return 3


def _importance(told: Told) -> int:
    match told.fact:
        case facts.PromiseBroken() | facts.Note():
            return 10
        case facts.PartitionChanged(old_leader_epoch=epoch):
            return 8 if epoch >= 0 else 0
        case facts.ProduceAcknowledged() | facts.ProduceFailed() | facts.LogTruncated():
            return 9
        case facts.BrokerFenced():
            return 7
        case facts.RecordsAppended() | facts.BecameLeader() | facts.BrokerRegistered(clean=False):
            return 6 if story.weight(told.fact) else 0
        case facts.ReadRefused() | facts.FetchFailed() | facts.RecordsConsumed() | facts.LogRecovered():
            return 4 if story.weight(told.fact) else 0
        case facts.ProduceSent(attempt=1):
            return 5
        case facts.ProduceSent() | facts.ProduceRetried() | facts.ProduceAnswered():
            return 1
    return 3 if story.weight(told.fact) else 0


def _step_of_mending(seen: Seen) -> int | None:
    """The first fault step after those of the schedule: from there on it is we who mend."""
    if not seen.mended:
        return None
    last = max(_entries_by_step(seen), default=0)
    steps = seen.run.sim.recorder.steps
    return next((number for number, step in enumerate(steps, 1) if number > last and step.kind == "fault"), None)


def _entries_by_step(seen: Seen) -> dict[int, Entry]:
    """At which step each entry of the schedule was carried out."""
    todo = [entry for entry in sorted(seen.lines, key=lambda entry: entry.at_ms) if entry not in seen.run.skipped]
    found: dict[int, Entry] = {}
    for number, step in enumerate(seen.run.sim.recorder.steps, 1):
        if step.at_ms < seen.run.started_ms or step.kind not in ("fault", "call") or str(step.what).startswith("~"):
            continue
        if str(step.what).startswith("create ") or not todo:
            continue
        found[number] = todo.pop(0)
    return found


# --- a schedule in words ---


def past(entry: Entry) -> str:
    """What we did, to be read after *We*."""
    match entry.verb, entry.arguments:
        case "send", (value, *_):
            return f"sent {value} (acks={dict(entry.options).get('acks', 'all')})"
        case "read", _:
            return "started a consumer"
        case "join", (member, *_):
            return f"let {member} join the group"
        case "transact", values:
            return f"sent {story.listed(values)} in a transaction"
        case "ask", (broker, offset, epoch, *_):
            return f"asked broker {broker} for offset {offset} in the name of epoch {epoch}"
        case "delete_records", (offset, *_):
            return f"deleted what lies below offset {offset}"
        case "cut", (broker, "brokers"):
            return f"cut broker {broker} off from the other brokers"
        case "cut", (broker, "controllers"):
            return f"cut broker {broker} off from the controllers"
        case "cut", (one, other):
            return f"cut the link between brokers {one} and {other}"
        case "disconnect", (one, other):
            late_ms = dict(entry.options).get("late_ms", -1)
            late = f", what was under way arriving {late_ms} ms late" if late_ms >= 0 else ""
            return f"broke the connections between {_name(one)} and {_name(other)}{late}"
        case verb, (broker,) if verb in _PAST:
            return f"{_PAST[verb]} broker {broker}"
        case "heal", _:
            return "healed all links"
    return str(entry)


_PAST = {
    "crash": "crashed", "power_loss": "cut the power of", "restart": "restarted", "pause": "paused",
    "resume": "resumed", "shut_down": "shut down", "fill_disk": "filled the disk of",
    "free_disk": "made room on the disk of", "tear": "cut the power, in the middle of a write, of",
    "flip": "cut the power, and flipped a bit on the disk, of", "slow_disk": "slowed the disk of",
    "fast_disk": "mended the disk of", "lie": "made flushes do nothing on the disk of",
    "stop_lying": "made flushes work again on the disk of",
}  # fmt: skip


def _name(end: object) -> str:
    return f"broker {end}" if isinstance(end, int) else story.lower(str(end))


def told_in_one_line(lines: Schedule, setup: Setup) -> str:
    """The whole schedule as one sentence, with what is unusual about the cluster."""
    ordered = sorted(lines, key=lambda entry: entry.at_ms)
    usual = Setup()
    besides = []
    if setup.replicas != usual.replicas:
        besides.append(f"replicas {setup.replicas}")
    if setup.min_isr != usual.min_isr:
        besides.append(f"min.insync.replicas={setup.min_isr}")
    if setup.unclean:
        besides.append("unclean elections allowed")
    where = f" ({', '.join(besides)})" if besides else ""
    return f"We {story.listed(past(entry) for entry in ordered) if ordered else 'started the cluster'}{where}."


def listing(lines: Schedule) -> tuple[str, ...]:
    """The schedule, an entry a line, as it can be typed."""
    ordered = sorted(lines, key=lambda entry: entry.at_ms)
    return tuple(f"{entry.at_ms / 1000:>7.1f} s  {entry}" for entry in ordered)


