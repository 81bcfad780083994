"""Applications behind scheduled clients, which do one thing after another and wait for each.

```
 transact("a", "b", end="commit")     init? ─▶ begin ─▶ send a ─▶ send b ─▶ commit ─▶ the next transaction
 join("M1")                           subscribe ─▶ poll ─▶ take what came (that is processing) ─▶ poll …
 work("W1")                           poll ─▶ begin ─▶ a result for each record ─▶ offsets ─▶ commit ─▶ poll …
```

* A transactional application that may abort does so and goes on; one that is fenced stops.
* A member of a group processes records at the moment it is given them, and commits as its settings say.
* A worker reads in a group and commits what it has read together with what it has made of it (KIP-447). After an abort
  it goes back to where it began, before it polls again.

What we leave out: processing that takes its time, or fails.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from minikafka.client.accumulator import PendingRecord
from minikafka.client.consumer import ConsumerNode
from minikafka.client.consumer_state import Fetched
from minikafka.client.producer import ProducerNode
from minikafka.client.transaction_manager import GroupMetadata, State
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.types import NO_EPOCH, Offset, TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.schedule import Run


class Command(NamedTuple):
    """One thing to do, when those before it are done."""

    what: str
    """`begin`, `send`, `offsets`, `commit`, `abort`."""
    value: str = ""
    partition: int = 0


@dataclass(slots=True)
class Transactor:
    """An application with one transactional producer."""

    node: ProducerNode
    todo: deque[Command] = field(default_factory=deque)

    def go_on(self, run: Run) -> None:
        """Do what can be done now."""
        manager = self.node.transactions
        assert manager is not None, "a transactional producer is numbered"
        while manager.call.done and manager.state != State.FATAL_ERROR:
            if manager.state == State.UNINITIALIZED:
                run.sim.call(self.node.id, "init_transactions", lambda: self.node.init_transactions(run.sim.now))
            elif manager.state == State.ABORTABLE_ERROR:
                self._skip_to_the_end()
                run.sim.call(self.node.id, "abort", lambda: self.node.end_transaction(False, run.sim.now))
            elif self.todo and manager.state in (State.READY, State.IN_TRANSACTION):
                self._do(run, self.todo.popleft())
            else:
                return

    def _skip_to_the_end(self) -> None:
        while self.todo and self.todo.popleft().what not in ("commit", "abort"):
            pass

    def _do(self, run: Run, command: Command) -> None:
        node, sim = self.node, run.sim
        assert node.transactions is not None
        begun = node.transactions.state == State.IN_TRANSACTION
        match command.what:
            case "begin" if not begun:
                sim.call(node.id, "begin", lambda: node.begin_transaction(sim.now))
            case "send" if begun:
                record = PendingRecord(
                    run.setup.topic, command.partition, None, command.value.encode(), (), sim.now
                )  # fmt: skip
                sim.call(node.id, f"send {command.value}", lambda: node.produce(record, sim.now))
            case "commit" | "abort" if begun:
                commit = command.what == "commit"
                sim.call(node.id, command.what, lambda: node.end_transaction(commit, sim.now))


@dataclass(slots=True)
class Worker:
    """An application that reads in a group, and writes results with a transactional producer."""

    consumer: ConsumerNode
    producer: ProducerNode
    taken: list[Fetched] = field(default_factory=list)
    """What it is working on."""
    todo: deque[Command] = field(default_factory=deque)
    member: GroupMetadata = field(default_factory=lambda: GroupMetadata(""))
    """As whom it has read that."""
    undone: bool = False
    """Its transaction has been aborted."""
    made: int = 0
    """Results so far, to tell one attempt from the next."""

    def go_on(self, run: Run) -> None:
        """Do what can be done now; nothing while the process, or half of it, stands still."""
        manager, sim = self.producer.transactions, run.sim
        assert manager is not None, "a transactional producer is numbered"
        while manager.call.done and not self.consumer.is_closed and not self._stands_still(run):
            match manager.state:
                case State.FATAL_ERROR:
                    sim.call(self.consumer.id, "close", lambda: self.consumer.close(sim.now))
                    return
                case State.UNINITIALIZED:
                    sim.call(self.producer.id, "init_transactions", lambda: self.producer.init_transactions(sim.now))
                case State.ABORTABLE_ERROR:
                    self.todo.clear()
                    self.undone = True
                    sim.call(self.producer.id, "abort", lambda: self.producer.end_transaction(False, sim.now))
                case State.IN_TRANSACTION if self.todo:
                    self._do(run, self.todo.popleft())
                case State.READY if self.taken or not (self.consumer.is_polling or self.consumer.state.buffer):
                    self._poll_on(run)
                case State.READY if self.consumer.state.buffer:
                    self._take(run)
                case _:
                    return

    def _stands_still(self, run: Run) -> bool:
        return any(run.sim.machines[node.id].paused for node in (self.consumer, self.producer))

    def _take(self, run: Run) -> None:
        """Begin to work on what poll has returned. What has a key is a result, of this worker or another."""
        orders = [one for one in self.consumer.state.buffer if one.record.key is None]
        self.taken = list(self.consumer.state.buffer)
        if not orders:
            return
        membership, config = self.consumer.membership, self.consumer.config
        self.member = GroupMetadata(config.group_id, NO_EPOCH)
        if membership.is_member:
            self.member = GroupMetadata(config.group_id, membership.generation, membership.member_id)
        run.sim.call(self.producer.id, "begin", lambda: self.producer.begin_transaction(run.sim.now))
        for one in orders:
            place = f"{config.group_id} {one.partition}/{one.record.offset}"
            self.todo.append(Command("send", place, one.partition.partition))
        self.todo += (Command("offsets"), Command("commit"))

    def _do(self, run: Run, command: Command) -> None:
        node, now = self.producer, run.sim.now
        match command.what:
            case "send":
                self.made += 1
                value = f"{node.id} {self.made}"
                key = command.value.encode()
                record = PendingRecord(run.setup.topic, command.partition, key, value.encode(), (), now)
                run.sim.call(node.id, f"send {value}", lambda: node.produce(record, now))
            case "offsets":
                offsets = {one: OffsetToCommit(one, ends) for one, (_, ends) in self._span().items()}
                run.sim.call(node.id, "send_offsets", lambda: node.send_offsets(offsets, self.member, now))
            case _:
                run.sim.call(node.id, "commit", lambda: node.end_transaction(True, now))

    def _span(self) -> dict[TopicPartition, tuple[Offset, Offset]]:
        """From where to where it has read, for each partition."""
        span: dict[TopicPartition, tuple[Offset, Offset]] = {}
        for one in self.taken:
            begins, _ = span.get(one.partition, (one.record.offset, 0))
            span[one.partition] = (begins, one.record.offset + 1)
        return span

    def _poll_on(self, run: Run) -> None:
        node, now = self.consumer, run.sim.now
        if self.undone:
            for partition, (begins, _) in self._span().items():
                if partition in node.assigned:
                    run.sim.call(node.id, f"seek {partition} to {begins}", partial(node.seek, partition, begins, now))
        self.taken, self.undone = [], False
        run.sim.call(node.id, "~poll", lambda: node.poll(True, now))
