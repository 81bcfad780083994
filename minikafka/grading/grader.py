"""From an id to a verdict: find the exercise, begin its answer, make the checks, stop at the first that fails."""

from __future__ import annotations

from pathlib import Path

from minikafka.grading import progress
from minikafka.grading.exercise import CannotGrade, Exercise, find
from minikafka.grading.verdict import Verdict, could_not_grade


def judge(exercise_id: str, file: Path | None = None, root: Path | None = None, record: bool = True) -> Verdict:
    """Grade an answer. Whatever happens, a verdict comes back; with `record` a pass is noted in `.minikafka/`."""
    try:
        exercise = find(exercise_id, root)
        answer = answer_of(exercise, file)
    except CannotGrade as reason:
        return could_not_grade(exercise_id, str(reason))
    try:
        verdict = verdict_on(exercise, answer)
    except Exception as error:  # whatever it is, it is ours, and a learner must not have to read it
        what = f"{type(error).__name__}: {error}"
        return could_not_grade(exercise_id, f"The grader itself failed ({what}). That is our fault: please report it.")
    if record and verdict.passed:
        progress.note_pass(exercise, answer)
    return verdict


def answer_of(exercise: Exercise, file: Path | None) -> Path:
    """The file to judge; the learner's own is made from the stub if it is missing. Raises `CannotGrade`."""
    if file is None:
        exercise.begin()
        return exercise.answer
    if not file.is_file():
        raise CannotGrade(f"There is no file {file}.")
    return file.resolve()


def verdict_on(exercise: Exercise, answer: Path) -> Verdict:
    """Make the checks, one after the other, until one fails."""
    exercise.page.unlink(missing_ok=True)
    with exercise.kind.open(exercise, answer) as grading:
        for check in exercise.kind.checks():
            verdict = grading.run(check)
            if not verdict.passed:
                return verdict
    return exercise.kind.praise(exercise)
