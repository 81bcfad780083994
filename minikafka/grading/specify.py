"""Kind S: write a checker. It must accept the histories of right clusters, and reject those with a planted fault.

```python
def all_kept(acknowledged: tuple[str, ...], kept: tuple[str, ...]) -> bool: ...     # True: the promise was kept
```

The learner's function runs in a process of its own (`sandbox.py`) and is shown nothing but a history: plain values that
the author takes from a run. Each run is a check: a checker that accepts, or rejects, everything fails some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

from minikafka.grading.exercise import Exercise, Grading
from minikafka.grading.judge import FAILURES
from minikafka.grading.sandbox import AnswerFailed, Decider, open_answer
from minikafka.grading.transplant import WAIT_MS
from minikafka.grading.verdict import NOT_YET, PASSED, Verdict
from minikafka.sim.schedule import Run, Schedule, Setup, go_on_until, play
from minikafka.sim.substitute import substituted
from minikafka.stage.page import page
from minikafka.trace.trace import Trace

AGAIN = "asked again"


class Recorded(NamedTuple):
    """A cluster that ran."""

    trace: Trace
    history: tuple[Any, ...]
    """The arguments of the learner's function."""
    step: int
    """Where the run shows what decides."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A cluster whose history the checker is shown."""

    name: str
    did: str
    """What we did, as a sentence that begins with *We*."""
    record: Callable[[], Recorded]
    keeps: bool
    """Is the promise kept there?"""
    reply: str
    """What is said to a checker that says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specify:
    """An exercise that asks for a checker."""

    order: int
    function: str
    promise: str
    """What is to be checked, as a sentence."""
    clusters: tuple[Judged, ...]
    praise_text: str
    reference: str = ""
    """The module of the engine that holds such a checker, which an answer may not import."""

    letter: ClassVar[str] = "S"

    def checks(self) -> list[str]:
        """One for each cluster, and one for a checker that changes its mind."""
        return [*(cluster.name for cluster in self.clusters), AGAIN]

    def open(self, exercise: Exercise, file: Path) -> AbstractContextManager[Grading]:
        """Begin to judge a file."""
        return SpecifyGrading(exercise, self, file)

    def praise(self, exercise: Exercise) -> Verdict:
        """What is said when every cluster was judged rightly."""
        right = sum(cluster.keeps for cluster in self.clusters)
        said = f"It accepts {right} clusters that keep it, and rejects {len(self.clusters) - right} that do not."
        return Verdict(exercise.id, PASSED, f"{said} {self.praise_text}", "", "", "")


class SpecifyGrading:
    """One answer, being judged: its process lives as long as this."""

    def __init__(self, exercise: Exercise, specify: Specify, file: Path) -> None:
        self.exercise, self.specify, self.file = exercise, specify, file
        self.decider: Decider | None = None
        self.failure: AnswerFailed | None = None
        """The file could not even be loaded."""
        self._recorded: dict[str, Recorded] = {}

    def __enter__(self) -> Self:
        try:
            self.decider = open_answer(self.file, self.specify.function, self.specify.reference)
        except AnswerFailed as failure:
            self.failure = failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.decider is not None:
            self.decider.close()

    def run(self, check: str) -> Verdict:
        """Show the checker one history, or all of them once more."""
        chosen = [cluster for cluster in self.specify.clusters if check in (cluster.name, AGAIN)]
        try:
            verdicts = [self._judge(cluster, again=check == AGAIN) for cluster in chosen]
        except AnswerFailed as failure:
            verdicts = [self._of_failure(failure)]
        verdict = next((one for one in verdicts if not one.passed), verdicts[0])
        printed = self.decider.printed if self.decider is not None else ""
        return replace(verdict, check=check, printed=printed)

    def _judge(self, cluster: Judged, *, again: bool) -> Verdict:
        said = self._ask(cluster)
        if said == cluster.keeps:
            return Verdict(self.exercise.id, PASSED, "It says so, too.", "", "", "")
        recorded = self._recorded[cluster.name]
        reply = (
            "A checker depends on the history and on nothing else: no counter, no chance." if again else cluster.reply
        )
        verb = "keeps" if cluster.keeps else "breaks"
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"{cluster.did} This cluster {verb} the promise.",
            f"Your {self.specify.function} said {said}; expected {cluster.keeps}{', as before' if again else ''}.",
            self.specify.promise,
            f"Step {recorded.step}. {reply}",
            mistake=AGAIN if again else cluster.name,
            requirement=cluster.name,
            promise=cluster.name,
            step=recorded.step,
            seed=recorded.trace.document["seed"],
            page=self._page(recorded),
        )

    def _ask(self, cluster: Judged) -> bool:
        if self.decider is None:
            assert self.failure is not None
            raise self.failure
        if cluster.name not in self._recorded:
            self._recorded[cluster.name] = cluster.record()
        said = self.decider.ask(self._recorded[cluster.name].history)
        if not isinstance(said, bool):
            raise AnswerFailed("type", f"returned {said!r}")
        return said

    def _page(self, recorded: Recorded) -> Path:
        file = self.exercise.page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(recorded.trace, step=recorded.step, title=f"{self.exercise.id}: a cluster"), "utf-8")
        return file

    def _of_failure(self, failure: AnswerFailed) -> Verdict:
        verb, advice = FAILURES.get(failure.kind, FAILURES["raised"])
        name = self.specify.function
        where = f" at line {failure.line}: `{failure.code}`" if failure.line else ""
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"We showed your {name} in {self.file.name} a history.",
            f"{verb.format(function=name)} {failure.text}".rstrip() + f"{where}; expected True or False.",
            "R0: Every history gets an answer, True or False, within a second.",
            advice.format(file=self.file.name, function=name),
            mistake=failure.kind,
            requirement="R0",
            promise="R0",
        )


def of_schedule(
    lines: Schedule,
    history: Callable[[Run], tuple[Any, ...]],
    step: Callable[[Run], int],
    setup: Setup | None = None,
    planted: Mapping[str, Any] | None = None,
) -> Callable[[], Recorded]:
    """For `Judged.record`: play a schedule, perhaps with faulty functions (`module:name`) in the engine, and mend."""

    def record() -> Recorded:
        with substituted(planted or {}):
            run = play(setup or Setup(), lines, inspect=lambda run: go_on_until(run, run.sim.now + WAIT_MS))
        return Recorded(run.trace(), history(run), step(run))

    return record
