"""Kind W: write one of the core's own decisions. What the author of such an exercise states.

Everything about one exercise is in its `grader.py`; nothing here knows any. A decision function is pure and its
specification complete: for each question there is one right answer, the reference's. So a grade asks two things of
every run: was a promise of the cluster broken, and did a decision differ from what the requirements say?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from minikafka.grading.exercise import Exercise, Grading
from minikafka.grading.verdict import PASSED, Verdict
from minikafka.protocol.facts import Fact
from minikafka.sim.schedule import Schedule, Setup
from minikafka.trace.trace import Told

if TYPE_CHECKING:
    from pathlib import Path

    from minikafka.sim.checkers.base import Checker
    from minikafka.sim.simulation import Simulation


class WrongShape(ValueError):
    """An answer that is not of the stated type; the message says what was expected."""


class Wrong(NamedTuple):
    """One decision that differs from what the requirements say."""

    question: Any
    got: Any
    expected: Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """A wrong decision inside a running cluster, and everything that had been told by then."""

    wrong: Wrong
    step: int
    sim: Simulation

    def earlier(self) -> Iterator[Told]:
        """What was told up to the decision, the newest first."""
        return (told for told in reversed(self.sim.recorder.told) if told.step <= self.step)

    def last(self, kind: type[Fact], where: Callable[[Any], bool] = lambda fact: True) -> Told | None:
        """The newest fact of a kind before the decision."""
        return next((told for told in self.earlier() if isinstance(told.fact, kind) and where(told.fact)), None)


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its answer, from the specification."""

    question: Any
    answer: Any


@dataclass(frozen=True, slots=True)
class Directed:
    """A schedule written for one known mistake."""

    name: str
    mistake: str
    lines: Schedule
    setup: Setup = field(default_factory=Setup)
    promise: str = ""
    """The promise of the cluster that breaks here, as `I2`; empty if only a requirement does."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A known way to be wrong, recognised by how it decides, and the reply written for it."""

    name: str
    requirement: str
    reply: Callable[[Wrong], str]
    look: Callable[[Evidence], Told | None] = lambda evidence: None
    """The fact in the run that shows it; its step is computed, never written down."""
    when: Callable[[Any, Any, Any], bool] = lambda question, got, expected: True
    """(question, got, expected): does this decision show it?"""
    answers: tuple[tuple[Any, Any], ...] = ()
    """Where one decision does not tell it from others: what it answers to these questions, too."""
    only_asked: str = ""
    """Why no run of a cluster of ours shows it; empty if a schedule written for it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """An exercise that asks for one function of the core."""

    order: int
    function: str
    place: str
    """Where the reference lives: `package.module:name`."""
    question: Callable[..., Any]
    """A NamedTuple of the function's parameters."""
    accept: Callable[[Any, Any], Any]
    """(question, what came) to what the core takes. Raises `WrongShape`."""
    rule: Callable[[Any], str]
    """Which requirement decides this question?"""
    requirements: Mapping[str, str]
    examples: tuple[Example, ...]
    directed: tuple[Directed, ...]
    mistakes: tuple[Mistake, ...]
    draw: Callable[[Random], Any]
    """A question at random, from a small scope in which everything can happen."""
    drawn: int = 1_500
    explored: tuple[Setup, ...] = (Setup(),)
    """Clusters to explore, at random, as the last net."""
    schedules: int = 5
    """Explored on each of them."""
    explore: Callable[[Random, Setup], Schedule] | None = None
    """Draws a schedule to explore, where sends and faults alone would hardly ever ask the function."""
    application: Callable[[Setup], Checker] | None = None
    """Where no part of the core asks the function: what runs beside the cluster and does."""
    reference: Callable[..., Any] | None = None
    """What the requirements say, where the core has no function of this form; else the function at `place`."""
    fit: Callable[[Callable[..., Any]], Mapping[str, Callable[..., Any]]] | None = None
    """From a function of this form to what lets it decide inside the core, by place; None: it stands at `place`."""

    letter: ClassVar[str] = "W"

    def checks(self) -> list[str]:
        """Examples, then runs written for the known mistakes, then the last net."""
        return [
            *(f"example {number}" for number in range(1, len(self.examples) + 1)),
            *(directed.name for directed in self.directed),
            "drawn questions",
            *(f"explored {number}" for number in range(1, len(self.explored) + 1)),
            "same question, same answer",
        ]

    def open(self, exercise: Exercise, file: Path) -> AbstractContextManager[Grading]:
        """Begin to judge a file."""
        from minikafka.grading.judge import WriteGrading

        return WriteGrading(exercise, self, file)

    def praise(self, exercise: Exercise) -> Verdict:
        """What is said when every check has passed."""
        runs = len(self.directed) + self.schedules * len(self.explored)
        return Verdict(
            exercise.id,
            PASSED,
            f"{len(self.examples)} examples, {self.drawn:,} drawn questions and {runs} runs of the whole cluster "
            f"with your {self.function} inside: nothing broke.",
            "",
            "",
            f"Compare with {exercise.solution.relative_to(exercise.root)}, and with two others that are as right: "
            f"tests/answers/{exercise.folder.parent.name}/{exercise.name}/right/.",
        )

    def stand_in(self, decide: Callable[..., Any]) -> Mapping[str, Callable[..., Any]]:
        """What must be put in which places of the core for this function to decide there."""
        return {self.place: decide} if self.fit is None else self.fit(decide)

    def asked(self, question: Any) -> str:
        """The question, as the call that it is: with the names of all parts, where that is not too long to be read."""
        words, plain = (
            ", ".join(f"{name}={shown(value, names)}" for name, value in zip(question._fields, question, strict=True))
            for names in (True, False)
        )
        return f"{self.function}({words if len(words) <= MOST_NAMED else plain})"


MOST_ITEMS = 8
MOST_BYTES = 12
MOST_NAMED = 220
"""Characters of a question that says what all its parts are called."""


def shown(value: Any, names: bool = False) -> str:
    """A value as a learner would write it: sets in order; of long ones only a part. `names`: those of named tuples."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(shown(item, names) for item in sorted(value)) + "}"
    if isinstance(value, bytes) and len(value) > MOST_BYTES:
        return f"{value[:MOST_BYTES].hex(' ')} … ({len(value)} bytes)"
    if names and hasattr(value, "_fields"):
        parts = (f"{name}={shown(part, names)}" for name, part in zip(value._fields, value, strict=True))
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, tuple):
        items = [shown(item, names) for item in value]
        if len(items) > MOST_ITEMS:
            items = [*items[:3], f"… {len(items) - 4} more …", items[-1]]
        return "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"
    return repr(value)


def answered(value: Any) -> str:
    """An answer: as a value, but a named tuple says what its parts are called."""
    return repr(value) if hasattr(value, "_fields") else shown(value)
