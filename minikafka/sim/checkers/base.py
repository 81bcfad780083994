"""What a checker is: one promise, looked at after every step, and once more at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from minikafka.trace.trace import Told

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


class Checker(Protocol):
    """One promise of the cluster."""

    promise: str
    """Its number, as `I2`."""
    name: str
    """Its name, as `leader completeness`."""
    premises: int
    """How often there was something to judge: a checker that never had is no evidence."""

    def begin(self, sim: Simulation) -> None:
        """The cluster is up; what was told until now is in `sim.recorder.told`."""
        ...

    def watch(self, sim: Simulation, told: list[Told]) -> str | None:
        """After a step in which something was told: a sentence if the promise is broken, else None."""
        ...

    def settled(self, sim: Simulation) -> bool:
        """The world has been mended: is there nothing that this promise would still wait for?"""
        ...

    def finish(self, sim: Simulation) -> str | None:
        """The world has been mended and had its time: a sentence if the promise is broken, else None."""
        ...
