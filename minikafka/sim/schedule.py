"""A run in a few lines: who sends what, and what goes wrong, each at its moment of virtual time.

```
    0 ms  cut(3, "brokers")        what the explorer draws at random, what a shrinker makes smaller,
45000 ms  send("x", acks="all")    and what a counterexample shows: client calls, faults and delays.
45100 ms  crash(2)                 Messages and timers between them follow from these and the seed.
45200 ms  crash(1)
```

* Time 0 is when the cluster is up and the topic made; everything before is the same in every run of a setup.
* An entry that is impossible when its time comes (the crash of a crashed broker) is skipped: any part of a schedule is
  a schedule, so taking entries away always leaves something that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minikafka.client.admin import AdminNode
from minikafka.client.consumer import ConsumerNode
from minikafka.client.producer import PendingRecord, ProducerNode
from minikafka.config import AdminConfig, ConsumerConfig, ProducerConfig, ServerConfig, read_settings
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import CreateTopicsRequest, CreateTopicsResponse, NewTopicSpec
from minikafka.protocol.errors import ErrorCode
from minikafka.sim import faults
from minikafka.sim.checkers.base import Checker
from minikafka.sim.simulation import Simulation
from minikafka.trace.trace import Told, Trace
from minikafka.types import BrokerId, Millis, Offset, TopicPartition, broker_node

START_UP_MS: Millis = 12_000
"""Longer than a cluster needs to register and unfence all brokers."""
SETTLE_MS: Millis = 60_000
"""How long a healed cluster gets before the promises about the end are checked: lag time, session, retries."""


class Entry(NamedTuple):
    """One line of a schedule."""

    at_ms: Millis
    verb: str
    """A fault verb of `faults.py`, or `send`, `read`, `ask`."""
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        words = [repr(argument) for argument in self.arguments] + [f"{name}={value!r}" for name, value in self.options]
        return f"{self.verb}({', '.join(words)})"


Schedule = tuple[Entry, ...]


def schedule(*lines: tuple[Any, ...]) -> Schedule:
    """Write a schedule by hand: `(ms, verb, arguments…)`, a last dict holds options."""
    entries = []
    for at_ms, verb, *rest in lines:
        options = rest.pop() if rest and isinstance(rest[-1], dict) else {}
        entries.append(Entry(at_ms, verb, tuple(rest), tuple(sorted(options.items()))))
    return tuple(entries)


@dataclass(frozen=True, slots=True)
class Setup:
    """The cluster a schedule runs on."""

    brokers: int = 3
    replicas: tuple[BrokerId, ...] = (1, 2, 3)
    """Of the one partition, in assignment order."""
    min_isr: int = 2
    unclean: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    """More settings of brokers, by their dotted names."""
    topic: str = "orders"
    seed: int = 0

    @property
    def partition(self) -> TopicPartition:
        """The partition everything is about."""
        return TopicPartition(self.topic, 0)


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise, and the step in which it broke."""

    promise: str
    name: str
    sentence: str
    step: int


@dataclass(slots=True)
class Run:
    """A schedule being played, or played."""

    setup: Setup
    sim: Simulation
    started_ms: Millis = 0
    violation: Violation | None = None
    skipped: list[Entry] = field(default_factory=list)
    producers: dict[tuple[str, str], ProducerNode] = field(default_factory=dict)
    consumers: dict[str, ConsumerNode] = field(default_factory=dict)

    def trace(self, **about: Any) -> Trace:
        """The run as a trace."""
        settings = {"replicas": str(self.setup.replicas), "min.insync.replicas": str(self.setup.min_isr)}
        if self.setup.unclean:
            settings["unclean.leader.election.enable"] = "true"
        settings |= dict(self.setup.settings)
        return self.sim.recorder.trace({"seed": self.setup.seed, "settings": settings, **about})


def start(setup: Setup) -> Run:
    """Bring up the cluster and create the topic."""
    config = read_settings(ServerConfig, dict(setup.settings), "broker")
    sim = Simulation(setup.seed, setup.brokers, config=config)
    assert sim.run_until(sim.all_brokers_active, START_UP_MS), "the cluster did not come up in time"
    create_topic(sim, setup)
    return Run(setup, sim, sim.now)


def create_topic(sim: Simulation, setup: Setup) -> None:
    """Create the topic of a setup, and wait until all brokers have read of it."""
    admin = AdminNode("admin-1", AdminConfig(), tuple(broker_node(broker) for broker in sim.broker_ids))
    sim.add_client(admin)
    configs = (
        ("min.insync.replicas", str(setup.min_isr)),
        ("unclean.leader.election.enable", str(setup.unclean).lower()),
    )
    request = CreateTopicsRequest((NewTopicSpec(setup.topic, assignment=(setup.replicas,), configs=configs),))
    sim.call("admin-1", f"create {setup.topic}", lambda: admin.ask(request, sim.now)[1])
    assert sim.run_until(lambda: bool(admin.answers), 10_000), "the topic was not created in time"
    answer = admin.answers[1]
    assert isinstance(answer, CreateTopicsResponse)
    assert answer.topics[0].error == ErrorCode.NONE, f"the topic was refused: {answer.topics[0]}"
    sim.run_for(1_500)


