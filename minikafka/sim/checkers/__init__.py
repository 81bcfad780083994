"""The promises of the cluster, each a small class that looks at the real nodes and says a sentence when it is broken."""

from __future__ import annotations

from minikafka.sim.checkers.base import Checker


def all_checkers() -> list[Checker]:
    """A fresh checker for every promise."""
    return []


def by_promise(*promises: str) -> list[Checker]:
    """Fresh checkers for some promises only: `by_promise("I2", "I4")`."""
    return [checker for checker in all_checkers() if checker.promise in promises]
