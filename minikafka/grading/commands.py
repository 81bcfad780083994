"""What the commands of a learner do: print, and end with an exit code.

```
minikafka next           what to do now              minikafka hint ID       the next hint
minikafka grade ID       judge the answer            minikafka reset ID      begin anew, and keep a copy
minikafka exercises      the list                    minikafka progress      how far, when, with which answer
minikafka milestone 6    a published failure, played with the functions written so far
```

0 is done, 1 not yet, 2 that we could not do it; the reason is one sentence.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from minikafka.grading import hints, milestone, progress, skeleton
from minikafka.grading.exercise import CannotGrade, Exercise, all_exercises, checkout, find
from minikafka.grading.grader import judge
from minikafka.grading.in_place import Standing, StoodDown, begun_in, in_place
from minikafka.grading.published import MILESTONES

if TYPE_CHECKING:
    from minikafka.trace.trace import Trace

KINDS = {"W": "write", "P": "predict", "A": "attack", "S": "specify", "O": "order", "D": "diagnose"}


def or_say_why(run: Callable[[], int]) -> int:
    """Run a command; where there is nothing to do it on, one sentence says so, and it ends with 2."""
    try:
        return run()
    except CannotGrade as reason:
        print(reason)
        return 2


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
    return shown_path(exercise, exercise.answer) if exercise.begin() else ""


def shown_path(exercise: Exercise, file: Path) -> str:
    """A file of the checkout, as one types it there."""
    return file.relative_to(exercise.root).as_posix()


def run_with(folder: Path, play: Callable[[bool], Trace], tell: Callable[[Trace], None]) -> int:
    """Play a scenario with the learner's functions in place of ours; 1 if one of them differs from its requirements.

    `play` is told whether the scenario's scenes have to be there: not where decisions differ.
    """
    return or_say_why(lambda: _run_with(begun_in(folder), play, tell))


def _run_with(exercises: list[Exercise], play: Callable[[bool], Trace], tell: Callable[[Trace], None]) -> int:
    print(f"With your own functions: {', '.join(exercise.id for exercise in exercises)}.")
    try:
        with in_place(exercises) as standing:
            stopped = _played(standing, play, tell)
            print("\n".join(["", *stopped, *(one.report() for one in standing)]))
            return int(any(one.differs for one in standing))
    except StoodDown as failure:
        print(failure)
        return 1


def _played(standing: list[Standing], play: Callable[[bool], Trace], tell: Callable[[Trace], None]) -> list[str]:
    """Play it and tell it; why it stopped before its end, if it did."""
    try:
        trace = play(False)
    except StoodDown:
        raise
    except Exception as error:  # a wrong decision may lead the core where its own assertions stop it
        if not any(one.differs for one in standing):
            raise
        return [f"With your decisions the run could not go on: {error or type(error).__name__}."]
    tell(trace if any(one.differs for one in standing) else play(True))
    return []


def play_milestone(lesson: int) -> int:
    """Play a published failure with the learner's functions: 0 if nothing broke, and each decided as it should."""
    return or_say_why(lambda: _milestone(lesson))


def _milestone(lesson: int) -> int:
    outcome = milestone.play_milestone(lesson, checkout())
    outcome.write_page()
    print(outcome)
    return 0 if outcome.passed else 1


def serve_with(folder: Path, serve: Callable[[], int]) -> int:
    """Serve with the learner's functions in place of ours; one that fails is relieved by ours, and that is said."""

    def serve_now() -> int:
        exercises = begun_in(folder)
        say(f"With your own functions: {', '.join(exercise.id for exercise in exercises)}.")
        try:
            with in_place(exercises, say) as standing:
                code = serve()
                for one in standing:
                    say(one.report())
                return code
        except StoodDown as failure:
            raise CannotGrade(str(failure)) from None

    return or_say_why(serve_now)


def say(sentence: str) -> None:
    """To standard error: standard output is for those who connect."""
    print(sentence, file=sys.stderr, flush=True)


def list_exercises() -> int:
    """Print every exercise and where the learner stands."""
    return or_say_why(_list)


def _list() -> int:
    found = some_exercises()
    kept = progress.read(found[0].root)
    width = max(len(exercise.id) for exercise in found)
    for exercise in found:
        kind = KINDS.get(exercise.kind.letter, exercise.kind.letter)
        print(f"{exercise.id:<{width}}  {kind:<8}  {progress.state(exercise, kept):<24}  {exercise.title}")
    print(f"{progress.count(found, kept)} of {len(found)} passed. `minikafka next` says what to do now.")
    return 0


