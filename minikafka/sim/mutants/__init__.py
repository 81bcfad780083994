"""The engine with one thing wrong, on purpose: proof that the checkers see, and material for lessons.

Each mutant puts one or two functions in place of the engine's by module and name (`sim/substitute.py`); no line of the
core knows of them. With each comes the classical schedule on which a cluster with this fault breaks a promise.
"""

from __future__ import annotations

from minikafka.config import unknown_name
from minikafka.sim.mutants import (
    disks,
    elections,
    fetching,
    groups,
    logs,
    marks,
    numbered,
    producers,
    quorum,
    transactions,
)
from minikafka.sim.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *marks.MUTANTS,
    *fetching.MUTANTS,
    *elections.MUTANTS,
    *disks.MUTANTS,
    *logs.MUTANTS,
    *numbered.MUTANTS,
    *producers.MUTANTS,
    *quorum.MUTANTS,
    *transactions.MUTANTS,
    *groups.MUTANTS,
)
"""All of them; names are unique."""


class MutantError(ValueError):
    """There is no such mutant; the message is one sentence."""


def mutant(name: str) -> Mutant:
    """The mutant of this name. Raises `MutantError` with one sentence."""
    found = next((one for one in MUTANTS if one.name == name), None)
    if found is None:
        raise MutantError(unknown_name("mutant", name, [one.name for one in MUTANTS]))
    return found
