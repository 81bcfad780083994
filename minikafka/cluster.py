"""A simulated cluster to hold in your hands: start it, break it, go back, break it another way.

Everything that is done to a cluster is written into a journal: client calls, faults, and the step at which each came.
The simulation is deterministic, so seed and journal *are* the run: to go back, the cluster is built again and the
journal played up to that step; to change a setting, it is played again under the new one.

Virtual time passes only while somebody waits: `run`, and `poll` and `flush` of the clients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from minikafka.client.admin import AdminNode
from minikafka.client.consumer import ConsumerNode
from minikafka.client.producer import ProducerNode
from minikafka.config import (
    AdminConfig,
    ConfigError,
    ConsumerConfig,
    ProducerConfig,
    ServerConfig,
    dotted,
    read_settings,
)
from minikafka.effects import Effect
from minikafka.protocol import facts
from minikafka.sim import faults
from minikafka.sim.checkers.base import Checker
from minikafka.sim.simulation import Simulation
from minikafka.trace.trace import Told, Trace
from minikafka.types import BrokerId, Millis, NodeId, broker_node

START_UP_MS: Millis = 12_000
SHUTDOWN_MS: Millis = 301_000
"""Longer than a broker waits for being let go."""


class Act(NamedTuple):
    """One thing that was done to the cluster, and when."""

    after_step: int
    at_ms: Millis
    do: Callable[[Cluster], None]
    """Does it again, on whatever simulation the cluster has then."""


class Bootstrap(NamedTuple):
    """A cluster, and the broker to ask first: what `bootstrap.servers` takes besides a cluster."""

    cluster: Cluster
    first: BrokerId


class Cluster:
    """Brokers and a controller in virtual time, from one seed."""

    def __init__(
        self,
        brokers: int = 3,
        seed: int = 0,
        controllers: int = 1,
        settings: Mapping[str, Any] | None = None,
        racks: Sequence[str] = (),
    ) -> None:
        """`settings` are those of the brokers, by Kafka's dotted names. Raises `ConfigError` with one sentence.

        `racks` says where brokers 1, 2, ... are.
        """
        self.racks = tuple(racks)
        self.broker_count = brokers
        self.controller_count = controllers
        self.seed = seed
        self.server_settings: dict[str, Any] = dict(settings or {})
        self.about: dict[str, Any] = {"seed": seed, "settings": {k: str(v) for k, v in self.server_settings.items()}}
        self._journal: list[Act] = []
        self._clients = 0
        self.held: list[Checker] = []
        self.broken: dict[str, str] = {}
        """The promises that were broken, each with the first sentence that said so."""
        self.sim = self._fresh()

    def _fresh(self) -> Simulation:
        config = read_settings(ServerConfig, self.server_settings, "broker")
        sim = Simulation(self.seed, self.broker_count, self.controller_count, config, racks=self.racks)
        sim.run_until(sim.all_brokers_active, START_UP_MS)
        return sim

    # --- time ---

    @property
    def now_ms(self) -> Millis:
        """Virtual time in milliseconds."""
        return self.sim.now

    @property
    def step(self) -> int:
        """Number of the newest step."""
        return self.sim.recorder.step

    def run(self, seconds: float) -> None:
        """Let virtual time go on."""
        self.sim.run_for(round(seconds * 1000))

    def at(self, broker: BrokerId) -> Bootstrap:
        """For `bootstrap.servers`: this cluster, asking that broker first."""
        return Bootstrap(self, broker)

    # --- faults ---

    def crash(self, broker: BrokerId) -> None:
        """The broker's process dies; its page cache stays."""
        self.strike("crash", broker)

    def power_loss(self, broker: BrokerId) -> None:
        """The broker's machine loses power: what was not on disk is gone."""
        self.strike("power_loss", broker)

    def shut_down(self, broker: BrokerId) -> None:
        """The broker stops in order: it gives its leaderships away, and is down when this call returns."""
        self.strike("shut_down", broker)
        self.sim.run_until(lambda: self.sim.process(broker_node(broker)) is None, SHUTDOWN_MS)

    def kill(self, client: Any) -> None:
        """The process of a client (a `Producer`, a `Consumer`) dies; whatever it had not sent is gone with it."""
        node: NodeId = client.node
        self.perform(lambda cluster: cluster.sim.crash(node))

    def restart(self, broker: BrokerId) -> None:
        """The broker's process starts again on its disk."""
        self.strike("restart", broker)

    def pause(self, broker: BrokerId) -> None:
        """The broker's process stands still."""
        self.strike("pause", broker)

    def resume(self, broker: BrokerId) -> None:
        """The broker's process goes on."""
        self.strike("resume", broker)

    def cut(self, broker: BrokerId, other: BrokerId | str) -> None:
        """Nothing passes between a broker and another one, the `"brokers"` or the `"controllers"`."""
        self.strike("cut", broker, other)

    def heal(self) -> None:
        """All links work again."""
        self.strike("heal")

    def disconnect(self, one: BrokerId | NodeId, other: BrokerId | NodeId, late_ms: Millis = -1) -> None:
        """Break the connections between two; requests under way are lost, or arrive `late_ms` later."""
        self.strike("disconnect", one, other, late_ms=late_ms)

    def fill_disk(self, broker: BrokerId) -> None:
        """The broker's disk takes no more bytes."""
        self.strike("fill_disk", broker)

    def free_disk(self, broker: BrokerId) -> None:
        """The broker's disk has room again."""
        self.strike("free_disk", broker)

    def strike(self, verb: str, *arguments: Any, **options: Any) -> None:
        """Any fault or mend by name. Raises `FaultError` (a ValueError) with one sentence when it is impossible now."""
        self.perform(lambda cluster: faults.strike(cluster.sim, verb, *arguments, **options))

    # --- what was done, and doing it again ---

    def perform(self, do: Callable[[Cluster], None]) -> None:
        """Do something now and keep it in the journal. `do` must find everything through the cluster it is given."""
        act = Act(self.step, self.sim.now, do)
        do(self)
        self._journal.append(act)

    def call(self, node: NodeId, name: str, action: Callable[[Any, Millis], list[Effect]]) -> None:
        """An application calls its client: `action(client node, now)`."""
        self.perform(
            lambda cluster: cluster.sim.call(node, name, lambda: action(cluster.client(node), cluster.sim.now))
        )

    def client(self, node: NodeId) -> Any:
        """The client node of that name in the present simulation."""
        return self.sim.machines[node].node

    def rewind(self, step: int) -> None:
        """Be again what the cluster was right after `step`; what came later is forgotten."""
        journal = [act for act in self._journal if act.after_step < step]
        self._journal = []
        self.sim = self._fresh()
        for act in journal:
            self._go_to(act.after_step, act.at_ms)
            act.do(self)
            self._journal.append(act)
        while self.step < step and self.sim.has_events:
            self.sim.take_event()

    def rebuild(self, settings: Mapping[str, Any]) -> None:
        """The same seed and journal, at the same times, under changed settings; what is impossible now is left out."""
        former, journal = self.server_settings, self._journal
        self.server_settings = {**former, **settings}
        try:
            self.sim = self._fresh()
        except ConfigError:
            self.server_settings = former
            raise
        self.about["settings"] = {name: str(value) for name, value in self.server_settings.items()}
        self._journal = []
        for act in journal:
            self.sim.run_for(max(act.at_ms - self.sim.now, 0))
            try:
                self.perform(act.do)
            except faults.FaultError:
                continue

    def _go_to(self, step: int, at_ms: Millis) -> None:
        while self.step < step:
            self.sim.take_event()
        self.sim.now = max(self.sim.now, at_ms)

    # --- clients ---

    def add_producer(self, name: str, config: ProducerConfig, first: BrokerId | None = None) -> NodeId:
        """A producer joins; used by `Producer`."""
        node = self._name("producer", name)
        return self._add(node, f"acks={config.acks}", lambda at: ProducerNode(node, config, at), first)

    def add_consumer(self, name: str, config: ConsumerConfig, first: BrokerId | None = None) -> NodeId:
        """A consumer joins; used by `Consumer`."""
        node = self._name("consumer", name)
        return self._add(node, "", lambda at: ConsumerNode(node, config, at), first)

    def add_admin(self, name: str, config: AdminConfig, first: BrokerId | None = None) -> NodeId:
        """An admin client joins; used by `AdminClient`."""
        node = self._name("admin", name)
        return self._add(node, "", lambda at: AdminNode(node, config, at), first)

    def _name(self, role: str, name: str) -> NodeId:
        self._clients += 1
        wanted = f"{role}-{name or self._clients}"
        return wanted if wanted not in self.sim.machines else f"{wanted}.{self._clients}"

    def _add(
        self, node: NodeId, about: str, make: Callable[[tuple[NodeId, ...]], Any], first: BrokerId | None
    ) -> NodeId:
        order = sorted(self.sim.broker_ids, key=lambda broker: (broker != first, broker))
        bootstrap = tuple(broker_node(broker) for broker in order)
        self.perform(lambda cluster: cluster.sim.add_client(make(bootstrap), about))
        return node

    # --- promises ---

    def watch(self, checkers: Sequence[Checker]) -> None:
        """Hold the cluster to promises from now on; a broken one is a fact of the run (`PromiseBroken`)."""
        self.held = list(checkers)
        for checker in self.held:
            checker.begin(self.sim)
        self.sim.watchers.append(lambda sim, told: self._hold(sim, told))

    def judge(self) -> None:
        """Ask the promises that are kept or broken at the end only."""
        for checker in self.held:
            self._note(checker, checker.finish(self.sim))

    def _hold(self, sim: Simulation, told: list[Told]) -> None:
        for checker in self.held:
            self._note(checker, checker.watch(sim, told))

    def _note(self, checker: Checker, sentence: str | None) -> None:
        if sentence is not None and checker.promise not in self.broken:
            self.broken[checker.promise] = sentence
            self.sim.tell(facts.PromiseBroken(checker.promise, checker.name, sentence))

    # --- the run so far ---

    def note(self, text: str) -> None:
        """Say something in the story, in words of your own."""
        self.perform(lambda cluster: cluster.sim.fault("~note", [facts.Note(text)], lambda: None))

    def trace(self, **about: Any) -> Trace:
        """Everything that has happened so far."""
        return self.sim.recorder.trace({**self.about, **about})

    def show(self, **options: Any) -> Any:
        """The stage in a notebook: the run so far, with buttons that break it further."""
        from minikafka.live import LiveCluster
        from minikafka.stage.live import live

        return live(LiveCluster(self), **options)

    @property
    def brokers(self) -> Sequence[BrokerId]:
        """Broker ids, in order."""
        return self.sim.broker_ids

    def setting(self, name: str) -> Any:
        """The value of a broker setting, by its dotted name."""
        for field in ServerConfig.__dataclass_fields__:
            if dotted(field) == name:
                return getattr(self.sim.config, field)
        raise ConfigError(f"There is no broker setting {name!r}.")
