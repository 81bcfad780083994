"""The recall cards on the site: all of them in one file, and in each lesson a place at the start and one at the end.

The cards stand in the lessons (`minikafka/grading/cards.py` reads them there). What a reader has completed, and which
cards are due, only their browser knows: `docs/assets/recall.mjs` fills both places. Without scripts the start holds a
list of the cards that come back here to whoever reads one lesson after the other, with the answers folded in.
"""

from __future__ import annotations

import json
from pathlib import Path

from minikafka.grading import cards

FILE = "recall.json"
"""All cards, by lesson."""
COMPLETED = "completed.json"
"""Lessons completed in the notebooks: none on a published site; the course's own server answers with the reader's."""


def stage(root: Path, docs: Path) -> None:
    """Write the files that the script asks for."""
    lessons = [
        {
            "lesson": lesson.name[:2],
            "title": cards.title_of(lesson),
            "page": f"lessons/{lesson.stem}/",
            "cards": [[card.question, card.answer] for card in cards.cards_of(lesson)],
        }
        for lesson in cards.lesson_files(root)
    ]
    (docs / FILE).write_text(json.dumps(lessons, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    (docs / COMPLETED).write_text("[]", encoding="utf-8")


def framed(text: str, root: Path, lesson: Path) -> str:
    """A lesson's page with a place for cards behind its head, and one for its end."""
    lessons = cards.lesson_files(root)
    if lesson not in lessons or not cards.all_cards(lessons):
        return text
    place = lessons.index(lesson)
    earlier = [lessons[place - back] for back in cards.COMES_BACK if back <= place]
    number = f'data-lesson="{lesson.name[:2]}"'
    start = f'<div class="mk-recall" {number} data-search-exclude>{listed(earlier)}</div>'
    head, opened, rest = text.partition("</a></p>\n")  # the way to the notebook stands right below the title
    return f'{head}{opened}\n{start}\n{rest.rstrip()}\n\n<div class="mk-completed" {number}></div>\n'


def listed(lessons: list[Path]) -> str:
    """The cards of these lessons for readers without scripts."""
    found = cards.all_cards(lessons)
    if not found:
        return ""
    folded = "".join(f"<details><summary>{card.question}</summary><p>{card.answer}</p></details>" for card in found)
    head = f"Do you still know it? {len(found)} questions from earlier lessons"
    return f"<noscript><details><summary>{head}</summary>{folded}</details></noscript>"
