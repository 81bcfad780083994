"""`--metrics` and `--log-format json`: how a running server does, for machines to read."""

from __future__ import annotations

import json
import logging
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_under_test import Running, eventually

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartitionResult, FetchRequest, FetchResponse
from minikafka.protocol.records import build_batch
from minikafka.server import codec
from minikafka.server.logs import JsonLines
from minikafka.server.metrics import Metrics
from minikafka.server.serve import serve
from minikafka.server.traffic import UP_TO_MS, Histogram, Traffic
from minikafka.types import TopicPartition

PRODUCE, FETCH, METADATA, OFFSET_COMMIT, FIND_COORDINATOR, CREATE_TOPICS = 0, 1, 3, 8, 10, 19
GROUP_HEARTBEAT = 68
NEW_GROUP_LOG = {"offsets.topic.num.partitions": 2}
QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}


def port_of(address: str) -> int:
    return int(address.removeprefix("http://127.0.0.1:").removesuffix("/metrics"))


def values(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        assert page.headers["Content-Type"].startswith("text/plain")
        lines = page.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_a_broker_that_dies_leaves_under_replicated_partitions(need: Any) -> None:
    need.module("prometheus_client")
    with Running(brokers=3, config=QUICK) as running:
        page = running.call(Metrics, running.server)
        port = port_of(running.wait_for(page.open(0)))
        new = {"name": "t", "num_partitions": 6, "replication_factor": 3, "assignments": [], "configs": []}
        with running.connect() as wire:
            wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})

        def total(name: str) -> float:
            return sum(value for key, value in values(port).items() if key.partition("{")[0] == name)

        eventually(lambda: total("kafka_server_replicamanager_leadercount") == 6, "all are led")
        assert total("kafka_server_replicamanager_partitioncount") == 18
        assert total("kafka_server_replicamanager_underreplicatedpartitions") == 0
        assert values(port)['kafka_controller_kafkacontroller_activecontrollercount{controller="1"}'] == 1
        assert values(port)['kafka_log_log_logendoffset{broker="2",partition="0",topic="t"}'] == 0
        running.crash(3)
        eventually(lambda: total("kafka_server_replicamanager_underreplicatedpartitions") == 6, "two of three each")
        assert total("kafka_server_replicamanager_leadercount") == 6
        assert total("kafka_controller_kafkacontroller_offlinepartitionscount") == 0
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30)
        running.call(page.close)


# --- what goes through the ports, and what groups have left to read ---------------------------------------------------


class Lab:
    """A topic of one partition, written and read with raw requests, so that every byte is known."""

    def __init__(self, running: Running, replicas: list[int]) -> None:
        self.running = running
        self.page = running.call(Metrics, running.server)
        self.port = port_of(running.wait_for(self.page.open(0)))
        self.leader = running.connect(replicas[0])
        placed = [{"partition_index": 0, "broker_ids": replicas}]
        new = {"name": "t", "num_partitions": -1, "replication_factor": -1, "assignments": placed, "configs": []}
        made = self.leader.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})
        assert made["topics"][0]["error_code"] == 0
        eventually(
            lambda: self.value("kafka_log_log_logendoffset", replicas[0], partition=0, topic="t") == 0, "it is led"
        )

    def value(self, name: str, broker: int | None, **labels: object) -> float | None:
        """One value of the page; None if it is not there."""
        said = labels if broker is None else {"broker": broker} | labels
        text = ",".join(f'{key}="{value}"' for key, value in sorted(said.items()))
        return values(self.port).get(f"{name}{{{text}}}")

    def topic(self, name: str, topic: str = "t") -> float | None:
        return self.value(f"kafka_server_brokertopicmetrics_{name}_total", 1, topic=topic)

    def produce(self, data: bytes, acks: int = -1) -> int:
        """The error."""
        topics = [{"name": "t", "topic_id": bytes(16), "partition_data": [{"index": 0, "records": data}]}]
        body = {"acks": acks, "timeout_ms": 20_000, "topic_data": topics}
        error: int = self.leader.ask(PRODUCE, 9, body)["responses"][0]["partition_responses"][0]["error_code"]
        return error

    def fetch(self, offset: int, **changes: Any) -> bytes:
        asked = {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1_000_000}
        topics = [{"topic": "t", "topic_id": bytes(16), "partitions": [asked]}]
        body = {"max_wait_ms": 0, "min_bytes": 0, "forgotten_topics_data": [], "topics": topics} | changes
        return bytes(self.leader.ask(FETCH, 11, body)["responses"][0]["partitions"][0]["records"] or b"")

    def times(self, request: str) -> tuple[list[float], float, float]:
        """(what lies at or below each bound, how many, their sum)."""
        name = "kafka_network_requestmetrics_totaltimems"
        bounds = [*map(str, UP_TO_MS), "+Inf"]
        below = [self.value(f"{name}_bucket", 1, le=bound, request=request) for bound in bounds]
        count, total = (self.value(f"{name}_{what}", 1, request=request) for what in ("count", "sum"))
        assert None not in below
        assert count is not None
        assert total is not None
        return [one for one in below if one is not None], count, total


