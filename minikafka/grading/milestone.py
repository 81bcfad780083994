"""A milestone: a failure that somebody once published, played again with the learner's own functions in place of ours.

```
 lessons 1 to 6 ──▶ every function that is begun decides  ┐
                    what is not, or fails, is ours        ├─▶ one run, under every promise ─▶ what became of it
 the schedule of the published failure                    ┘
```

The functions stand in from the moment at which the cluster is up, as in a grade. A file that cannot be loaded, and a
function that gives no answer, are relieved by ours, and that is said by name.

What we leave out: programs (lesson 12's loop); each of their lives has a cluster of its own.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from minikafka.grading.exercise import CannotGrade, Exercise, all_exercises
from minikafka.grading.in_place import Standing
from minikafka.grading.judge import in_words
from minikafka.grading.published import MILESTONES, Milestone
from minikafka.grading.sandbox import AnswerFailed, open_answer
from minikafka.grading.transplant import STOPPED, Decision, Transplant, Witness
from minikafka.grading.write import Write
from minikafka.protocol import facts
from minikafka.sim.checkers import all_checkers
from minikafka.sim.checkers.base import Checker
from minikafka.sim.schedule import Run, Violation, play
from minikafka.sim.simulation import Simulation
from minikafka.sim.substitute import substituted
from minikafka.stage.page import page
from minikafka.stage.text import holds
from minikafka.trace import fold, story
from minikafka.trace.trace import Told, Trace


def after(lesson: int) -> Milestone:
    """The milestone after a lesson. Raises `CannotGrade`."""
    for milestone in MILESTONES:
        if milestone.lesson == lesson:
            return milestone
    there_are = " and ".join(str(milestone.lesson) for milestone in MILESTONES)
    raise CannotGrade(f"There is no milestone after lesson {lesson}: there are those after lessons {there_are}.")


# --- who decides ---


@dataclass(slots=True)
class Cast:
    """Whose functions decide. A checker, for the length of a run: it puts them in place when the cluster is up."""

    milestone: Milestone
    promise: str = STOPPED
    name: str = "an end to each decision"
    standing: list[Standing] = field(default_factory=list)
    untouched: list[str] = field(default_factory=list)
    """Ids of what is not begun: ours decides."""
    failed: list[str] = field(default_factory=list)
    """Why ours decides although something was begun, a sentence each."""
    apart: list[str] = field(default_factory=list)
    """Ids of what was begun, and has no place in such a run."""
    premises: int = 0
    sim: Simulation | None = None
    stack: ExitStack = field(default_factory=ExitStack)
    """What ends with the run."""

    def take(self, exercise: Exercise) -> None:
        """Find the place of an exercise of this or an earlier lesson."""
        write, begun = exercise.kind, exercise.is_begun
        if isinstance(write, Write) and self._is_asked(write):
            if begun:
                self._stand_in(exercise, write)
            else:
                self.untouched.append(exercise.id)
        elif begun and exercise.kind.letter == "W":
            self.apart.append(exercise.id)

    def _is_asked(self, write: Write) -> bool:
        return write.application is None or write.application in self.milestone.beside

    def _stand_in(self, exercise: Exercise, write: Write) -> None:
        try:
            decider = open_answer(exercise.answer, write.function, write.place.partition(":")[0])
        except AnswerFailed as failure:
            self.failed.append(f"{exercise.id}: {in_words(failure, write.function)}; ours stands in.")
            return
        self.stack.callback(decider.close)
        transplant = Transplant(write, decider)
        transplant.witness = Witness(transplant, self.stack, at_once=False)

        def relieved(why: str) -> None:
            self.failed.append(f"{exercise.id}: {why}")

        self.standing.append(Standing(exercise, transplant, relieved))

    @property
    def wrong(self) -> list[tuple[Decision, Standing]]:
        """Every decision that is not as the requirements say, in order."""
        found = [(wrong, one) for one in self.standing for wrong in _witness(one).wrong]
        return sorted(found, key=lambda decided: decided[0].step)

    def whose(self) -> list[str]:
        """Who has decided, and how: the learner's functions, then ours."""
        asked = [one for one in self.standing if one.transplant.asked]
        silent = [one.exercise.id for one in self.standing if not one.transplant.asked]
        lines = [one.report() for one in asked] + self.failed
        if silent:
            lines.append(f"Not asked in this run: {story.listed(silent)}.")
        if self.apart:
            lines.append(f"Not in this run, since it has no place there: {story.listed(self.apart)}.")
        if self.untouched:
            lines.append(f"Ours stand in for what you have not begun: {story.listed(self.untouched)}.")
        return lines

    def blame(self) -> str:
        """The last wrong decision, in a sentence; asks its function once more, so it has to be there still."""
        if not self.wrong:
            return ""
        wrong, one = self.wrong[-1]
        write, number = one.transplant.write, one.transplant.requirement_of(wrong.wrong)
        return f" At step {wrong.step} your {write.function} had decided against {number}: {write.requirements[number]}"

    def begin(self, sim: Simulation) -> None:
        """The cluster is up: from here on they decide."""
        self.sim = sim
        for one in self.standing:
            _witness(one).sim = sim
            self.stack.enter_context(substituted(one.transplant.write.stand_in(one)))

    def watch(self, sim: Simulation, told: list[Told]) -> str | None:
        """See `Checker.watch`: the same thing decided wrongly for ever would never end."""
        for one in self.standing:
            if _witness(one).runs_away(sim):
                return f"{one.transplant.write.function} decides the same wrong thing again and again."
        return None

    def settled(self, sim: Simulation) -> bool:
        """See `Checker.settled`."""
        return True

    def finish(self, sim: Simulation) -> str | None:
        """See `Checker.finish`: what differs and breaks nothing is told, and is no broken promise."""
        return None


