"""Kind A: find a schedule of at most k faults that breaks something. Judged by running it.

The answer file is read, not run; it holds one list, in the form of `sim/schedule.py`:

```python
attack = [
    (0, "crash", 2),                                # ms after the topic was made, verb, arguments
    (1_000, "send", "x", {"acks": "1", "to": 1}),   # a last dict holds options
]
```

Faults are counted; mends, waits and client calls are free. Afterwards the cluster is left alone for two sessions, then
mended and given a minute. Who has passed is told what an exhaustive search found in the scope beside it, where the same
attack is impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

from minikafka.grading.counterexample import told_in_one_line
from minikafka.grading.exercise import Exercise, Grading
from minikafka.grading.predict import Unreadable, read_answers
from minikafka.grading.transplant import WAIT_MS
from minikafka.grading.verdict import MOST_ENTRIES, NOT_YET, PASSED, Verdict
from minikafka.protocol import facts
from minikafka.sim import faults
from minikafka.sim.checkers import by_promise
from minikafka.sim.checkers.ledger import replica_of
from minikafka.sim.exhaustive import Scope, search
from minikafka.sim.schedule import Run, Schedule, Setup, go_on_until, play, schedule
from minikafka.sim.substitute import substituted
from minikafka.stage.page import page
from minikafka.types import Millis

MOST_MS: Millis = 300_000
FORMS: Mapping[str, tuple[str, ...]] = {
    "cut": ("broker", "other"), "heal": (), "crash": ("broker",), "power_loss": ("broker",), "restart": ("broker",),
    "pause": ("broker",), "resume": ("broker",), "shut_down": ("broker",), "send": ("text",),
}  # fmt: skip
"""What each verb takes; an exercise allows some of them."""


class Harm(NamedTuple):
    """What an attack did, if it did it."""

    done: bool
    sentence: str
    step: int
    """Where the run shows it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A schedule that was played, and what came of it."""

    lines: Schedule
    run: Run
    harm: Harm


@dataclass(frozen=True, slots=True)
class Reply:
    """A known attack that does not count, and what is said to it."""

    name: str
    when: Callable[[Attempt], bool]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An exercise that asks for a schedule."""

    order: int
    goal: str
    """What the attack is to achieve, as a sentence."""
    most_faults: int
    verbs: tuple[str, ...]
    """Those of `FORMS` that may be used."""
    harm: Callable[[Run], Harm]
    """Looks at the end of the run, mended."""
    replies: tuple[Reply, ...] = ()
    setup: Setup = field(default_factory=Setup)
    promises: tuple[str, ...] = ()
    """Watched while it runs: `run.violation` is then known to `harm`."""
    instead: Mapping[str, Any] | None = None
    """Functions in place of the engine's, `module:name`: an older rule that is to be broken."""
    impossible: Scope | None = None
    """Where the same cannot be done; looked at whole for who has passed."""
    praise_text: str = ""

    letter: ClassVar[str] = "A"

    def checks(self) -> list[str]:
        """The rules first: what breaks them is not played."""
        return ["rules", "attack"]

    def open(self, exercise: Exercise, file: Path) -> AbstractContextManager[Grading]:
        """Begin to judge a file."""
        return AttackGrading(exercise, self, file)

    def praise(self, exercise: Exercise) -> Verdict:
        """What is said to who has passed: where it cannot be done, and how we know."""
        said = self.praise_text
        if self.impossible is not None:
            found = search(self.impossible)
            if found.violation is not None or not found.complete:
                raise RuntimeError(f"what should be impossible was not shown to be: {found}")
            said = f"{said} And we looked where it cannot be done: {found}."
        return Verdict(exercise.id, PASSED, f"{self.goal} It did. {said}".strip(), "", "", "")

    def play(self, lines: Schedule) -> Attempt:
        """Play a schedule, mend the world, look."""
        watching = by_promise(*self.promises)
        with substituted(dict(self.instead or {})):
            run = play(self.setup, lines, watching, inspect=lambda run: go_on_until(run, run.sim.now + WAIT_MS))
        return Attempt(lines, run, self.harm(run))


