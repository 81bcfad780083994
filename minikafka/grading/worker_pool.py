"""An application with workers: one consumer hands records out, three workers work, and what may be committed is asked.

```
 delivered   0   1   2          worker 1: offset 0, 4 s      every second: safe_watermark(…) ─▶ commit
 done            ✓   ✓          worker 2, worker 3: free
```

* It is a client of the cluster like any other; it runs beside whatever a schedule does there.
* A record's last digit says how many seconds its work takes; without one it is a second.
* Work on a record that begins with `redo` ends with going back to offset 0, once: somebody wants to repair.
* Committed above a record that is still to be worked on: a crash would lose it. That breaks I29, and is said at once.

What we leave out: a group (the partition is assigned by hand), work that fails.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from minikafka.config import ConsumerConfig, read_settings
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.grading.beside import Application, Beside
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.protocol.messages import Envelope
from minikafka.types import Millis, NodeId, Offset

if TYPE_CHECKING:
    from minikafka.sim.schedule import Setup
    from minikafka.sim.simulation import Simulation
    from minikafka.trace.trace import Told

WORKERS = 3
COMMIT_EVERY_MS: Millis = 1_000
WORK, COMMIT = "work", "commit"


# --- the decision ---


def safe_watermark(
    committed: Offset | None, delivered: tuple[Offset, ...], done: frozenset[Offset], position: Offset
) -> Offset | None:
    """What the pool may commit: everything delivered below it is done. None: that is committed already."""
    safe = next((offset for offset in delivered if offset not in done), position)
    return None if safe == committed else safe


# --- the application ---


class Pool(Application):
    """The consumer, its workers, and what they have done."""

    def __init__(self, setup: Setup, bootstrap: tuple[NodeId, ...]) -> None:
        settings = {"group.id": "pool", "auto.offset.reset": "earliest", "enable.auto.commit": False}
        super().__init__("consumer-pool", read_settings(ConsumerConfig, settings, "consumer"), bootstrap)
        self.partition = setup.partition
        self.committed: Offset | None = None
        self.delivered: list[Offset] = []
        """Since the start, or since it went back."""
        self.done: set[Offset] = set()
        self.waiting: deque[tuple[Offset, str]] = deque()
        self.working: dict[int, tuple[Offset, str]] = {}
        """By the number of the piece of work, so that a timer names one."""
        self.begun = 0
        self.redone: set[Offset] = set()
        self.goes_back = False
        self.under_way = False
        """A commit has been sent and not been answered."""

    @property
    def first_call(self) -> str:
        """See `Application.first_call`."""
        return f"read {self.partition}"

    def open(self, now: Millis) -> list[Effect]:
        """Begin to read."""
        effects = self.assign({self.partition: None}, now)
        return effects + self.poll(True, now) + [SetTimer(Timer(COMMIT), COMMIT_EVERY_MS)]

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """See `Node.handle`."""
        return super().handle(envelope, now) + self._go_on(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """See `Node.fire`."""
        match timer.name:
            case "work":
                return self._worked(timer.guards, now) + self._go_on(now)
            case "commit":
                return [*self._commit(now), *self._go_on(now), SetTimer(Timer(COMMIT), COMMIT_EVERY_MS)]
        return super().fire(timer, now) + self._go_on(now)

    def _go_on(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        while self.state.buffer:
            for one in self.state.buffer:
                self.delivered.append(one.record.offset)
                self.waiting.append((one.record.offset, (one.record.value or b"").decode()))
            effects += self.poll(True, now)
        for result in self.state.commits:
            self.under_way = False
            if result.error == ErrorCode.NONE:
                self.committed = result.offsets[0][1]
        self.state.commits.clear()
        while self.waiting and len(self.working) < WORKERS:
            self.begun += 1
            offset, value = self.working[self.begun] = self.waiting.popleft()
            effects.append(SetTimer(Timer(WORK, self.begun), work_ms(value)))
            effects.append(Observe(facts.Note(f"A worker takes {value} (offset {offset}).")))
        return effects

    def _worked(self, number: int, now: Millis) -> list[Effect]:
        offset, value = self.working.pop(number)
        self.done.add(offset)
        effects: list[Effect] = [Observe(facts.Note(f"{value} (offset {offset}) is done."))]
        if value.startswith("redo") and offset not in self.redone:
            self.redone.add(offset)
            self.goes_back = True
            effects.append(Observe(facts.Note("The pool goes back to offset 0, to do the work again.")))
        return effects

    def go_back(self, now: Millis) -> list[Effect]:
        """Read from the start again; what is in a worker's hands ends late."""
        self.goes_back = False
        self.delivered, self.done = [], set()
        self.waiting.clear()
        return self.seek(self.partition, 0, now)

    def _commit(self, now: Millis) -> list[Effect]:
        position = self.assigned[self.partition].position
        if self.under_way or position is None or not self.delivered:
            return []
        delivered = tuple(offset for offset in self.delivered if offset < position)
        offset = safe_watermark(self.committed, delivered, frozenset(self.done), position)
        if offset is None:
            return []
        in_hand = [one for one in delivered if one < offset and one not in self.done]
        if in_hand and not self.broken:
            self.broken = (
                f"{offset} is committed, and the work on offset {in_hand[0]} is not done. "
                f"If the process dies now, the next one starts at {offset}: nobody does it."
            )
        self.under_way = True
        return self.commit({self.partition: OffsetToCommit(self.partition, offset)}, True, now)


def work_ms(value: str) -> Millis:
    """How long the work on a record takes."""
    return 1_000 * int(value[-1]) if value[-1:].isdigit() else 1_000


class PoolRuns(Beside[Pool]):
    """The pool beside a cluster, judged by what it commits."""

    about = "three workers"

    def make(self, sim: Simulation, bootstrap: tuple[NodeId, ...]) -> Pool:
        """See `Beside.make`."""
        return Pool(self.setup, bootstrap)

    def listen(self, sim: Simulation, told: list[Told]) -> None:
        """See `Beside.listen`."""
        pool = self.application
        if pool.goes_back:
            # A call of the application: readers of the history have to know that it was wanted.
            sim.call(pool.id, f"seek {pool.partition} to 0", lambda: pool.go_back(sim.now))
