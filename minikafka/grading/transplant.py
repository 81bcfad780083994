"""A learner's function in place of the reference, inside the whole running cluster.

`sim/substitute.py` puts it there; here is what it is wrapped in: every decision is asked of the learner's process (or
remembered, since the same question has the same answer), compared with what the requirements say, and let through. The
cluster goes on with what the learner decided, and the checkers see what comes of it.
"""

from __future__ import annotations

import importlib
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minikafka.grading.sandbox import AnswerFailed, Decider
from minikafka.grading.write import Mistake, Write, Wrong, WrongShape
from minikafka.protocol import facts
from minikafka.sim.checkers import all_checkers, by_promise
from minikafka.sim.checkers.base import Checker
from minikafka.sim.schedule import Run, Schedule, Setup, Violation, go_on_until, play
from minikafka.sim.simulation import Simulation
from minikafka.sim.substitute import substituted
from minikafka.trace.trace import Told
from minikafka.types import Millis

WAIT_MS: Millis = 20_000
"""After the last line the cluster is left alone for so long, before it is mended: two sessions."""

RUNAWAY, RUNAWAY_MS = 400, 5_000
"""So many wrong decisions in so short a time: a loop that will not end by itself. The run has shown what it can."""

STOPPED = "stopped"
"""Stands where a promise's number would, when the cluster itself could not go on."""


class Decision(NamedTuple):
    """A wrong decision in a run."""

    step: int
    wrong: Wrong


@dataclass(slots=True)
class Witness:
    """One run's list of wrong decisions. A checker, the last in the row: broken promises of the cluster come first."""

    transplant: Transplant
    stack: ExitStack
    """What ends with the run."""
    at_once: bool
    """Stop at the first wrong decision, not only at the end."""
    promise: str = ""
    name: str = ""
    premises: int = 0
    """How often the learner was asked."""
    sim: Simulation | None = None
    began_ms: Millis = 0
    """When the cluster was up."""
    mended: bool = False
    """Is the schedule over, and the cluster being mended?"""
    wrong: list[Decision] = field(default_factory=list)
    wrong_when_mended: bool = False
    """Was the first wrong decision made only then?"""

    def begin(self, sim: Simulation) -> None:
        """The cluster is up, the same in every run; from here on the learner's function is in place."""
        self.sim, self.began_ms = sim, sim.now
        self.stack.enter_context(substituted(self.transplant.write.stand_in(self.transplant)))

    def watch(self, sim: Simulation, told: list[Told]) -> str | None:
        """See `Checker.watch`."""
        return self._sentence() if (self.at_once and self.wrong) or self.runs_away(sim) else None

    def runs_away(self, sim: Simulation) -> bool:
        """Is the same thing decided wrongly again and again, with no time passing in between?"""
        if len(self.wrong) < RUNAWAY:
            return False
        return sim.now - sim.recorder.steps[self.wrong[-RUNAWAY].step - 1].at_ms < RUNAWAY_MS

    def settled(self, sim: Simulation) -> bool:
        """See `Checker.settled`."""
        return True

    def finish(self, sim: Simulation) -> str | None:
        """See `Checker.finish`."""
        return self._sentence() if self.wrong else None

    def _sentence(self) -> str:
        self.promise = self.transplant.requirement_of(self.wrong[0].wrong)
        self.name = "requirement of the exercise"
        return self.transplant.write.requirements[self.promise]

    def note(self, wrong: Wrong) -> None:
        """A decision differs: keep it, and say so in the run's story."""
        assert self.sim is not None
        self.wrong_when_mended |= self.mended and not self.wrong
        self.wrong.append(Decision(self.sim.recorder.step, wrong))
        self.sim.tell(facts.Note(f"Your {self.transplant.write.function} says {wrong.got}; expected {wrong.expected}."))


