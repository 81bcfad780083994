"""Calls nodes and does what they ask for: the part that the simulation plays with virtual time, on a real event loop.

The problem: a `Broker` has no clock, no sockets and no timers; it returns what it wants done. The idea: do it, and the
node cannot tell the difference.

    effect                       in the simulation       here
    Send(envelope) to a node     an event on the heap    an entry of the inbox, delivered in order
    Send(envelope) to a client   an event on the heap    handed to the broker's frontend, which writes it
    SetTimer(timer, after_ms)    an event on the heap    loop.call_later
    Observe(fact)                an entry of the trace   handed to `on_fact`, if anybody listens

Invariants:

- One node is called at a time, and what it returns is carried out before any is called again: a request that comes in
  between (a client that has just been answered has sent its next one already) waits in the inbox.
- A timer that was set by a process that has died is never fired at the one that took its place.
- A node that stands still is not called: what comes for it, messages, timers, broken connections, waits in that order.
- What is sent to or from a node that is cut off waits until it is healed.
- Whoever sends to a node that is down is told that the connection broke. A crash tells every other node at once.
- A bug in a node kills that node, as it would kill a process, and is kept in `failures`: nothing goes on in a state
  that nobody understands. So does a disk whose refusal the node has no answer to, as in Kafka.
- A write that the disk refused, and that the node has an answer to, is a line in the log: once in 10 s.

Nodes in processes of their own have a driver each, and reach each other through `peers.py`. What we leave out: links
that are slow, or cut in one direction.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from minikafka.disk import Disk, StorageError
from minikafka.effects import Effect, Node, Observe, Send, SetTimer, Timer
from minikafka.protocol.facts import Fact, StorageFailed
from minikafka.protocol.messages import Envelope
from minikafka.server.tape import Tape
from minikafka.types import Millis, NodeId, TopicPartition

AT_ONCE = 256
"""Envelopes delivered before the loop looks at its sockets again."""
SAY_AGAIN_MS = 10_000
"""A disk that refuses everything is complained about no more often."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Process:
    """What an operating system knows of one node: its program, its disk, and whether it runs."""

    id: NodeId
    disk: Disk
    program: Callable[[Disk], Node]
    """Makes the node anew; it recovers from the disk."""
    to_client: Callable[[Envelope], None]
    """Takes what the node sends to anybody who is no node."""
    node: Node | None = None
    """None while it is down."""
    is_paused: bool = False
    """It stands still, as after SIGSTOP."""
    held: list[Callable[[], None]] = field(default_factory=list)
    """What has come for it meanwhile."""


