"""Clients that ask and do not take what they are answered: they wait, and nobody else does; memory does not grow."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from answers_kit import FETCH, Topic, batch
from server_under_test import Running, Wire, eventually

from minikafka.server import codec
from minikafka.server.tcp import OUTGOING_BYTES

VALUE = b"x" * 900_000
BOUND = 2 * OUTGOING_BYTES + len(VALUE) + 1_000
"""What may wait for a client: what a transport takes before it says that it is full, and one answer."""


class Full(Topic):
    """A topic with one large batch."""

    def __init__(self, running: Running) -> None:
        super().__init__(running)
        self.running = running
        assert self.produce(batch(value=VALUE)) == (0, 0)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running(brokers=1, config={"connections.max.idle.ms": 3_000}) as running:
        yield running


@pytest.fixture
def full(running: Running) -> Full:
    return Full(running)


def question(topic: Full, number: int) -> bytes:
    asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 100_000_000}
    body = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
    return codec.request_frame(
        FETCH, 12, number, "slow", body | {"topics": [{"topic": topic.name, "partitions": [asked]}]}
    )


def slow(running: Running) -> Wire:
    """A client whose system takes little before somebody reads."""
    wire = running.connect(1)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    return wire


def waiting_bytes(running: Running) -> int:
    """Of all answers that the server keeps for clients to take."""
    frontend = running.server.listeners[1].frontend

    def counted() -> int:
        connections = list(frontend.connections.values())
        unsent = sum(one.transport.get_write_buffer_size() for one in connections if one.transport is not None)
        return unsent + sum(len(piece) for one in connections for piece in one.outgoing)

    return running.call(counted)


def test_who_does_not_read_is_not_read_either_and_waits_alone(full: Full) -> None:
    running = full.running
    questions = b"".join(question(full, number) for number in range(1_000))
    with slow(running) as wire:
        wire.socket.settimeout(0.5)
        asked, most = 0, 0
        with pytest.raises(TimeoutError):
            while asked < 100_000_000:
                asked += wire.socket.send(questions)
                most = max(most, waiting_bytes(running))
                assert full.list_offset(-1) == (0, 1, -1), "others are served meanwhile"
        most = max(most, eventually(lambda: waiting_bytes(running), "an answer that nobody takes"))
        assert most <= BOUND
    eventually(lambda: waiting_bytes(running) == 0, "what waited for it to be gone with it")


def test_who_reads_at_last_gets_every_answer_in_its_order(full: Full) -> None:
    running = full.running
    with running.connect(1) as wire:
        for number in range(40):
            wire.send(question(full, number))
        assert waiting_bytes(running) <= BOUND
        for number in range(40):
            (told,) = wire.answer(FETCH, 12, number)["responses"][0]["partitions"]
            assert len(told["records"]) > len(VALUE)


def test_who_never_reads_is_closed_like_any_other_that_is_idle(full: Full) -> None:
    running = full.running
    frontend = running.server.listeners[1].frontend
    with slow(running) as wire:
        for number in range(40):
            wire.send(question(full, number))
        eventually(lambda: waiting_bytes(running) > 0, "answers that nobody takes")
        (name,) = [name for name, one in list(frontend.connections.items()) if not one.is_writable]
        eventually(lambda: name not in frontend.connections, "the end of its patience")
        assert waiting_bytes(running) == 0


def test_who_takes_long_for_one_answer_is_not_idle(full: Full) -> None:
    running = full.running
    for number in range(1, 60):
        assert full.produce(batch(value=VALUE)) == (0, number)
    with running.connect(1) as wire:
        wire.send(question(full, 1))
        until, left = time.monotonic() + 5, 4 + int.from_bytes(wire.read(4), "big")  # longer than one may be idle
        assert left > 59 * len(VALUE)
        while time.monotonic() < until:
            left -= len(wire.read(800_000))
            time.sleep(0.1)
        assert len(wire.read(left - 4)) == left - 4
