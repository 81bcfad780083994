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

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minikafka.client.admin import AdminNode
from minikafka.client.consumer import ConsumerNode
from minikafka.client.producer import ProducerNode
from minikafka.config import AdminConfig, ServerConfig, read_settings
from minikafka.protocol import facts
from minikafka.protocol.admin_messages import CreateTopicsRequest, CreateTopicsResponse, NewTopicSpec
from minikafka.protocol.errors import ErrorCode
from minikafka.sim import disk_faults, faults, workload
from minikafka.sim.applications import Transactor, Worker
from minikafka.sim.checkers.audience import Audience
from minikafka.sim.checkers.base import Checker
from minikafka.sim.simulation import Simulation
from minikafka.trace.trace import Told, Trace
from minikafka.types import BrokerId, Millis, TopicPartition, broker_node

START_UP_MS: Millis = 12_000
"""Longer than a cluster needs to register and unfence all brokers."""
SETTLE_MS: Millis = 60_000
"""How long a healed cluster gets before the promises about the end are checked: lag time, session, retries."""
LOOK_AGAIN_MS: Millis = 1_000


class Entry(NamedTuple):
    """One line of a schedule."""

    at_ms: Millis
    verb: str
    """A fault verb of `faults.py`, or a call of `workload.py`."""
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
    controllers: int = 1
    replicas: tuple[BrokerId, ...] = (1, 2, 3)
    """Of every partition; of the first one in this order, and each after it begins with the next broker."""
    partitions: int = 1
    min_isr: int = 2
    unclean: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    """More settings of brokers, by their dotted names."""
    topic: str = "orders"
    seed: int = 0

    @property
    def partition(self) -> TopicPartition:
        """The first partition, which everything is about unless an entry names another."""
        return TopicPartition(self.topic, 0)

    @property
    def assignment(self) -> tuple[tuple[BrokerId, ...], ...]:
        """The replicas of each partition: leaders are spread as `StripedReplicaPlacer` spreads them."""
        count = len(self.replicas)
        turns = [number % count for number in range(self.partitions)]
        return tuple(self.replicas[turn:] + self.replicas[:turn] for turn in turns)


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
    transactors: dict[str, Transactor] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)

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
    sim = Simulation(setup.seed, setup.brokers, setup.controllers, config=config)
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
    request = CreateTopicsRequest((NewTopicSpec(setup.topic, assignment=setup.assignment, configs=configs),))
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
    """Play a schedule on a new cluster under the eyes of checkers; stops at the first broken promise.

    With `settle` the world is mended afterwards (links, machines, disks) and given a minute; then the promises
    about the end are checked. `inspect` may look at the run before that.
    """
    run = start(setup)
    watching = list(checkers)
    play_on(run, lines, watching)
    if inspect is not None and run.violation is None:
        inspect(run)
    if settle:
        settle_down(run, watching)
    return run


def play_on(run: Run, lines: Schedule, checkers: Sequence[Checker]) -> None:
    """Play a schedule on a cluster that is up."""
    for checker in checkers:
        checker.begin(run.sim)
    audience = Audience(checkers)
    run.sim.watchers.append(lambda sim, told: watch(run, audience.of(told), told))
    run.sim.watchers.append(lambda sim, told: workload.go_on(run, told))
    for entry in sorted(lines, key=lambda entry: entry.at_ms):
        go_on_until(run, run.started_ms + entry.at_ms)
        if run.violation is not None:
            return
        carry_out(run, entry)


def settle_down(run: Run, checkers: Sequence[Checker], *, until_settled: bool = False) -> None:
    """Mend the world, give it a minute, and check the promises about the end.

    With `until_settled` one more consumer reads everything, and the minute ends early, once no promise waits for
    anything any more; it is longer only while a producer sends a batch again that was overtaken, as Kafka's does.
    """
    if run.violation is not None:
        return
    mend(run)
    if until_settled:
        workload.read(run, "final", committed=bool(run.transactors or run.workers))
    end_ms = run.sim.now + SETTLE_MS
    while run.sim.now < end_ms and run.violation is None:
        go_on_until(run, run.sim.now + LOOK_AGAIN_MS if until_settled else end_ms)
        if until_settled and all(checker.settled(run.sim) for checker in checkers):
            break
        if until_settled:
            end_ms = max(end_ms, _overtaken_until_ms(run) + LOOK_AGAIN_MS)
    if run.violation is None:
        _finish(run, checkers)


def _overtaken_until_ms(run: Run) -> Millis:
    nodes = [*run.producers.values(), *(one.node for one in run.transactors.values())]
    nodes += [one.producer for one in run.workers.values()]
    return max((node.overtaken_until_ms for node in nodes), default=0)


def go_on_until(run: Run, at_ms: Millis) -> None:
    """Let time pass, up to a moment or a broken promise."""
    sim = run.sim
    sim.run_until(lambda: run.violation is not None, max(at_ms - sim.now, 0))


def carry_out(run: Run, entry: Entry) -> None:
    """Do what a line says, now; what is impossible is noted and skipped."""
    options = dict(entry.options)
    match entry.verb:
        case verb if verb in workload.CALLS:
            workload.call(run, verb, *entry.arguments, **options)
        case verb:
            try:
                faults.strike(run.sim, verb, *entry.arguments, **options)
            except faults.FaultError:
                run.skipped.append(entry)


def mend(run: Run) -> None:
    """Undo every fault: links, disks, pauses, crashes."""
    sim = run.sim
    sim.heal()
    sim.end_shutdowns()
    for node, machine in list(sim.machines.items()):
        if machine.disk is None:
            if machine.paused:
                sim.resume(node)
            continue
        disk_faults.mend(sim, node)
        if machine.paused:
            sim.resume(node)
        if machine.node is None:
            sim.restart(node)


def watch(run: Run, checkers: Sequence[Checker], told: list[Told]) -> None:
    """Show one step to these checkers, and note the first promise that is broken."""
    for checker in checkers:
        if run.violation is not None:
            return
        _note(run, checker, checker.watch(run.sim, told))


def _finish(run: Run, checkers: Sequence[Checker]) -> None:
    for checker in checkers:
        if run.violation is None:
            _note(run, checker, checker.finish(run.sim))


def _note(run: Run, checker: Checker, sentence: str | None) -> None:
    if sentence is not None:
        run.violation = Violation(checker.promise, checker.name, sentence, run.sim.recorder.step)
        run.sim.tell(facts.PromiseBroken(checker.promise, checker.name, sentence))
