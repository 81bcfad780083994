"""The core, the simulation and the three graders do in a browser's Python what they do here."""

from __future__ import annotations

import json
import shutil
import subprocess

from grading_kit import ROOT

from minikafka import play

PYODIDE = "pyodide@314.0.7"
CACHE = ROOT / "build" / "pyodide"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "answer.py")


def test_the_graders_judge_alike_in_pyodide(need, tmp_path):
    node = need.tool("node")
    folder = need.from_npm(PYODIDE, CACHE) / "pyodide"
    for part in ("minikafka", "exercises", "solutions", "tests/answers"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=LEFT_OUT)
    script = ROOT / "tests" / "grading" / "pyodide_run.mjs"
    ran = subprocess.run([node, str(script), str(folder), str(tmp_path)], capture_output=True, text=True, check=False)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("FOUND ")]
    assert lines, ran.stderr[-2000:]
    found = json.loads(lines[0].removeprefix("FOUND "))
    assert found.pop("digest") == play("06_two_leaders").digest(), "same seed, same bytes, in the browser too"
    assert found == {
        "platform": "emscripten",
        "elect_leader": 0,
        "check_leader_epoch": 0,
        "what_clients_hear": 0,
        "any_live": 1,
        "no_check": 1,
    }
