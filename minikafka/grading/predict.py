"""Kind P: say what a run will do, and why. Judged against the recorded run, never against a list of our own.

The answer file is read, not run: it holds names, and letters or lists of letters.

```python
order = ["C", "A", "B", "D"]        # put right
after_timeout = "b"                 # chosen
```

Each wrong choice has a reply of its own, and the scene of the run that shows it; the step comes from the run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from minikafka.grading.exercise import Exercise, Grading
from minikafka.grading.verdict import NOT_YET, PASSED, Verdict
from minikafka.stage.page import page
from minikafka.trace.trace import Trace

LARGEST_FILE_BYTES = 20_000
MOST_NESTED = 20

Runs = Mapping[str, Trace]
"""Recorded runs by name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a run shows something."""

    run: str
    scene: int
    """Number of the bookmark, from 1."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen."""

    text: str
    reply: str
    """What is said to whoever chooses it: why it is right, or what contradicts it."""
    shown: Shown


@dataclass(frozen=True, slots=True)
class Pick:
    """A question with one right letter."""

    name: str
    ask: str
    choices: Mapping[str, Choice]
    right: str


@dataclass(frozen=True, slots=True)
class Put:
    """A question with a right order; the run decides it: things stand in the order of their scenes."""

    name: str
    ask: str
    choices: Mapping[str, Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict:
    """An exercise that asks for predictions."""

    order: int
    questions: tuple[Pick | Put, ...]
    record: Callable[[], Runs]
    """Plays the scenario."""
    praise_text: str

    letter: ClassVar[str] = "P"
    noun: ClassVar[str] = "prediction"

    def checks(self) -> list[str]:
        """One for each question."""
        return [question.name for question in self.questions]

    def open(self, exercise: Exercise, file: Path) -> AbstractContextManager[Grading]:
        """Begin to judge a file."""
        return PredictGrading(exercise, self, file)

    def praise(self, exercise: Exercise) -> Verdict:
        """What is said when every prediction holds."""
        said = f"Every {self.noun} holds, all {len(self.questions)}. {self.praise_text}"
        return Verdict(exercise.id, PASSED, said, "", "", "")


class Unreadable(ValueError):
    """The answer file does not hold what it should; the message says what it does."""


class PredictGrading:
    """One answer, being judged."""

    def __init__(self, exercise: Exercise, predict: Predict, file: Path) -> None:
        self.exercise, self.predict, self.file = exercise, predict, file
        self._runs: Runs | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        return None

    @property
    def runs(self) -> Runs:
        """The recorded runs; played once."""
        if self._runs is None:
            self._runs = self.predict.record()
        return self._runs

    def run(self, check: str) -> Verdict:
        """Judge one prediction."""
        question = next(one for one in self.predict.questions if one.name == check)
        try:
            chosen = read_answers(self.file, [one.name for one in self.predict.questions])[question.name]
            verdict = self._put(question, chosen) if isinstance(question, Put) else self._pick(question, chosen)
        except Unreadable as problem:
            verdict = self._not_readable(question, str(problem))
        return replace(verdict, check=check)

    def right_order(self, question: Put) -> list[str]:
        """The letters in the order of the run."""
        return sorted(question.choices, key=lambda letter: self.step(question.choices[letter].shown))

    def step(self, shown: Shown) -> int:
        """The step of a scene."""
        return self.runs[shown.run].scene(shown.scene)

    def _put(self, question: Put, chosen: Any) -> Verdict:
        letters = sorted(question.choices)
        if not isinstance(chosen, list) or sorted(map(str, chosen)) != letters:
            wanted = f"expected the letters {', '.join(letters)} in a list, each once"
            raise Unreadable(f"{question.name} = {chosen!r}; {wanted}")
        right = self.right_order(question)
        if chosen == right:
            return self._holds()
        place = next(index for index, (mine, theirs) in enumerate(zip(chosen, right, strict=True)) if mine != theirs)
        early, first = question.choices[chosen[place]], question.choices[right[place]]
        got = (
            f'You put {chosen[place]} ("{early.text}") at place {place + 1}, and that is scene {early.shown.scene}; '
            f"expected what is heard in scene {first.shown.scene}."
        )
        return self._wrong(question, got, first, f"{question.name}: {'-'.join(chosen)}")

    def _pick(self, question: Pick, chosen: Any) -> Verdict:
        letters = ", ".join(sorted(question.choices))
        if not isinstance(chosen, str) or chosen not in question.choices:
            raise Unreadable(f"{question.name} = {chosen!r}; expected one of the letters {letters}")
        if chosen == question.right:
            return self._holds()
        choice = question.choices[chosen]
        got = f'You chose {chosen} ("{choice.text}"); expected what scene {choice.shown.scene} shows.'
        return self._wrong(question, got, choice, f"{question.name}: {chosen}")

    def _holds(self) -> Verdict:
        return Verdict(self.exercise.id, PASSED, f"This {self.predict.noun} holds.", "", "", "")

    def _wrong(self, question: Pick | Put, got: str, choice: Choice, mistake: str) -> Verdict:
        trace, step = self.runs[choice.shown.run], self.step(choice.shown)
        name = trace.document["bookmarks"][choice.shown.scene - 1][1]
        file = self.exercise.page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(trace, step=step, title=f"{self.exercise.id}: {question.name}"), encoding="utf-8")
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We played {choice.shown.run} and asked: {question.ask}",
            got,
            f"The {self.predict.noun} {question.name}.",
            f'Scene {choice.shown.scene}, step {step} ("{name}"). {choice.reply}',
            mistake=mistake,
            requirement=question.name,
            promise=question.name,
            step=step,
            seed=trace.document["seed"],
            page=file,
        )

    def _not_readable(self, question: Pick | Put, problem: str) -> Verdict:
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We read {self.file.name} for {question.name}: {question.ask}",
            f"Your file: {problem}.",
            f"The {self.predict.noun} {question.name}.",
            "Each answer is a letter, or a list of letters; README.md lists them. Think before you look.",
            mistake="unreadable",
            requirement=question.name,
            promise=question.name,
        )


def read_answers(file: Path, names: list[str]) -> dict[str, Any]:
    """The values given to these names. The file is read, not run. Raises `Unreadable`."""
    found: dict[str, Any] = {}
    for statement in _parse(file).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names:
                try:
                    found[name] = ast.literal_eval(value)
                except (ValueError, TypeError, RecursionError, MemoryError):
                    where = f"{name} at line {statement.lineno}"
                    raise Unreadable(f"{where} is no letter; expected a letter or a list of letters") from None
    missing = [name for name in names if name not in found]
    if missing:
        raise Unreadable(f"says nothing about {missing[0]}; expected `{missing[0]} = …`")
    return found


def _parse(file: Path) -> ast.Module:
    try:
        text = file.read_bytes()[: LARGEST_FILE_BYTES + 1].decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8 text; expected a few lines of Python") from None
    if len(text) > LARGEST_FILE_BYTES or max(text.count(mark) for mark in "([{-") > MOST_NESTED * 50:
        raise Unreadable(f"is longer than {LARGEST_FILE_BYTES:,} bytes; expected a few lines")
    try:
        return ast.parse(text)
    except SyntaxError as error:
        where = f"line {error.lineno}"
        raise Unreadable(f"{where} is no Python ({error.msg}); expected lines like those of stub.py") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("cannot be read as Python; expected lines like those of stub.py") from None
