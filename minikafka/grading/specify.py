"""Kind S: write a checker. It must accept what right clusters show, and reject what those with a planted fault do.

```python
def all_kept(acknowledged: tuple[str, ...], kept: tuple[str, ...]) -> bool: ...     # True: the promise was kept
```

* The learner's function runs in a process of its own (`sandbox.py`) and is shown nothing but moments of a run: plain
  values that an onlooker of the author's takes down, perhaps once at the end, perhaps after every step.
* Each run is a check: a checker that accepts, or rejects, everything fails some of them.
* A known way to be wrong is recognised by what it says to a few questions, and gets the reply written for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from minikafka.grading.exercise import Exercise, Grading
from minikafka.grading.judge import FAILURES, in_words
from minikafka.grading.sandbox import AnswerFailed, Decider, open_answer
from minikafka.grading.transplant import WAIT_MS
from minikafka.grading.verdict import NOT_YET, PASSED, Verdict
from minikafka.grading.write import shown
from minikafka.sim.schedule import Run, Schedule, Setup, go_on_until, play
from minikafka.sim.substitute import substituted
from minikafka.stage.page import page
from minikafka.trace.trace import Told, Trace

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

AGAIN = "asked again"
MOST_SHOWN = 220
"""Characters of a question that is shown whole."""


class Moment(NamedTuple):
    """Something the checker is asked about."""

    step: int
    """Where the run shows it."""
    history: tuple[Any, ...]
    """The arguments of the learner's function."""
    keeps: bool
    """Is the promise kept here?"""
    shows: str = ""
    """What decides, as a sentence."""


class Recorded(NamedTuple):
    """A cluster that ran."""

    trace: Trace
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A cluster whose history the checker is shown."""

    name: str
    did: str
    """What we did, as a sentence that begins with *We*."""
    record: Callable[[], Recorded]
    keeps: bool
    """Is the promise kept in all its moments?"""
    reply: str
    """What is said to a checker that says otherwise."""


class Misjudging(NamedTuple):
    """A known way to be wrong."""

    name: str
    reply: str
    says: tuple[tuple[tuple[Any, ...], bool], ...]
    """What such a checker says to these arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specify:
    """An exercise that asks for a checker."""

    order: int
    function: str
    promise: str
    """What is to be checked, as a sentence."""
    clusters: tuple[Judged, ...]
    praise_text: str
    mistakes: tuple[Misjudging, ...] = ()
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
        return Verdict(
            exercise.id, PASSED, f"{said} {self.praise_text}", "", "",
            f"Compare with {exercise.solution.relative_to(exercise.root)}, and with others that are as right: "
            f"tests/answers/{exercise.folder.parent.name}/{exercise.name}/right/.",
        )  # fmt: skip


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
        """Show the checker what one cluster shows, or everything once more."""
        chosen = [cluster for cluster in self.specify.clusters if check in (cluster.name, AGAIN)]
        assert chosen, f"{self.exercise.id} has no cluster to show for {check}"
        # One after the other: each misjudged cluster writes the page.
        verdicts = (self._judge(cluster, again=check == AGAIN) for cluster in chosen)
        if self.failure is not None:
            expected = f"a function {self.specify.function} that answers"
            verdict = self._of_failure(self.failure, f"We loaded {self.file.name}.", expected)
        else:
            verdict = next((one for one in verdicts if not one.passed), self._agrees())
        printed = self.decider.printed if self.decider is not None else ""
        return replace(verdict, check=check, printed=printed)

    def _judge(self, cluster: Judged, *, again: bool) -> Verdict:
        recorded = self._record(cluster)
        for moment in recorded.moments:
            try:
                said = self._says(moment.history)
            except AnswerFailed as failure:
                return self._of_no_answer(failure, cluster, recorded, moment)
            if said != moment.keeps:
                return self._misjudged(cluster, recorded, moment, again=again)
        return self._agrees()

    def _misjudged(self, cluster: Judged, recorded: Recorded, moment: Moment, *, again: bool) -> Verdict:
        known = None if again else self._known()
        reply = known.reply if known is not None else cluster.reply
        if again:
            reply = "A checker depends on what it is shown and on nothing else: no counter, no chance."
        mistake = known.name if known is not None else AGAIN if again else cluster.name
        return Verdict(
            self.exercise.id,
            NOT_YET,
            f"{cluster.did} {_how(recorded)}",
            f"At step {moment.step} your {self.specify.function} said {not moment.keeps}; expected {moment.keeps}"
            f"{', as before' if again else ''}.",
            self.specify.promise,
            f"Step {moment.step}. " + " ".join(one for one in (moment.shows, reply) if one),
            mistake=mistake,
            requirement=cluster.name,
            promise=cluster.name,
            step=moment.step,
            seed=recorded.trace.document["seed"],
            page=self._page(recorded, moment.step),
        )

    def _agrees(self) -> Verdict:
        return Verdict(self.exercise.id, PASSED, "It says so, too.", "", "", "")

    def _known(self) -> Misjudging | None:
        """Whose answers are these?"""
        try:
            return next(
                (one for one in self.specify.mistakes if all(self._says(asked) == said for asked, said in one.says)),
                None,
            )
        except AnswerFailed:
            return None

    def _record(self, cluster: Judged) -> Recorded:
        if cluster.name not in self._recorded:
            self._recorded[cluster.name] = cluster.record()
        return self._recorded[cluster.name]

    def _says(self, history: tuple[Any, ...]) -> bool:
        assert self.decider is not None, "a file that could not be loaded is asked nothing"
        said = self.decider.ask(history)
        if not isinstance(said, bool):
            raise AnswerFailed("type", f"returned {said!r}")
        return said

    def _page(self, recorded: Recorded, step: int) -> Path:
        file = self.exercise.page
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(recorded.trace, step=step, title=f"{self.exercise.id}: a cluster"), "utf-8")
        return file

    def _of_no_answer(self, failure: AnswerFailed, cluster: Judged, recorded: Recorded, moment: Moment) -> Verdict:
        asked = f"{self.specify.function}({', '.join(map(shown, moment.history))})"
        if len(asked) > MOST_SHOWN:
            asked = f"your {self.specify.function}"
        verdict = self._of_failure(
            failure, f"{cluster.did} We asked {asked} about step {moment.step}.", str(moment.keeps)
        )
        return replace(
            verdict,
            look=f"{verdict.look} Step {moment.step}. {moment.shows}".rstrip(),
            step=moment.step,
            seed=recorded.trace.document["seed"],
            page=self._page(recorded, moment.step),
        )

    def _of_failure(self, failure: AnswerFailed, did: str, expected: str) -> Verdict:
        _, advice = FAILURES.get(failure.kind, FAILURES["raised"])
        name = self.specify.function
        return Verdict(
            self.exercise.id,
            NOT_YET,
            did,
            f"{in_words(failure, name)}; expected {expected}.",
            "R0: Every question gets an answer, True or False, within a second.",
            advice.format(file=self.file.name, function=name),
            mistake=failure.kind,
            requirement="R0",
            promise="R0",
        )