def batch(*values: bytes) -> bytes:
    return build_batch([(1_000, b"key", value, ()) for value in values]).data


@pytest.fixture
def lab(need: Any) -> Iterator[Lab]:
    need.module("prometheus_client")
    with Running(brokers=2, config=QUICK | NEW_GROUP_LOG) as running:
        made = Lab(running, [1])
        yield made
        running.call(made.page.close)


def test_bytes_in_and_out_are_those_of_batches_that_were_appended_and_read(lab: Lab) -> None:
    first, second = batch(b"a", b"b"), batch(b"c" * 500)
    assert lab.produce(first) == lab.produce(second) == 0
    torn = second[:-1] + bytes([second[-1] ^ 1])
    assert lab.produce(torn) == ErrorCode.CORRUPT_MESSAGE
    assert (lab.topic("bytesin"), lab.topic("messagesin")) == (len(first + second), 3)
    assert lab.topic("bytesout") is None, "nobody has read"
    assert len(lab.fetch(0)) == len(first + second)
    assert len(lab.fetch(2)) == len(second)
    assert lab.fetch(3) == b""
    assert lab.topic("bytesout") == len(first + 2 * second)
    for name in ("bytesin", "messagesin", "bytesout"):
        assert lab.topic(name) == lab.topic(name, topic=""), "the sum of all topics"


def test_what_nobody_answers_is_counted_too(lab: Lab) -> None:
    topics = [{"name": "t", "topic_id": bytes(16), "partition_data": [{"index": 0, "records": batch(b"a", b"b")}]}]
    ask = {"acks": 0, "timeout_ms": 20_000, "topic_data": topics}
    lab.leader.send(codec.request_frame(PRODUCE, 9, 1, "test", ask))
    eventually(lambda: lab.topic("messagesin") == 2, "it has come")
    assert lab.topic("bytesin") == len(batch(b"a", b"b"))
    assert lab.times("Produce")[1] == 1


def test_a_time_of_a_request_is_in_every_bucket_from_its_own_on(lab: Lab) -> None:
    for _ in range(4):
        assert lab.produce(batch(b"a")) == 0
    below, count, total = lab.times("Produce")
    assert below == sorted(below)
    assert below[-1] == count == 4
    assert total > 0
    lab.fetch(0)
    lab.fetch(4, max_wait_ms=300, min_bytes=1)  # nothing there: it waits
    below, count, total = lab.times("FetchConsumer")
    assert count == 2
    assert total > 250
    assert below[UP_TO_MS.index(250.0)] == 1, "the wait counts"
    lab.fetch(0, replica_id=2)
    assert (lab.times("FetchFollower")[1], lab.times("FetchConsumer")[1], lab.times("Fetch")[1]) == (1, 2, 3)


def test_a_broker_counts_from_its_start_on(lab: Lab) -> None:
    assert lab.produce(batch(b"a")) == 0
    lab.running.crash(1)
    assert lab.topic("bytesin") is None, "it is down"
    lab.running.restart(1)
    assert lab.topic("bytesin", topic="") == 0


def test_the_lag_of_a_group_is_what_lies_between_its_commit_and_the_high_watermark(lab: Lab) -> None:
    group = {"consumergroup": "billing", "partition": 0, "topic": "t"}
    lab.produce(batch(b"a", b"b", b"c", b"d", b"e"))
    assert lab.value("kafka_consumergroup_lag", None, **group) is None, "it has committed nothing"
    commit(lab, "billing", 2)
    assert lab.value("kafka_consumergroup_current_offset", None, **group) == 2
    assert lab.value("kafka_consumergroup_lag", None, **group) == 3
    assert lab.value("kafka_consumergroup_members", None, consumergroup="billing") == 0
    lab.produce(batch(b"f"))
    assert lab.value("kafka_consumergroup_lag", None, **group) == 4
    commit(lab, "billing", 6)
    assert lab.value("kafka_consumergroup_lag", None, **group) == 0
    lab.running.crash(1)
    eventually(lambda: lab.value("kafka_consumergroup_current_offset", None, **group) == 6, "the other one coordinates")
    assert lab.value("kafka_consumergroup_lag", None, **group) is None, "nobody knows where the partition ends"