class AttackGrading:
    """One answer, being judged."""

    def __init__(self, exercise: Exercise, attack: Attack, file: Path) -> None:
        self.exercise, self.attack, self.file = exercise, attack, file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        return None

    def run(self, check: str) -> Verdict:
        """Read the schedule, and play it if it keeps to the rules."""
        try:
            lines = self._read()
            verdict = self._played(lines) if check == "attack" else self._holds()
        except Unreadable as problem:
            verdict = self._against_the_rules(str(problem))
        return replace(verdict, check=check)

    def _holds(self) -> Verdict:
        return Verdict(self.exercise.id, PASSED, "It keeps to the rules.", "", "", "")

    def _read(self) -> Schedule:
        rows = read_answers(self.file, ["attack"])["attack"]
        if not isinstance(rows, list) or not rows or len(rows) > MOST_ENTRIES:
            raise Unreadable(f"{_short(rows)}; expected a list of 1 to {MOST_ENTRIES} entries")
        for row in rows:
            why = self._why_not(row)
            if why:
                raise Unreadable(f"{_short(row)}: {why}")
        lines = schedule(*rows)
        struck = [str(entry) for entry in lines if entry.verb in faults.FAULTS]
        if len(struck) > self.attack.most_faults:
            wanted = f"expected at most {self.attack.most_faults}"
            raise Unreadable(f"strikes {len(struck)} faults ({', '.join(struck)}); {wanted}")
        return lines

    def _why_not(self, row: Any) -> str:
        """What is wrong with the form of an entry; empty if nothing is."""
        if not isinstance(row, tuple) or len(row) < 2 or type(row[0]) is not int or not 0 <= row[0] <= MOST_MS:
            return f"expected (ms, verb, arguments…), the ms from 0 to {MOST_MS}"
        verbs = self.attack.verbs
        if row[1] not in verbs:
            return f"expected one of the verbs {', '.join(verbs)}"
        arguments = list(row[2:])
        options = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
        wanted = FORMS[row[1]]
        if len(arguments) != len(wanted) or not all(map(self._fits, wanted, arguments)):
            return f"expected {row[1]} with {' and '.join(wanted) or 'nothing more'}"
        return self._option_against(row[1], options)

    def _fits(self, wanted: str, value: Any) -> bool:
        if wanted == "text":
            return isinstance(value, str) and 0 < len(value) < 40
        if wanted == "other" and value in ("controllers", "brokers"):
            return True
        return type(value) is int and 1 <= value <= self.attack.setup.brokers

    def _option_against(self, verb: str, options: dict[Any, Any]) -> str:
        known = {"acks": lambda value: value in ("0", "1", "all"), "to": lambda value: self._fits("broker", value)}
        if verb != "send" and options:
            return f"expected no options: {verb} takes none"
        wrong = [name for name, value in options.items() if name not in known or not known[name](value)]
        return 'expected the options acks ("0", "1" or "all") and to (a broker)' if wrong else ""

    def _against_the_rules(self, problem: str) -> Verdict:
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We read the schedule in {self.file.name}; nothing was played.",
            f"Your attack: {problem}.",
            "The rules of this attack.",
            "README.md has the rules: which verbs, how many faults.",
            mistake="rules",
            requirement="rules",
            promise="rules",
        )

    def _played(self, lines: Schedule) -> Verdict:
        attempt = self.attack.play(lines)
        if attempt.harm.done:
            return Verdict(self.exercise.id, PASSED, attempt.harm.sentence, "", "", "")
        known = next((one for one in self.attack.replies if one.when(attempt)), None)
        skipped = [str(entry) for entry in attempt.run.skipped]
        left_out = f" {', '.join(skipped)} came to nothing: it was not possible then." if skipped else ""
        advice = known.text if known is not None else "Look at the run step by step: who had the record, who led when?"
        return Verdict(
            self.exercise.id,
            NOT_YET,
            told_in_one_line(lines, self.attack.setup),
            f"Your attack did no such harm: {attempt.harm.sentence}; expected: {self.attack.goal}",
            "No promise: this attack does not count.",
            f"Step {attempt.harm.step}. {advice}{left_out}",
            mistake=known.name if known is not None else "",
            requirement="attack",
            promise="attack",
            step=attempt.harm.step,
            seed=self.attack.setup.seed,
            page=self._page(attempt),
        )

    def _page(self, attempt: Attempt) -> Path:
        file = self.exercise.page
        file.parent.mkdir(parents=True, exist_ok=True)
        trace = attempt.run.trace()
        file.write_text(page(trace, step=attempt.harm.step, title=f"{self.exercise.id}: attack"), encoding="utf-8")
        return file


def acknowledged_and_gone(run: Run, acks: tuple[int, ...] = (1, -1)) -> Harm:
    """A goal: an application was told *stored*, and the newest leader lacks the record, at the end, all mended.

    Only records that were sent with one of these `acks` count.
    """
    recorder, partition = run.sim.recorder, run.setup.partition
    told = [one for one in recorder.told if isinstance(one.fact, facts.ProduceAcknowledged)]
    answered = [one for one in told if isinstance(one.fact, facts.ProduceAcknowledged) and one.fact.acks in acks]
    if not answered:
        return Harm(False, "nobody was told that a record is stored", max(recorder.step, 1))
    leading = (replica_of(run.sim, broker, partition) for broker in run.sim.broker_ids)
    leader = max((one for one in leading if one and one.is_leader), key=lambda one: one.leader_epoch, default=None)
    if leader is None:
        return Harm(False, "in the end nobody leads, so nobody lacks it", answered[-1].step)
    kept = {record.value for batch in leader.log.batches() for record in batch.records()}
    for one in answered:
        assert isinstance(one.fact, facts.ProduceAcknowledged)
        for value in one.fact.values:
            if value not in kept:
                name = (value or b"").decode()
                return Harm(True, f"{name} was acknowledged, and the newest leader does not have it.", one.step)
    return Harm(False, "the newest leader has every record that was acknowledged", answered[-1].step)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
