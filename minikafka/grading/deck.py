"""The cards that are due, in a notebook: read the question, say the answer to yourself, look, and say whether you knew.

```
 2 cards are due · from lesson 5
 Why can all be one copy?             [ Show the answer ]
 …                                    [ I knew it ] [ Not yet ]
```

Without widgets they are a list with the answers folded in, and in a terminal plain text; then nothing is kept.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from minikafka.grading import cards
from minikafka.grading.cards import Card, State
from minikafka.grading.exercise import CannotGrade, checkout
from minikafka.grading.notebook import with_box
from minikafka.stage import widget

NONE_DUE = "No cards are due."
TAG = re.compile(r"<[^>]+>")


class Recall:
    """What is due in a checkout; shows itself in a notebook."""

    def __init__(self, root: Path | None) -> None:
        """`root` is None where there are no lessons."""
        self.root = root
        self.state: State = cards.read(root) if root is not None else {"completed": [], "cards": {}}
        self.due = cards.due(self.state, cards.all_cards(cards.lesson_files(root))) if root is not None else []

    def answer(self, card: Card, knew: bool) -> str:
        """Keep an answer; when the card comes back, as a sentence."""
        assert self.root is not None
        self.state = cards.answered(cards.read(self.root), card, knew)
        cards.write(self.root, self.state)
        self.due = [one for one in self.due if one != card]
        later = cards.comes_back(self.state, card)
        if later is None:
            return "That was its last time."
        return f"It comes back after {later} more completed {'lesson' if later == 1 else 'lessons'}."

    def __str__(self) -> str:
        told = (f"{_plain(card.question)}\n    {_plain(card.answer)}" for card in self.due)
        return "\n\n".join([in_short(self.due), *told])

    def _repr_html_(self) -> str:
        folded = "".join(f"<details><summary>{one.question}</summary>{one.answer}</details>" for one in self.due)
        return f"<p>{html.escape(in_short(self.due))}</p>{folded}"

    def _repr_mimebundle_(self, **arguments: Any) -> dict[str, Any]:
        return with_box(str(self), lambda: Deck(self).box, bool(self.due), arguments)


def due_now() -> Recall:
    """The cards that are due now."""
    try:
        return Recall(checkout())
    except CannotGrade:
        return Recall(None)


def in_short(due: list[Card]) -> str:
    """How many, and of which lessons."""
    if not due:
        return NONE_DUE
    lessons = ", ".join(str(int(lesson)) for lesson in dict.fromkeys(card.lesson for card in due))
    many = "1 card is due" if len(due) == 1 else f"{len(due)} cards are due"
    return f"{many}, from lesson {lessons}. Say the answer to yourself before you look."


def _plain(text: str) -> str:
    return html.unescape(TAG.sub("", text))


class Deck:
    """One row for each card; `box` is the ipywidget to display."""

    def __init__(self, recall: Recall) -> None:
        self.recall = recall
        self.kit = widget.need("ipywidgets")
        self.says = self.kit.HTML(f'<div role="status">{html.escape(in_short(recall.due))}</div>')
        self.box = self.kit.VBox([self.says, *(self.row(card) for card in recall.due)])

    def row(self, card: Card) -> Any:
        """A question with its button; the answer and two more come when it is pressed."""
        row = self.kit.VBox([self.kit.HTML(f"<b>{card.question}</b>"), self.button("Show the answer", lambda: look())])

        def look() -> None:
            told = [("I knew it", True), ("Not yet", False)]
            buttons = [self.button(name, lambda knew=knew: self.answer(row, card, knew)) for name, knew in told]
            row.children = [row.children[0], self.kit.HTML(card.answer), self.kit.HBox(buttons)]

        return row

    def answer(self, row: Any, card: Card, knew: bool) -> None:
        """Keep it, and take the row away."""
        sentence = self.recall.answer(card, knew)
        left = in_short(self.recall.due) if self.recall.due else "That was the last one that is due."
        self.says.value = f'<div role="status">{html.escape(f"{sentence} {left}")}</div>'
        self.box.children = [child for child in self.box.children if child is not row]

    def button(self, name: str, act: Any) -> Any:
        """A button that does something."""
        made = self.kit.Button(description=name, layout={"width": "auto"})
        made.on_click(lambda _: act())
        return made
