"""Applications behind scheduled clients, which do one thing after another and wait for each.

```
 transact("a", "b", end="commit")     init? ─▶ begin ─▶ send a ─▶ send b ─▶ commit ─▶ the next transaction
 join("M1")                           subscribe ─▶ poll ─▶ take what came (that is processing) ─▶ poll …
```

* A transactional application that may abort does so and goes on; one that is fenced stops.
* A member of a group processes records at the moment it is given them, and commits as its settings say.

What we leave out: processing that takes its time, or fails.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from minikafka.client.accumulator import PendingRecord
from minikafka.client.producer import ProducerNode
from minikafka.client.transaction_manager import State

if TYPE_CHECKING:
    from minikafka.sim.schedule import Run


class Command(NamedTuple):
    """One thing to do, when those before it are done."""

    what: str
    """`begin`, `send`, `commit`, `abort`."""
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