def _how(recorded: Recorded) -> str:
    """What kind of cluster this is."""
    first = next((moment.step for moment in recorded.moments if not moment.keeps), None)
    return "This cluster keeps the promise." if first is None else f"This cluster breaks the promise, at step {first}."


# --- for authors ---


class Onlooker(ABC):
    """Stands beside a run as a checker does, and takes down what the learner's checker will be asked."""

    promise, name = "", "onlooker"
    premises = 0

    def begin(self, sim: Simulation) -> None:
        """See `Checker.begin`."""
        self.premises = 0

    def watch(self, sim: Simulation, told: list[Told]) -> str | None:
        """See `Checker.watch`."""
        return None

    def settled(self, sim: Simulation) -> bool:
        """See `Checker.settled`."""
        return True

    def finish(self, sim: Simulation) -> str | None:
        """See `Checker.finish`."""
        return None

    @abstractmethod
    def moments(self, run: Run) -> tuple[Moment, ...]:
        """When the run is over: what was seen."""


def of_schedule(
    lines: Schedule,
    onlooker: Callable[[Setup], Onlooker],
    setup: Setup | None = None,
    planted: Mapping[str, Any] | None = None,
    title: str = "A cluster",
) -> Callable[[], Recorded]:
    """For `Judged.record`: play a schedule, perhaps with faulty functions (`module:name`) in the engine, and mend."""

    def record() -> Recorded:
        world = setup or Setup()
        eyes = onlooker(world)
        with substituted(planted or {}):
            run = play(world, lines, [eyes], inspect=lambda run: go_on_until(run, run.sim.now + WAIT_MS))
        return Recorded(run.trace(title=title), eyes.moments(run))

    return record
