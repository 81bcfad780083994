"""The core, the simulation and the grader of each kind do in a browser's Python what they do here."""

from __future__ import annotations

import json
import shutil
import subprocess

from grading_kit import ANSWERS, EXERCISES, ROOT

from minikafka import play
from minikafka.grading.exercise import find

PYODIDE = "pyodide@314.0.7"
CACHE = ROOT / "build" / "pyodide"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "answer.py")
JUDGED = {
    "06/check_leader_epoch": "no_check",  # stands in the core
    "01/place_batch": "roll_at_equal",  # is fitted into the core
    "12/commit_after": "commit_first",  # a program
    "06/what_clients_hear": "computes",
    "05/lose_one": "three_faults",
    "04/fetch_rounds": "sent_is_held",
    "14/five_traces": "zero_is_healthy",
    "05/isr_rule": "length_only",  # a checker
}
"""An exercise of each kind: the reference passes, and this wrong answer is told what it is told here."""
ONLY_WRONG = {
    "06/elect_leader": "any_live",  # its counterexample takes some shrinking
    "12/safe_watermark": "highest_done",  # is asked by an application
}
"""Two more, whose references would take too long there."""


def answers():
    """(exercise, file) of everything that is judged."""
    for exercise in map(find, JUDGED):
        yield exercise, exercise.solution
    for name, mistake in (JUDGED | ONLY_WRONG).items():
        exercise = find(name)
        yield exercise, ANSWERS / exercise.folder.parent.name / exercise.name / "wrong" / f"{mistake}.py"


def test_each_kind_is_judged():
    assert {type(find(name).kind) for name in JUDGED} == {type(exercise.kind) for exercise in EXERCISES}


def test_the_graders_judge_alike_in_pyodide(need, tmp_path, judged):
    node = need.tool("node")
    folder = need.from_npm(PYODIDE, CACHE) / "pyodide"
    for part in ("minikafka", "exercises", "solutions", "tests/answers"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=LEFT_OUT)
    wanted = [(exercise.id, file.relative_to(ROOT).as_posix()) for exercise, file in answers()]
    (tmp_path / "answers.json").write_text(json.dumps(wanted), encoding="utf-8")
    script = ROOT / "tests" / "grading" / "pyodide_run.mjs"
    ran = subprocess.run([node, str(script), str(folder), str(tmp_path)], capture_output=True, text=True, check=False)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("FOUND ")]
    assert lines, ran.stderr[-2000:]
    found = json.loads(lines[0].removeprefix("FOUND "))
    assert found.pop("platform") == "emscripten"
    assert found.pop("digest") == play("06_two_leaders").digest(), "same seed, same bytes, in the browser too"
    for name, file in wanted:
        outcome, mistake, got = found.pop(f"{name} {file}")
        here = judged(name, ROOT / file)
        assert (outcome, mistake, got) == (here.outcome, here.mistake, here.got), (name, file)
        assert outcome == ("not yet" if "/wrong/" in file else "passed"), (name, file)
    assert not found
