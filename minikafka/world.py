"""The world of a scenario, in the simulation: the surface's clients on a `Cluster`, and fault verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from minikafka.admin import AdminClient, NewTopic
from minikafka.api import KafkaException, TopicPartition
from minikafka.cluster import Cluster
from minikafka.config import dotted
from minikafka.consumer import Consumer
from minikafka.producer import Producer
from minikafka.sim.checkers import by_promise
from minikafka.sim.mutants import mutant
from minikafka.sim.scenario import Branch, Scenario, ScenarioError, bookmarks_of, common_steps, is_wanted
from minikafka.sim.substitute import substituted
from minikafka.trace.trace import Trace, plain_fields
from minikafka.types import Millis

WAIT_AT_MOST_MS: Millis = 120_000


class SimulatedWorld:
    """A `World` in virtual time."""

    def __init__(self, cluster: Cluster, choices: Mapping[str, Any]) -> None:
        self.cluster = cluster
        self.choices = choices
        self.shown: dict[str, str] = {}
        """Settings worth knowing when one looks at the run."""

    def create_topic(self, name: str, *replicas: tuple[int, ...], **configs: str) -> None:
        """See `World.create_topic`. Waits until all brokers have read of it."""
        dealt = ", ".join(" ".join(map(str, brokers)) for brokers in replicas)
        self.shown |= {"replicas": dealt, **_dotted(configs)}
        topic = NewTopic(name, replica_assignment=list(replicas), config=_dotted(configs))
        self.admin().create_topics([topic])[name].result()
        self.wait(1_500)

    def admin(self) -> AdminClient:
        """See `World.admin`."""
        return AdminClient({"bootstrap.servers": self.cluster})

    def producer(self, name: str, first: int | None = None, **settings: Any) -> Producer:
        """See `World.producer`."""
        return Producer({"bootstrap.servers": self._bootstrap(first), "client.id": name, **_dotted(settings)})

    def consumer(self, name: str, first: int | None = None, **settings: Any) -> Consumer:
        """See `World.consumer`."""
        settings.setdefault("group_id", name)
        return Consumer({"bootstrap.servers": self._bootstrap(first), "client.id": name, **_dotted(settings)})

    def wait(self, milliseconds: int) -> None:
        """See `World.wait`."""
        self.cluster.run(milliseconds / 1000)

    def wait_for(self, fact: str, node: str = "", **fields: Any) -> None:
        """See `World.wait_for`. Raises `ScenarioError` when it has not come within two minutes."""
        told = self.cluster.sim.recorder.told
        seen = len(told)

        def has_come() -> bool:
            nonlocal seen
            fresh, seen = told[seen:], len(told)
            return any(
                is_wanted(fact, node, fields, type(one.fact).__name__, one.node, plain_fields(one.fact))
                for one in fresh
            )

        if not self.cluster.sim.run_until(has_come, WAIT_AT_MOST_MS):
            raise ScenarioError(f"Nobody states {fact} {node} {fields or ''} within {WAIT_AT_MOST_MS} ms.")

    def partition(self, topic: str, number: int, offset: int | None = None) -> TopicPartition:
        """See `World.partition`."""
        return TopicPartition(topic, number) if offset is None else TopicPartition(topic, number, offset)

    def attempt(self, call: Callable[[], Any]) -> bool:
        """See `World.attempt`."""
        try:
            call()
        except KafkaException as problem:
            self.note(f"The application is told: {problem.args[0].name()}.")
            return False
        return True

    def note(self, text: str) -> None:
        """See `World.note`."""
        self.cluster.note(text)

    def kill(self, client: Producer | Consumer) -> None:
        """See `World.kill`."""
        self.cluster.kill(client)

    def strike(self, verb: str, *arguments: Any, **options: Any) -> None:
        """See `World.strike`."""
        self.cluster.strike(verb, *arguments, **options)

    def choice(self, name: str, usual: Any) -> Any:
        """See `World.choice`."""
        return self.choices.get(name, usual)

    def ask(self, consumer: Consumer, broker: int, topic: str, offset: int, epoch: int) -> None:
        """See `World.ask`. Waits for the answer."""
        consumer.ask_once(broker, TopicPartition(topic, 0), offset, epoch)
        self.wait(20)

    def _bootstrap(self, first: int | None) -> Any:
        return self.cluster if first is None else self.cluster.at(first)


def play(scenario_id: str, seed: int | None = None) -> Trace:
    """Play the scenario with this id. Raises `UnknownScenario`, naming the nearest one."""
    from minikafka.scenarios import scenario

    return run_scenario(scenario(scenario_id), seed)


def run_scenario(
    scenario: Scenario, seed: int | None = None, *, branches: bool = True, scenes: bool = True
) -> Trace:
    """Play a scenario in the simulation; its branches too, each beside the run it parts from.

    Without `scenes` nobody minds whether they occur: other decisions than ours may lead elsewhere.
    """
    used = scenario.seed if seed is None else seed
    trace = _play(scenario, used, {})
    document = trace.to_json()
    # Scenes and questions speak of the run of the scenario's own seed; under another one a scene may be missing.
    if used == scenario.seed and scenes:
        document["bookmarks"] = bookmarks_of(trace, scenario.scenes, scenario.id)
        document["questions"] = [
            {
                "before": question.before,
                "ask": question.ask,
                "choices": [
                    {"text": text, "right": right, "reply": reply, "scene": scene}
                    for text, right, reply, scene in question.choices
                ],
            }
            for question in scenario.questions
        ]
    if branches:
        document["branches"] = [_branch(scenario, branch, used, trace) for branch in scenario.branches]
    return trace


def _branch(scenario: Scenario, branch: Branch, seed: int, trunk: Trace) -> dict[str, Any]:
    other = _play(scenario, seed, branch.choices)
    if seed == scenario.seed:
        other.document["bookmarks"] = bookmarks_of(other, branch.scenes, f"{scenario.id}, {branch.name}")
    return {"at": common_steps(trunk, other), "name": branch.name, "trace": other.to_json()}


def cluster_of(scenario: Scenario, seed: int, choices: Mapping[str, Any]) -> Cluster:
    """The cluster of a scenario after its last line. A planted rule is in place while it plays, not afterwards.

    A choice that is named like a setting of the scenario stands in for it: in two worlds one setting differs.
    """
    rules = mutant(scenario.mutant).replaces if scenario.mutant else {}
    settings = {name: choices.get(name, usual) for name, usual in scenario.settings.items()}
    with substituted(rules):
        cluster = Cluster(scenario.brokers, seed, scenario.controllers, settings)
        world = SimulatedWorld(cluster, choices)
        cluster.watch(by_promise(*scenario.promises, scenario.breaks))
        scenario.play(world)
        cluster.judge()
    _introduce(cluster, scenario, world.shown, settings)
    return cluster


def _introduce(cluster: Cluster, scenario: Scenario, shown: Mapping[str, str], settings: Mapping[str, str]) -> None:
    session = {"broker.session.timeout.ms": str(cluster.setting("broker.session.timeout.ms"))}
    planted = {"planted rule": scenario.mutant} if scenario.mutant else {}
    cluster.about |= {
        "scenario": scenario.id,
        "title": scenario.title,
        "moral": scenario.moral,
        "settings": {**shown, **session, **settings, **planted},
    }


def _play(scenario: Scenario, seed: int, choices: Mapping[str, Any]) -> Trace:
    return cluster_of(scenario, seed, choices).trace()


def _dotted(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {dotted(name): value for name, value in settings.items()}
