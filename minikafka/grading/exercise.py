"""An exercise is a folder that explains itself; this finds it, and knows no single one.

```
exercises/06_who_leads/elect_leader/     id 06/elect_leader
    README.md       the specification: numbered requirements
    stub.py         where a learner starts
    answer.py       the learner's own; made from the stub, ignored by git, never overwritten
    hints.md        at most four, the last one a puzzle of lines to put in order
    grader.py       what is asked, and which runs are played: an EXERCISE of some kind
    test_….py       the same checks for those who live in pytest
```

The kind of an exercise (write, predict, …) is the class of its `EXERCISE`; another kind is another class with the
methods of `Kind`.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from minikafka.config import unknown_name
from minikafka.grading.verdict import Verdict

LESSON_FOLDER = re.compile(r"^(\d\d)_\w+$")
LONG_ID = re.compile(r"^(\d\d)_\w+/")
"""An id as its folder is called: `06_who_leads/elect_leader`."""


class CannotGrade(Exception):
    """There is nothing to judge; the message is one sentence that says what to do."""


class Grading(Protocol):
    """One answer, being judged."""

    def run(self, check: str) -> Verdict:
        """Carry out one check."""
        ...


class Kind(Protocol):
    """What every `EXERCISE` can do, whatever its letter."""

    letter: str
    """W write, P predict, A attack, S specify, O order, D diagnose."""
    order: int
    """Place among the exercises of its lesson."""

    def checks(self) -> list[str]:
        """Names of the checks, in the order in which they are made."""
        ...

    def open(self, exercise: Exercise, file: Path) -> AbstractContextManager[Grading]:
        """Begin to judge a file."""
        ...

    def praise(self, exercise: Exercise) -> Verdict:
        """What is said when every check has passed."""
        ...


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a checkout."""

    id: str
    folder: Path
    root: Path
    """The checkout it belongs to."""
    kind: Kind = field(repr=False)

    @property
    def name(self) -> str:
        """The last part of its id."""
        return self.folder.name

    @property
    def title(self) -> str:
        """The first heading of its specification."""
        first = (self.folder / "README.md").read_text(encoding="utf-8").partition("\n")[0]
        return first.lstrip("# ").strip()

    @property
    def stub(self) -> Path:
        """Where a learner starts."""
        return self.folder / "stub.py"

    @property
    def answer(self) -> Path:
        """The learner's own file."""
        return self.folder / "answer.py"

    @property
    def page(self) -> Path:
        """Where the counterexample is written."""
        return self.root / ".minikafka" / "counterexamples" / f"{self.id.replace('/', '-')}.html"

    @property
    def solution(self) -> Path:
        """The reference."""
        return self.root / "solutions" / self.folder.parent.name / f"{self.name}.py"

    @property
    def is_begun(self) -> bool:
        """Is there more in the answer than the stub?"""
        return self.answer.exists() and self.answer.read_bytes() != self.stub.read_bytes()

    def begin(self) -> bool:
        """Make `answer.py` from the stub if there is none; True if it was made."""
        if self.answer.exists():
            return False
        shutil.copyfile(self.stub, self.answer)
        return True

    def reset(self) -> Path | None:
        """Make the answer the stub again; where the learner's is kept, None if there was nothing to keep."""
        copy = None
        if self.is_begun:
            copy = self._free_name()
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.answer, copy)
        shutil.copyfile(self.stub, self.answer)
        return copy

    def _free_name(self) -> Path:
        folder = self.root / ".minikafka" / "kept"
        names = (folder / f"{self.id.replace('/', '-')}-{number}.py" for number in itertools.count(1))
        return next(file for file in names if not file.exists())


def checkout() -> Path:
    """The checkout we stand in, or the one this package was installed from. Raises `CannotGrade`."""
    here = Path.cwd()
    package_home = Path(__file__).resolve().parent.parent.parent
    for folder in (here, *here.parents, package_home):
        if (folder / "exercises").is_dir() and (folder / "solutions").is_dir():
            return folder
    raise CannotGrade("There are no exercises here: go into your clone of the course, where exercises/ is.")


def all_exercises(root: Path | None = None) -> list[Exercise]:
    """Every exercise, lesson by lesson, in the order in which it is met."""
    top = root or checkout()
    found = [_load(top, path.parent) for path in sorted((top / "exercises").glob("*/*/grader.py"))]
    return sorted(found, key=lambda exercise: (exercise.id.partition("/")[0], exercise.kind.order, exercise.id))


def find(exercise_id: str, root: Path | None = None) -> Exercise:
    """One by its id. Raises `CannotGrade` with the nearest known id."""
    top = root or checkout()
    wanted = LONG_ID.sub(r"\1/", exercise_id)
    for path in sorted((top / "exercises").glob("*/*/grader.py")):
        if _id_of(path.parent) == wanted:
            return _load(top, path.parent)
    known = [_id_of(path.parent) for path in sorted((top / "exercises").glob("*/*/grader.py"))]
    raise CannotGrade(unknown_name("exercise", exercise_id, known))


def _id_of(folder: Path) -> str:
    lesson = LESSON_FOLDER.match(folder.parent.name)
    if lesson is None:
        raise CannotGrade(f"{folder.parent} should be named after its lesson, as 06_who_leads.")
    return f"{lesson.group(1)}/{folder.name}"


def _load(root: Path, folder: Path) -> Exercise:
    exercise_id = _id_of(folder)
    name = "minikafka_exercise_" + re.sub(r"\W", "_", exercise_id)
    spec = importlib.util.spec_from_file_location(name, folder / "grader.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kind: Kind = module.EXERCISE
    return Exercise(exercise_id, folder, root, kind)
