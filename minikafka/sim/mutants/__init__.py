"""The engine with one thing wrong, on purpose: proof that the checkers see, and material for lessons.

Each mutant puts one or two functions in place of the engine's by module and name (`sim/substitute.py`); no line of the
core knows of them. With each comes the classical schedule on which a cluster with this fault breaks a promise.
"""

from __future__ import annotations

from minikafka.sim.mutants import elections, fetching, marks
from minikafka.sim.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (*marks.MUTANTS, *fetching.MUTANTS, *elections.MUTANTS)
"""All of them; names are unique."""
