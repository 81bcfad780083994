"""What Apache Kafka 4.4.0 answers to producers, asked over the wire.

Each test is one fact: what a real broker answered.
"""

from __future__ import annotations

import pytest
from answers_kit import FETCH, PRODUCE, UNKNOWN_ID, Topic, batch, metadata, offsets, patched
from server_under_test import Running

from minikafka.protocol.crc32c import crc32c
from minikafka.server import codec


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(patched(batch(), 17, b"\0\0\0\0"), 2, id="bad_crc"),
        pytest.param(patched(batch(), 16, b"\1"), 87, id="magic1"),
        pytest.param(patched(batch(), 16, b"\3"), 2, id="magic3"),
        pytest.param(batch(value=b"x" * 1_100_000), 10, id="too_large"),
        pytest.param(batch() + batch(), 87, id="two_batches"),
        pytest.param(batch()[:-1], 2, id="cut"),
    ],
)
def test_produce_refused(cluster: Running, data: bytes, error: int) -> None:
    topic = Topic(cluster)
    assert topic.produce(data) == (error, -1)
    assert topic.list_offset(-1) == (0, 0, -1)


def test_produce_last_delta_mismatch(cluster: Running) -> None:
    topic = Topic(cluster)
    wrong = patched(batch(), 23, (4).to_bytes(4, "big"))
    assert topic.produce(patched(wrong, 17, crc32c(wrong[21:]).to_bytes(4, "big"))) == (87, -1)


def test_produce_size_limit_exact(cluster: Running) -> None:
    topic = Topic(cluster, configs={"max.message.bytes": "1000"})
    spare = 1_000 - len(batch(value=b"x" * 800))
    exact = batch(value=b"x" * (800 + spare))
    assert len(exact) == 1_000
    assert topic.produce(exact) == (0, 0)
    assert topic.produce(batch(value=b"x" * (801 + spare))) == (10, -1)


def test_produce_unknown_topic_id(cluster: Running) -> None:
    with cluster.connect() as wire:
        data = [{"index": 0, "records": batch()}]
        body = {"acks": 1, "timeout_ms": 100, "topic_data": [{"topic_id": UNKNOWN_ID, "partition_data": data}]}
        answer = wire.ask(PRODUCE, 13, body)["responses"][0]
        assert answer["topic_id"] == UNKNOWN_ID
        assert [(p["error_code"], p["base_offset"]) for p in answer["partition_responses"]] == [(100, -1)]


def test_produce_by_topic_id_and_fetch_by_it(cluster: Running) -> None:
    topic = Topic(cluster)
    topic_id = metadata(topic.wire, topic.name)["topic_id"]
    body = topic.producing([(0, batch())])
    body["topic_data"][0]["topic_id"] = topic_id
    answer = topic.wire.ask(PRODUCE, 13, body)["responses"][0]
    assert (answer["topic_id"], answer["partition_responses"][0]["error_code"]) == (topic_id, 0)
    for version in range(13, 19):
        asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000}
        top = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
        ask = top | {"topics": [{"topic_id": topic_id, "partitions": [asked]}]}
        answer = topic.wire.ask(FETCH, version, ask)["responses"][0]
        assert answer["topic_id"] == topic_id
        assert offsets(answer["partitions"][0]["records"]) == [(0, 0)]


@pytest.mark.parametrize("version", range(3, 13))
def test_produce_and_fetch_in_every_version(cluster: Running, version: int) -> None:
    topic = Topic(cluster)
    assert topic.produce(batch(), version=version) == (0, 0)
    assert offsets(topic.fetch(0, version=max(version, 4))["records"]) == [(0, 0)]


def test_produce_unknown_partition(cluster: Running) -> None:
    assert Topic(cluster).produce(batch(), partition=7) == (3, -1)


def test_produce_one_bad_of_two(cluster: Running) -> None:
    topic = Topic(cluster, partitions=2)
    body = topic.producing([(0, batch()), (1, patched(batch(), 17, b"\0\0\0\0"))])
    answer = topic.wire.ask(PRODUCE, 9, body)["responses"][0]["partition_responses"]
    assert [(p["index"], p["error_code"]) for p in answer] == [(0, 0), (1, 2)]


def test_produce_no_replica(cluster: Running) -> None:
    topic = Topic(cluster)
    with cluster.connect(2) as other:
        answer = other.ask(PRODUCE, 10, topic.producing([(0, batch())]))
    (partition,) = answer["responses"][0]["partition_responses"]
    assert (partition["error_code"], partition["base_offset"]) == (6, -1)
    assert partition["current_leader"] == {"leader_id": 1, "leader_epoch": 0}  # KIP-951
    assert [node["node_id"] for node in answer["node_endpoints"]] == [1]


def test_produce_acks_5(cluster: Running) -> None:
    assert Topic(cluster).produce(batch(), acks=5) == (21, -1)


def test_produce_acks_0_has_no_answer(cluster: Running) -> None:
    topic = Topic(cluster)
    topic.wire.send(codec.request_frame(PRODUCE, 9, 1, "me", topic.producing([(0, batch())], acks=0)))
    assert topic.list_offset(-1) == (0, 1, -1)
