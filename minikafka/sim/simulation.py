"""The world that drives the nodes: a heap of events, virtual time, and random streams from one seed.

```
 (time, sequence) ─▶ deliver · fire · lose a connection ─▶ node.handle(…) ─▶ effects ─▶ more events
```

* Same seed and same calls, same run, to the byte: one random stream for each concern, no clock, no hash order.
* One event is one step of the trace. After each step whoever watches may look at every node: that is how promises
  are checked.
* Nothing here decides anything about Kafka: a bug found here is a bug of the nodes that also serve real clients.

What we leave out: service times (a node answers at the very instant it is asked) and clock skew.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any, NamedTuple

from minikafka.broker.broker import Broker
from minikafka.config import ConfigError, ServerConfig, check_quorum_size
from minikafka.controller.controller import Controller
from minikafka.effects import Effect, Node, Observe, Send, SetTimer, Timer
from minikafka.protocol import facts
from minikafka.protocol.messages import Envelope
from minikafka.sim import disk_faults
from minikafka.sim.disk import SimulatedDisk
from minikafka.sim.network import Message, Network
from minikafka.trace.trace import LOST, Recorder, Sent, Step, Told
from minikafka.types import BrokerId, Millis, NodeId, broker_node, controller_node

NOTICE_MS: Millis = 1
"""How long it takes to notice that a connection broke or was refused."""
DEFAULT_EVENT_LIMIT = 2_000_000
SERVERS = (Broker, Controller)


class EventLimitReached(RuntimeError):
    """A run has more events than it may have: most often a loop with two owners."""


@dataclass(slots=True)
class Machine:
    """Where a node runs: the process may be gone, the disk stays."""

    make: Callable[[int], Node]
    """Makes the process for its n-th start, from 1."""
    disk: SimulatedDisk | None
    node: Node | None = None
    starts: int = 0
    paused: bool = False
    busy: bool = False
    """It waits for its disk."""
    backlog: list[Event] = field(default_factory=list)
    """What arrived while the process stood still."""


class Event(NamedTuple):
    """Something that will happen to a node."""

    kind: str
    """`deliver`, `timer`, `closed`, or `written`: its disk is done."""
    node: NodeId
    starts: int
    """For which start of the process a timer was set; 0 does not matter."""
    payload: Message | Timer | NodeId
    parent: int


def _never_restarts(_: int) -> Node:
    raise AssertionError("a client's process does not crash")


Watcher = Callable[["Simulation", list[Told]], None]
"""Called after every step in which something was told."""


class Simulation:
    """A cluster and its clients in virtual time."""

    def __init__(
        self,
        seed: int = 0,
        brokers: int = 3,
        controllers: int = 1,
        config: ServerConfig | None = None,
        latency_ms: tuple[Millis, Millis] = (1, 3),
        racks: tuple[str, ...] = (),
    ) -> None:
        """`controllers` is 1, 3 or 5; `latency_ms` are the bounds of a message's way.

        `racks` says where brokers 1, 2, ... are; without it all are where `broker.rack` says.
        """
        if brokers < 1:
            raise ConfigError(f"A cluster has at least one broker, not {brokers}.")
        check_quorum_size(controllers)
        self.seed = seed
        self.config = config or ServerConfig()
        self.racks = racks
        self.now: Millis = 0
        self.recorder = Recorder()
        self.machines: dict[NodeId, Machine] = {}
        self.watchers: list[Watcher] = []
        self._leaving: list[NodeId] = []
        """Brokers that were asked to stop in order and are still at it."""
        self.event_limit = DEFAULT_EVENT_LIMIT
        self.disks_take_time = False
        self._disk_ms: Millis = 0
        self._heap: list[tuple[Millis, int, Event]] = []
        self._sequence = 0
        self._messages = 0
        self.network = Network(self.random("network"), self._schedule_message, latency_ms)
        self.controllers: tuple[NodeId, ...] = tuple(controller_node(one) for one in range(1, controllers + 1))
        self._quorum_randoms = {node: self.random(f"quorum/{node}") for node in self.controllers}
        for node in self.controllers:
            self._add_server(node, partial(self._make_controller, node))
        self.broker_ids: tuple[BrokerId, ...] = tuple(range(1, brokers + 1))
        for broker in self.broker_ids:
            self._add_server(broker_node(broker), partial(self._make_broker, broker))

    def random(self, concern: str) -> Random:
        """The random stream of one concern, so that adding to one does not shuffle the others."""
        return Random(f"{self.seed}/{concern}")

    # --- machines and processes ---

    def _add_server(self, node: NodeId, make: Callable[[SimulatedDisk, int], Node]) -> None:
        disk = SimulatedDisk(self._clock)
        self.machines[node] = Machine(partial(make, disk), disk)
        self.recorder.add_node(node)
        self._boot(node, facts.NodeStarted(node))

    def _clock(self) -> Millis:
        return self.now

    def _make_controller(self, node: NodeId, disk: SimulatedDisk, starts: int) -> Node:
        return Controller(node, self.controllers, self.config, disk, self._quorum_randoms[node].random)

    def _make_broker(self, broker: BrokerId, disk: SimulatedDisk, starts: int) -> Node:
        rack = self.racks[broker - 1] if broker <= len(self.racks) else self.config.broker_rack
        return Broker(broker, self.controllers, self.config, disk, f"start-{starts}", rack=rack or None)

    def add_client(self, node: Node, about: str = "") -> None:
        """A client joins the world; its process does not crash."""
        assert node.id not in self.machines, f"there is already a {node.id}"
        self.recorder.add_node(node.id, about)
        self.machines[node.id] = Machine(_never_restarts, None, node, starts=1)

    def _boot(self, node: NodeId, why: facts.Fact) -> None:
        machine = self.machines[node]
        machine.starts += 1
        self.network.noticed(node)
        machine.node = process = machine.make(machine.starts)
        self._step("fault", node, 0, "start", lambda: [Observe(why), *process.start(self.now)])

    def process(self, node: NodeId) -> Node | None:
        """The running process of a node, None while it is down."""
        return self.machines[node].node

    def running_brokers(self) -> list[Broker]:
        """All broker processes that run, by id."""
        found = [self.machines[broker_node(broker)].node for broker in self.broker_ids]
        return [node for node in found if isinstance(node, Broker)]

    def active_controller(self) -> Controller | None:
        """The process that leads the quorum in the newest epoch; None while nobody does."""
        nodes = (self.machines[node].node for node in self.controllers)
        leaders = [node for node in nodes if isinstance(node, Controller) and node.voter.is_leader]
        return max(leaders, key=lambda node: node.voter.epoch, default=None)

    def all_brokers_active(self) -> bool:
        """Has every broker registered, caught up, and been unfenced?"""
        controller = self.active_controller()
        return controller is not None and controller.image.active_brokers() >= set(self.broker_ids)

    # --- time ---

    def run_for(self, duration_ms: Millis) -> None:
        """Let virtual time go on for so long."""
        self.run_until(lambda: False, duration_ms)

    def run_until(self, done: Callable[[], bool], limit_ms: Millis) -> bool:
        """Go on until `done()` holds (looked at after every event) or `limit_ms` have passed; True if it holds."""
        end = self.now + limit_ms
        while not done():
            if not self._heap or self._heap[0][0] > end:
                self.now = end
                return done()
            self.take_event()
        return True

    @property
    def has_events(self) -> bool:
        """Will anything ever happen again?"""
        return bool(self._heap)

    def take_event(self) -> None:
        """Let the next event happen."""
        at, _, event = heapq.heappop(self._heap)
        self.now = at
        machine = self.machines[event.node]
        if (machine.paused or machine.busy) and event.kind != "written":
            machine.backlog.append(event)
            return
        self._happen(machine, event)
        if self._leaving:
            self._let_go()

    def _happen(self, machine: Machine, event: Event) -> None:
        node = machine.node
        match event.kind:
            case "deliver":
                assert isinstance(event.payload, Message)
                self._deliver(node, event.payload)
            case "timer":
                timer = event.payload
                assert isinstance(timer, Timer)
                if node is not None and machine.starts == event.starts:
                    self._step("timer", event.node, event.parent, timer, lambda: node.fire(timer, self.now))
            case "closed":
                peer = event.payload
                assert isinstance(peer, str)
                self.network.noticed(event.node, peer)
                if node is not None:
                    name = f"~connection to {peer} lost"
                    self._step("timer", event.node, event.parent, name, lambda: node.disconnected(peer, self.now))
            case "written":
                machine.busy = machine.busy and machine.starts != event.starts
                while machine.backlog and not (machine.busy or machine.paused):
                    self._happen(machine, machine.backlog.pop(0))

    def _deliver(self, node: Node | None, message: Message) -> None:
        envelope = message.envelope
        if not message.connection.open and not message.late:
            return
        if self.network.cuts and self.network.is_cut(envelope.source, envelope.destination):
            self.network.hold(message)
            return
        if node is None:
            self._lose(message)
            return
        if not self.network.arrive(message):
            return
        message.record.ended = self.recorder.step + 1
        come = message.as_it_comes()
        self._step("deliver", come.destination, message.parent, message.number, lambda: node.handle(come, self.now))

    # --- steps ---

    def call(self, node: NodeId, name: str, action: Callable[[], list[Effect]]) -> None:
        """A client's application calls it: a step of its own."""
        self._step("call", node, self.recorder.step, name, action)

    def _step(
        self, kind: str, node: NodeId, parent: int, what: Timer | str | int, action: Callable[[], list[Effect]]
    ) -> None:
        recorder = self.recorder
        recorder.steps.append(Step(self.now, kind, node, parent, what))
        number = recorder.step
        if number > self.event_limit:
            raise EventLimitReached(self._busiest())
        first = len(recorder.told)
        effects = action()
        if self.disks_take_time:
            self._wait_for_disk(node, number)
        for effect in effects:
            if type(effect) is Send:
                self._send(effect.envelope, number)
            elif type(effect) is SetTimer:
                timer = Event("timer", node, self.machines[node].starts, effect.timer, number)
                self._push(self.now + effect.after_ms, timer)
            else:
                assert type(effect) is Observe
                if effect.of_record < 0 or recorder.is_news(effect.of_record):
                    recorder.told.append(Told(number, node, effect.fact))
        if len(recorder.told) > first and self.watchers:
            told = recorder.told[first:]
            for watcher in self.watchers:
                watcher(self, told)

    def _wait_for_disk(self, node: NodeId, step: int) -> None:
        machine = self.machines.get(node)
        self._disk_ms = disk_faults.time_taken(machine) if machine is not None else 0
        if machine is not None and self._disk_ms:
            machine.busy = True
            self._push(self.now + self._disk_ms, Event("written", node, machine.starts, "", step))

    def tell(self, fact: facts.Fact, node: NodeId = "") -> None:
        """State a fact about the world in the step that is happening."""
        self.recorder.told.append(Told(self.recorder.step, node, fact))

    def _push(self, at: Millis, event: Event) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (at, self._sequence, event))

    # --- messages ---

    def _send(self, envelope: Envelope, step: int) -> None:
        connection = self.network.connection_for(envelope)
        record = Sent(envelope, step)
        number = self.recorder.messages
        self.recorder.sent.append(record)
        if connection is None:
            record.ended, record.fate = step, LOST
            return
        message = Message(number, envelope, connection, step, record)
        self.network.send(message, self.now + self._disk_ms)
        if envelope.is_response:
            following = self.network.answered(connection)
            if following is not None:
                self._push(self.now, Event("deliver", following.envelope.destination, 0, following, step))
        elif self._is_down(envelope.destination) and not self.network.is_cut(envelope.source, envelope.destination):
            self._break(envelope.source, envelope.destination, step)

    def _schedule_message(self, at: Millis, message: Message) -> None:
        self._push(at, Event("deliver", message.envelope.destination, 0, message, message.parent))

    def _is_down(self, node: NodeId) -> bool:
        return self.machines[node].node is None

    def _lose(self, message: Message) -> None:
        message.record.ended, message.record.fate = self.recorder.step, LOST

    def _break(self, one: NodeId, other: NodeId | None, step: int, late_ms: Millis = -1) -> None:
        """Break connections of `one`; both sides notice, but for a side that is down or cut off."""
        lost, peers = self.network.close(one, other)
        for message in lost:
            if late_ms >= 0 and not message.envelope.is_response:
                # A message of its own, else it would arrive when it was due, too: late means once, and later.
                late = replace(message, late=True)
                self._push(self.now + late_ms, Event("deliver", message.envelope.destination, 0, late, step))
            else:
                self._lose(message)
        for peer in peers:
            if not self.network.is_cut(one, peer):
                self._push(self.now + NOTICE_MS, Event("closed", peer, 0, one, step))
                self._push(self.now + NOTICE_MS, Event("closed", one, 0, peer, step))

    # --- faults ---

    def fault(self, name: str, told: list[facts.Fact], action: Callable[[], Any]) -> None:
        """A fault strikes: a step of the world."""
        self._step("fault", "", self.recorder.step, name, lambda: (action(), list[Effect](map(Observe, told)))[1])

    def crash(self, node: NodeId, power_lost: bool = False, damage: str = "") -> None:
        """The process is gone; with `power_lost` also what its disk had not made durable (`disk_faults.DAMAGES`)."""
        machine = self.machines[node]
        assert machine.node is not None, f"{node} is down already"
        told: list[facts.Fact] = [facts.NodeCrashed(node, power_lost)]

        def stop() -> None:
            machine.node, machine.paused, machine.busy, machine.backlog = None, False, False, []
            if power_lost:
                told.extend(disk_faults.lose_page_cache(self, node, damage))
            self._break(node, None, self.recorder.step)

        self.fault("power_loss" if power_lost else "crash", told, stop)

    def shut_down(self, node: NodeId) -> None:
        """A server is asked to stop in order: it gives its leaderships away, and is down some moments later."""
        process = self.machines[node].node
        assert isinstance(process, SERVERS), f"only a running server shuts down in order, {node} is none"
        self._leaving.append(node)
        self._step("fault", node, self.recorder.step, "shut_down", lambda: process.begin_shutdown(self.now))
        self._let_go()

    def _let_go(self, at_once: bool = False) -> None:
        """Whoever wanted to leave and may do so stops: all is on disk, and a mark says so."""
        for node in list(self._leaving):
            process = self.machines[node].node
            if isinstance(process, SERVERS) and process.is_leaving and not (process.may_stop or at_once):
                continue
            self._leaving.remove(node)
            if isinstance(process, SERVERS) and process.is_leaving:
                process.stop(self.now)
                self.crash(node)

    def end_shutdowns(self) -> None:
        """Whoever is still on its way out stops now."""
        self._let_go(at_once=True)

    def restart(self, node: NodeId) -> None:
        """The process starts again on its disk."""
        assert self.machines[node].node is None, f"{node} is running"
        self._boot(node, facts.NodeRestarted(node))

    def pause(self, node: NodeId) -> None:
        """The process stands still."""
        machine = self.machines[node]
        self.fault("pause", [facts.NodePaused(node)], lambda: setattr(machine, "paused", True))

    def resume(self, node: NodeId) -> None:
        """The process goes on, with everything that has arrived meanwhile, in order."""
        machine = self.machines[node]

        def go_on() -> None:
            machine.paused = False
            backlog, machine.backlog = machine.backlog, []
            for event in backlog:
                self._push(self.now, event)

        self.fault("resume", [facts.NodeResumed(node)], go_on)

    def cut(self, node: NodeId, others: list[NodeId]) -> None:
        """Nothing passes between `node` and `others`; neither side is told."""
        pairs = [(min(node, other), max(node, other)) for other in others if other != node]
        told: list[facts.Fact] = [facts.LinkCut(*pair) for pair in pairs if pair not in self.network.cuts]
        self.fault("cut", told, lambda: self.network.cuts.update(pairs))

    def slow(self, one: NodeId, other: NodeId, extra_ms: Millis) -> None:
        """Everything between two nodes takes longer."""
        pair = (min(one, other), max(one, other))
        told: list[facts.Fact] = [facts.LinkSlowed(*pair, extra_ms)]
        self.fault("slow", told, lambda: self.network.slow_ms.__setitem__(pair, extra_ms))

    def delay(self, kind: str, extra_ms: Millis) -> None:
        """Every message of one kind, by the name of its class, takes longer."""
        told: list[facts.Fact] = [facts.MessagesDelayed(kind, extra_ms)]
        self.fault("delay", told, lambda: self.network.delay_ms.__setitem__(kind, extra_ms))

    def heal(self) -> None:
        """All links work again, and as fast as before."""
        told: list[facts.Fact] = [facts.LinkHealed(*pair) for pair in sorted(self.network.cuts)]
        told += [facts.LinkSlowed(*pair, 0) for pair in sorted(self.network.slow_ms)]
        told += [facts.MessagesDelayed(kind, 0) for kind in sorted(self.network.delay_ms)]
        self.fault("heal", told, lambda: self.network.heal(self.now))

    def disconnect(self, one: NodeId, other: NodeId, late_ms: Millis = -1) -> None:
        """Break the connections between two nodes; requests under way are lost, or arrive `late_ms` later."""
        self.fault(
            "disconnect",
            [facts.ConnectionsLost(one, other, late_ms)],
            lambda: self._break(one, other, self.recorder.step, late_ms),
        )

    def _busiest(self) -> str:
        timers = Counter(
            f"{step.node}: {step.what.name}" for step in self.recorder.steps if isinstance(step.what, Timer)
        )
        name, count = timers.most_common(1)[0] if timers else ("none", 0)
        return (
            f"More than {self.event_limit} events by {self.now} ms of virtual time. "
            f"The busiest timer is {name} with {count} firings."
        )
