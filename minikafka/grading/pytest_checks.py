"""For those who live in pytest: each check of an exercise as a test, failing with the same four lines.

```python
test_elect_leader = checks_of("06/elect_leader")      # all of exercises/06_who_leads/elect_leader/test_elect_leader.py
```
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from minikafka.grading.exercise import Grading, find
from minikafka.grading.grader import answer_of


def checks_of(exercise_id: str, file: str) -> Any:
    """One test for each check; `file` is the test file, so that the exercise beside it is judged."""
    import pytest

    root = Path(file).resolve().parents[3]
    exercise = find(exercise_id, root)
    opened: list[Grading] = []

    def grading() -> Grading:
        """Open it once for all checks: one process for the answer."""
        if not opened:
            stack = ExitStack()
            opened.append(stack.enter_context(exercise.kind.open(exercise, answer_of(exercise, None))))
            atexit.register(stack.close)
        return opened[0]

    @pytest.mark.parametrize("check", exercise.kind.checks())
    def test(check: str) -> None:
        verdict = grading().run(check)
        if not verdict.passed:
            pytest.fail(str(verdict), pytrace=False)

    test.__doc__ = f"Your answer to {exercise_id}."
    return test
