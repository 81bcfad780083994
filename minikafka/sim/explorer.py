"""Look for trouble: draw schedules at random, play them under checkers, and make what fails as short as it gets.

What we leave out: exhaustive search of a small scope.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from minikafka.sim.checkers import all_checkers
from minikafka.sim.checkers.base import Checker
from minikafka.sim.schedule import Run, Schedule, Setup

Judge = Callable[[Run], bool]
"""Has this run failed? The default: a promise was broken."""


@dataclass(slots=True)
class Exploration:
    """What an exploration found, and how much it looked at."""

    schedules: int = 0
    """Played, the failing one included."""
    events: int = 0
    faults: int = 0
    """That struck: impossible ones are skipped and not counted."""
    premises: Counter[str] = field(default_factory=Counter)
    """For each promise, how often there was something to judge."""
    losses_beyond_promise: int = 0
    """Runs in which a record was lost, but more had failed than Kafka promises to survive."""
    failing: Schedule | None = None
    """The first schedule that failed."""
    setup: Setup | None = None
    """What it ran on: the setup explored, with the seed of that schedule."""
    run: Run | None = None
    """Its run."""


def shrink(lines: Schedule, still_fails: Callable[[Schedule], bool], limit: int = 200) -> Schedule:
    """Make a failing schedule 1-minimal: taking away any entry makes it pass; then shorten the waits.

    `still_fails` plays a schedule; it is asked at most `limit` times, and the shortest failing schedule so far is
    returned when that is used up. Deterministic.
    """
    raise NotImplementedError


def random_schedule(random: Random, setup: Setup, sends: int, faults: int) -> Schedule:
    """Draw a schedule with about so many sends and exactly so many faults, in time order.

    Swarm testing: which kinds of fault occur, how often, and how fast things follow each other is drawn once for each
    schedule, so that schedules differ in kind and not only in detail. Power losses stay within the fault budget.
    """
    raise NotImplementedError


def explore(
    setup: Setup,
    schedules: int,
    seed: int,
    *,
    make_checkers: Callable[[], Sequence[Checker]] = all_checkers,
    judge: Judge | None = None,
    sends: tuple[int, int] = (3, 12),
    faults: tuple[int, int] = (2, 8),
) -> Exploration:
    """Play up to `schedules` random schedules; stop at the first that fails. Same arguments, same result.

    Schedule number n is drawn from `seed` and n alone, and runs on `setup` with a seed of its own.
    """
    raise NotImplementedError
