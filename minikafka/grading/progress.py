"""How far a learner is: a plain file that git ignores, with what was passed, when, and the hash of the answer.

`.minikafka/progress.json`: `{"06/elect_leader": {"passed": "2026-05-01T10:00:00+00:00", "answer": "sha256…"}}`
"""

from __future__ import annotations

import hashlib
import json
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
    if isinstance(passed, dict):
        unchanged = not exercise.answer.exists() or digest(exercise.answer) == passed.get("answer")
        return f"{PASSED} {str(passed.get('passed'))[:10]}" if unchanged else CHANGED
    if not exercise.answer.exists() or exercise.answer.read_bytes() == exercise.stub.read_bytes():
        return NOT_BEGUN
    return BEGUN
