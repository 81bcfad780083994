"""How far a learner is: a plain file that git ignores, with what was passed, when, and the hash of the answer.

`.minikafka/progress.json`: `{"06/elect_leader": {"passed": "2026-05-01T10:00:00+00:00", "answer": "sha256…"}}`
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from minikafka.grading.exercise import Exercise

NOT_BEGUN, BEGUN, PASSED, CHANGED = "not begun", "begun", "passed", "changed since it passed"


def file_of(root: Path) -> Path:
    """Where it is kept."""
    return root / ".minikafka" / "progress.json"


def read(root: Path) -> dict[str, Any]:
    """All that is kept; nothing if the file is missing or damaged."""
    try:
        content = json.loads(file_of(root).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def note_pass(exercise: Exercise, answer: Path) -> None:
    """Keep that this answer has passed."""
    kept = read(exercise.root)
    kept[exercise.id] = {"passed": datetime.now(UTC).isoformat(timespec="seconds"), "answer": digest(answer)}
    file = file_of(exercise.root)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def digest(answer: Path) -> str:
    """SHA-256 of an answer."""
    return hashlib.sha256(answer.read_bytes()).hexdigest()


def state(exercise: Exercise, kept: dict[str, Any]) -> str:
    """Where the learner stands with one exercise, in a few words."""
    passed = kept.get(exercise.id)
    if isinstance(passed, dict) and "passed" in passed:
        unchanged = not exercise.answer.exists() or digest(exercise.answer) == passed.get("answer")
        return f"{PASSED} {str(passed.get('passed'))[:10]}" if unchanged else CHANGED
    return BEGUN if exercise.is_begun else NOT_BEGUN


def is_passed(exercise: Exercise, kept: dict[str, Any]) -> bool:
    """Has the answer as it stands passed?"""
    return state(exercise, kept).startswith(f"{PASSED} ")


def count(exercises: Sequence[Exercise], kept: dict[str, Any]) -> int:
    """How many are passed."""
    return sum(is_passed(exercise, kept) for exercise in exercises)


def write_certificate(exercises: Sequence[Exercise], kept: dict[str, Any]) -> Path:
    """A page that says what was passed, when, and with which answer; it asks for nothing."""
    rows = "".join(
        f"<tr><td>{html.escape(one.id)}</td><td>{html.escape(one.title)}</td>"
        f"<td>{html.escape(str(kept[one.id]['passed'])[:10])}</td>"
        f"<td><code>{html.escape(str(kept[one.id]['answer'])[:16])}</code></td></tr>\n"
        for one in exercises
    )
    file = file_of(exercises[0].root).with_name("certificate.html")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CERTIFICATE.format(count=len(exercises), rows=rows), encoding="utf-8")
    return file


CERTIFICATE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>minikafka: every exercise passed</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem;
       background: light-dark(#FBFAF6, #14171F); color: light-dark(#1B2130, #E9E7E0) }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid light-dark(#D9D6CC, #343A49) }}
code {{ font-variant-numeric: tabular-nums }}
</style>
<h1>{count} of {count} exercises passed</h1>
<p>Each was judged inside a running cluster. The last column is the beginning of the SHA-256 of the answer that passed:
whoever has the file can compare.</p>
<table>
<thead><tr><th scope="col">Exercise</th><th scope="col">What it asks</th><th scope="col">Passed</th>
<th scope="col">Answer</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
</html>
"""
