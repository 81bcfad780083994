"""What the checkers have in common: a number, a name, and the book they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.sim.checkers.ledger import Ledger
from minikafka.trace.trace import Told

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation


AT_THE_END: frozenset[type] = frozenset({type(None)})
"""Nothing to look at before the end: no fact is of this kind."""


class Promise:
    """A checker that reads the book. A subclass looks at steps, at the end, or at both."""

    promise = ""
    name = ""
    looks_at: frozenset[type] = frozenset()
    """Kinds of facts after which there is something to look at; empty: after every step."""

    def __init__(self, ledger: Ledger) -> None:
        """Checkers of one run share one `ledger`."""
        self.ledger = ledger
        self.premises = 0

    def begin(self, sim: Simulation) -> None:
        """See `Checker.begin`."""
        self.ledger.begin(sim)

    def watch(self, sim: Simulation, told: list[Told]) -> str | None:
        """See `Checker.watch`."""
        book = self.ledger
        if book.told is not told:
            book.observe(sim, told)
        if self.looks_at and self.looks_at.isdisjoint(book.kinds):
            return None
        return self.look(sim, told)

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """After a step, with the book up to date: a sentence if the promise is broken."""
        return None

    def settled(self, sim: Simulation) -> bool:
        """See `Checker.settled`."""
        return True

    def finish(self, sim: Simulation) -> str | None:
        """See `Checker.finish`."""
        return None