def some_exercises() -> list[Exercise]:
    """All there are. Raises `CannotGrade` if there are none."""
    found = all_exercises()
    if not found:
        raise CannotGrade("This checkout has no exercises.")
    return found


def next_exercise() -> Exercise | None:
    """The first one that is not passed as it stands; None when all are."""
    found = some_exercises()
    kept = progress.read(found[0].root)
    return next((one for one in found if not progress.is_passed(one, kept)), None)


def what_next() -> int:
    """Print what to do now."""
    return or_say_why(_next)


def _next() -> int:
    exercise = next_exercise()
    if exercise is None:
        print("Every exercise is passed. `minikafka progress` writes the page that says so.")
        return 0
    kind = KINDS.get(exercise.kind.letter, exercise.kind.letter)
    print(f"{exercise.id} ({kind}): {exercise.title}")
    print(f"  state   {progress.state(exercise, progress.read(exercise.root))}")
    print(f"  read    {shown_path(exercise, exercise.folder / 'README.md')}")
    made = ", made from the stub when you first grade" if not exercise.answer.exists() else ""
    print(f"  write   {shown_path(exercise, exercise.answer)}{made}")
    print(f"  then    minikafka grade {exercise.id}   or, to grade at every save: minikafka watch")
    passed = milestone_before(exercise)
    if passed is not None:
        print(f"  first   minikafka milestone {passed}   plays a published failure with all that you have written")
    return 0


def milestone_before(exercise: Exercise) -> int | None:
    """The milestone between the exercise before this one and this one."""
    ids = [one.id for one in some_exercises()]
    place = ids.index(exercise.id)
    before = int(ids[place - 1][:2]) if place else 0
    return before if before != int(exercise.id[:2]) and before in {one.lesson for one in MILESTONES} else None


def hint(exercise_id: str, number: int | None = None) -> int:
    """Print the next hint, or one by its number."""
    return or_say_why(lambda: _hint(find(exercise_id), number))


def _hint(exercise: Exercise, number: int | None) -> int:
    known = hints.all_hints(exercise)
    if number is not None and not 1 <= number <= len(known):
        raise CannotGrade(f"{exercise.id} has the hints 1 to {len(known)}, and no hint {number}.")
    wanted = number if number is not None else hints.next_number(exercise)
    hints.note_seen(exercise, wanted)
    print(f"{exercise.id}, hint {wanted} of {len(known)}:\n\n{known[wanted - 1]}")
    if wanted == len(known):
        print(f"\nThat was the last one; the solution is {shown_path(exercise, exercise.solution)}.")
    return 0


def reset(exercise_id: str) -> int:
    """Begin an answer anew; what was there is kept beside the progress."""
    return or_say_why(lambda: _reset(find(exercise_id)))


def _reset(exercise: Exercise) -> int:
    copy = exercise.reset()
    hints.forget(exercise)
    kept = f"; yours is kept as {shown_path(exercise, copy)}" if copy is not None else ""
    print(f"{shown_path(exercise, exercise.answer)} is the stub again{kept}.")
    return 0


def new_exercise(exercise_id: str, kind: str, function: str) -> int:
    """Write the skeleton of an exercise, and say what comes next."""
    return or_say_why(lambda: _new_exercise(exercise_id, kind, function))


def _new_exercise(exercise_id: str, kind: str, function: str) -> int:
    made = skeleton.new_exercise(exercise_id, kind, function)
    folder = next(file.parent for file in made if file.name == "README.md")
    print(f"Made {len(made)} files, the first of them in {folder.relative_to(checkout()).as_posix()}/.")
    print(f"Fill in what says {skeleton.TO_DO}; the tests name what is still missing, one thing after the other:")
    print(f'\n    make test ARGS="tests/grading -k {folder.name}"\n')
    return 0


def show_progress() -> int:
    """Print what was passed, when and with which answer; at the end of the course, write the page that says so."""
    return or_say_why(_progress)


def _progress() -> int:
    found = some_exercises()
    kept = progress.read(found[0].root)
    width = max(len(exercise.id) for exercise in found)
    for exercise in found:
        answer = str(kept[exercise.id]["answer"])[:12] if progress.is_passed(exercise, kept) else ""
        print(f"{exercise.id:<{width}}  {progress.state(exercise, kept):<24}  {answer}".rstrip())
    passed = progress.count(found, kept)
    print(f"{passed} of {len(found)} passed; kept in {shown_path(found[0], progress.file_of(found[0].root))}.")
    if passed == len(found):
        page = progress.write_certificate(found, kept)
        print(f"All of them. The page that says so: {page.as_uri()}")
    return 0
