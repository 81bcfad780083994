"""The hints of an exercise, one at a time: which was shown last is kept in `.minikafka/hints.json`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from minikafka.grading.exercise import CannotGrade, Exercise

MOST_HINTS = 4
HEAD = re.compile(r"^\*\*\d of \d\.\*\* *", re.M)


def all_hints(exercise: Exercise) -> list[str]:
    """The texts, in order. Raises `CannotGrade` if the exercise has none."""
    found = [text.strip() for text in HEAD.split((exercise.folder / "hints.md").read_text(encoding="utf-8"))[1:]]
    if not found:
        raise CannotGrade(f"{exercise.id} has no hints.")
    return found


def next_number(exercise: Exercise) -> int:
    """The one after the last that was shown; the last stays the last."""
    return min(_seen(exercise) + 1, len(all_hints(exercise)))


def note_seen(exercise: Exercise, number: int) -> None:
    """Keep that this one was shown."""
    _write(exercise, {**_read(exercise), exercise.id: max(number, _seen(exercise))})


def forget(exercise: Exercise) -> None:
    """Begin with the first one again."""
    _write(exercise, {name: number for name, number in _read(exercise).items() if name != exercise.id})


def _seen(exercise: Exercise) -> int:
    number = _read(exercise).get(exercise.id, 0)
    return number if isinstance(number, int) and number >= 0 else 0


def _file(exercise: Exercise) -> Path:
    return exercise.root / ".minikafka" / "hints.json"


def _read(exercise: Exercise) -> dict[str, Any]:
    try:
        content = json.loads(_file(exercise).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(exercise: Exercise, content: dict[str, Any]) -> None:
    file = _file(exercise)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
