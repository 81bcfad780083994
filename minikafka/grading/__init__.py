"""The machine under `exercises/`: puts a learner's function into the running cluster, and says what broke.

```python
from minikafka.grading import grade

grade("06/elect_leader")          # a Verdict: four lines, a story, and a page that opens at the violating step
```
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikafka.grading.verdict import Verdict

__all__ = ["grade"]


def grade(exercise_id: str, file: str | Path | None = None) -> Verdict:
    """Judge an answer: `answer.py` of the exercise (made from the stub if there is none), or another file."""
    from minikafka.grading.grader import judge

    return judge(exercise_id, None if file is None else Path(file))
