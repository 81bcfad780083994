"""A member of a group that hands partitions over: what it still commits, and what it forgets, is asked.

```
 orders-0   handled 6 · position 8 · committed 4        rebalance: revoked orders-0
            offsets 6 and 7 are in hand                  ─▶ hand_over(…) ─▶ commit 6, forget orders-0
```

* It polls on while records wait for their work, one after the other: the position runs ahead of what is handled.
* Every 5 s it commits, without waiting, how far each partition is handled; at a hand-over it commits and waits.
* A record's last digit says how many seconds its work takes. One that begins with `stop` keeps the member from polling
  meanwhile; one that begins with `redo` makes it go back to offset 0, once.
* Committed above what is handled: the next owner skips records. That breaks I29, and is said at once.

What we leave out: KIP-848 members, a callback that raises.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from minikafka.client.consumer_state import CommitResult, RebalanceCall, Turn
from minikafka.config import ConsumerConfig, read_settings
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.grading.beside import Application, Beside
from minikafka.grading.worker_pool import work_ms
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.protocol.messages import Envelope
from minikafka.sim.schedule import Setup
from minikafka.types import Millis, NodeId, Offset, TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation
    from minikafka.trace.trace import Told

COMMIT_EVERY_MS: Millis = 5_000
LONGEST_SILENCE_MS: Millis = 6_000
WORK, COMMIT = "work", "commit"


class Progress(NamedTuple):
    """How far the work on one partition is. `in_flight`: a commit without an answer, which may land or not."""

    handled: Offset
    position: Offset
    committed: Offset | None
    in_flight: Offset | None


class Table(dict[TopicPartition, Any]):
    """What is known by partition; never changed, and written shortly."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        words = (f"{name[0]}/{name[1]}: {_plain(value)}" for name, value in self.items())
        return "{" + ", ".join(words) + "}"


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, tuple) else value


class HandOver(NamedTuple):
    """What to commit now, and what to go on keeping."""

    commit: Mapping[TopicPartition, Offset]
    keep: Mapping[TopicPartition, Progress]


# --- the decision ---


def hand_over(
    event: str, taken: tuple[TopicPartition, ...], tracked: Mapping[TopicPartition, Progress]
) -> HandOver:  # fmt: skip
    """Partitions are `revoked` (still ours, in time to commit) or `lost` (somebody else's already)."""
    keep = {name: progress for name, progress in tracked.items() if name not in taken}
    commit = {
        name: progress.handled
        for name, progress in tracked.items()
        if name in taken and event == "revoked" and may_differ(progress)
    }
    return HandOver(Table(commit), Table(keep))


def may_differ(progress: Progress) -> bool:
    """Could the group's offset be another than `handled`?"""
    return progress.handled != progress.committed or progress.in_flight not in (None, progress.handled)


# --- the application ---


@dataclass(frozen=True, slots=True)
class GroupSetup(Setup):
    """A cluster, and how the group on it rebalances."""

    strategy: str = "range"