def _witness(one: Standing) -> Witness:
    assert one.transplant.witness is not None
    return one.transplant.witness


# --- the run ---


def play_milestone(lesson: int, root: Path) -> Outcome:
    """Play the milestone after a lesson with what has been written so far. Raises `CannotGrade`."""
    milestone = after(lesson)
    cast = Cast(milestone)
    with cast.stack:
        for exercise in all_exercises(root):
            if int(exercise.id[:2]) <= lesson:
                cast.take(exercise)
        if not cast.standing and not cast.failed:
            raise CannotGrade("No function of yours is there yet: `minikafka next` says where to begin.")
        run = _played(cast)
        whose, blame = cast.whose(), cast.blame()
    trace = run.trace(title=f"Milestone {lesson}: {milestone.title}", moral=milestone.moral)
    return Outcome(cast, run, trace, whose, blame, root / ".minikafka" / "milestones" / f"{lesson:02}.html")


def _played(cast: Cast) -> Run:
    setup = cast.milestone.setup
    checkers: list[Checker] = [cast, *all_checkers(), *(one(setup) for one in cast.milestone.beside)]
    try:
        return play(setup, cast.milestone.lines, checkers)
    except Exception as error:  # a wrong decision may lead the core where its own assertions stop it
        if cast.sim is None or not cast.wrong:
            raise
        cast.sim.tell(facts.Note(f"The cluster stops here: {error}."))
        run = Run(setup, cast.sim)
        run.violation = Violation(STOPPED, "the cluster goes on", f"It stopped: {error}.", cast.sim.recorder.step)
        return run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the published failure this time."""

    cast: Cast
    run: Run
    trace: Trace
    whose: list[str]
    """Who decided, and how, a sentence each."""
    blame: str
    """The decision that the harm is laid to; empty if none was wrong."""
    page: Path

    @property
    def passed(self) -> bool:
        """Nothing broke, and whatever was begun decided as the requirements say, to the end."""
        return self.run.violation is None and not self.cast.wrong and not self.cast.failed

    @property
    def step(self) -> int:
        """Where the page opens: what broke, else the first decision that differs, else the end."""
        if self.run.violation is not None:
            return self.run.violation.step
        return self.cast.wrong[0][0].step if self.cast.wrong else self.run.sim.recorder.step

    def __str__(self) -> str:
        milestone = self.cast.milestone
        parts = [f"Milestone {milestone.lesson}: {milestone.title}", milestone.published, ""]
        parts += [f"{step:6}  {sentence}" for step, sentence in self.story()]
        parts += ["", self.became(), "", *self.whose]
        return "\n".join([*parts, f"In the player, at step {self.step}: {self.page.as_uri()}"])

    def story(self) -> list[tuple[int, str]]:
        """The turning points, from the first record on, and the first wrong decision of each function."""
        told = self.run.sim.recorder.told
        began = next((one.step for one in told if isinstance(one.fact, facts.ProduceSent)), 0)
        topic = self.run.setup.topic
        lines = [
            (one.step, story.sentence(one.node, one.fact)) for one in told if one.step >= began and _is_told(one, topic)
        ]
        firsts = {one.exercise.id: (wrong, one) for wrong, one in reversed(self.cast.wrong)}
        for wrong, one in firsts.values():
            said = f"Your {one.transplant.write.function} says {wrong.wrong.got}; expected {wrong.wrong.expected}."
            lines.append((wrong.step, said))
        return sorted(lines, key=lambda line: line[0])

    def became(self) -> str:
        """What broke, and by whose decision; or that nothing did."""
        violation = self.run.violation
        if violation is None:
            moral = f" {self.cast.milestone.moral}" if not self.cast.wrong else ""
            return f"Nothing broke. {self._stored()}{moral}"
        name = violation.name[:1].upper() + violation.name[1:]
        return f"It broke. {name} ({violation.promise}): {violation.sentence}{self.blame}"

    def _stored(self) -> str:
        """What was called stored, and is there; and what is not, for which nobody had promised more."""
        state = fold.fold(self.trace, self.trace.steps)
        name = str(self.run.setup.partition)
        told = {one["value"]: any(holds(replica, one) for replica in state["replicas"][name].values())
                for one in state["told"][name]}  # fmt: skip
        there = [value for value, is_there in told.items() if is_there]
        gone = [value for value, is_there in told.items() if not is_there]
        said = f"{story.listed(there)} were called stored, and are there."
        return said if not gone else f"{said} {story.listed(gone)} are not: acks=1 had asked one broker only."

    def write_page(self) -> None:
        """The run as a page of its own."""
        self.page.parent.mkdir(parents=True, exist_ok=True)
        self.page.write_text(page(self.trace, step=self.step), encoding="utf-8")


def _is_told(told: Told, topic: str) -> bool:
    match told.fact:
        case facts.Note():
            return False
        case facts.ProduceAcknowledged():
            return True
        case facts.PartitionChanged(partition=partition):
            return partition.topic == topic
    return story.weight(told.fact) >= 2
