"""What Apache Kafka 4.4.0 answers about topics and the cluster, asked over the wire.

Each test is one fact: what a real broker answered.
"""

from __future__ import annotations

from typing import Any

import pytest
from answers_kit import CREATE_TOPICS, DESCRIBE_CLUSTER, METADATA, UNKNOWN_ID, Topic, create, metadata, names, new_topic
from server_under_test import Running, eventually

# --- metadata ---


def test_metadata_auto_create_first_and_then(cluster: Running) -> None:
    with cluster.connect() as wire:
        name = next(names)
        first = metadata(wire, name, allow_auto_topic_creation=True)
        assert (first["error_code"], first["partitions"]) == (3, [])
        eventually(lambda: metadata(wire, name)["partitions"], "the topic")


@pytest.mark.parametrize("name", ["bad name!", ".."])
def test_metadata_invalid_name(cluster: Running, name: str) -> None:
    with cluster.connect() as wire:
        assert metadata(wire, name, allow_auto_topic_creation=True)["error_code"] == 17


@pytest.mark.parametrize("version", range(14))
def test_metadata_all_topics(cluster: Running, version: int) -> None:
    topic = Topic(cluster)
    answer = topic.wire.ask(METADATA, version, {"topics": [] if version == 0 else None})
    assert topic.name in [one["name"] for one in answer["topics"]]


def test_metadata_unknown_topic_id(cluster: Running) -> None:
    with cluster.connect() as wire:
        answer = metadata(wire, None, UNKNOWN_ID)
        assert (answer["error_code"], answer["name"], answer["topic_id"]) == (100, None, UNKNOWN_ID)


def test_metadata_fresh_topic(cluster: Running) -> None:
    topic = Topic(cluster)
    answer = metadata(topic.wire, topic.name, include_topic_authorized_operations=True)
    (partition,) = answer["partitions"]
    assert partition["isr_nodes"] == partition["replica_nodes"] == [1]
    assert (partition["leader_epoch"], partition["offline_replicas"]) == (0, [])
    assert answer["topic_authorized_operations"] == 3576


def test_metadata_partition_order(cluster: Running) -> None:
    topic = Topic(cluster, partitions=12)
    assert [p["partition_index"] for p in metadata(topic.wire, topic.name)["partitions"]] == list(range(12))


# --- createtopics ---


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"replicas": 0}, 38),
        ({"replicas": 99}, 38),
        ({"partitions": 0}, 37),
        ({"replicas": -1, "assignments": [{"partition_index": 0, "broker_ids": [1]}]}, 42),
        ({"partitions": -1, "replicas": -1, "assignments": [{"partition_index": 0, "broker_ids": [1, 1]}]}, 39),
        ({"partitions": -1, "replicas": -1, "assignments": [{"partition_index": 0, "broker_ids": [9_999]}]}, 39),
        ({"partitions": -1, "replicas": -1, "assignments": [{"partition_index": 1, "broker_ids": [1]}]}, 39),
        ({"configs": [{"name": "no.such.setting", "value": "1"}]}, 40),
        ({"configs": [{"name": "min.insync.replicas", "value": None}]}, 40),
    ],
)
def test_createtopics_refused(cluster: Running, changes: dict[str, Any], error: int) -> None:
    with cluster.connect() as wire:
        assert create(wire, new_topic(next(names), **changes)) == [error]


def test_createtopics_exists_and_collision(cluster: Running) -> None:
    with cluster.connect() as wire:
        name = next(names) + ".x"
        assert create(wire, new_topic(name)) == [0]
        assert create(wire, new_topic(name)) == [36]
        assert create(wire, new_topic(name), validate_only=True) == [36]
        assert create(wire, new_topic(name.replace(".", "_"))) == [17]


def test_createtopics_name_length(cluster: Running) -> None:
    with cluster.connect() as wire:
        assert create(wire, new_topic("n" * 249), new_topic("n" * 250), validate_only=True) == [0, 17]
        assert metadata(wire, "n" * 249)["error_code"] == 3


def test_createtopics_duplicate_in_request(cluster: Running) -> None:
    with cluster.connect() as wire:
        name = next(names)
        assert create(wire, new_topic(name), new_topic(name)) == [42]
        assert metadata(wire, name)["error_code"] == 3


def test_createtopics_one_good_one_bad(cluster: Running) -> None:
    with cluster.connect() as wire:
        assert create(wire, new_topic(next(names)), new_topic(next(names), replicas=99)) == [0, 38]


def test_createtopics_defaults_of_the_broker(cluster: Running) -> None:
    with cluster.connect() as wire:
        answer = wire.ask(CREATE_TOPICS, 5, {"topics": [new_topic(next(names), -1, -1)]})["topics"][0]
        assert (answer["error_code"], answer["num_partitions"], answer["replication_factor"]) == (0, 1, 1)


def test_create_via_any_broker(cluster: Running) -> None:
    for broker in (1, 2, 3):
        with cluster.connect(broker) as wire:
            assert create(wire, new_topic(next(names), 1, 3)) == [0]


# --- describecluster ---


@pytest.mark.parametrize("version", [0, 1, 2])
def test_describecluster(cluster: Running, version: int) -> None:
    with cluster.connect() as wire:
        answer = wire.ask(DESCRIBE_CLUSTER, version, {})
        assert sorted(broker["broker_id"] for broker in answer["brokers"]) == [1, 2, 3]
        assert answer["cluster_id"] == wire.ask(METADATA, 9, {"topics": []})["cluster_id"] != ""


@pytest.mark.parametrize(("endpoint_type", "error"), [(2, 114), (3, 115)])
def test_describecluster_other_types(cluster: Running, endpoint_type: int, error: int) -> None:
    with cluster.connect() as wire:
        assert wire.ask(DESCRIBE_CLUSTER, 1, {"endpoint_type": endpoint_type})["error_code"] == error


def test_describetopicpartitions_lists_are_never_null(cluster: Running) -> None:
    """The Java admin client reads them without looking."""
    topic = Topic(cluster)
    body = {"topics": [{"name": topic.name}], "response_partition_limit": 10, "cursor": None}
    (partition,) = topic.wire.ask(75, 0, body)["topics"][0]["partitions"]
    assert (partition["eligible_leader_replicas"], partition["last_known_elr"]) == ([], [])
