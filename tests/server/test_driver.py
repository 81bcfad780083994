"""What the driver promises its nodes, with nodes that only write down what happens to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from server_under_test import run_alone

from minikafka.disk import MemoryDisk
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.protocol.facts import MetadataReplayed
from minikafka.protocol.messages import Envelope, MetadataRequest, MetadataResponse
from minikafka.server.driver import Driver, Process

ASK = MetadataRequest()
ANSWER = MetadataResponse((), ())


class Diary:
    """A node that does what it is told to and writes down every call."""

    def __init__(self, name: str, entries: list[str], reaction: Callable[[Envelope], list[Effect]]) -> None:
        self.id = name
        self.entries = entries
        self.reaction = reaction

    def start(self, now: int) -> list[Effect]:
        self.entries.append(f"{self.id} starts")
        return []

    def handle(self, envelope: Envelope, now: int) -> list[Effect]:
        self.entries.append(f"{self.id} hears {envelope.correlation_id} of {envelope.source}")
        return self.reaction(envelope)

    def disconnected(self, peer: str, now: int) -> list[Effect]:
        self.entries.append(f"{self.id} loses {peer}")
        return []

    def fire(self, timer: Timer, now: int) -> list[Effect]:
        self.entries.append(f"{self.id} fires {timer.name}")
        return []


def nothing(envelope: Envelope) -> list[Effect]:
    return []


class World:
    """A driver with nodes `a` and `b`; answers to clients go to `clients`."""

    def __init__(self, reaction: Callable[[Envelope], list[Effect]] = nothing) -> None:
        self.entries: list[str] = []
        self.clients: list[Envelope] = []
        self.driver = Driver()
        self.to_client: Callable[[Envelope], None] = self.clients.append
        self.driver.on_fact = lambda node, fact: self.entries.append(f"{node} states {fact.next_offset}")
        for name in ("a", "b"):
            program = lambda disk, name=name: Diary(name, self.entries, reaction)  # noqa: E731
            self.driver.start(Process(name, MemoryDisk(), program, lambda envelope: self.to_client(envelope)))
        self.entries.clear()

    def accept(self, number: int, to: str = "a") -> None:
        self.driver.accept(Envelope("client-1", to, ASK, number))


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_alone(test())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_envelopes_between_nodes_arrive_in_order() -> None:
    async def test() -> None:
        def pass_on(envelope: Envelope) -> list[Effect]:
            if envelope.destination != "a":
                return []
            return [Send(Envelope("a", "b", ASK, number)) for number in (1, 2, 3)]

        world = World(pass_on)
        world.accept(0)
        await settle()
        assert world.entries == ["a hears 0 of client-1", *(f"b hears {number} of a" for number in (1, 2, 3))]

    run(test)


def test_all_effects_are_carried_out_before_a_node_is_called_again() -> None:
    """A client that is answered has already sent its next request; it must not overtake the rest of the effects."""

    async def test() -> None:
        def answer_and_state(envelope: Envelope) -> list[Effect]:
            number = envelope.correlation_id
            return [Send(envelope.reply(ANSWER)), Observe(MetadataReplayed(number))]

        world = World(answer_and_state)
        world.to_client = lambda envelope: world.accept(2) if envelope.correlation_id == 1 else None
        world.accept(1)
        await settle()
        assert world.entries == ["a hears 1 of client-1", "a states 1", "a hears 2 of client-1", "a states 2"]

    run(test)


def test_a_killed_node_hears_nothing_and_everybody_loses_it() -> None:
    async def test() -> None:
        world = World(lambda envelope: [Send(Envelope("a", "b", ASK, 7))] if envelope.destination == "a" else [])
        world.accept(1)
        world.driver.kill("b")
        await settle()
        assert world.entries == ["a hears 1 of client-1", "a loses b"]
        world.accept(2)
        await settle()
        assert world.entries[2:] == ["a hears 2 of client-1", "a loses b"]

    run(test)


def test_a_timer_of_a_former_life_is_never_fired() -> None:
    async def test() -> None:
        world = World(lambda envelope: [SetTimer(Timer(f"timer-{envelope.correlation_id}"), 1)])
        world.accept(1)
        world.driver.kill("a")
        world.driver.start(world.driver.processes["a"])
        world.accept(2)
        await asyncio.sleep(0.05)
        assert [entry for entry in world.entries if "fires" in entry] == ["a fires timer-2"]

    run(test)


def test_a_node_that_stands_still_hears_everything_afterwards_in_order() -> None:
    async def test() -> None:
        world = World(lambda envelope: [SetTimer(Timer("alarm"), 1)])
        world.accept(1)
        world.driver.pause("a")
        world.accept(2)
        world.driver.kill("b")
        await asyncio.sleep(0.05)
        assert world.entries == ["a hears 1 of client-1"]
        world.driver.resume("a")
        await settle()
        assert sorted(world.entries[1:]) == ["a fires alarm", "a hears 2 of client-1", "a loses b"]

    run(test)


def test_a_node_that_is_killed_while_it_stands_still_begins_again_with_nothing() -> None:
    async def test() -> None:
        world = World()
        world.driver.pause("a")
        world.accept(1)
        world.driver.kill("a")
        world.driver.start(world.driver.processes["a"])
        world.accept(2)
        await settle()
        assert world.entries == ["b loses a", "a starts", "a hears 2 of client-1"]

    run(test)


def test_a_bug_kills_its_node_and_is_kept() -> None:
    async def test() -> None:
        def wrong(envelope: Envelope) -> list[Effect]:
            raise AssertionError("cannot be")

        world = World(wrong)
        deaths: list[str] = []
        world.driver.on_death = deaths.append
        world.accept(1)
        world.accept(2)
        await settle()
        assert world.entries == ["a hears 1 of client-1", "b loses a"]
        assert deaths == ["a"]
        assert [str(bug) for bug in world.driver.failures] == ["cannot be"]

    run(test)


def test_time_does_not_go_back() -> None:
    times = [Driver().now() for _ in range(3)]
    driver = Driver()
    readings = [driver.now() for _ in range(1_000)]
    assert readings == sorted(readings)
    assert min(times) > 1_600_000_000_000
