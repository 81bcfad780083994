"""A scenario: a run that is worth telling, written so that a student can read it as a story.

The client part, `play(world)`, is written against the surface and the verbs of a `World`, so the same part runs on the
simulation, on a served cluster and on Apache Kafka. Scenes are named afterwards, by the facts that happened: they are
the bookmarks of the trace and the numbered steps of a lesson. How to write one: `docs/scenarios.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from minikafka.trace.trace import Trace


class ScenarioError(ValueError):
    """A scenario does not hold together; the message says where."""


class World(Protocol):
    """What the client part of a scenario may use. All times are in milliseconds."""

    def create_topic(self, name: str, *replicas: tuple[int, ...], **configs: str) -> None:
        """A topic with a partition for each tuple, on these brokers in this order; settings with `_` for `.`."""
        ...

    def admin(self) -> Any:
        """An `AdminClient`."""
        ...

    def producer(self, name: str, first: int | None = None, **settings: Any) -> Any:
        """A `Producer`; settings with `_` for `.`; `first` is the broker it asks first who leads."""
        ...

    def consumer(self, name: str, first: int | None = None, **settings: Any) -> Any:
        """A `Consumer`, likewise."""
        ...

    def wait(self, milliseconds: int) -> None:
        """Let time pass."""
        ...

    def wait_for(self, fact: str, node: str = "", **fields: Any) -> None:
        """Let time pass until a fact of this kind is stated, by this node, with these fields. Simulation only."""
        ...

    def partition(self, topic: str, number: int, offset: int | None = None) -> Any:
        """A `TopicPartition` of the clients in use."""
        ...

    def attempt(self, call: Callable[[], Any]) -> bool:
        """Call a client, and let it fail: its `KafkaException` belongs to the story. True if it did not fail."""
        ...

    def note(self, text: str) -> None:
        """Say in the story what the application does: charging a card, calling a service."""
        ...

    def kill(self, client: Any) -> None:
        """The application dies with its producer or consumer: no farewell, nothing flushed, nothing committed."""
        ...

    def strike(self, verb: str, *arguments: Any, **options: Any) -> None:
        """A fault verb, as in `world.strike("cut", 1, "controllers")`."""
        ...

    def choice(self, name: str, usual: Any) -> Any:
        """`usual`, or what the branch that is being played says instead."""
        ...

    def ask(self, consumer: Any, broker: int, topic: str, offset: int, epoch: int) -> None:
        """One fetch to one broker, believing in a leader epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """A named moment: the first step, after the scene before, with a fact of this kind and these fields."""

    name: str
    fact: str
    node: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Asked before a scene is shown; every wrong choice is answered with the scene that contradicts it."""

    before: int
    """Number of the scene, from 1."""
    ask: str
    choices: tuple[tuple[str, bool, str, int], ...]
    """(text, right?, reply, scene that shows it)."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Another future: the same seed, with other answers to `world.choice`."""

    name: str
    choices: Mapping[str, Any]
    scenes: tuple[Scene, ...] = ()
    breaks: str = ""
    """Number of the promise that is broken in this future, on purpose; empty: none is."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario."""

    id: str
    title: str
    moral: str
    play: Callable[[Any], None]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the brokers, by their dotted names."""
    brokers: int = 3
    controllers: int = 1
    seed: int = 7
    promises: tuple[str, ...] = ()
    """Numbers of the promises that this run is about; each is held against it."""
    breaks: str = ""
    """Number of the promise that is broken in the scenario's own run, on purpose; empty: none is."""
    mutant: str = ""
    """Name of the planted rule in place; empty: Kafka's own rules."""
    scenes: tuple[Scene, ...] = ()
    questions: tuple[Question, ...] = ()
    branches: tuple[Branch, ...] = ()
    lesson: int | None = None


def bookmarks_of(trace: Trace, scenes: tuple[Scene, ...], scenario: str) -> list[list[Any]]:
    """Find the scenes in a trace, one after the other. Raises `ScenarioError` naming the first that is not there."""
    told = list(trace.facts())
    found: list[list[Any]] = []
    start = 0
    for scene in scenes:
        for index in range(start, len(told)):
            if _is_scene(scene, told[index]):
                found.append([told[index][0], scene.name, scene.text])
                start = index + 1
                break
        else:
            raise ScenarioError(f"{scenario}: the run has no scene {scene.name!r} after {found[-1:] or 'the start'}.")
    return found


def _is_scene(scene: Scene, told: tuple[int, str, str, dict[str, Any], str, int]) -> bool:
    _, node, kind, content, _, _ = told
    return is_wanted(scene.fact, scene.node, scene.fields, kind, node, content)


def is_wanted(fact: str, by: str, fields: Mapping[str, Any], kind: str, node: str, content: Mapping[str, Any]) -> bool:
    """Is this (kind, node, content) a fact of that kind, stated by that node (empty: any), with those fields?"""
    return kind == fact and (not by or node == by) and all(content.get(name) == value for name, value in fields.items())


def common_steps(one: Trace, other: Trace) -> int:
    """How many steps two runs share from the start."""
    mine, theirs = one.document, other.document
    facts_mine, facts_theirs = _by_step(mine), _by_step(theirs)
    for number, (left, right) in enumerate(zip(mine["steps"], theirs["steps"], strict=False), 1):
        if left[:4] != right[:4] or facts_mine.get(number) != facts_theirs.get(number):
            return number - 1
    return min(len(mine["steps"]), len(theirs["steps"]))


def _by_step(document: dict[str, Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for step, node, kind, content, _, _ in document["facts"]:
        grouped.setdefault(step, []).append((node, kind, content))
    return grouped
