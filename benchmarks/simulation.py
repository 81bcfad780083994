"""How many events a second does the simulation make, and how many schedules a minute, with every step promise checked?

*Steady load*: the cluster of the replication profile, one record each 5 ms with acks=all, one consumer that reads it
all; a leader crashes and comes back, a follower is cut off, another stands still. An event is a delivered message or a
fired timer; heartbeats, idle fetches and other messages in which nothing was told are not counted, though their time
is. *Schedules*: those of the full profile, one after the other. Beside both a loop of plain Python on the same
machine, so that figures can be compared.

    python benchmarks/simulation.py [--records 4000] [--schedules 40] [--unchecked]
"""

from __future__ import annotations

import argparse
import heapq
import time

from minikafka.sim import checkers, explorer, profiles
from minikafka.sim.schedule import Entry, Run, Schedule, play_on, schedule, start

EVERY_MS = 5


def steady_load(records: int) -> Schedule:
    """Who sends, who reads, and what goes wrong meanwhile."""
    eighth = records * EVERY_MS // 8
    happens = schedule(
        (0, "read"),
        (eighth, "cut", 3, "brokers"),
        (2 * eighth, "heal"),
        (3 * eighth, "crash", 1),
        (5 * eighth, "restart", 1),
        (6 * eighth, "pause", 3),
        (7 * eighth, "resume", 3),
    )
    return (*happens, *(Entry(number * EVERY_MS, "send", (f"record-{number}",)) for number in range(records)))


def play_steadily(records: int, checked: bool) -> tuple[Run, float]:
    """Play it; (the run, seconds of processor time)."""
    profile = profiles.profile("replication")
    run = start(profile.setups[0])
    watching = checkers.fresh(profile.checkers) if checked else []
    began = time.process_time()
    with explorer.uncollected():
        play_on(run, steady_load(records), watching)
        run.sim.run_for(20_000)
    assert run.violation is None, run.violation
    return run, time.process_time() - began


def counted_events(run: Run) -> tuple[int, int]:
    """(events in which something happened, all events)."""
    recorder = run.sim.recorder
    eventful = {told.step for told in recorder.told}
    kinds = ("deliver", "timer")
    told = sum(step.kind in kinds and number in eventful for number, step in enumerate(recorder.steps, 1))
    return told, sum(step.kind in kinds for step in recorder.steps)


def play_schedules(count: int) -> float:
    """Seconds of processor time for so many schedules of the full profile."""
    began = time.process_time()
    outcomes = explorer.play_numbers(profiles.profile("full"), 1, range(count), {})
    assert len(outcomes) == count, f"schedule {len(outcomes) - 1} broke {outcomes[-1].violation}"
    return time.process_time() - began


def plain_loop() -> float:
    """Pushes and pops of a heap of tuples a second, in millions: how fast this machine's Python is today."""
    began = time.process_time()
    heap: list[tuple[int, int]] = []
    for number in range(200_000):
        heapq.heappush(heap, (number * 7919 % 100_003, number))
    while heap:
        heapq.heappop(heap)
    return 0.4 / (time.process_time() - began)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--schedules", type=int, default=40)
    parser.add_argument("--unchecked", action="store_true", help="the steady load without checkers")
    options = parser.parse_args()
    machine = plain_loop()
    run, seconds = play_steadily(options.records, not options.unchecked)
    counted, every = counted_events(run)
    rate, with_idle = counted / seconds, every / seconds
    a_minute = 60 * options.schedules / play_schedules(options.schedules)
    machine = (machine + plain_loop()) / 2
    print(f"steady load: {rate:,.0f} events/s, with idle ones {with_idle:,.0f}; {rate / machine:,.0f} a million")
    print(f"full profile: {a_minute:,.0f} schedules/minute; {a_minute / machine:,.0f} a million")
    print(f"a million plain heap operations take {1 / machine:.2f} s of one core")


if __name__ == "__main__":
    main()
