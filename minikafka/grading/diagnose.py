"""Kind D: what went wrong here? Asked of a recorded run, or of what its metrics show; judged like a prediction.

The learner is shown a run (its page, or the numbers that the author computed from it), and picks a cause by letter. A
wrong cause is answered with the scene that contradicts it, as in `predict.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from minikafka.grading.predict import Predict


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnose(Predict):
    """An exercise that asks for causes."""

    letter: ClassVar[str] = "D"
    noun: ClassVar[str] = "diagnosis"
