"""docs/kill-matrix.md: made of what `matrix.py` has found, and read again.

A row says in which run it was made: who adds an exercise judges that one, and the other rows stay as they are. The test
reads the page to see that no exercise is missing and nothing has survived.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from minikafka.grading.exercise import Exercise

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "kill-matrix.md"
HEAD = """# The kill matrix

Written by `make matrix`, each row when nothing is wrong with it; nothing here is written by hand. It is the proof of
the graders, as [the proof](proof.md) is that of the engine.

A grader is worth what it refuses. Each row is an exercise, and what its grader was given:

* **named**: wrong answers built on misconceptions, or attacks that do not count. Each is refused, and a known one
  gets the reply written for it.
* **standard**: the wrong answers that every grader meets: nothing, a constant, the example by heart, a loop, a file
  that reads the solution or forges the verdict.
* **mutants**: the reference with one small thing changed: a comparison, a number, a condition, an argument, a
  statement left out. *Equivalent* ones are not wrong; why, is said below for each.
* **right**: the reference, and answers built otherwise. All pass.
* **choices**: wrong letters, and orders of cards that do harm, one by one. Each gets its reply and a step of the run.
* **checks**: each is collected by pytest, and each refuses an answer for what it decides.

7/7 says that seven of seven had the verdict that they should have.
"""
GIVEN = ("exercise", "kind", "named", "standard", "mutants", "equivalent", "right", "choices", "checks")
TIMED = ("exercise", "median", "95 %", "right", "run", "sources")
SECONDS = """## Seconds from save to verdict

Of the wrong answers half are quicker than the first number, and 95 % quicker than the second. The third is the slowest
right one, with all its exploration. *Sources* is a digest of grader, reference and answers as they were in that run.
"""
NOT_YET = "Without a row, because not judged yet, or with a fault that is not mended yet: "
Of = tuple[int, int]
"""So many of so many."""


@dataclass(frozen=True)
class Row:
    """One exercise."""

    exercise: str
    kind: str
    named: Of
    standard: Of
    mutants: Of
    """Killed, of those that are not argued to be equivalent."""
    equivalent: int
    right: Of
    choices: int
    checks: int
    median: float
    late: float
    to_pass: float
    run: str
    """How it was made; on the page its number in the list of runs."""
    digest: str

    @property
    def is_whole(self) -> bool:
        """Nothing that is wrong survives, and nothing that is right is refused."""
        return all(done == there for done, there in (self.named, self.standard, self.mutants, self.right))


def answers_of(exercise: Exercise) -> Path:
    """Where the answers to an exercise lie."""
    return ROOT / "tests" / "answers" / exercise.folder.parent.name / exercise.name


def digest_of(exercise: Exercise) -> str:
    """Which grader, reference and answers a row is about: twelve digits."""
    files = [file for file in exercise.folder.glob("*") if file.suffix in (".py", ".md") and file.name != "answer.py"]
    files += [exercise.solution, *(file for file in answers_of(exercise).rglob("*") if file.suffix in (".py", ".toml"))]
    return digest(sorted(files))


def digest(files: Iterable[Path]) -> str:
    """Twelve digits over some files."""
    found = hashlib.sha256()
    for file in files:
        found.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:12]


# --- writing ---


def page(rows: list[Row], arguments: dict[str, list[Any]]) -> str:
    """The page; `arguments` has every exercise there is."""
    runs = list(dict.fromkeys(row.run for row in rows))
    numbered = [replace(row, run=str(runs.index(row.run) + 1)) for row in rows]
    missing = [exercise for exercise in arguments if exercise not in {row.exercise for row in rows}]
    parts = [HEAD, *table(GIVEN, map(given, rows)), *in_sum(rows), ""]
    parts += [NOT_YET + ", ".join(missing), ""] if missing else []
    parts += [SECONDS, *table(TIMED, map(timed, numbered))]
    parts += ["## Runs", ""]
    parts += [f"{number}. {run}" for number, run in enumerate(runs, 1)]
    parts += ["", "## Equivalent mutants", "", "They answer as the reference does, or as is allowed, too.", ""]
    for exercise, argued in arguments.items():
        parts += [f"### {exercise}", "", *map(argument, argued), ""] if argued else []
    return "\n".join(parts)


def table(columns: tuple[str, ...], rows: Iterable[list[Any]]) -> list[str]:
    """Lines of Markdown."""
    return [in_line(columns), f"|{' --- |' * len(columns)}", *map(in_line, rows), ""]


def in_line(cells: Iterable[Any]) -> str:
    """One line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def given(row: Row) -> list[Any]:
    """What its grader was given."""
    cells = [row.exercise, row.kind, of(row.named), of(row.standard), of(row.mutants), row.equivalent or ""]
    return [*cells, of(row.right), row.choices or "", row.checks]


def timed(row: Row) -> list[Any]:
    """How long it took, and when that was."""
    return [row.exercise, *(f"{one:.2f}" for one in (row.median, row.late, row.to_pass)), row.run, f"`{row.digest}`"]


def of(pair: Of) -> str:
    """So many of so many, empty if there are none."""
    return f"{pair[0]}/{pair[1]}" if pair[1] else ""


def in_sum(rows: list[Row]) -> list[str]:
    """The whole table in a few sentences."""

    def count(name: str) -> str:
        pairs = [getattr(row, name) for row in rows]
        return f"{sum(done for done, _ in pairs):,} of {sum(there for _, there in pairs):,}"

    numbers = ("equivalent", "choices", "checks")
    equivalent, choices, checks = (sum(getattr(row, name) for row in rows) for name in numbers)
    return [
        f"Refused: {count('named')} named wrong answers, {count('standard')} standard ones, {count('mutants')} mutants "
        f"and {choices:,} wrong choices; {equivalent} more mutants are equivalent. Accepted: {count('right')} right "
        f"answers. All that by {checks:,} checks."
    ]


def argument(one: Any) -> str:
    """Why a mutant is none."""
    return f"* `{one.line}`  \n  `{one.becomes or '(nothing)'}`  \n  {one.reason}"


# --- reading ---


def rows_of(text: str) -> list[Row]:
    """The rows of a page. Raises ValueError for what is no page of ours."""
    runs = dict(re.findall(r"^(\d+)\. (.*)$", text, re.M))
    lines = [found[1].split(" | ") for found in re.finditer(r"^\| (\d\d/.*) \|$", text, re.M)]
    seconds = {cells[0]: cells[1:] for cells in lines if len(cells) == len(TIMED)}
    rows = [row_of([*cells, *seconds[cells[0]]]) for cells in lines if len(cells) == len(GIVEN)]
    return [replace(row, run=runs[row.run]) for row in rows]


def not_judged(text: str) -> list[str]:
    """The exercises without a row that a page names."""
    found = re.search(f"^{NOT_YET}(.*)$", text, re.M)
    return found[1].split(", ") if found else []


def row_of(cells: list[str]) -> Row:
    """One row."""
    name, kind, named, standard, mutants, equivalent, right, choices, checks, *timed = map(str.strip, cells)
    median, late, to_pass, run, about = timed
    return Row(
        name, kind, pair_of(named), pair_of(standard), pair_of(mutants), int(equivalent or 0), pair_of(right),
        int(choices or 0), int(checks), float(median), float(late), float(to_pass), run, about.strip("`"),
    )  # fmt: skip


def pair_of(cell: str) -> Of:
    """`3/4`, or nothing."""
    done, _, there = cell.partition("/")
    return (int(done), int(there)) if cell else (0, 0)