class Driver:
    """All nodes of a cluster that live in this process."""

    def __init__(self) -> None:
        self.processes: dict[NodeId, Process] = {}
        self.failures: list[Exception] = []
        """Bugs that nodes died of."""
        self.on_fact: Callable[[NodeId, Fact], None] | None = None
        self.tape: Tape | None = None
        """Listens, where somebody looks on (`--stage`)."""
        self.on_death: Callable[[NodeId], None] | None = None
        """Told when a bug has killed a node."""
        self.cut_off: set[NodeId] = set()
        """Nodes that no other node reaches."""
        self._waiting_for_heal: list[Envelope] = []
        self._inbox: deque[Envelope] = deque()
        self._is_scheduled = False
        self._is_calling = False
        self._complained_ms: dict[tuple[NodeId, TopicPartition], Millis] = {}
        self._epoch_ms = time.time_ns() // 1_000_000 - time.monotonic_ns() // 1_000_000

    def now(self) -> Millis:
        """The time of day when this process started, counted on by a clock that never jumps."""
        return self._epoch_ms + time.monotonic_ns() // 1_000_000

    def start(self, process: Process) -> None:
        """Let a process begin."""
        self.processes[process.id] = process
        process.node = process.program(process.disk)
        self._call(process, process.node.start)

    def kill(self, node: NodeId) -> None:
        """The process ends at once: no farewell, its disk as it is; every other node's connection to it breaks."""
        process = self.processes[node]
        process.node, process.is_paused, process.held = None, False, []
        self.cut_off.discard(node)
        self._inbox = deque(envelope for envelope in self._inbox if envelope.destination != node)
        self._waiting_for_heal = [one for one in self._waiting_for_heal if node not in (one.source, one.destination)]
        for other in self.processes.values():
            self.disconnected(other.id, node)

    def pause(self, node: NodeId) -> None:
        """SIGSTOP: the process stands still; nobody's connection to it breaks."""
        self.processes[node].is_paused = True

    def resume(self, node: NodeId) -> None:
        """SIGCONT: everything that has come meanwhile comes now, in its order."""
        process = self.processes[node]
        process.is_paused = False
        held, process.held = process.held, []
        for happen in held:
            happen()

    def cut(self, node: NodeId) -> None:
        """Nothing passes between this node and others, and neither is told; clients still reach it."""
        self.cut_off.add(node)

    def heal(self, node: NodeId) -> None:
        """All passes again, first what has waited: TCP loses nothing (D1)."""
        self.cut_off.discard(node)
        waiting, self._waiting_for_heal = self._waiting_for_heal, []
        for envelope in waiting:
            self._post(envelope)

    def _is_cut(self, envelope: Envelope) -> bool:
        source, destination = envelope.source, envelope.destination
        if source == destination or source not in self.processes:
            return False
        return source in self.cut_off or destination in self.cut_off

    def ask_to_leave(self, node: NodeId) -> None:
        """SIGTERM: the node gives away what it leads; it says by `may_stop` when it has."""
        process = self.processes[node]
        leave = getattr(process.node, "begin_shutdown", None)
        if leave is not None:
            self._call(process, leave)

    def accept(self, envelope: Envelope) -> None:
        """A client's request for a node: now, if no node is being called, else in its turn."""
        if self._is_calling:
            self._post(envelope)
        else:
            self._deliver(envelope)

    def _deliver(self, envelope: Envelope) -> None:
        """Hand a message to the node it is for; a sender whose message finds nobody loses the connection."""
        if self.cut_off and self._is_cut(envelope):
            self._waiting_for_heal.append(envelope)
            return
        process = self.processes[envelope.destination]
        if process.node is None:
            self.disconnected(envelope.source, envelope.destination)
            return
        if process.is_paused:
            process.held.append(partial(self._post, envelope))
            return
        self._call(process, process.node.handle, envelope)

    def disconnected(self, node: NodeId, peer: NodeId) -> None:
        """Tell a node that it has lost its connections with a peer."""
        process = self.processes.get(node)
        if process is None or process.node is None:
            return
        if process.is_paused:
            process.held.append(partial(self.disconnected, node, peer))
        else:
            self._call(process, process.node.disconnected, peer)

    def _call(self, process: Process, method: Callable[..., Sequence[Effect]], *what: object) -> None:
        assert not self._is_calling, "a node is called while another one's effects are being carried out"
        self._is_calling = True
        try:
            effects = method(*what, self.now())
        except Exception as bug:
            if isinstance(bug, StorageError):
                log.critical("%s stops, for its disk does not do what it must: %s", process.id, bug)
            else:
                log.exception("%s has died of a bug", process.id)
            self.failures.append(bug)
            process.node = None
            asyncio.get_running_loop().call_soon(self._bury, process.id)
        else:
            if self.tape is not None:
                self.tape.step(process.id, _reason(what), effects)
            for effect in effects:
                self._carry_out(process, effect)
        finally:
            self._is_calling = False

    def _bury(self, node: NodeId) -> None:
        self.kill(node)
        if self.on_death is not None:
            self.on_death(node)

    def _carry_out(self, process: Process, effect: Effect) -> None:
        match effect:
            case Send(envelope):
                if envelope.destination in self.processes:
                    self._post(envelope)
                else:
                    process.to_client(envelope)
            case SetTimer(timer, after_ms):
                asyncio.get_running_loop().call_later(after_ms / 1000, self._fire, process, process.node, timer)
            case Observe(fact):
                if isinstance(fact, StorageFailed):
                    self._complain(process.id, fact)
                if self.on_fact is not None:
                    self.on_fact(process.id, fact)

    def _complain(self, node: NodeId, refused: StorageFailed) -> None:
        last_ms = self._complained_ms.get((node, refused.partition))
        if last_ms is None or self.now() - last_ms >= SAY_AGAIN_MS:
            self._complained_ms[node, refused.partition] = self.now()
            log.warning("%s cannot write to %s: %s", node, refused.partition, refused.reason)

    def _fire(self, process: Process, node: Node | None, timer: Timer) -> None:
        if node is None or process.node is not node:
            return
        if process.is_paused:
            process.held.append(partial(self._fire, process, node, timer))
        else:
            self._call(process, node.fire, timer)

    def _post(self, envelope: Envelope) -> None:
        self._inbox.append(envelope)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._empty_inbox)

    def _empty_inbox(self) -> None:
        for _ in range(AT_ONCE):
            if not self._inbox:
                break
            self._deliver(self._inbox.popleft())
        self._is_scheduled = bool(self._inbox)
        if self._is_scheduled:
            asyncio.get_running_loop().call_soon(self._empty_inbox)


def _reason(what: tuple[object, ...]) -> Envelope | Timer | NodeId | None:
    """What a node was called with, if it was not called to start or to leave."""
    return what[0] if what and isinstance(what[0], Envelope | Timer | str) else None
