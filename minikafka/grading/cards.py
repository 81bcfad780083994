"""Recall cards: the questions at the end of a lesson come back, 1, 3 and 7 completed lessons later.

```
 completed    01   04   05   06   07   12   14   …
 cards of 01        ▲         ▲                  ▲      "Not yet" begins anew: 1, 3 and 7 lessons from there
```

The cards stand in the lessons, under *Recall*, and nowhere else; the site takes them from here. A lesson is completed
when all its exercises have passed. What was completed, and where each card stands, is kept in `.minikafka/recall.json`:
`{"completed": ["01", "04"], "cards": {"01.2": [2, 0]}}`. Card 2 of lesson 1 began anew when two lessons were completed.
The browser keeps the same for the pages (`docs/assets/recall.mjs`).

What we leave out: how long ago something was answered. Lessons are counted, not days.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from minikafka.grading import progress

COMES_BACK = (1, 3, 7)
"""After so many completed lessons, counted from when its lesson was completed, or from the last *not yet*."""
HEADING = re.compile(r"^## Recall\s*$", re.M)
CARD = re.compile(r"<details><summary>(?P<question>.*?)</summary>(?P<answer>.*?)</details>", re.S)


class Card(NamedTuple):
    """A question with its answer, both as HTML."""

    lesson: str
    """As its file begins: `05`."""
    number: int
    question: str
    answer: str

    @property
    def id(self) -> str:
        """`05.2`."""
        return f"{self.lesson}.{self.number}"


State = dict[str, Any]
"""What was completed, in order, and for each card that was answered: (completed lessons then, times it came back)."""


# --- what there is ---


def lesson_files(root: Path) -> list[Path]:
    """The lessons of a checkout; the setup page is none."""
    return [path for path in sorted((root / "lessons").glob("[0-9][0-9]_*.ipynb")) if path.name[:2] != "00"]


def cards_of(lesson: Path) -> list[Card]:
    """The cards of one lesson, in their order."""
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    recall = next((text for text in texts if HEADING.match(text)), "")
    found = enumerate(CARD.finditer(recall), 1)
    return [Card(lesson.name[:2], number, one["question"], one["answer"]) for number, one in found]


def title_of(lesson: Path) -> str:
    """What the lesson is called, without its number, as plain text."""
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    heading = "".join(cells[0]["source"]).partition("\n")[0]
    return re.sub(r"^# (Lesson \d+: )?|`", "", heading)


# --- when a card comes back ---


def completed(root: Path) -> list[str]:
    """The lessons all of whose exercises have passed once, by when the last of them did."""
    kept = progress.read(root)
    passed = {name: str(one["passed"]) for name, one in kept.items() if isinstance(one, dict) and "passed" in one}
    exercises: dict[str, list[str]] = {}
    for grader in (root / "exercises").glob("[0-9][0-9]_*/*/grader.py"):
        lesson = grader.parent.parent.name[:2]
        exercises.setdefault(lesson, []).append(f"{lesson}/{grader.parent.name}")
    done = {
        lesson: max(passed[one] for one in ids) for lesson, ids in exercises.items() if passed.keys() >= set(ids)
    }
    return sorted(done, key=lambda lesson: (done[lesson], lesson))


def due(state: State, cards: Iterable[Card]) -> list[Card]:
    """Those that are to be asked now, the lesson that was completed first before the others."""
    order = {lesson: number for number, lesson in enumerate(state["completed"])}
    wanted = [card for card in cards if card.lesson in order and _is_due(state, card)]
    return sorted(wanted, key=lambda card: (order[card.lesson], card.number))


def _is_due(state: State, card: Card) -> bool:
    since, times = _standing(state, card)
    return times < len(COMES_BACK) and len(state["completed"]) - since >= COMES_BACK[times]


def _standing(state: State, card: Card) -> tuple[int, int]:
    begun: tuple[int, int] = state["cards"].get(card.id) or (state["completed"].index(card.lesson) + 1, 0)
    return begun


def answered(state: State, card: Card, knew: bool) -> State:
    """What is kept after an answer: it has come back once more, or begins anew."""
    now = len(state["completed"])
    since, times = _standing(state, card)
    if knew:  # whoever comes late is asked once, not once for each time that was missed
        times = sum(now - since >= lessons for lessons in COMES_BACK)
    else:
        since, times = now, 0
    return {**state, "cards": {**state["cards"], card.id: [since, times]}}


def comes_back(state: State, card: Card) -> int | None:
    """After how many more completed lessons; None if it does not."""
    since, times = _standing(state, card)
    return None if times == len(COMES_BACK) else COMES_BACK[times] - (len(state["completed"]) - since)


# --- what is kept ---


def file_of(root: Path) -> Path:
    """Where it is kept."""
    return progress.file_of(root).with_name("recall.json")


def read(root: Path) -> State:
    """What is kept, and the lessons that were completed since; nothing damaged is believed."""
    try:
        found = json.loads(file_of(root).read_text(encoding="utf-8"))
        kept = [str(lesson) for lesson in found["completed"]]
        cards = {str(card): (int(since), int(times)) for card, (since, times) in found["cards"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        kept, cards = [], {}
    return {"completed": [*kept, *(one for one in completed(root) if one not in kept)], "cards": cards}


def write(root: Path, state: State) -> None:
    """Keep it."""
    file = file_of(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(state, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def all_cards(lessons: Sequence[Path]) -> list[Card]:
    """The cards of these lessons."""
    return [card for lesson in lessons for card in cards_of(lesson)]