class Transplant:
    """The learner's decisions, each asked once."""

    def __init__(self, write: Write, decider: Decider) -> None:
        self.write = write
        self.decider = decider
        module, _, name = write.place.partition(":")
        self.reference: Any = write.reference or getattr(importlib.import_module(module), name)
        self.witness: Witness | None = None
        self._kept: dict[Any, Any] = {}
        self._expected: dict[Any, Any] = {}

    @property
    def asked(self) -> int:
        """How many different questions there were."""
        return len(self._kept)

    def decide(self, question: Any) -> Any:
        """What the learner's function says. Raises `AnswerFailed`."""
        if question not in self._kept:
            self._kept[question] = self._ask(question)
        return self._kept[question]

    def expected(self, question: Any) -> Any:
        """What the requirements say."""
        if question not in self._expected:
            self._expected[question] = self.reference(*question)
        return self._expected[question]

    def _ask(self, question: Any) -> Any:
        came = self.decider.ask(tuple(question))
        try:
            return self.write.accept(question, came)
        except WrongShape as shape:
            raise AnswerFailed("type", f"returned {came!r}, which is not {shape}", question=question) from None

    def differing(self) -> list[Wrong]:
        """Every answer so far that is not what the requirements say."""
        found = []
        for question, got in self._kept.items():
            with suppress(AssertionError):  # another's wrong decision led to a question at which the core itself stops
                if got != self.expected(question):
                    found.append(Wrong(question, got, self.expected(question)))
        return found

    def judge(self, question: Any) -> Wrong | None:
        """Ask one question outside any cluster."""
        got, expected = self.decide(question), self.expected(question)
        return Wrong(question, got, expected) if got != expected else None

    def mistake_in(self, wrong: Wrong) -> Mistake | None:
        """The known mistake that such a decision shows."""
        return next((one for one in self.write.mistakes if one.when(*wrong) and self._answers_like(one)), None)

    def _answers_like(self, mistake: Mistake) -> bool:
        try:
            return all(self.decide(question) == answer for question, answer in mistake.answers)
        except AnswerFailed:
            return False

    def requirement_of(self, wrong: Wrong) -> str:
        """The requirement that such a decision breaks."""
        mistake = self.mistake_in(wrong)
        return mistake.requirement if mistake is not None else self.write.rule(wrong.question)

    def changed_mind(self, sample: int) -> Wrong | None:
        """Ask again, the newest questions first: the first one with another answer."""
        for question in list(reversed(self._kept))[:sample]:
            again = self._ask(question)
            if again != self._kept[question]:
                return Wrong(question, again, self._kept[question])
        return None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Stand where the reference stood."""
        question = self.write.question(*arguments, **named)
        got = self.decide(question)
        if self.witness is not None:
            self.witness.premises += 1
            if got != self.expected(question):
                self.witness.note(Wrong(question, got, self.expected(question)))
        return got

    def watch(
        self, setup: Setup, lines: Schedule, promise: str | None = None, *, at_once: bool = False, mend: bool = True
    ) -> Seen:
        """Play a schedule with the learner's function inside, under one promise or under all. Raises `AnswerFailed`."""
        stack = ExitStack()
        witness = self.witness = Witness(self, stack, at_once)
        promises = all_checkers() if promise is None else by_promise(promise)
        applications = [] if self.write.application is None else [self.write.application(setup)]
        checkers: list[Checker] = [*promises, *applications, witness]

        def wait(run: Run) -> None:
            go_on_until(run, run.sim.now + WAIT_MS)
            witness.mended = mend and run.violation is None

        try:
            with stack:
                run = play(setup, lines, checkers, settle=mend, inspect=wait)
            return Seen(setup, lines, run, run.violation, witness)
        except AnswerFailed:
            raise
        except Exception as error:  # a wrong decision may lead the core where its own assertions stop it
            if witness.sim is None or not witness.wrong:
                raise
            witness.sim.tell(facts.Note(f"The cluster stops here: {error}."))
            run = Run(setup, witness.sim, witness.began_ms)
            stopped = Violation(STOPPED, "the cluster goes on", f"It stopped: {error}.", witness.sim.recorder.step)
            return Seen(setup, lines, run, stopped, witness)
        finally:
            self.witness = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A run with the learner's function inside, and what came of it."""

    setup: Setup
    lines: Schedule
    run: Run
    violation: Violation | None
    witness: Witness

    @property
    def decision(self) -> Decision | None:
        """The wrong decision to speak of: the last before a promise of the cluster broke, else the first."""
        if not self.witness.wrong:
            return None
        return self.witness.wrong[-1 if self.of_the_cluster else 0]

    @property
    def of_the_cluster(self) -> bool:
        """Was a promise of the cluster broken, and not only a requirement?"""
        return self.violation is not None and self.violation.promise not in self.witness.transplant.write.requirements

    @property
    def symptom(self) -> tuple[str, str, bool] | None:
        """What is wrong with the run, so that a smaller one can be compared: None if nothing is."""
        if self.violation is None:
            return None
        decision = self.decision
        mistake = self.witness.transplant.mistake_in(decision.wrong) if decision is not None else None
        return self.violation.promise, mistake.name if mistake is not None else "", self.mended

    @property
    def mended(self) -> bool:
        """Did it show only when the world was being mended?"""
        return self.witness.mended and (self.of_the_cluster or self.witness.wrong_when_mended)
