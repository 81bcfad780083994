"""One figure of a benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measured:
    """A figure, its unit, and the goal we set ourselves."""

    what: str
    """What was measured, with its condition: `import minikafka, fresh interpreter`."""

    value: float
    unit: str
    goal: float | None = None
    better: Literal["at most", "at least"] = "at most"

    depends_on_machine: bool = True
    """Sizes do not; times do, and get a calibrated figure."""

    @property
    def met(self) -> bool:
        """Whether the goal was reached on this machine, now."""
        if self.goal is None:
            return True
        return self.value <= self.goal if self.better == "at most" else self.value >= self.goal
