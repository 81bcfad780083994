"""What the tests of the graders share besides fixtures: where the answers lie, and the lint of a verdict's words."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from minikafka.grading.exercise import Exercise, all_exercises
from minikafka.grading.predict import read_answers
from minikafka.grading.program import Program
from minikafka.grading.verdict import NOT_YET
from minikafka.grading.write import Write

ROOT = Path(__file__).resolve().parent.parent.parent
ANSWERS = ROOT / "tests" / "answers"
LESSON = "06_who_leads"
# What each of the standard wrong ones must be told, by the kind of failure; several where it depends on the machine.
STANDARD = {
    "do_nothing": {"type"}, "raises": {"raised"}, "loops": {"slow"}, "exits": {"exited"}, "exits_hard": {"died"},
    "prints_flood": {"flood"}, "wrong_type": {"type"}, "syntax_error": {"syntax"}, "recursion": {"recursion"},
    "allocates": {"memory", "slow", "died"}, "catches_everything": {"slow"}, "imports_reference": {"refused"},
    "reads_solution": {"refused"}, "forges_replies": {"garbled"}, "kills_the_grader": {"refused"},
    "closes_the_pipe": {"died"}, "other_name": {"missing"},
}  # fmt: skip
STANDARD_WRONG = {
    *STANDARD, "constant", "hard_coded_example", "patches_minikafka", "changes_its_mind", "self_made_equal",
}  # fmt: skip
"""What every exercise that asks for a function must refuse."""


def copy_checkout(folder: Path) -> Path:
    """The exercises and solutions, without anybody's answers."""
    for name in ("exercises", "solutions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("answer.py", "__pycache__"))
    return folder


EXERCISES = all_exercises(ROOT)
EVERY = 3
"""`make test` judges the answers to one exercise of so many; GRADERS=all those to all of them."""


def commit_of(root: Path) -> int:
    """This commit as a number; 0 where git knows none."""
    command = ["git", "rev-parse", "--short=7", "HEAD"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root).stdout.strip()
    return int(said, 16) if said else 0


def chosen(exercises: list[Exercise], commit: int) -> list[Exercise]:
    """A third of them, another one with each commit; the same for everybody who looks at that commit."""
    return [exercise for number, exercise in enumerate(exercises) if number % EVERY == commit % EVERY]


JUDGED = EXERCISES if os.environ.get("GRADERS") == "all" else chosen(EXERCISES, commit_of(ROOT))
"""The exercises whose right and wrong answers are judged, and whose schedules are played, in this run."""


def by_id(exercises: list[Exercise]) -> pytest.MarkDecorator:
    """A test for each of these exercises."""
    return pytest.mark.parametrize("exercise", exercises, ids=lambda exercise: exercise.id)


def of_kind(*letters: str) -> list[Exercise]:
    """All exercises of these kinds, whatever their lesson."""
    return [exercise for exercise in EXERCISES if exercise.kind.letter in letters]


def decisions() -> list[Exercise]:
    """All exercises of kind W that ask for a function of the core: it stands in the place of ours."""
    return [exercise for exercise in of_kind("W") if isinstance(exercise.kind, Write)]


def programs() -> list[Exercise]:
    """All exercises of kind W that ask for a client program."""
    return [exercise for exercise in of_kind("W") if isinstance(exercise.kind, Program)]


def kept(exercise: Exercise, kind: str) -> list[Path]:
    """Its `right` or `wrong` answers."""
    return sorted((ANSWERS / exercise.folder.parent.name / exercise.name / kind).glob("*.py"))


def answers(kind: str) -> list:
    """Every answer of a kind, `right` or `wrong`, to the exercises of this run, as pytest parameters."""
    return [
        pytest.param(exercise, file, id=f"{exercise.id}-{file.stem}")
        for exercise in JUDGED
        for file in kept(exercise, kind)
    ]


def lint(verdict) -> list[str]:
    """What is wrong with the words of a verdict that says *not yet*."""
    complaints = [f"line {name} is empty" for name, text in verdict.lines if not text.strip()]
    complaints += [f"line {name} is more than one" for name, text in verdict.lines if "\n" in text]
    complaints += [f"line {name} is {len(text)} long" for name, text in verdict.lines if len(text) > 420]
    whole = str(verdict).replace(verdict.link or "-", "")
    complaints += [f"says {word!r}" for word in ("Traceback", "minikafka/", "lambda", "0x") if word in whole]
    if "expected" not in verdict.got:
        complaints.append("line two does not say what was expected")
    if len(verdict.story) > 15 or len(verdict.schedule) > 15:
        complaints.append(f"{len(verdict.story)} sentences, {len(verdict.schedule)} entries")
    if verdict.story and (verdict.page is None or not verdict.link.startswith("file://") or verdict.seed is None):
        complaints.append("a story without page, link or seed")
    return complaints


def complaints(exercise, file, verdict) -> list[str]:
    """What is wrong with the verdict on a wrong answer: it must be refused, and told what is wrong with it."""
    if verdict.outcome != NOT_YET or verdict.exit_code != 1:
        return [f"its outcome is {verdict.outcome!r}"]
    kind, found = exercise.kind, lint(verdict)
    if file.stem in {mistake.name for mistake in getattr(kind, "mistakes", ())}:
        if verdict.mistake != file.stem:
            found.append(f"it gets the reply written for {verdict.mistake or 'nobody'}")
    elif file.stem == "do_nothing" and isinstance(kind, Write) and none_is_an_answer(kind):
        if verdict.requirement not in kind.requirements:
            found.append(f"it breaks {verdict.requirement!r}, and no requirement")
    elif isinstance(kind, Write) and file.stem in STANDARD:
        is_told = verdict.mistake in STANDARD[file.stem] and verdict.requirement == "R0"
        found += [] if is_told else [f"it is told of {verdict.mistake!r} and {verdict.requirement!r}"]
    return found + complaints_about_page(verdict)


def none_is_an_answer(kind) -> bool:
    """Is None of the stated type? Then who does nothing gives answers, and wrong ones."""
    return any(example.answer is None for example in kind.examples)


def complaints_about_page(verdict) -> list[str]:
    """What is wrong with the page that shows the run; nothing if there is none."""
    if verdict.page is None:
        return []
    text = verdict.page.read_text(encoding="utf-8")
    options = json.loads(html.unescape(re.search(r'data-options="([^"]*)"', text)[1]))
    found = [] if options["step"] == verdict.step else [f"the page opens at {options['step']}"]
    asks = "http://" in text.replace("http://www.w3.org", "")
    return [*found, "the page asks for something"] if asks else found


def judge_every_letter(table: Exercise, runs: Any, file: Path) -> None:
    """Each wrong letter of an exercise of kind P or D gets its own reply, and the step that shows it."""
    right = read_answers(table.solution, [question.name for question in table.kind.questions])
    with table.kind.open(table, file) as grading:
        grading._runs = runs
        for question in table.kind.questions:
            for letter, choice in question.choices.items():
                answers = {**right, question.name: letter}
                file.write_text("".join(f"{name} = {value!r}\n" for name, value in answers.items()), encoding="utf-8")
                verdict = grading.run(question.name)
                assert verdict.passed == (letter == question.right)
                if verdict.passed:
                    continue
                assert choice.reply in verdict.look
                assert verdict.step == grading.step(choice.shown)
                assert not lint(verdict), str(verdict)
