"""The simulation's speed on one core, as `simulation.py` beside it measures it: processor time, checkers on."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import simulation
from benchmarks.measured import Measured

RECORDS = 4000
SCHEDULES = 40


def measure() -> Iterator[Measured]:
    """Each figure, and the same while this machine does a million plain heap operations."""
    machine = simulation.plain_loop()
    run, seconds = simulation.play_steadily(RECORDS, checked=True)
    counted, _ = simulation.counted_events(run)
    events = counted / seconds
    schedules = 60 * SCHEDULES / simulation.play_schedules(SCHEDULES)
    machine = (machine + simulation.plain_loop()) / 2
    yield Measured("events under load, every step promise checked", events, "1/s", 40_000, "at least")
    yield Measured("  per million heap operations", events / machine, "events", depends_on_machine=False)
    yield Measured("schedules of the full profile, one core", schedules, "1/min", 500, "at least")
    yield Measured("  per million heap operations each second", schedules / machine, "1/min", depends_on_machine=False)
