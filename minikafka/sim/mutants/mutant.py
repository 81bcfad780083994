"""What a mutant is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from minikafka.sim.schedule import Schedule, Setup


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted fault, and where it shows."""

    name: str
    belief: str
    """What somebody who wrote this would have thought."""
    promise: str
    """Number of the promise whose checker must find it."""
    says: str
    """A part of the sentence with which it is found, which no other mutant's need hold."""
    replaces: dict[str, Callable[..., Any]]
    """`"package.module:name"` → what stands there instead."""
    schedules: tuple[Schedule, ...] = ()
    """The classical schedule; several when the moment matters to the millisecond, and one of them must hit it.
    None for a fault that is left to random schedules: `found.py` says which of them finds it."""
    setup: Setup = field(default_factory=Setup)
    story: str = ""
    """Where it comes from: what Kafka did or does about it, and in which proposal."""
