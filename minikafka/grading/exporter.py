"""An exporter of lag beside a cluster: it looks at one group's partition again and again, and says what it sees.

```
log start ── committed ── last stable ── high watermark ── log end        lag(…) ─▶ offsets, readable, gone, time
```

* The group is the pool of workers of `worker_pool.py`: one consumer, three workers, a commit every second. A record's
  last digit says how many seconds its work takes.
* The exporter sees what an exporter can ask for: the marks of whoever leads the partition, what the group committed,
  and the records with their times; also those that no reader may have yet.

What we leave out: partitions and groups besides this one; a partition that nobody leads is not exported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from minikafka.broker.broker import Broker
from minikafka.broker.partition import Partition
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.grading.beside import Beside
from minikafka.grading.worker_pool import Pool
from minikafka.protocol import facts
from minikafka.types import Millis, NodeId, Offset, TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.schedule import Setup
    from minikafka.sim.simulation import Simulation
    from minikafka.trace.trace import Told

LOOK_EVERY_MS: Millis = 500
EXPORT = "export"


class Lag(NamedTuple):
    """Four numbers that are all called lag; None: there is nothing to count from."""

    offsets: int | None
    readable: int | None
    gone: int | None
    time_ms: int | None


# --- the decision ---


def lag(
    log_start: Offset,
    last_stable: Offset,
    high_watermark: Offset,
    committed: Offset | None,
    stored: tuple[tuple[Offset, Millis], ...],
    now_ms: Millis,
) -> Lag:
    """How far a group is behind, in records, in records it may read, in records that are gone, and in time."""
    if committed is None:
        return Lag(None, None, None, None)
    waiting = (time for offset, time in stored if committed <= offset < high_watermark)
    oldest = next(waiting, now_ms)
    return Lag(
        high_watermark - committed,
        max(last_stable - max(committed, log_start), 0),
        max(log_start - committed, 0),
        max(now_ms - oldest, 0),
    )


# --- the application ---


class Exporter(Pool):
    """The pool, and what an exporter says of it."""

    def __init__(self, setup: Setup, bootstrap: tuple[NodeId, ...], leader: Callable[[], Partition | None]) -> None:
        super().__init__(setup, bootstrap)
        self.leader = leader
        self.heard: Offset | None = None
        """What the coordinator has written down for the group."""

    def open(self, now: Millis) -> list[Effect]:
        """Begin to read, and to look."""
        return [*super().open(now), SetTimer(Timer(EXPORT), LOOK_EVERY_MS)]

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """See `Node.fire`."""
        if timer.name != EXPORT:
            return super().fire(timer, now)
        return [*self._export(now), SetTimer(Timer(EXPORT), LOOK_EVERY_MS)]

    def _export(self, now: Millis) -> list[Effect]:
        leader = self.leader()
        if leader is None:
            return []
        log = leader.log
        stored = tuple(
            (record.offset, record.timestamp_ms)
            for batch in log.batches()
            if not batch.is_control
            for record in batch.records()
            if record.offset >= log.log_start_offset
        )
        said = lag(
            log.log_start_offset, log.last_stable_offset, log.high_watermark, self.heard, stored, now
        )  # fmt: skip
        if said.offsets is None:
            return []
        words = f"{said.offsets} records, {said.readable} readable, {said.gone} gone, {said.time_ms} ms"
        return [Observe(facts.Note(f"The exporter says of the pool's lag: {words}."))]


class ExporterRuns(Beside[Exporter]):
    """The pool and its exporter beside a cluster."""

    about = "three workers"

    def make(self, sim: Simulation, bootstrap: tuple[NodeId, ...]) -> Exporter:
        """See `Beside.make`."""
        return Exporter(self.setup, bootstrap, lambda: leader_of(sim, self.setup.partition))

    def listen(self, sim: Simulation, told: list[Told]) -> None:
        """What is written down for the group is heard here."""
        for one in told:
            match one.fact:
                case facts.OffsetCommitted(group="pool", offset=offset, pending=False):
                    self.application.heard = offset


def leader_of(sim: Simulation, name: TopicPartition) -> Partition | None:
    """Who leads it; of two that both think so, the later."""
    brokers = (machine.node for machine in sim.machines.values() if isinstance(machine.node, Broker))
    replicas = (broker.replicas.partitions.get(name) for broker in brokers)
    leaders = [one for one in replicas if one is not None and one.is_leader]
    return max(leaders, key=lambda one: one.leader_epoch, default=None)