def play(
    setup: Setup,
    lines: Schedule,
    checkers: Iterable[Checker] = (),
    *,
    settle: bool = True,
    inspect: Callable[[Run], None] | None = None,
) -> Run:
    """Play a schedule under the eyes of checkers; stops at the first broken promise.

    With `settle` the world is mended afterwards (links, brokers, disks) and given a minute; then the promises
    about the end are checked. `inspect` may look at the run before that.
    """
    run = start(setup)
    watching = list(checkers)
    for checker in watching:
        checker.begin(run.sim)
    run.sim.watchers.append(lambda sim, told: _watch(run, watching, told))
    run.sim.watchers.append(lambda sim, told: _take_what_was_read(run, told))
    for entry in sorted(lines, key=lambda entry: entry.at_ms):
        go_on_until(run, run.started_ms + entry.at_ms)
        if run.violation is not None:
            return run
        carry_out(run, entry)
    if inspect is not None:
        inspect(run)
    if settle and run.violation is None:
        mend(run)
        go_on_until(run, run.sim.now + SETTLE_MS)
    if settle and run.violation is None:
        _finish(run, watching)
    return run


def go_on_until(run: Run, at_ms: Millis) -> None:
    """Let time pass, up to a moment or a broken promise."""
    sim = run.sim
    sim.run_until(lambda: run.violation is not None, max(at_ms - sim.now, 0))


def carry_out(run: Run, entry: Entry) -> None:
    """Do what a line says, now; what is impossible is noted and skipped."""
    options = dict(entry.options)
    match entry.verb:
        case "send":
            send(run, str(entry.arguments[0]), **options)
        case "read":
            read(run, *entry.arguments, **options)
        case "ask":
            ask(run, *entry.arguments, **options)
        case verb:
            try:
                faults.strike(run.sim, verb, *entry.arguments, **options)
            except faults.FaultError:
                run.skipped.append(entry)


def send(run: Run, value: str, acks: str = "all", producer: str = "A", to: BrokerId | None = None) -> None:
    """A producer sends one record. One producer for each (name, acks); `to` is the broker it asks first who leads."""
    node = run.producers.get((producer, acks))
    if node is None:
        config = read_settings(ProducerConfig, {"acks": acks, "linger.ms": 0}, "producer")
        name = f"producer-{producer}" if acks == "all" else f"producer-{producer}{acks}"
        node = ProducerNode(name, config, _bootstrap(run, to))
        run.producers[(producer, acks)] = node
        run.sim.add_client(node, f"acks={acks}")
    client = node
    record = PendingRecord(run.setup.topic, 0, None, value.encode(), (), run.sim.now)
    run.sim.call(client.id, f"send {value}", lambda: client.produce(record, run.sim.now))


def read(run: Run, consumer: str = "C", offset: Offset = 0, to: BrokerId | None = None) -> None:
    """A consumer reads from `offset` on, for as long as the run goes on."""
    node = _consumer(run, consumer, to)
    run.sim.call(node.id, f"read from {offset}", lambda: node.assign({run.setup.partition: offset}, run.sim.now))
    _poll(run, node)


def ask(run: Run, broker: BrokerId, offset: Offset, epoch: int, consumer: str = "C") -> None:
    """A consumer that believes in `epoch` asks one broker once."""
    node = _consumer(run, consumer, broker)
    run.sim.call(
        node.id,
        f"ask broker {broker}, epoch {epoch}",
        lambda: node.ask_once(broker, run.setup.partition, offset, epoch, run.sim.now),
    )


def _consumer(run: Run, name: str, to: BrokerId | None) -> ConsumerNode:
    if name not in run.consumers:
        config = ConsumerConfig(auto_offset_reset="earliest")
        run.consumers[name] = ConsumerNode(f"consumer-{name}", config, _bootstrap(run, to))
        run.sim.add_client(run.consumers[name])
    return run.consumers[name]


def _bootstrap(run: Run, first: BrokerId | None) -> tuple[str, ...]:
    order = sorted(run.sim.broker_ids, key=lambda broker: (broker != first, broker))
    return tuple(broker_node(broker) for broker in order)


def mend(run: Run) -> None:
    """Undo every fault: links, disks, pauses, crashes."""
    sim = run.sim
    sim.heal()
    for broker in sim.broker_ids:
        machine = sim.machines[broker_node(broker)]
        if machine.disk is not None and machine.disk.full:
            sim.fill_disk(broker_node(broker), full=False)
        if machine.paused:
            sim.resume(broker_node(broker))
        if machine.node is None:
            sim.restart(broker_node(broker))


def _watch(run: Run, checkers: list[Checker], told: list[Told]) -> None:
    for checker in checkers:
        if run.violation is not None:
            return
        _note(run, checker, checker.watch(run.sim, told))


def _take_what_was_read(run: Run, told: list[Told]) -> None:
    """The application behind a scheduled consumer takes records at once and polls on; unread ones would stop it."""
    for consumer in run.consumers.values():
        if consumer.state.buffer and any(one.node == consumer.id for one in told):
            consumer.state.buffer.clear()
            _poll(run, consumer)


def _poll(run: Run, consumer: ConsumerNode) -> None:
    run.sim.call(consumer.id, "~poll", lambda: consumer.poll(True, run.sim.now))


def _finish(run: Run, checkers: list[Checker]) -> None:
    for checker in checkers:
        if run.violation is None:
            _note(run, checker, checker.finish(run.sim))


def _note(run: Run, checker: Checker, sentence: str | None) -> None:
    if sentence is not None:
        run.violation = Violation(checker.promise, checker.name, sentence, run.sim.recorder.step)
        run.sim.tell(facts.PromiseBroken(checker.promise, checker.name, sentence))
