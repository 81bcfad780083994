"""A cluster as the notebook's stage plays with it: the acts of `stage.live.LiveRun` on a `Cluster`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minikafka.client.accumulator import PendingRecord
from minikafka.client.producer import ProducerNode
from minikafka.cluster import Cluster
from minikafka.config import ProducerConfig, unknown_name
from minikafka.scenarios import scenario
from minikafka.stage import link
from minikafka.stage.live import live
from minikafka.stage.widget import show
from minikafka.trace.trace import Trace
from minikafka.types import BrokerId, Millis, broker_node
from minikafka.world import cluster_of, run_scenario

KNOBS = (
    "broker.session.timeout.ms",
    "broker.heartbeat.interval.ms",
    "replica.lag.time.max.ms",
    "min.insync.replicas",
)
ANSWER_WITHIN_MS: Millis = 2_000
VERBS = ("crash", "restart", "pause", "resume", "cut", "heal", "power_loss", "shut_down", "fill_disk", "free_disk")


def opened(address: str) -> Any:
    """The picture that an address of the player means, played here: as recorded, or bent again as it was bent.

    Raises ValueError with one sentence when it names no run, a run that does not exist, or an act that is impossible.
    """
    wanted = link.read(address)
    if not wanted.run:
        raise ValueError("This address names a step, but no run: open it on the page it came from.")
    found = scenario(wanted.run)
    if not wanted.settings and not wanted.deeds:
        named = {"view": wanted.view, "partition": wanted.partition, "future": wanted.future}
        place: dict[str, Any] = {name: said for name, said in named.items() if said}
        return show(run_scenario(found, wanted.seed), step=wanted.step, scene=wanted.scene, **place)
    seed = found.seed if wanted.seed is None else wanted.seed
    bent = LiveCluster(cluster_of(found, seed, {}))
    if wanted.settings:
        bent.rebuild(wanted.settings)
    for deed in wanted.deeds:
        if deed.step != bent.cluster.step:
            bent.rewind(deed.step)
        bent.act(deed.verb, **deed.named())
    came_from = wanted._replace(step=None, scene=None, view="", partition="", future=0)
    return live(bent, step=wanted.step, came_from=came_from)


class LiveCluster:
    """See `minikafka.stage.live.LiveRun`, which this class satisfies."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.acks = "all"
        self._acks_for_all: str | None = None

    def trace(self) -> Trace:
        """All that has happened so far."""
        return self.cluster.trace()

    @property
    def brokers(self) -> Sequence[BrokerId]:
        """The ids of the brokers, in order."""
        return self.cluster.brokers

    @property
    def settings(self) -> Mapping[str, int | str]:
        """Knobs that `rebuild` takes, with their present values."""
        return {name: self.cluster.setting(name) for name in KNOBS} | {"acks": self.acks}

    def act(self, verb: str, **arguments: Any) -> None:
        """Do one thing at the end of the run. Raises ValueError with one sentence when it is impossible."""
        match verb:
            case "run":
                self.cluster.run(float(arguments["seconds"]))
            case "send":
                self._send(str(arguments["value"]), str(arguments.get("acks", self.acks)))
            case "cut":
                self.cluster.cut(arguments["broker"], arguments["side"])
            case "heal":
                self.cluster.heal()
            case _ if verb in VERBS:
                self.cluster.strike(verb, arguments["broker"])
            case _:
                raise ValueError(unknown_name("act", verb, ["run", "send", *VERBS]))

    def rewind(self, step: int) -> None:
        """Be again what the run was right after `step`."""
        self.cluster.rewind(step)

    def rebuild(self, settings: Mapping[str, int | str]) -> None:
        """The same seed and the same acts at the same times, with these settings changed."""
        wanted = dict(settings)
        self.acks = str(wanted.pop("acks", self.acks))
        self._acks_for_all = self.acks if "acks" in settings else self._acks_for_all
        end_ms = self.cluster.now_ms
        self.cluster.rebuild(wanted)
        self.cluster.run(max(end_ms - self.cluster.now_ms, 0) / 1000)

    def _send(self, value: str, acks: str) -> None:
        self.cluster.perform(lambda cluster: _send(cluster, value, self._acks_for_all or acks))
        node = self.cluster.client(_name_for(self._acks_for_all or acks))
        before = len(node.reports)
        self.cluster.sim.run_until(lambda: len(node.reports) > before, ANSWER_WITHIN_MS)


def _name_for(acks: str) -> str:
    return f"producer-{ {'all': 'A', '-1': 'A', '1': 'L', '0': 'F'}[acks] }"


def _send(cluster: Cluster, value: str, acks: str) -> None:
    """One producer for each kind of acks, always the same one: a deposed leader can still be asked by who knew it."""
    name, sim = _name_for(acks), cluster.sim
    if name not in sim.machines:
        bootstrap = tuple(broker_node(broker) for broker in sim.broker_ids)
        config = ProducerConfig(acks=acks, linger_ms=0, enable_idempotence=False)
        sim.add_client(ProducerNode(name, config, bootstrap), f"acks={acks}")
    node: Any = sim.machines[name].node
    topic = next(iter(sim.running_brokers()[0].metadata.image.topics), "orders")
    record = PendingRecord(topic, 0, None, value.encode(), (), sim.now)
    sim.call(name, f"send {value}", lambda: node.produce(record, sim.now))
