"""Kind W again, for a program instead of a decision: the learner's loop runs against a real consumer of a cluster.

```
 the learner's process            here
 consumer.poll()        ──call──▶ a consumer of a cluster in virtual time     ──▶ records
 handle(record)         ──call──▶ notes that the work is done, or raises
 consumer.commit(…)     ──call──▶ is anything below it undone? then a crash in this step would lose it
```

* Each case is a life of its own: a cluster, a group, a process; another process if the life has the first one killed.
  Every call is judged when it is made, so each moment at which the process could die has been looked at.
* Nothing is believed that comes over the pipe: what was delivered, handled and committed is written down on this side.

What we leave out: rebalances in the middle of a program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from minikafka.grading.exercise import Exercise, Grading
from minikafka.grading.judge import FAILURES, in_words
from minikafka.grading.sandbox import AnswerFailed, Decider, Serve, open_answer
from minikafka.grading.verdict import NOT_YET, PASSED, Verdict
from minikafka.stage.page import page
from minikafka.trace.trace import Trace


class Life(Protocol):
    """One life of the program, on the side that is believed."""

    did: str
    """What we did, as a sentence that begins with *We*."""

    def live(self, program: Processes) -> None:
        """Ask the program whatever there is to ask, and serve its calls. Raises `Broken`."""
        ...

    def may_raise(self) -> bool:
        """Has the work failed, so that its exception may leave the program?"""
        ...

    def so_far(self, said: str) -> tuple[Trace, int]:
        """The run with this as its last word, and its last step."""
        ...


class Slip(NamedTuple):
    """A known way to be wrong."""

    name: str
    requirement: str
    reply: str


class Broken(Exception):
    """A requirement is broken by this call."""

    def __init__(self, requirement: str, got: str, expected: str, slip: str = "") -> None:
        super().__init__(got)
        self.requirement, self.got, self.expected, self.slip = requirement, got, expected, slip


class Processes:
    """The learner's program, in one process after the other."""

    def __init__(self, file: Path, function: str) -> None:
        self.file, self.function = file, function
        self.printed = ""
        self._running: Decider | None = None

    def ask(self, arguments: tuple[Any, ...], serve: Serve) -> Any:
        """Let it run once; what it returns. Raises `AnswerFailed`, and what `serve` raises."""
        if self._running is None:
            self._running = open_answer(self.file, self.function, "")
        return self._running.ask(arguments, serve)

    def kill(self) -> None:
        """The process ends; the next one knows nothing of it."""
        if self._running is not None:
            self.printed = self.printed or self._running.printed
            self._running.close()
            self._running = None


# --- the exercise ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An exercise that asks for a client program."""

    order: int
    function: str
    requirements: Mapping[str, str]
    cases: Mapping[str, Callable[[], Life]]
    """By name: begins a life."""
    mistakes: tuple[Slip, ...]
    praise_text: str
    expects: str = "a loop that ends when poll says None"
    """What was expected of a program that raises, hangs or returns nonsense."""

    letter: ClassVar[str] = "W"

    def checks(self) -> list[str]:
        """One for each case."""
        return list(self.cases)

    def open(self, exercise: Exercise, file: Path) -> AbstractContextManager[Grading]:
        """Begin to judge a file."""
        return ProgramGrading(exercise, self, file)

    def praise(self, exercise: Exercise) -> Verdict:
        """What is said when every life went well."""
        return Verdict(
            exercise.id, PASSED,
            f"{len(self.cases)} lives, and no moment in any of them loses a record. {self.praise_text}", "", "",
            f"Compare with {exercise.solution.relative_to(exercise.root)}, and with others that are as right: "
            f"tests/answers/{exercise.folder.parent.name}/{exercise.name}/right/.",
        )  # fmt: skip


class ProgramGrading:
    """One answer, being judged."""

    def __init__(self, exercise: Exercise, program: Program, file: Path) -> None:
        self.exercise, self.program, self.file = exercise, program, file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        return None

    def run(self, check: str) -> Verdict:
        """Let the program live once."""
        life, program = self.program.cases[check](), Processes(self.file, self.program.function)
        try:
            life.live(program)
            verdict = Verdict(self.exercise.id, PASSED, "Nothing was lost.", "", "", "")
        except Broken as broken:
            verdict = self._not_yet(life, broken)
        except AnswerFailed as failure:
            verdict = self._of_failure(life, failure)
        finally:
            program.kill()
        return replace(verdict, check=check, printed=program.printed)

    def _not_yet(self, life: Life, broken: Broken) -> Verdict:
        number, name = broken.requirement, self.program.function
        trace, step = life.so_far(f"Your {name} {broken.got}.")
        slip = next((one for one in self.program.mistakes if one.name == broken.slip), None)
        file = self.exercise.page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(trace, step=step, title=f"{self.exercise.id}: your {name}"), encoding="utf-8")
        look = slip.reply if slip is not None else "Look at what had been handled and committed by then."
        return Verdict(
            self.exercise.id,
            NOT_YET,
            life.did,
            f"At step {step} your {name} {broken.got}; expected {broken.expected}.",
            f"{number}: {self.program.requirements.get(number, 'Every call is one that the stub describes.')}",
            f"Step {step}. {look}",
            mistake=slip.name if slip is not None else "",
            requirement=number,
            promise=number,
            step=step,
            seed=trace.document["seed"],
            page=file,
        )

    def _of_failure(self, life: Life, failure: AnswerFailed) -> Verdict:
        if failure.kind == "handling" and life.may_raise():
            return Verdict(self.exercise.id, PASSED, "The exception left the loop.", "", "", "")
        _, advice = FAILURES.get(failure.kind, FAILURES["raised"])
        name = self.program.function
        return Verdict(
            self.exercise.id,
            NOT_YET,
            life.did,
            f"{in_words(failure, name)}; expected {self.program.expects}.",
            "R0: The program makes its calls, each within a second, and ends.",
            advice.format(file=self.file.name, function=name),
            mistake=failure.kind,
            requirement="R0",
            promise="R0",
        )
