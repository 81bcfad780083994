"""A learner's own functions in place of ours, in a whole run or in a running server: `--with exercises/`.

```
exercises/06_who_leads/elect_leader/answer.py ──▶ a process of its own ◀── asked ── the controller, instead of ours
```

Each function that has been begun stands in; what has not been begun is ours. A run says afterwards where the answers
differ from what the requirements say. In a server, where others depend on it, a function that fails once is relieved.

What we leave out: exercises of other kinds than *write*; they have no function that the engine calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minikafka.grading.exercise import CannotGrade, Exercise, all_exercises
from minikafka.grading.judge import in_words
from minikafka.grading.sandbox import AnswerFailed, open_answer
from minikafka.grading.transplant import Transplant
from minikafka.grading.write import Write, answered
from minikafka.sim.substitute import substituted

Tell = Callable[[str], None]


class StoodDown(Exception):
    """A learner's function gave no answer; the message is one sentence that says what it did."""


def begun_in(folder: Path) -> list[Exercise]:
    """Exercises whose function the learner has begun to write, and the core asks. Raises `CannotGrade` without any."""
    root = folder.resolve().parent
    if folder.resolve().name != "exercises" or not folder.is_dir():
        raise CannotGrade(f"{folder} is no folder of exercises: go into your clone, and say --with exercises/.")
    found = [
        exercise
        for exercise in all_exercises(root)
        if isinstance(exercise.kind, Write)
        and exercise.kind.application is None
        and exercise.is_begun
    ]
    if not found:
        raise CannotGrade(f"No function of yours is in {folder} yet: `minikafka next` says where to begin.")
    return found


@dataclass(slots=True)
class Standing:
    """One learner's function where ours stood."""

    exercise: Exercise
    transplant: Transplant
    relieved_by: Tell | None = None
    """Whom to tell when it fails and ours takes over; None: a failure ends the run."""
    is_relieved: bool = False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """One decision."""
        if not self.is_relieved:
            try:
                return self.transplant(*arguments, **named)
            except AnswerFailed as failure:
                what = in_words(failure, self.transplant.write.function)
                if self.relieved_by is None:
                    raise StoodDown(f"{what}. `minikafka grade {self.exercise.id}` says more.") from None
                self.is_relieved = True
                self.relieved_by(f"{what}; ours stands in from here on.")
        return self.transplant.reference(*arguments, **named)

    def report(self) -> str:
        """What it was asked, and how its answers compare with the requirements: one sentence."""
        name, asked, differing = self.transplant.write.function, self.transplant.asked, self.transplant.differing()
        if not asked:
            return f"Your {name} was not asked."
        if not differing:
            questions = "1 question" if asked == 1 else f"{asked} different questions"
            return f"Your {name} was asked {questions}, and answered as the requirements say."
        first = differing[0]
        asked_first = self.transplant.write.asked(first.question)
        return (
            f"Your {name} answered {len(differing)} of {asked} different questions otherwise than the requirements "
            f"say; the first: {asked_first} was answered {answered(first.got)}, expected {answered(first.expected)}. "
            f"`minikafka grade {self.exercise.id}` says more."
        )

    @property
    def differs(self) -> bool:
        """Was any question answered otherwise than the requirements say?"""
        return bool(self.transplant.differing())


@contextmanager
def in_place(exercises: list[Exercise], relieved_by: Tell | None = None) -> Iterator[list[Standing]]:
    """Within the block the learner's functions stand in. Raises `StoodDown` for a file that cannot be loaded."""
    with ExitStack() as stack:
        standing: list[Standing] = []
        for exercise in exercises:
            write = exercise.kind
            assert isinstance(write, Write)
            try:
                decider = open_answer(exercise.answer, write.function, write.place.partition(":")[0])
            except AnswerFailed as failure:
                what = in_words(failure, write.function)
                raise StoodDown(f"{what}. `minikafka grade {exercise.id}` says more.") from None
            stack.callback(decider.close)
            standing.append(Standing(exercise, Transplant(write, decider), relieved_by))
        for one in standing:
            stack.enter_context(substituted(one.transplant.write.stand_in(one)))
        yield standing
