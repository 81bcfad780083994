"""How many events a second does the simulation make, with the trace on?

The failover scenario under a steady producer: one record each 5 ms, acks=all, the leader crashes in the middle. An
event is a delivered message or a fired timer; heartbeats, idle fetches and other messages in which nothing was told
are not counted, though their time is. Beside it a loop of plain Python on the same machine, so that figures can be
compared.

    python benchmarks/simulation.py [--records 4000] [--checkers]
"""

from __future__ import annotations

import argparse
import heapq
import time

from minikafka.sim.schedule import Entry, Run, carry_out, go_on_until, start, watch
from minikafka.sim.schedule import Setup as ClusterSetup
from minikafka.sim.workload import send

EVERY_MS = 5


def steady_failover(records: int, checkers: bool) -> tuple[Run, float]:
    """Play it; (the run, seconds of processor time)."""
    run = start(ClusterSetup())
    if checkers:
        from minikafka.sim.checkers import all_checkers
        from minikafka.sim.checkers.audience import Audience

        watching = all_checkers()
        audience = Audience(watching)
        for checker in watching:
            checker.begin(run.sim)
        run.sim.watchers.append(lambda sim, told: watch(run, audience.of(told), told))
    began = time.process_time()
    for number in range(records):
        go_on_until(run, run.started_ms + number * EVERY_MS)
        if number == records // 2:
            carry_out(run, Entry(0, "crash", (1,)))
        send(run, f"record-{number}")
    run.sim.run_for(20_000)
    return run, time.process_time() - began


def counted_events(run: Run) -> tuple[int, int]:
    """(events in which something happened, all events)."""
    recorder = run.sim.recorder
    eventful = {told.step for told in recorder.told}
    kinds = ("deliver", "timer")
    told = sum(step.kind in kinds and number in eventful for number, step in enumerate(recorder.steps, 1))
    return told, sum(step.kind in kinds for step in recorder.steps)


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
    parser.add_argument("--checkers", action="store_true", help="with every step promise checked")
    options = parser.parse_args()
    run, seconds = steady_failover(options.records, options.checkers)
    counted, every = counted_events(run)
    machine = plain_loop()
    rate = counted / seconds
    print(f"{counted} events in {seconds:.2f} s of processor time: {rate:,.0f} events/s")
    print(f"with idle ones: {every / seconds:,.0f} events/s")
    print(f"plain heap operations: {machine:.2f} million/s; events per million of them: {rate / machine:,.0f}")


if __name__ == "__main__":
    main()
