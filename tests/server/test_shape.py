"""Where the brokers are: their racks, and how a cluster that cannot be is refused."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from server_under_test import PATIENCE_S, Running, Wire, eventually

from minikafka.config import ConfigError
from minikafka.server.host import Server
from minikafka.server.processes import Processes
from minikafka.server.serve import serve

METADATA, CREATE_TOPICS, DESCRIBE_CONFIGS, DESCRIBE_CLUSTER = 3, 19, 32, 60
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
        if partition is not None:
            assert partition["leader"] == 1
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
