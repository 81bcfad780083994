"""What Apache Kafka 4.4.0 answers to readers, asked over the wire.

Each test is one fact: what a real broker answered.
"""

from __future__ import annotations

import time

import pytest
from answers_kit import FETCH, Topic, batch, offsets, with_five
from server_under_test import Running

from minikafka.server import codec

# --- fetch ---


def test_fetch_all(cluster: Running) -> None:
    answer = with_five(cluster).fetch(0)
    assert offsets(answer["records"]) == [(number, number) for number in range(5)]
    ends = answer["high_watermark"], answer["log_start_offset"], answer["last_stable_offset"]
    assert (answer["error_code"], *ends) == (0, 5, 0, 5)


def test_fetch_debug_replica(cluster: Running) -> None:
    assert len(offsets(with_five(cluster).fetch(0, version=11, replica_id=-2)["records"])) == 5


@pytest.mark.parametrize("replica", [1, 2, 77])
def test_fetch_as_follower_unknown_replica(cluster: Running, replica: int) -> None:
    answer = with_five(cluster).fetch(0, version=11, replica_id=replica)
    assert (answer["error_code"], bytes(answer["records"])) == (6, b"")
    assert (answer["high_watermark"], answer["log_start_offset"], answer["last_stable_offset"]) == (-1, -1, -1)


def test_fetch_partition_max_two(cluster: Running) -> None:
    topic = with_five(cluster)
    size = len(batch())
    assert len(topic.fetch(0, partition_max_bytes=size * 5 // 2)["records"]) == size * 2
    assert len(topic.fetch(0, partition_max_bytes=1)["records"]) == size


def test_fetch_two_partitions_small_max(cluster: Running) -> None:
    topic = Topic(cluster, partitions=2)
    topic.produce(batch())
    topic.produce(batch(), partition=1)
    asked = [{"partition": number, "fetch_offset": 0, "partition_max_bytes": 1_000} for number in (0, 1)]
    top = {"max_wait_ms": 0, "min_bytes": 1, "max_bytes": 10, "forgotten_topics_data": []}
    answer = topic.wire.ask(FETCH, 12, top | {"topics": [{"topic": topic.name, "partitions": asked}]})
    answers = answer["responses"][0]["partitions"]
    assert [len(offsets(p["records"])) for p in answers] == [1, 0]
    assert [p["high_watermark"] for p in answers] == [1, 1]


def test_fetch_small_max_holds_for_the_first_partition_too(cluster: Running) -> None:
    asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000_000}
    topic = with_five(cluster)
    top = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
    for most, count in ((10, 1), (len(batch()) * 5 // 2, 2)):
        body = top | {"max_bytes": most, "topics": [{"topic": topic.name, "partitions": [asked]}]}
        (told,) = topic.wire.ask(FETCH, 12, body)["responses"][0]["partitions"]
        assert len(offsets(told["records"])) == count


def test_fetch_woken(cluster: Running) -> None:
    topic = Topic(cluster)
    asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000}
    ask = {"max_wait_ms": 20_000, "min_bytes": 1, "forgotten_topics_data": []}
    ask["topics"] = [{"topic": topic.name, "partitions": [asked]}]
    with cluster.connect(1) as other:
        started = time.monotonic()
        other.send(codec.request_frame(FETCH, 12, 1, "me", ask))
        assert other.is_silent()
        topic.produce(batch())
        answer = other.answer(FETCH, 12, 1)["responses"][0]["partitions"][0]
        assert offsets(answer["records"]) == [(0, 0)]
        assert time.monotonic() - started < 20  # woken, not timed out


@pytest.mark.parametrize("name", ["no-such-topic", "?", "?zz"])
def test_fetch_unknown_topic_is_answered_at_once(cluster: Running, name: str) -> None:
    answer = Topic(cluster).fetch(0, name=name, max_wait_ms=1_000_000)
    assert (answer["error_code"], answer["high_watermark"], bytes(answer["records"])) == (3, -1, b"")


@pytest.mark.parametrize(("epoch", "error"), [(-1, 0), (0, 0), (9, 75)])
def test_fetch_leader_epoch(cluster: Running, epoch: int, error: int) -> None:
    assert with_five(cluster).fetch(0, current_leader_epoch=epoch)["error_code"] == error


@pytest.mark.parametrize(("offset", "error"), [(5, 0), (6, 1), (-1, 1)])
def test_fetch_beyond_the_ends(cluster: Running, offset: int, error: int) -> None:
    answer = with_five(cluster).fetch(offset)
    assert (answer["error_code"], bytes(answer["records"])) == (error, b"")


# --- listoffsets and leader epochs ---


def test_listoffsets_earliest_latest(cluster: Running) -> None:
    topic = with_five(cluster)
    assert topic.list_offset(-2) == (0, 0, -1)
    assert topic.list_offset(-1) == (0, 5, -1)


def test_listoffsets_timestamp(cluster: Running) -> None:
    topic = Topic(cluster)
    for timestamp in (1_000, 3_000, 2_000, 4_000):
        topic.produce(batch(timestamp))
    found = [topic.list_offset(timestamp)[1:] for timestamp in (1, 1_000, 1_001, 2_500, 3_001, 4_001)]
    assert found == [(0, 1_000), (0, 1_000), (1, 3_000), (1, 3_000), (3, 4_000), (-1, -1)]


def test_listoffsets_timestamp_in_batch(cluster: Running) -> None:
    topic = Topic(cluster)
    topic.produce(batch(1_000, 2_000, 3_000))
    assert topic.list_offset(1_500) == (0, 1, 2_000)


def test_listoffsets_max_timestamp_v6(cluster: Running) -> None:
    assert with_five(cluster).list_offset(-3, version=6) == (35, -1, -1)


def test_listoffsets_unknown_partition(cluster: Running) -> None:
    assert with_five(cluster).list_offset(-1, partition=9) == (3, -1, -1)


@pytest.mark.parametrize("version", range(1, 7))
def test_listoffsets_in_every_version(cluster: Running, version: int) -> None:
    assert with_five(cluster).list_offset(-1, version=version) == (0, 5, -1)


def test_leaderepoch(cluster: Running) -> None:
    topic = with_five(cluster)
    assert topic.end_of_epoch(0) == (0, 0, 5)
    assert topic.end_of_epoch(9) == (0, -1, -1)
    assert topic.end_of_epoch(-1) == (0, -1, -1)
