#!/usr/bin/env python3
"""The kill matrix: no wrong answer passes, no right one is refused. What is so stands in docs/kill-matrix.md.

    python tools/matrix.py [ID]... [--jobs 2] [--note TEXT] [--page-only]

* Every answer under `tests/answers/` is judged. A right one passes. A wrong one is refused with its own message, and
  once more in a process with another hash seed, with the same bytes.
* Every mutant of a reference (`mutate.py`) is judged. One that survives stands in `equivalent.toml` beside the
  answers, with the reason why it is not wrong.
* Every wrong letter, and every order of the right cards, is answered.
* Every check is collected by pytest, and refuses a wrong answer that decides something; for every requirement
  somebody is refused.
* What else the tests of the graders hold is run for every exercise: stubs, schedules, attacks, texts.

With IDs, only these exercises are judged, without the other tests. An exercise without a fault gets its row on the page
in place of the old one; rows of other exercises stay.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "tests" / "grading")]

import matrix_page
import matrix_work as work
from grading_kit import EXERCISES, STANDARD, STANDARD_WRONG, kept
from matrix_page import Row
from mutate import Mutant, mutants

from minikafka.grading.exercise import Exercise

HASH_SEEDS = ("1", "4242")
DONE_HERE = ("test_a_right_answer_passes", "test_a_wrong_answer_is_told_what_is_wrong", "test_the_reference_passes")
"""Tests that judge the answers which the matrix judges."""
NOT_ABOUT_ANSWERS = ("test_grade_command", "test_in_place", "test_pyodide", "test_rhythm", "test_skeleton")
"""Tests of the machine around the graders, which `make test` runs as they are."""


# --- mutants that are argued to be none ---


class Equivalent(NamedTuple):
    """A mutant that answers as its original does, and why."""

    line: str
    becomes: str
    number: int
    reason: str


def argued(exercise: Exercise) -> list[Equivalent]:
    """What stands in `equivalent.toml` beside its answers."""
    file = matrix_page.answers_of(exercise) / "equivalent.toml"
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["mutant"] if file.exists() else []
    return [Equivalent(row["line"], row["becomes"], row.get("number", 1) - 1, row["reason"]) for row in rows]


def mutants_of(exercise: Exercise) -> list[Mutant]:
    """Of a function that somebody writes: its reference, changed."""
    if exercise.kind.letter not in "WS":
        return []
    return mutants(exercise.solution.read_text(encoding="utf-8"))


def unknown_arguments(exercise: Exercise) -> list[str]:
    """Arguments about mutants that nobody makes, and those that are made twice or empty."""
    known = {(one.line, one.becomes, one.number) for one in mutants_of(exercise)}
    rows = argued(exercise)
    found = [f"no mutant is `{one.line}` -> `{one.becomes}`" for one in rows if one[:3] not in known]
    counted = Counter(one[:3] for one in rows)
    found += [f"`{key[0]}` -> `{key[1]}` is argued twice" for key, count in counted.items() if count > 1]
    return found + [f"`{one.line}` -> `{one.becomes}` has no reason" for one in rows if len(one.reason) < 20]


# --- one exercise ---


@dataclass
class Piece:
    """One exercise, while it is judged."""

    exercise: Exercise
    mutants: list[Mutant]
    wrong: dict[Path, Future[work.Judged]] = field(default_factory=dict)
    right: dict[Path, Future[work.Judged]] = field(default_factory=dict)
    fates: list[Future[work.Fate]] = field(default_factory=list)
    choices: Future[tuple[int, set[str], list[str]]] | None = None
    faults: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, exercise: Exercise, pool: ProcessPoolExecutor) -> Piece:
        """Hand it out to the processes."""
        piece = cls(exercise, mutants_of(exercise))
        piece.judge_wrong(pool)
        right = [exercise.solution, *kept(exercise, "right")]
        piece.right = {file: pool.submit(work.judge_answer, exercise.id, file, True) for file in right}
        piece.fates = [pool.submit(work.judge_mutant, exercise.id, one.source) for one in piece.mutants]
        piece.choices = pool.submit(work.every_choice, exercise.id)
        return piece

    def judge_wrong(self, pool: ProcessPoolExecutor) -> None:
        """Those that people wrote."""
        name = self.exercise.id
        self.wrong = {file: pool.submit(work.judge_answer, name, file, False) for file in kept(self.exercise, "wrong")}

    def digests(self) -> dict[str, str]:
        """Of every verdict on a wrong answer, but for those that are told what happened first on this machine."""
        depends = {name for name, kinds in STANDARD.items() if len(kinds) > 1}
        return {file.name: one.result().digest for file, one in self.wrong.items() if file.stem not in depends}

    def look_at_answers(self) -> None:
        """Complaints about verdicts."""
        for file, one in (self.wrong | self.right).items():
            self.faults += [f"{file.parent.name}/{file.name}: {said}" for said in one.result().complaints]

    def look_at_mutants(self) -> int:
        """How many are equivalent. A fault: one that survives without a reason, and a reason for one that dies."""
        reasons = {one[:3] for one in argued(self.exercise)}
        for one, fate in zip(self.mutants, self.fates, strict=True):
            is_argued, survives = one[:3] in reasons, not fate.result().check
            if fate.result().fault:
                self.faults.append(f"the grader failed ({fate.result().fault}): {one.name}")
            elif survives and not is_argued:
                self.faults.append(f"a mutant survives: {one.name}")
            elif is_argued and not survives:
                self.faults.append(f"argued to be equivalent, and refused by {fate.result().check!r}: {one.name}")
        self.faults += unknown_arguments(self.exercise)
        return len(reasons)

    def refused(self) -> list[work.Judged | work.Fate]:
        """Answers and mutants that were refused for what they decide."""
        judged = [one.result() for one in (*self.wrong.values(), *self.fates)]
        return [one for one in judged if one.counts]

    def checks_that_refuse(self) -> set[str]:
        """Those that refused an answer, a mutant, or a choice."""
        assert self.choices is not None
        return {one.check for one in self.refused()} | self.choices.result()[1]

    def look_at_requirements(self) -> None:
        """A requirement that nobody is told of may be one that no check holds."""
        told = {one.requirement for one in self.refused()}
        stated = getattr(self.exercise.kind, "requirements", ())
        self.faults += [f"no answer is refused for {number}" for number in stated if number not in told]

    def look_at_checks(self, pool: ProcessPoolExecutor) -> None:
        """Each check that has refused nothing yet is asked alone; one that refuses nothing then, is a fault."""
        texts = [file.read_text(encoding="utf-8") for file, one in self.wrong.items() if one.result().counts]
        texts += [one.source for one, fate in zip(self.mutants, self.fates, strict=True) if fate.result().counts]
        left = [check for check in self.exercise.kind.checks() if check not in self.checks_that_refuse()]
        asked = {check: pool.submit(work.refuses_any, self.exercise.id, check, texts) for check in left}
        self.faults += [f"the check {check!r} refuses no answer" for check, one in asked.items() if not one.result()]

    def finish(self, pool: ProcessPoolExecutor) -> Row:
        """Its row of the page, but for how it was made."""
        self.look_at_answers()
        equivalent = self.look_at_mutants()
        assert self.choices is not None
        choices, _, said = self.choices.result()
        self.faults += said
        self.look_at_requirements()
        self.look_at_checks(pool)
        standard = [one for file, one in self.wrong.items() if file.stem in STANDARD_WRONG]
        named = [one for file, one in self.wrong.items() if file.stem not in STANDARD_WRONG]
        killed = sum(bool(fate.result().check) for fate in self.fates)
        seconds = [one.result().seconds for one in self.wrong.values()]
        return Row(
            self.exercise.id, self.exercise.kind.letter, as_wished(named), as_wished(standard),
            (killed, len(self.mutants) - equivalent), equivalent, as_wished(self.right.values()), choices,
            len(self.exercise.kind.checks()), statistics.median(seconds),
            statistics.quantiles(seconds, n=20, method="inclusive")[-1],
            max(one.result().seconds for one in self.right.values()), "", matrix_page.digest_of(self.exercise),
        )  # fmt: skip


def as_wished(judged: Collection[Future[work.Judged]]) -> matrix_page.Of:
    """How many have the verdict that they should have, of how many."""
    return sum(not one.result().complaints for one in judged), len(judged)


# --- all of them ---


def judge_all(exercises: list[Exercise], home: Path, jobs: int) -> Iterator[tuple[Row, list[str]]]:
    """One after the other: its row, and its faults. What has been judged is judged again before the next one begins."""
    with pool_of(home, jobs, HASH_SEEDS[0]) as pool, pool_of(home, jobs, HASH_SEEDS[1]) as other_pool:
        for exercise in exercises:
            piece = Piece.begin(exercise, pool)
            row = piece.finish(pool)
            again = Piece(exercise, [])
            again.judge_wrong(other_pool)
            before, after = piece.digests(), again.digests()
            piece.faults += [f"{name}: not the same bytes twice" for name in before if before[name] != after[name]]
            print(f"{exercise.id}: {len(piece.faults) or 'no'} faults", *piece.faults, sep="\n    ", flush=True)
            yield row, [f"{exercise.id}: {one}" for one in piece.faults]


def pool_of(home: Path, jobs: int, hash_seed: str) -> ProcessPoolExecutor:
    """Processes with this hash seed, each with a checkout of its own; they start at once, and inherit the seed."""
    os.environ["PYTHONHASHSEED"] = hash_seed
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=work.begin, initargs=(str(home),))
    for one in [pool.submit(work.hash_seed) for _ in range(jobs)]:
        assert one.result() == hash_seed
    return pool


def collected(exercises: list[Exercise], home: Path) -> list[str]:
    """Does pytest collect the checks that are declared, in the files that a learner runs?"""
    top = work.copy_checkout(Path(tempfile.mkdtemp(dir=home)))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "exercises"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True, check=False)
    counted = Counter(re.findall(r"^exercises/(\S+)/test_\w+\.py::", done.stdout, re.M))
    return [
        f"{one.id}: {len(one.kind.checks())} checks are declared, and {counted[folder]} collected"
        for one in exercises
        if counted[folder := one.folder.relative_to(one.root / "exercises").as_posix()] != len(one.kind.checks())
    ]


def other_tests(jobs: int) -> tuple[int, list[str]]:
    """What else the tests of the graders hold, for every exercise: how many passed, and a fault if any failed."""
    command = [sys.executable, "-m", "pytest", "tests/grading", "-q", "-p", "no:cacheprovider"]
    command += ["--numprocesses", str(jobs), "--dist", "loadgroup"]
    for name in DONE_HERE:
        command += ["--deselect", f"tests/grading/test_judged_answers.py::{name}"]
    command += [f"--ignore=tests/grading/{name}.py" for name in NOT_ABOUT_ANSWERS]
    environment = {**os.environ, "GRADERS": "all", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    counted = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    print(done.stdout[-3_000 if done.returncode else -200 :], flush=True)
    return counted.get("passed", 0), ["tests/grading failed; it says why above"] if done.returncode else []


def busy_seconds() -> float:
    """Processor time of this process and of all that it started and that have ended."""
    return sum(os.times()[:4])


def write(rows: list[Row], run: str) -> None:
    """The page with these rows, and with those of before for other exercises."""
    before = matrix_page.rows_of(matrix_page.PAGE.read_text(encoding="utf-8")) if matrix_page.PAGE.exists() else []
    known = {row.exercise: row for row in before} | {row.exercise: replace(row, run=run) for row in rows}
    there = [known[exercise.id] for exercise in EXERCISES if exercise.id in known]
    arguments = {exercise.id: argued(exercise) for exercise in EXERCISES}
    matrix_page.PAGE.write_text(matrix_page.page(there, arguments), encoding="utf-8")


def how(options: argparse.Namespace, took: str) -> str:
    """What stands in the list of runs."""
    engine = matrix_page.digest(sorted((ROOT / "minikafka").rglob("*.py")))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    machine = f"{platform.system()} {platform.machine()}, {options.jobs} processes on {os.cpu_count()} cores"
    where = f"{date.today().isoformat()}, {python}, {machine}, engine and grading machine `{engine}`"
    return f"{where}: {took}. {options.note}".rstrip()


def main(argv: list[str]) -> int:
    """Judge, and write the page if there is nothing to complain of."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these exercises")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--page-only", action="store_true", help="judge nothing, write the page from what it says")
    parser.add_argument("--note", default="", help="for the page: what else the machine did")
    options = parser.parse_args(argv)
    exercises = [one for one in EXERCISES if not options.ids or one.id in options.ids]
    if unknown := set(options.ids) - {one.id for one in exercises}:
        parser.error(f"there is no exercise {', '.join(sorted(unknown))}")
    if options.page_only:
        write([], "")
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        faults, whole = collected(exercises, Path(folder)), []
        for row, wrong in judge_all(exercises, Path(folder), options.jobs):
            faults += wrong
            if not wrong:
                whole.append(row)
                write(whole, how(options, "stopped before its end"))  # who stops here keeps what is done
    passed, failed = (0, []) if options.ids else other_tests(options.jobs)
    faults += failed
    minutes = f"{(time.monotonic() - began) / 60:.1f} min, {busy_seconds() / 60:.1f} min of processor time"
    tests = f"; {passed:,} other tests of the graders passed, for every exercise" if passed else ""
    run = how(options, minutes + tests)
    write(whole, run)
    print("\n".join(["", *faults, run]), flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
