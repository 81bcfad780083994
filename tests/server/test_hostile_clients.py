"""Thousands of requests that are wrong in some way: no node dies, no mistake of ours shows, others are served."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from server_under_test import Running, Wire, eventually
from test_codec_against_kio import Maker

from minikafka.protocol.records import build_batch
from minikafka.server import codec, versions
from minikafka.server.schema import apis

PRODUCE, METADATA, CREATE_TOPICS = 0, 3, 19
SEED = int(os.environ.get("HOSTILE_SEED", "7"))
SERVED = [(key, version) for key, served in versions.SERVED.items() for version in served]


class Hostile:
    """A client that connects again whenever it is thrown out."""

    def __init__(self, cluster: Running, seed: str) -> None:
        print(f"HOSTILE_SEED={SEED}: {seed}")
        self.cluster = cluster
        self.random = random.Random(seed)
        self.wire = cluster.connect(1)

    def exchange(self, key: int, version: int, number: int, body: dict[str, Any]) -> None:
        """One request, well formed; an answer must be to it, and closing the connection is an answer too."""
        self.send(codec.request_frame(key, version, number, "hostile", body))
        if key == PRODUCE and body["acks"] == 0:
            return
        frame = self.wire.frame()
        if frame is None:
            self.reconnect()
        else:
            assert codec.decode_response(key, version, frame)[0] == number

    def send(self, data: bytes) -> None:
        try:
            self.wire.send(data)
        except (BrokenPipeError, ConnectionResetError):
            self.reconnect()

    def reconnect(self) -> None:
        self.wire.socket.close()
        self.wire = self.cluster.connect(self.random.choice([1, 2, 3]))

    def a_request(self) -> tuple[int, int, dict[str, Any]]:
        """A request of an API and version that is served, with random content."""
        key, version = self.random.choice(SERVED)
        maker = Maker(str(self.random.random()))
        body = maker.group(apis()[key].request, version)
        tame(body, self.random)
        return key, version, body


def tame(body: Any, source: random.Random) -> None:
    """Keep waiting times short and topics few, so that the test is about wrong values and not about load."""
    if isinstance(body, list):
        for item in body:
            tame(item, source)
    elif isinstance(body, dict):
        for name, value in body.items():
            if name in ("max_wait_ms", "timeout_ms"):
                body[name] = source.randrange(-5, 5)
            elif name in ("num_partitions", "count"):
                body[name] = source.choice([-2, -1, 0, 1, 2])
            elif name == "allow_auto_topic_creation":
                body[name] = False
            else:
                tame(value, source)


def assert_all_is_well(cluster: Running) -> None:
    assert cluster.server.failures == []
    assert cluster.complaints.said == []
    for broker in (1, 2, 3):
        with cluster.connect(broker) as wire:
            assert len(wire.ask(METADATA, 9, {"topics": []})["brokers"]) == 3


def test_random_values_in_well_formed_requests(cluster: Running) -> None:
    hostile = Hostile(cluster, f"{SEED}/values")
    for number in range(1_500):
        key, version, body = hostile.a_request()
        hostile.exchange(key, version, number, body)
    assert_all_is_well(cluster)


@pytest.mark.parametrize("topic", ["__consumer_offsets", "__transaction_state"])
def test_no_client_writes_where_coordinators_do(cluster: Running, topic: str) -> None:
    """What they cannot read would end them; Kafka answers INVALID_TOPIC_EXCEPTION."""
    with cluster.connect(1) as wire:
        found = eventually(lambda: led(wire, topic), "the topic")
        leader, topic_id = found["partitions"][0]["leader_id"], found["topic_id"]
    garbage = build_batch([(1_000, b"k", b"garbage", ())]).data
    with cluster.connect(leader) as wire:
        for version in versions.SERVED[PRODUCE]:
            data = [{"index": found["partitions"][0]["partition_index"], "records": garbage}]
            topics = [{"name": topic, "topic_id": topic_id, "partition_data": data}]
            answer = wire.ask(PRODUCE, version, {"acks": 1, "timeout_ms": 1_000, "topic_data": topics})
            assert answer["responses"][0]["partition_responses"][0]["error_code"] == 17
    assert_all_is_well(cluster)


def led(wire: Wire, topic: str) -> Any:
    asked = {"name": topic, "topic_id": bytes(16)}
    (found,) = wire.ask(METADATA, 12, {"topics": [asked], "allow_auto_topic_creation": True})["topics"]
    return found if any(one["leader_id"] > 0 for one in found["partitions"][:1]) else None


@pytest.mark.parametrize("kind", ["flip", "cut", "noise", "grow"])
def test_broken_frames(cluster: Running, kind: str) -> None:
    hostile = Hostile(cluster, f"{SEED}/{kind}")
    for number in range(700):
        key, version, body = hostile.a_request()
        if key == CREATE_TOPICS:
            continue  # a flipped bit may ask for a million partitions
        frame = bytearray(codec.request_frame(key, version, number, "hostile", body))
        match kind:
            case "flip":
                for _ in range(hostile.random.randrange(1, 4)):
                    frame[hostile.random.randrange(4, len(frame))] ^= 1 << hostile.random.randrange(8)
            case "cut":
                del frame[hostile.random.randrange(4, len(frame)) :]
                frame[:4] = (len(frame) - 4).to_bytes(4, "big")
            case "noise":
                frame[12:] = hostile.random.randbytes(len(frame) - 12)
            case _:
                frame[:4] = hostile.random.randbytes(4)
        hostile.send(bytes(frame))
        if hostile.random.random() < 0.3:
            hostile.reconnect()
    assert_all_is_well(cluster)


def test_many_connections_that_come_and_go(cluster: Running) -> None:
    frame = codec.request_frame(METADATA, 9, 1, "me", {"topics": []})
    wires: list[Wire] = []
    for number in range(200):
        wire = cluster.connect(1 + number % 3)
        wire.send(frame[: number % len(frame)])
        wires.append(wire)
    for wire in wires[::2]:
        wire.socket.close()
    assert_all_is_well(cluster)
    for wire in wires:
        wire.socket.close()
    assert_all_is_well(cluster)
