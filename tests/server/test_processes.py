"""`serve --processes`: every node a process, killed with real signals; what was acknowledged is there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_under_test import PATIENCE_S, Running, Wire, eventually

from minikafka.server.processes import READY_WITHIN_S, Processes

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="--processes needs a shared port")
ROOT = Path(__file__).resolve().parents[2]
METADATA, CREATE_TOPICS, DESCRIBE_QUORUM = 3, 19, 55
QUICK = {
    "broker.session.timeout.ms": 1_500,
    "broker.heartbeat.interval.ms": 300,
    "group.initial.rebalance.delay.ms": 0,
    "offsets.topic.num.partitions": 2,
    "transaction.state.log.num.partitions": 2,
}
"""A broker that was killed may come back when its session has ended: after 1.5 s instead of 9."""


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with Running(Processes, brokers=3, config=QUICK) as running:
        yield running


class Lab:
    """confluent-kafka, as its users use it."""

    def __init__(self, kafka: Any, admin: Any, servers: str) -> None:
        self.kafka, self.admin = kafka, admin
        self.servers = {"bootstrap.servers": servers}
        self.client = admin.AdminClient(self.servers)
        self.told: list[bytes] = []
        """Acknowledged, in the order of the acknowledgements."""

    def create(self, topic: str) -> None:
        new = self.admin.NewTopic(topic, num_partitions=1, replication_factor=3)
        self.client.create_topics([new])[topic].result(PATIENCE_S)

    def partition(self, topic: str) -> Any:
        return self.client.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions[0]

    def producer(self, **settings: Any) -> Any:
        named = {name.replace("_", "."): value for name, value in settings.items()}
        return self.kafka.Producer(self.servers | {"enable.idempotence": True, "linger.ms": 1} | named)

    def send(self, producer: Any, topic: str, values: list[bytes]) -> None:
        for value in values:
            producer.produce(topic, value=value, on_delivery=self._delivered)
            producer.poll(0)

    def _delivered(self, error: Any, message: Any) -> None:
        assert error is None, error
        self.told.append(message.value())

    def read(self, topic: str, count: int) -> list[bytes]:
        """All of a topic, and what comes within a moment after the number that was expected."""
        ours = {"group.id": f"reads-{topic}", "auto.offset.reset": "earliest", "isolation.level": "read_committed"}
        consumer = self.kafka.Consumer(self.servers | ours)
        consumer.subscribe([topic])
        values: list[bytes] = []

        def more() -> bool:
            values.extend(message.value() for message in consumer.consume(500, timeout=0.2))
            return len(values) >= count

        eventually(more, f"{count} records of {topic}")
        more()
        consumer.close()
        return values


@pytest.fixture
def lab(need: Any, served: Running) -> Lab:
    return Lab(need.module("confluent_kafka"), need.module("confluent_kafka.admin"), served.bootstrap)


def pid(served: Running, node: str) -> int:
    number: int = served.call(lambda: served.server.nodes[node].pid)
    return number


def test_a_leader_killed_with_signal_9_loses_nothing_and_comes_back_into_the_isr(lab: Lab, served: Running) -> None:
    lab.create("orders")
    leader = lab.partition("orders").leader
    values = [b"%d" % number for number in range(1_500)]
    producer = lab.producer()
    lab.send(producer, "orders", values[:500])
    eventually(lambda: producer.poll(0.01) or lab.told, "the first acknowledgement")
    os.kill(pid(served, f"broker-{leader}"), signal.SIGKILL)
    lab.send(producer, "orders", values[500:1_000])
    assert producer.flush(PATIENCE_S) == 0
    assert lab.partition("orders").leader != leader
    served.restart(leader)
    lab.send(producer, "orders", values[1_000:])
    assert producer.flush(PATIENCE_S) == 0
    eventually(lambda: sorted(lab.partition("orders").isrs) == [1, 2, 3], "the killed one is in sync again")
    assert lab.told == values
    assert lab.read("orders", len(values)) == values


def test_transactions_cross_processes(lab: Lab, served: Running) -> None:
    lab.create("paid")
    producer = lab.producer(transactional_id="till")
    producer.init_transactions(PATIENCE_S)
    for value, commits in ((b"a", True), (b"b", False), (b"c", True)):
        producer.begin_transaction()
        producer.produce("paid", value=value)
        producer.flush(PATIENCE_S)
        (producer.commit_transaction if commits else producer.abort_transaction)(PATIENCE_S)
    assert lab.read("paid", 2) == [b"a", b"c"]


def test_a_leader_that_stands_still_is_replaced_and_catches_up(lab: Lab, served: Running) -> None:
    lab.create("still")
    leader = lab.partition("still").leader
    other = next(number for number in (1, 2, 3) if number != leader)
    served.call(served.server.pause, leader)
    try:
        reachable = Lab(lab.kafka, lab.admin, "{}:{}".format(*served.server.nodes[f"broker-{other}"].address))
        eventually(lambda: reachable.partition("still").leader not in (leader, -1), "another leads")
        producer = reachable.producer()
        reachable.send(producer, "still", [b"1", b"2"])
        assert producer.flush(PATIENCE_S) == 0
    finally:
        served.call(served.server.resume, leader)
    eventually(lambda: sorted(lab.partition("still").isrs) == [1, 2, 3], "the one that stood still is in sync again")
    assert lab.read("still", 2) == [b"1", b"2"]


def test_another_controller_decides_when_the_active_one_is_killed() -> None:
    cluster = Running(Processes, brokers=1, controllers=3, config=QUICK)
    with cluster as running, Wire(running.server.nodes["broker-1"].address) as wire:
        asked = {"topics": [{"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}]}
        quorum = wire.ask(DESCRIBE_QUORUM, 0, asked)["topics"][0]["partitions"][0]
        active = f"controller-{quorum['leader_id'] - 3_000}"
        os.kill(pid(running, active), signal.SIGKILL)
        new = {"name": "later", "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
        made = wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})
        assert made["topics"][0]["error_code"] == 0
        again = wire.ask(DESCRIBE_QUORUM, 0, asked)["topics"][0]["partitions"][0]
    assert again["leader_id"] != quorum["leader_id"]
    assert again["leader_epoch"] > quorum["leader_epoch"]


# --- the command ------------------------------------------------------------------------------------------------------


def start(**arguments: Any) -> tuple[subprocess.Popen[str], list[tuple[str, int]]]:
    arguments |= {"processes": True, "port": 0}
    program = (
        f"from pathlib import *; from minikafka.server.serve import serve; raise SystemExit(serve(**{arguments!r}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    name, _, servers = process.stdout.readline().strip().partition("=")
    assert name == "bootstrap.servers", process.communicate()
    return process, [(host, int(port)) for host, port in (server.split(":") for server in servers.split(","))]


def is_refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=PATIENCE_S).close()
    except ConnectionRefusedError:
        return True
    return False


def test_nobody_is_left_behind_by_a_parent_that_is_killed_and_the_next_one_goes_on(tmp_path: Path) -> None:
    first, (address,) = start(brokers=1, data_dir=tmp_path)
    try:
        with Wire(address) as wire:
            new = {"name": "kept", "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
            wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})
    finally:
        first.kill()
        first.communicate(timeout=PATIENCE_S)
    eventually(lambda: is_refused(address), "the broker is gone with its parent")
    second, (address,) = start(
        brokers=1, data_dir=tmp_path, config=[f"{name}={value}" for name, value in QUICK.items()]
    )
    try:
        with Wire(address) as wire:
            assert [topic["name"] for topic in wire.ask(METADATA, 9, {"topics": None})["topics"]] == ["kept"]
        second.send_signal(signal.SIGTERM)
        out, err = second.communicate(timeout=READY_WITHIN_S)
    finally:
        second.kill()
    assert (second.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert (tmp_path / "broker-1" / ".kafka_cleanshutdown").exists()