class Member(Application):
    """The consumer, the work in its hands, and how far that is."""

    def __init__(self, setup: Setup, bootstrap: tuple[NodeId, ...]) -> None:
        settings = {
            "group.id": "classic", "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "session.timeout.ms": 6_000, "heartbeat.interval.ms": 1_500,
            "max.poll.interval.ms": LONGEST_SILENCE_MS,
            "partition.assignment.strategy": setup.strategy if isinstance(setup, GroupSetup) else "range",
        }  # fmt: skip
        super().__init__("consumer-M1", read_settings(ConsumerConfig, settings, "consumer"), bootstrap)
        self.topic = setup.topic
        self.tracked: dict[TopicPartition, Progress] = {}
        self.waiting: deque[tuple[TopicPartition, Offset, str]] = deque()
        self.working: tuple[TopicPartition, Offset, str] | None = None
        self.begun = 0
        self.redone: set[tuple[TopicPartition, Offset]] = set()
        self.goes_back: TopicPartition | None = None
        self.handing_over: int | None = None
        """Ticket of the commit that a callback waits for."""
        self.handed_over = False
        """It has been answered."""

    @property
    def first_call(self) -> str:
        """See `Application.first_call`."""
        return f"subscribe {self.topic}"

    def open(self, now: Millis) -> list[Effect]:
        """Join the group, and begin to read."""
        effects = self.subscribe((self.topic,), now, has_listener=True)
        return effects + self.poll(True, now) + [SetTimer(Timer(COMMIT), COMMIT_EVERY_MS)]

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """See `Node.handle`."""
        return super().handle(envelope, now) + self._go_on(now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """See `Node.disconnected`."""
        return super().disconnected(peer, now) + self._go_on(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """See `Node.fire`."""
        match timer.name:
            case "work":
                return self._worked(timer.guards, now) + self._go_on(now)
            case "commit":
                return [*self._commit(now), *self._go_on(now), SetTimer(Timer(COMMIT), COMMIT_EVERY_MS)]
        return super().fire(timer, now) + self._go_on(now)

    @property
    def stands_still(self) -> bool:
        """Does its work keep it from polling?"""
        return self.working is not None and self.working[2].startswith("stop")

    def _go_on(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        while self.state.commits or self.state.buffer or self._callback() is not None:
            for result in self.state.commits:
                self._commit_answered(result)
            self.state.commits.clear()
            if self.state.buffer:
                self._take()
                effects += self.poll(not self.stands_still, now)
            call = self._callback()
            effects += self._called_back(call, now) if call is not None else []
        return effects + self._begin_work(now)

    def _callback(self) -> RebalanceCall | None:
        """What the group wants us to hear; None while nothing, or while a hand-over waits for its commit."""
        return self.state.callbacks[0] if self.state.callbacks and self.handing_over is None else None

    def _take(self) -> None:
        for one in self.state.buffer:
            name, offset = one.partition, one.record.offset
            self.tracked[name] = self._progress(name, offset)._replace(position=offset + 1)
            self.waiting.append((name, offset, (one.record.value or b"").decode()))
        self.state.buffer.clear()

    def _progress(self, name: TopicPartition, offset: Offset) -> Progress:
        """What is tracked of a partition; nothing yet if this is its first record."""
        return self.tracked.get(name) or Progress(offset, offset + 1, None, None)

    def _begin_work(self, now: Millis) -> list[Effect]:
        if self.working is not None or not self.waiting:
            return []
        self.working = name, offset, value = self.waiting.popleft()
        self.begun += 1
        effects: list[Effect] = [SetTimer(Timer(WORK, self.begun), work_ms(value))]
        effects.append(Observe(facts.Note(f"The member works on {value} ({name}, offset {offset}).")))
        return effects + (self.poll(False, now) if self.stands_still else [])

    def _worked(self, number: int, now: Millis) -> list[Effect]:
        if number != self.begun or self.working is None:
            return []
        (name, offset, value), stood_still = self.working, self.stands_still
        self.working = None
        self.tracked[name] = self._progress(name, offset)._replace(handled=offset + 1)
        effects: list[Effect] = [Observe(facts.Note(f"{value} ({name}, offset {offset}) is handled."))]
        if value.startswith("redo") and (name, offset) not in self.redone:
            self.redone.add((name, offset))
            self.goes_back = name
            effects.append(Observe(facts.Note(f"The member goes back to offset 0 of {name}.")))
        return effects + (self.poll(True, now) if stood_still else [])

    def go_back(self, name: TopicPartition, now: Millis) -> list[Effect]:
        """Read a partition from the start again."""
        self.goes_back = None
        self._drop((name,))
        self.tracked[name] = self._progress(name, 0)._replace(handled=0, position=0)
        return self.seek(name, 0, now)

    def _drop(self, names: tuple[TopicPartition, ...]) -> None:
        """What is in hand of these is not worked on any more."""
        self.waiting = deque(one for one in self.waiting if one[0] not in names)
        if self.working is not None and self.working[0] in names:
            self.working = None

    # --- commits ---

    def _commit(self, now: Millis) -> list[Effect]:
        due = {
            name: progress.handled
            for name, progress in self.tracked.items()
            if name in self.assigned and may_differ(progress) and progress.in_flight != progress.handled
        }
        if not due or self.state.callbacks:
            return []
        for name, offset in due.items():
            self.tracked[name] = self.tracked[name]._replace(in_flight=offset)
        return self.commit(_offsets(due), True, now)

    def _commit_answered(self, result: CommitResult) -> None:
        for name, offset in result.offsets:
            progress = self.tracked.get(name)
            if progress is None or result.ticket == self.handing_over:
                continue
            if result.error == ErrorCode.NONE:
                progress = progress._replace(committed=offset)
            if progress.in_flight == offset and result.error != ErrorCode.NETWORK_EXCEPTION:
                progress = progress._replace(in_flight=None)
            self.tracked[name] = progress
        if result.ticket == self.handing_over:
            self.handing_over, self.handed_over = None, True

    # --- rebalances ---

    def _called_back(self, call: RebalanceCall, now: Millis) -> list[Effect]:
        if call.turn == Turn.ASSIGNED:
            return self.callback_done(now)
        if self.handed_over:
            self.handed_over = False
            return self.callback_done(now)
        event = "lost" if call.turn == Turn.LOST else "revoked"
        said = hand_over(event, call.partitions, dict(self.tracked))
        for name, offset in said.commit.items():
            known = self.tracked.get(name)
            if known is not None and offset > known.handled and event == "revoked" and not self.broken:
                self.broken = (
                    f"{offset} is committed for {name}, and offset {known.handled} is not handled. "
                    f"The next owner starts at {offset}: nobody does it."
                )
        self._drop(call.partitions)
        self.tracked = dict(said.keep)
        if not said.commit:
            return self.callback_done(now)
        effects = self.commit(_offsets(said.commit), False, now)
        self.handing_over = self.last_ticket
        return effects


def _offsets(offsets: Mapping[TopicPartition, Offset]) -> dict[TopicPartition, OffsetToCommit]:
    return {name: OffsetToCommit(name, offset) for name, offset in offsets.items()}


class MemberRuns(Beside[Member]):
    """The member beside a cluster, judged by what it commits."""

    about = "group.id=classic"

    def make(self, sim: Simulation, bootstrap: tuple[NodeId, ...]) -> Member:
        """See `Beside.make`."""
        return Member(self.setup, bootstrap)

    def listen(self, sim: Simulation, told: list[Told]) -> None:
        """See `Beside.listen`."""
        member = self.application
        if member.goes_back is not None:
            # A call of the application: readers of the history have to know that it was wanted.
            name = member.goes_back
            sim.call(member.id, f"seek {name} to 0", lambda: member.go_back(name, sim.now))
