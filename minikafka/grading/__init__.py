"""The machine under `exercises/`: puts a learner's function into the running cluster, and says what broke.

```python
from minikafka.grading import grade, recall

grade("06/elect_leader")                   # a Verdict: four lines, a story, and the run at the violating step
grade("06/elect_leader", elect_leader)     # in a notebook: the function of a cell
recall()                                   # the cards of earlier lessons that are due
```
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minikafka.grading.deck import Recall
    from minikafka.grading.verdict import Verdict

__all__ = ["grade", "recall"]


def grade(exercise_id: str, answer: Callable[..., Any] | str | Path | None = None) -> Verdict:
    """Judge an answer: `answer.py` of the exercise (made from the stub if there is none), another file, or a function.

    In a notebook the verdict is shown with a button that grades the answer again, as it is by then.
    """
    from minikafka.grading.notebook import graded

    return graded(exercise_id, answer)


def recall() -> Recall:
    """The questions of completed lessons that come back now; in a notebook, with buttons."""
    from minikafka.grading.deck import due_now

    return due_now()
