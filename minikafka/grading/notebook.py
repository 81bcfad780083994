"""A verdict in a notebook: four lines, a button that grades again, and on red the run, in the player right there.

```
 [ Grade ]   05/ack_decision: not yet
             We did … · Your code … · Broken … · Look at …
             ┌ the player of `show(trace)`, at the step that shows it ┐
```

The button judges the answer as it is when it is pressed: the file on the disk, or the function that the name stands for
in the notebook by then. Where there are no widgets the verdict is a table, and in a terminal plain text.

What we leave out: hints and reset have commands, `minikafka hint` and `minikafka reset`, and no buttons.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minikafka.grading import cell
from minikafka.grading.exercise import CannotGrade, Exercise, find
from minikafka.grading.grader import judge
from minikafka.grading.verdict import Verdict, could_not_grade
from minikafka.stage import page, widget

if TYPE_CHECKING:
    from minikafka.stage.reading import Json

PLAYER_HEIGHT = 560
"""In pixels: verdict and picture fit a screen together."""


def graded(exercise_id: str, answer: Callable[..., Any] | str | Path | None) -> Verdict:
    """Judge a file or a function; the verdict knows how to do it again."""

    def again() -> Verdict:
        verdict = of_function(exercise_id, newest(answer)) if callable(answer) else judge(exercise_id, file)
        return replace(verdict, again=again)

    file = None if answer is None or callable(answer) else Path(answer)
    return again()


def newest(function: Callable[..., Any]) -> Callable[..., Any]:
    """What the function's name stands for by now: its cell may have been run again."""
    name = getattr(function, "__name__", "")
    found = getattr(function, "__globals__", {}).get(name)
    return found if callable(found) else function


def of_function(exercise_id: str, function: Callable[..., Any]) -> Verdict:
    """Judge the function of a cell."""
    try:
        exercise = asking_for_a_function(exercise_id)
        made = cell.written(function)
        file = cell.keep(exercise, made.text)
    except CannotGrade as reason:
        return could_not_grade(exercise_id, str(reason))
    return cell.by_the_cell(judge(exercise.id, file), made)


def asking_for_a_function(exercise_id: str) -> Exercise:
    """The exercise. Raises `CannotGrade` if its answer is none."""
    exercise = find(exercise_id)
    if not hasattr(exercise.kind, "function"):
        raise CannotGrade(f"{exercise.id} asks for no function: write {exercise.answer.name}, and grade that.")
    return exercise


# --- how it is shown ---


def bundle(verdict: Verdict, **arguments: Any) -> dict[str, Any]:
    """What the notebook is given besides the table: the widget, where there are any."""
    return with_box(str(verdict), lambda: Desk(verdict).box, verdict.again is not None, arguments)


def with_box(plain: str, make: Callable[[], Any], is_wanted: bool, arguments: dict[str, Any]) -> dict[str, Any]:
    """A text, and where it is wanted and there are widgets, the box that `make` makes."""
    said = {"text/plain": plain}
    if not is_wanted or not has_widgets():
        return said
    made = make()._repr_mimebundle_(**arguments)
    data = made[0] if isinstance(made, tuple) else made
    return {**(data or {}), **said}


def has_widgets() -> bool:
    """Are the parts that a widget needs installed?"""
    return all(importlib.util.find_spec(name) is not None for name in ("ipywidgets", "anywidget"))


def run_of(verdict: Verdict) -> tuple[Json, Json] | None:
    """The trace behind a verdict, and where it opens; None if no run shows it."""
    if verdict.passed or verdict.page is None or not verdict.page.exists():
        return None
    return page.content(verdict.page.read_text(encoding="utf-8"))


class Desk:
    """The button, the verdict below it, and below that the run; `box` is the ipywidget to display."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        kit = widget.need("ipywidgets")
        self.button = kit.Button(description="Grade", tooltip=f"Grade {verdict.exercise} again, as it is now")
        self.button.on_click(lambda _: self.again())
        self.says = kit.HTML()
        self.box = kit.VBox()
        self.show()

    def again(self) -> None:
        """Judge the answer as it is now."""
        assert self.verdict.again is not None
        self.button.disabled, self.button.description = True, "Grading …"
        try:
            self.verdict = self.verdict.again()
            self.show()
        finally:
            self.button.disabled, self.button.description = False, "Grade"

    def show(self) -> None:
        """The verdict as it is."""
        before = self.box.children[2:]
        self.says.value = f'<div role="status">{self.verdict.table()}</div>'
        self.box.children = [self.button, self.says, *self._player()]
        for player in before:
            player.close()

    def _player(self) -> list[Any]:
        found = run_of(self.verdict)
        if found is None:
            return []
        trace, options = found
        return [widget.show(trace, step=options.get("step"), height=PLAYER_HEIGHT)]
