"""What a process of the kill matrix does: judge answers, mutants and choices, in a checkout of its own.

An answer is judged by `minikafka.grading.grader.judge`, as a learner's is. A mutant meets the same checks in the same
grading; what is left out is the telling: a second run beside an example, and a counterexample made short. Both come
after the answer was found to be wrong, so they change no outcome. Cheap checks come first, for the same reason.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "tests" / "grading")]

from grading_kit import complaints, copy_checkout, lint

from minikafka.grading import judge as judging
from minikafka.grading.exercise import Exercise, find
from minikafka.grading.grader import judge
from minikafka.grading.ordering import Order
from minikafka.grading.predict import Pick, Predict, read_answers
from minikafka.grading.specify import Specify
from minikafka.grading.transplant import Seen, Transplant
from minikafka.grading.verdict import NOT_YET, Verdict
from minikafka.sim.substitute import substituted

GRADING = "minikafka.grading.judge:WriteGrading"
MOST_SECONDS = 90
"""A grade that takes longer than this hangs: the grader should have stopped the answer long before."""
CHEAP = ("example", "drawn")
HERE: list[Path] = []
"""The checkout of this process, once it has one."""


class Judged(NamedTuple):
    """What became of an answer."""

    outcome: str
    check: str
    """The check that refused it."""
    requirement: str
    """The requirement that it was told of."""
    counts: bool
    """Was it refused for what it decides, and not because it decides nothing?"""
    complaints: list[str]
    seconds: float
    digest: str
    """Of every word of the verdict, and of the page with the run."""


class Fate(NamedTuple):
    """What became of a mutant."""

    check: str = ""
    """Empty: it survives."""
    requirement: str = ""
    counts: bool = False
    fault: str = ""
    """What went wrong with the grader itself."""


class Untold(judging.WriteGrading):
    """Decides as a grading does, and tells nothing."""

    def with_a_run(self, transplant: Transplant, verdict: Verdict) -> Verdict:
        """No second run beside a wrong answer to an example."""
        return verdict

    def of_run(self, transplant: Transplant, seen: Seen) -> Verdict:
        """A run in which something broke is not made shorter."""
        if seen.violation is None or seen.decision is None:
            return super().of_run(transplant, seen)
        return Verdict(self.exercise.id, NOT_YET, "", "", "", "")


class Hangs(Exception):
    """A grade did not come to its end."""


def begin(home: str) -> None:
    """This process gets a checkout, and an alarm."""
    HERE.append(copy_checkout(Path(tempfile.mkdtemp(dir=home))))

    def ring(*_: Any) -> None:
        raise Hangs(f"no verdict within {MOST_SECONDS} s")

    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, ring)


def hash_seed() -> str:
    """That of this process; asking takes as long as it takes others to come up, too."""
    time.sleep(0.2)  # so that the other processes are asked too, and not this one twice
    return os.environ["PYTHONHASHSEED"]


@cache
def exercise(exercise_id: str) -> Exercise:
    """An exercise of this checkout; clusters that a checker is shown run once, and not for each mutant."""
    found = find(exercise_id, HERE[-1])
    if isinstance(found.kind, Specify):
        clusters = tuple(replace(one, record=cache(one.record)) for one in found.kind.clusters)
        found = replace(found, kind=replace(found.kind, clusters=clusters))
    return found


def within_limit(run: Any, *arguments: Any) -> Any:
    """Call it, and raise `Hangs` when it takes too long."""
    if not hasattr(signal, "SIGALRM"):
        return run(*arguments)
    signal.alarm(MOST_SECONDS)
    try:
        return run(*arguments)
    finally:
        signal.alarm(0)


# --- answers ---


def judge_answer(exercise_id: str, file: Path, is_right: bool) -> Judged:
    """The verdict that a learner would get, and how long it takes."""
    began = time.perf_counter()
    verdict = within_limit(lambda: judge(exercise_id, file, HERE[-1], record=False))
    seconds = time.perf_counter() - began
    if is_right:
        wrong = [] if verdict.passed else [f"its outcome is {verdict.outcome!r}: {verdict.got or verdict.did}"]
    else:
        wrong = complaints(exercise(exercise_id), file, verdict)
    fate = fate_of(verdict)
    return Judged(verdict.outcome, fate.check, fate.requirement, fate.counts, wrong, seconds, digest(verdict))


def fate_of(verdict: Verdict) -> Fate:
    """By which check, of what, and for an answer or for giving none?"""
    counts = not verdict.passed and verdict.mistake not in judging.FAILURES
    return Fate(verdict.check, verdict.requirement, counts)


def digest(verdict: Verdict) -> str:
    """Of all that a learner is shown; where their checkout lies does not count."""
    said = str(verdict).replace(HERE[-1].as_uri(), "").encode()
    page = verdict.page.read_bytes() if verdict.page is not None else b""
    return hashlib.sha256(said + page).hexdigest()


# --- mutants ---


def judge_mutant(exercise_id: str, source: str) -> Fate:
    """Does any check refuse it?"""
    one = exercise(exercise_id)
    checks = sorted(one.kind.checks(), key=lambda check: not check.startswith(CHEAP))
    try:
        fate: Fate = within_limit(refused_by, one, written(source), checks)
    except Exception as error:  # whatever it is, it is the grader's, as in `minikafka.grading.grader`
        return Fate(fault=f"{type(error).__name__}: {error}")
    return fate


def refused_by(one: Exercise, file: Path, checks: list[str]) -> Fate:
    """By the first of these checks that a file does not pass."""
    with substituted({GRADING: Untold}), one.kind.open(one, file) as grading:
        for check in checks:
            verdict = grading.run(check)
            if not verdict.passed:
                return fate_of(verdict)
    return Fate()


def written(source: str) -> Path:
    """A file with this text."""
    file = HERE[-1] / "answer.py"
    file.write_text(source, encoding="utf-8")
    return file


def refuses_any(exercise_id: str, check: str, sources: list[str]) -> bool:
    """Does this check alone refuse one of these for what it decides?"""
    one = exercise(exercise_id)
    return any(within_limit(refused_by, one, written(source), [check]).counts for source in sources)


# --- letters and cards ---


def every_choice(exercise_id: str) -> tuple[int, set[str], list[str]]:
    """Each wrong letter, or order of them, by itself: how many, the questions they are about, and complaints."""
    one = exercise(exercise_id)
    if isinstance(one.kind, Predict):
        return every_letter(one, one.kind)
    return every_order(one, one.kind) if isinstance(one.kind, Order) else (0, set(), [])


def every_letter(one: Exercise, kind: Predict) -> tuple[int, set[str], list[str]]:
    """A wrong letter gets its own reply, and the step of its scene exists and shows it."""
    right = read_answers(one.solution, [question.name for question in kind.questions])
    file, count, asked, found = HERE[-1] / "answer.py", 0, set(), []
    with kind.open(one, file) as grading:
        for question in kind.questions:
            is_pick = isinstance(question, Pick)
            options = question.choices if is_pick else map(list, itertools.permutations(sorted(question.choices)))
            for option in options:
                file.write_text(assignments({**right, question.name: option}), encoding="utf-8")
                verdict = grading.run(question.name)
                if verdict.passed != (option == right[question.name]):
                    found.append(f"{question.name} = {option!r}: {verdict.outcome}")
                elif not verdict.passed:
                    count += 1
                    asked.add(question.name)
                    found += [f"{question.name} = {option!r}: {one_of_them}" for one_of_them in lint(verdict)]
                    if is_pick and question.choices[option].reply not in verdict.look:
                        found.append(f"{question.name} = {option!r}: it does not get its own reply")
    return count, asked, found


def every_order(one: Exercise, kind: Order) -> tuple[int, set[str], list[str]]:
    """Each order of the right cards is played; one that does harm is told which, and where."""
    names = [row.name for row in kind.rows] or ["order"]
    right = read_answers(one.solution, names)
    file, count, found = HERE[-1] / "answer.py", 0, []
    with kind.open(one, file) as grading:
        for rows in itertools.product(*(itertools.permutations(right[name]) for name in names)):
            file.write_text(assignments(dict(zip(names, map(list, rows), strict=True))), encoding="utf-8")
            verdict = grading.run("run")
            if not verdict.passed:
                count += 1
                found += [f"{rows}: {one_of_them}" for one_of_them in lint(verdict)]
    return count, {"run"} if count else set(), found


def assignments(values: dict[str, Any]) -> str:
    """An answer file with these values."""
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())
