"""The lab in the simulation: virtual time, one seed."""

from __future__ import annotations

from typing import Any

import minikafka
from lab.base import QUICK, Lab, LabError
from minikafka import admin
from minikafka.effects import Effect, Send, Timer
from minikafka.protocol import messages
from minikafka.protocol.messages import Envelope
from minikafka.types import Millis, NodeId, TopicPartition, broker_node

SEED = 7
ASK_WITHIN_MS: Millis = 10_000


class SimulatedLab(Lab):
    """minikafka's clients on a `Cluster`."""

    backend = "simulation"
    clients = minikafka
    administration = admin

    def __init__(self, brokers: int = 3) -> None:
        super().__init__()
        self.cluster = minikafka.Cluster(brokers, SEED, settings=QUICK | few(brokers))
        self._probes = 0

    @property
    def servers(self) -> Any:
        """The cluster itself."""
        return self.cluster

    def now(self) -> float:
        """Virtual seconds."""
        return self.cluster.now_ms / 1000

    def wait(self, seconds: float) -> None:
        """Virtual time passes."""
        self.cluster.run(seconds)

    def strike(self, verb: str, broker: int) -> None:
        """See `Lab.strike`."""
        if verb == "leave":
            self.cluster.shut_down(broker)
        else:
            self.cluster.strike(verb, broker)

    def member(self, group: str, **settings: Any) -> Any:
        """Any consumer of the simulation may be killed."""
        return self.consumer(group, **settings)

    def kill(self, member: Any) -> None:
        """Its process dies."""
        self.opened.remove(member)
        self.cluster.kill(member)

    def end_of_epoch(self, broker: int, topic: str, epoch: int, current: int = -1) -> list[Any]:
        """See `Lab.end_of_epoch`."""
        asked = messages.EpochEndPartition(TopicPartition(topic, 0), epoch, current)
        answer = self._ask(broker, messages.OffsetForLeaderEpochRequest((asked,))).partitions[0]
        return [answer.error.name, answer.leader_epoch, answer.end_offset]

    def fetch_error(self, broker: int, topic: str, offset: int, epoch: int) -> str:
        """See `Lab.fetch_error`."""
        asked = messages.FetchPartition(TopicPartition(topic, 0), offset, epoch)
        return str(self._ask(broker, messages.FetchRequest(-1, (asked,), max_wait_ms=0)).partitions[0].error.name)

    def _ask(self, broker: int, request: Any) -> Any:
        """One request, not repeated whatever the answer; each by a client of its own."""
        self._probes += 1
        name, node = f"probe-{self._probes}", broker_node(broker)
        probe = Probe(name, Envelope(name, node, request, 1))
        self.cluster.sim.add_client(probe)
        self.cluster.sim.call(name, "~ask", probe.ask)
        if not self.cluster.sim.run_until(lambda: probe.answers, ASK_WITHIN_MS):
            raise LabError(f"{node} does not answer.")
        return probe.answers[0]


class Probe:
    """A client that asks one thing once."""

    def __init__(self, name: str, question: Envelope) -> None:
        self.id = name
        self.question = question
        self.answers: list[Any] = []

    def ask(self) -> list[Effect]:
        """Ask."""
        return [Send(self.question)]

    def start(self, now: Millis) -> list[Effect]:
        """Nothing before it is told to ask."""
        return []

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Keep the answer."""
        self.answers.append(envelope.message)
        return []

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """It has no timers."""
        return []

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """It does not ask again."""
        return []


def few(brokers: int) -> dict[str, str]:
    """Internal topics are kept three times, and on fewer brokers as often as there are brokers."""
    if brokers >= 3:
        return {}
    copies = ("offsets.topic.replication.factor", "transaction.state.log.replication.factor")
    return dict.fromkeys(copies, str(brokers)) | {"transaction.state.log.min.isr": "1"}
