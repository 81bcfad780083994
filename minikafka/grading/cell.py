"""A function that stands in a cell of a notebook, as the file that the grader judges.

```
 cell 3   class Produce(NamedTuple): …          answer.py   # Made from a notebook cell …
 cell 5   def ack_decision(p, v): …      ─▶                 class Produce(NamedTuple): …
          grade("05/ack_decision", ack_decision)            def ack_decision(p, v): …
```

The file holds the function and whatever it names that a cell defines: imports, constants, classes, other functions. Of
two cells that define a name the one that was run last counts, as in the notebook itself.

What we leave out: names that are bound in loops or by `with`, and what a cell does to an object after making it.
"""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from minikafka.grading.exercise import CannotGrade, Exercise
from minikafka.grading.verdict import Verdict

MARK = "# Made from a notebook cell by grade(), and made anew when it grades again. To keep it, take out this line."
FUTURE = "from __future__ import annotations"


@dataclass(frozen=True, slots=True)
class Written:
    """The file of a cell's function."""

    text: str
    lines: range
    """Where the function stands in it."""
    down: int
    """By how many lines it stands further down than in its cell."""


def written(function: Callable[..., Any]) -> Written:
    """The function and all it needs, as a file. Raises `CannotGrade` where no source can be seen."""
    name = getattr(function, "__name__", "")
    code = getattr(function, "__code__", None)
    own = "".join(linecache.getlines(code.co_filename)) if code is not None else ""
    inputs: list[str] = getattr(function, "__globals__", {}).get("In", [])
    cells = [cell for source in (own, *reversed(inputs)) if (cell := _definitions(source))]
    if not cells or name not in cells[0]:
        raise CannotGrade(f"No cell defines {name or function!r} with def: write it there, or in answer.py.")
    parts = [MARK, FUTURE, *_gathered(name, cells)]
    text = "\n".join(parts) + "\n"
    first = text.count("\n") - parts[-1].count("\n")
    return Written(text, range(first, text.count("\n") + 1), first - cells[0][name].first)


@dataclass(frozen=True, slots=True)
class _Definition:
    text: str
    first: int
    """Its line in the cell."""
    needs: frozenset[str]


_Cell = Mapping[str, _Definition]


def _definitions(source: str) -> _Cell:
    """What a cell binds at its top; nothing if it is no plain Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    return {name: _definition(source, statement) for statement in tree.body for name in _bound(statement)}


def _bound(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
                yield from (one.asname or one.name.partition(".")[0] for one in names)
        case ast.Assign(targets=targets):
            yield from (one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _definition(source: str, statement: ast.stmt) -> _Definition:
    needs = frozenset(node.id for node in ast.walk(statement) if isinstance(node, ast.Name))
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        text = "\n".join(source.splitlines()[first - 1 : statement.end_lineno])
    else:
        text = ast.get_source_segment(source, statement) or ""
    return _Definition(text, first, needs)


def _gathered(name: str, cells: Iterable[_Cell]) -> list[str]:
    """The texts of a definition and of those that it needs, these first."""
    texts: list[str] = []
    seen: set[str] = set()

    def take(wanted: str) -> None:
        if wanted in seen:
            return
        seen.add(wanted)
        found = next((cell[wanted] for cell in cells if wanted in cell), None)
        if found is not None:
            for one in sorted(found.needs):
                take(one)
            if found.text not in texts:
                texts.append(found.text)

    take(name)
    return texts


# --- where it is kept, and what is said of its lines ---


def keep(exercise: Exercise, text: str) -> Path:
    """Write it as the exercise's answer, unless the learner has written one there: then beside their progress."""
    goal = exercise.answer
    if not _may_be_replaced(exercise):
        goal = exercise.root / ".minikafka" / "cells" / f"{exercise.id.replace('/', '-')}.py"
    goal.parent.mkdir(parents=True, exist_ok=True)
    goal.write_text(text, encoding="utf-8")
    return goal


def _may_be_replaced(exercise: Exercise) -> bool:
    if not exercise.answer.exists():
        return True
    text = exercise.answer.read_text(encoding="utf-8")
    return text.startswith(MARK) or text == exercise.stub.read_text(encoding="utf-8")


def by_the_cell(verdict: Verdict, made: Written) -> Verdict:
    """A verdict that names lines as the learner sees them: those of the cell."""

    def moved(match: re.Match[str]) -> str:
        line = int(match[1])
        return f"at line {line - made.down} of the cell" if line in made.lines else match[0]

    return replace(verdict, got=re.sub(r"\bat line (\d+)", moved, verdict.got))