def test_a_leader_that_does_not_know_that_it_was_replaced_has_no_say(need: Any) -> None:
    need.module("prometheus_client")
    with Running(brokers=3, config=QUICK | NEW_GROUP_LOG | {"offsets.topic.replication.factor": 3}) as running:
        lab = Lab(running, [1, 2])
        lab.produce(batch(b"a"))
        running.call(running.server.cut, 1)
        lab.leader = running.connect(2)
        eventually(lambda: lab.produce(batch(b"b", b"c", b"d", b"e"), acks=1) == 0, "2 leads")
        group = {"consumergroup": "g", "partition": 0, "topic": "t"}
        eventually(lambda: coordinator_of(lab, "g") in (2, 3), "not the one that is cut off")
        commit(lab, "g", 2)
        assert lab.value("kafka_server_replicamanager_leadercount", 1) != 0, "1 still thinks so"
        assert lab.value("kafka_consumergroup_lag", None, **group) == 3
        running.call(running.server.heal, 1)
        running.call(lab.page.close)


def test_a_group_has_the_members_that_have_joined(lab: Lab) -> None:
    coordinator = lab.running.connect(eventually(lambda: coordinator_of(lab, "readers"), "a coordinator"))
    for member in ("one", "two"):
        says = {"group_id": "readers", "member_id": member, "member_epoch": 0, "rebalance_timeout_ms": 30_000}
        says |= {"subscribed_topic_names": ["t"], "topic_partitions": []}
        eventually(lambda says=says: coordinator.ask(GROUP_HEARTBEAT, 0, says)["error_code"] == 0, f"{member} is in")
    assert lab.value("kafka_consumergroup_members", None, consumergroup="readers") == 2


def coordinator_of(lab: Lab, group: str) -> int | None:
    found = lab.leader.ask(FIND_COORDINATOR, 3, {"key": group, "key_type": 0})
    return found["node_id"] if found["error_code"] == 0 else None


def commit(lab: Lab, group: str, offset: int) -> None:
    """As somebody who chooses his partitions himself."""
    coordinator = lab.running.connect(eventually(lambda: coordinator_of(lab, group), "a coordinator"))
    partition = {"partition_index": 0, "committed_offset": offset, "committed_metadata": None}
    body = {"group_id": group, "generation_id_or_member_epoch": -1, "member_id": ""}
    body |= {"topics": [{"name": "t", "partitions": [partition]}]}

    def is_written() -> bool:
        answer = coordinator.ask(OFFSET_COMMIT, 7, body)["topics"][0]["partitions"][0]
        return bool(answer["error_code"] == 0)

    eventually(is_written, "committed")


def test_a_time_that_equals_a_bound_is_at_or_below_it() -> None:
    histogram = Histogram()
    for value in (5.0, 5.01, 1e9):
        histogram.add(value)
    buckets = dict(histogram.buckets())
    assert (buckets["2.5"], buckets["5.0"], buckets["10.0"], buckets["30000.0"], buckets["+Inf"]) == (0, 1, 2, 2, 3)


@pytest.mark.parametrize(("reader", "counted"), [(-1, 3), (2, 0)])
def test_what_a_follower_fetches_is_no_bytes_out(reader: int, counted: int) -> None:
    traffic, partition = Traffic(), TopicPartition("t", 0)
    sample = traffic.asked("Fetch", FetchRequest(replica_id=reader, partitions=()))
    read = FetchPartitionResult(partition, ErrorCode.NONE, 1, 0, b"abc")
    traffic.answered(sample, FetchResponse((read,)))
    assert traffic.bytes_out["t"] == counted


def test_without_metrics_nobody_counts(cluster: Running) -> None:
    assert [one.frontend.traffic for one in cluster.server.listeners.values()] == [None] * 3


def test_a_page_looks_into_one_process_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(brokers=1, port=0, processes=True, metrics=0) == 2
    assert capsys.readouterr().err.endswith("--metrics looks into one process: leave --processes out.\n")


def test_a_line_of_the_log_is_an_object() -> None:
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError:
        record = logging.LogRecord("minikafka.serve", logging.INFO, "", 0, "%s is\nup", ("1",), sys.exc_info())
    text = JsonLines("broker-1").format(record)
    assert "\n" not in text
    said = json.loads(text)
    assert (said["level"], said["logger"], said["node"], said["said"]) == (
        "INFO",
        "minikafka.serve",
        "broker-1",
        "1 is\nup",
    )
    assert said["traceback"].endswith("No such file or directory: '/nowhere/at/all'")
    assert said["at"].endswith("Z")
