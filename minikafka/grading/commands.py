"""What `minikafka grade` and `minikafka exercises` do: print, and end with an exit code."""

from __future__ import annotations

from pathlib import Path

from minikafka.grading import progress
from minikafka.grading.exercise import CannotGrade, all_exercises, find
from minikafka.grading.grader import judge

KINDS = {"W": "write", "P": "predict", "A": "attack", "S": "specify", "O": "order", "D": "diagnose"}


def grade(exercise_id: str, file: Path | None = None) -> int:
    """Print the verdict on an answer: 0 passed, 1 not yet, 2 we could not grade (the reason is printed)."""
    begun = file is None and _begin(exercise_id)
    verdict = judge(exercise_id, file)
    if begun:
        print(f"Made {begun} from the stub: write your answer there.\n")
    print(verdict)
    return verdict.exit_code


def _begin(exercise_id: str) -> str:
    try:
        exercise = find(exercise_id)
    except CannotGrade:
        return ""
    return str(exercise.answer.relative_to(exercise.root)) if exercise.begin() else ""


def list_exercises() -> int:
    """Print every exercise and where the learner stands."""
    try:
        found = all_exercises()
    except CannotGrade as reason:
        print(reason)
        return 2
    if not found:
        print("This checkout has no exercises.")
        return 2
    kept = progress.read(found[0].root)
    width = max(len(exercise.id) for exercise in found)
    for exercise in found:
        kind = KINDS.get(exercise.kind.letter, exercise.kind.letter)
        print(f"{exercise.id:<{width}}  {kind:<8}  {progress.state(exercise, kept):<24}  {exercise.title}")
    passed = sum(progress.state(exercise, kept).startswith(progress.PASSED) for exercise in found)
    print(f"{passed} of {len(found)} passed. `minikafka grade {found[0].id}` judges one.")
    return 0
