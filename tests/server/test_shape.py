"""Where the brokers are: their racks, where they listen, what clients are told; and what is refused."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from server_under_test import PATIENCE_S, Running, Wire, eventually
from test_serve import start

from minikafka.config import ConfigError
from minikafka.protocol.records import build_batch
from minikafka.server.host import Server
from minikafka.server.processes import Processes
from minikafka.server.serve import serve

PRODUCE, METADATA, FIND_COORDINATOR, CREATE_TOPICS, DESCRIBE_CONFIGS, DESCRIBE_CLUSTER = 0, 3, 10, 19, 32, 60
BROKER = 4
"""A kind of thing that has settings."""
RACK_AWARE = {"replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector"}
PROCESSES = pytest.param(
    Processes, marks=pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="--processes needs a shared port")
)


@pytest.fixture(scope="module", params=[Server, PROCESSES])
def in_racks(request: pytest.FixtureRequest) -> Iterator[Running]:
    with Running(request.param, brokers=3, racks=["a", "b", "c"], config=RACK_AWARE) as running:
        yield running


def first_of(running: Running) -> Wire:
    host, port = running.bootstrap.split(",")[0].split(":")
    return Wire((host, int(port)))


# --- racks ------------------------------------------------------------------------------------------------------------


def test_clients_see_the_rack_of_each_broker(in_racks: Running) -> None:
    with first_of(in_racks) as wire:
        told = [wire.ask(METADATA, 9, {"topics": []}), wire.ask(DESCRIBE_CLUSTER, 1, {"endpoint_type": 1})]
        ask = {"resource_type": BROKER, "resource_name": "1", "configuration_keys": ["broker.rack"]}
        settings = wire.ask(DESCRIBE_CONFIGS, 4, {"resources": [ask]})["results"][0]["configs"]
    for answer in told:
        assert [broker["rack"] for broker in answer["brokers"]] == ["a", "b", "c"]
    assert [(one["name"], one["value"]) for one in settings] == [("broker.rack", "a")]


def test_a_consumer_reads_from_the_follower_in_its_rack(need: Any, in_racks: Running) -> None:
    kafka = need.module("confluent_kafka")
    servers = {"bootstrap.servers": in_racks.bootstrap}
    replicas = [{"partition_index": 0, "broker_ids": [1, 2, 3]}]
    new = {"name": "near", "num_partitions": -1, "replication_factor": -1, "assignments": replicas, "configs": []}
    with first_of(in_racks) as wire:
        made = wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})
    assert made["topics"][0]["error_code"] == 0
    reads_from: set[int] = set()

    def told(statistics: str) -> None:
        partition = json.loads(statistics)["topics"].get("near", {}).get("partitions", {}).get("0")
        if partition is not None and partition["leader"] == 1:  # -1 before it has heard
            reads_from.add(partition["broker"])

    ours = {"group.id": "g", "client.rack": "b", "statistics.interval.ms": 50, "stats_cb": told}
    consumer = kafka.Consumer(servers | ours)
    consumer.assign([kafka.TopicPartition("near", 0, 0)])
    producer, values = kafka.Producer(servers), []

    def goes_to_the_follower() -> bool:
        producer.produce("near", value=b"v")
        assert producer.flush(PATIENCE_S) == 0
        values.extend(message.value() for message in consumer.consume(100, timeout=0.1))
        return 2 in reads_from

    eventually(goes_to_the_follower, "it is sent to broker 2")
    before = len(values)
    producer.produce("near", value=b"late")
    assert producer.flush(PATIENCE_S) == 0
    eventually(
        lambda: values.extend(message.value() for message in consumer.consume(100, timeout=0.1)) or b"late" in values,
        "the follower serves it",
    )
    consumer.close()
    assert len(values) > before
    assert 3 not in reads_from


def test_without_racks_there_is_none(cluster: Running) -> None:
    with cluster.connect() as wire:
        brokers = wire.ask(METADATA, 9, {"topics": []})["brokers"]
    assert [broker["rack"] for broker in brokers] == [None] * 3


def test_the_rack_in_the_settings_is_that_of_every_broker() -> None:
    with Running(brokers=2, config={"broker.rack": "cellar"}) as running, running.connect() as wire:
        brokers = wire.ask(METADATA, 9, {"topics": []})["brokers"]
    assert [broker["rack"] for broker in brokers] == ["cellar", "cellar"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"racks": ["a", "b"]}, "--racks names 2 racks for 3 brokers: one each."),
        ({"racks": ["a"]}, "--racks names 1 rack for 3 brokers: one each."),
        ({"racks": ["a", "b"], "brokers": 1}, "--racks names 2 racks for 1 broker: one each."),
        ({"racks": ["a", "", "c"]}, "A rack needs a name, and --racks a,,c leaves one out."),
        (
            {"racks": ["a", "b", "c"], "config": ["broker.rack=a"]},
            "--racks and --config broker.rack both say where brokers are: leave one of them out.",
        ),
    ],
)
@pytest.mark.parametrize("processes", [False, True])
def test_racks_that_contradict_are_one_sentence(
    arguments: dict[str, Any], said: str, processes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(**{"port": 0, "processes": processes, **arguments}) == 2
    assert capsys.readouterr() == ("", said + "\n")


def test_a_refused_server_has_made_no_directory(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="one each"):
        Server(brokers=3, racks=["a"], data_dir=tmp_path / "data")
    assert not (tmp_path / "data").exists()


# --- addresses --------------------------------------------------------------------------------------------------------


def port_of(running: Running, broker: int) -> int:
    return int(running.bootstrap.split(",")[broker - 1].rpartition(":")[2])


@pytest.mark.parametrize("kind", [Server, PROCESSES])
def test_clients_are_told_the_advertised_host_and_nodes_do_without_it(kind: type[Server | Processes]) -> None:
    """Nobody resolves kafka.lab here, so whoever relied on it would never be ready, nor acknowledge anything."""
    quick = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}
    with Running(kind, brokers=3, advertise="kafka.lab", config=quick) as running:
        ports = [port_of(running, broker) for broker in (1, 2, 3)]
        expected = [("kafka.lab", port) for port in ports]
        assert running.bootstrap == ",".join(f"kafka.lab:{port}" for port in ports)
        with Wire(("127.0.0.1", ports[0])) as wire:
            for answer in (
                wire.ask(METADATA, 9, {"topics": []}),
                wire.ask(DESCRIBE_CLUSTER, 1, {"endpoint_type": 1}),
            ):
                assert [(broker["host"], broker["port"]) for broker in answer["brokers"]] == expected
            found = eventually(lambda: coordinator(wire), "a coordinator, on a topic that has just been made")
            assert found in expected
            replicas = [{"partition_index": 0, "broker_ids": [1, 2, 3]}]
            new = {"name": "t", "num_partitions": -1, "replication_factor": -1, "assignments": replicas, "configs": []}
            wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})
            eventually(lambda: produced(wire) == (0, 0), "acknowledged by all three")
            running.crash(3)
            running.restart(3)
            again = eventually(lambda: of_broker(3, wire), "broker 3 is back")
        assert again == expected[2]


def coordinator(wire: Wire) -> tuple[str, int] | None:
    found = wire.ask(FIND_COORDINATOR, 3, {"key": "g", "key_type": 0})
    return (found["host"], found["port"]) if found["error_code"] == 0 else None


def produced(wire: Wire) -> tuple[int, int]:
    """(error, offset) of one record with acks=all; any error may be asked again."""
    records = build_batch([(1_000, None, b"v", ())], producer_id=7, producer_epoch=0, base_sequence=0).data
    topics = [{"name": "t", "topic_id": bytes(16), "partition_data": [{"index": 0, "records": records}]}]
    answer = wire.ask(PRODUCE, 9, {"acks": -1, "timeout_ms": 20_000, "topic_data": topics})
    partition = answer["responses"][0]["partition_responses"][0]
    return partition["error_code"], partition["base_offset"]


def of_broker(number: int, wire: Wire) -> tuple[str, int] | None:
    brokers = wire.ask(METADATA, 9, {"topics": []})["brokers"]
    return next(((one["host"], one["port"]) for one in brokers if one["node_id"] == number), None)


@pytest.mark.parametrize("kind", [Server, PROCESSES])
def test_a_client_follows_the_advertised_name(need: Any, kind: type[Server | Processes]) -> None:
    kafka = need.module("confluent_kafka")
    with Running(kind, brokers=3, advertise="localhost") as running:
        assert running.bootstrap.count("localhost:") == 3
        ours = {"bootstrap.servers": running.bootstrap, "group.id": "g", "auto.offset.reset": "earliest"}
        producer, consumer = kafka.Producer({"bootstrap.servers": running.bootstrap}), kafka.Consumer(ours)
        told: list[Any] = []
        producer.produce("t", value=b"v", on_delivery=lambda error, _: told.append(error))
        assert producer.flush(PATIENCE_S) == 0
        assert told == [None]
        consumer.subscribe(["t"])
        values: list[bytes] = []
        eventually(
            lambda: values.extend(message.value() for message in consumer.consume(9, timeout=0.1)) or values, "v"
        )
        consumer.close()
        assert values == [b"v"]


@pytest.mark.parametrize("kind", [Server, PROCESSES])
def test_a_cluster_on_every_address_talks_to_itself_on_this_machine(kind: type[Server | Processes]) -> None:
    with Running(kind, brokers=2, listen="0.0.0.0", advertise="kafka.lab") as running:
        with Wire(("127.0.0.1", port_of(running, 1))) as wire:
            assert of_broker(2, wire) == ("kafka.lab", port_of(running, 2))
        assert [one.address.rpartition(":")[0] for one in running.server.standings()][-2:] == ["0.0.0.0"] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")
def test_whoever_listens_beyond_this_machine_is_told_that_nobody_is_asked_who_he_is() -> None:
    process = start(brokers=1, port=0, listen="0.0.0.0", advertise="kafka.lab")
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (0, "")
    assert line.startswith("bootstrap.servers=kafka.lab:")
    assert "listening on 0.0.0.0: whoever reaches it may read and write all, without authentication" in err
