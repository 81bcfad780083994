"""The simulation's speed, as `simulation.py` beside it measures it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import simulation
from benchmarks.measured import Measured

RECORDS = 4000


def measure() -> Iterator[Measured]:
    """Failover under a steady producer, one record each 5 ms; events in which nothing was told are not counted."""
    run, seconds = simulation.steady_failover(RECORDS, checkers=False)
    counted, _ = simulation.counted_events(run)
    yield Measured(f"events, failover under {RECORDS} records, trace on", counted / seconds, "1/s", 30_000, "at least")
