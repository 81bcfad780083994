"""What Apache Kafka 4.4.0 answered about itself, topics and partitions, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from answers_kit import (
    API_VERSIONS,
    DELETE_TOPICS,
    PRODUCE,
    UNKNOWN_ID,
    Row,
    Topic,
    batch,
    create,
    metadata,
    names,
    new_topic,
    row_name,
)
from server_under_test import Running, eventually

CREATE_PARTITIONS, DELETE_RECORDS, DESCRIBE_PARTITIONS, REASSIGN, LOG_DIRS = 37, 21, 75, 45, 35
SMALL_SEGMENTS = "lessons roll segments after a few records, so the core takes any size that holds a batch"

# --- apiversions ------------------------------------------------------------------------------------------------------


def api_keys(running: Running) -> set[int]:
    asked = {"client_software_name": "my-client", "client_software_version": "1.0"}
    with running.connect() as wire:
        return {row["api_key"] for row in wire.ask(API_VERSIONS, 4, asked)["api_keys"]}


def keys_of_version_99(running: Running) -> list[int]:
    with running.connect() as wire:
        wire.send(bytes.fromhex("0000000b 0012 0063 00000007 ffff 00"))
        frame = wire.frame()
        assert frame is not None
        assert frame[:6] == bytes.fromhex("00000007 0023"), "UNSUPPORTED_VERSION, written as version 0"
        return [int.from_bytes(frame[at : at + 2], "big") for at in range(10, len(frame), 6)]


def version_0(running: Running) -> dict[str, int]:
    with running.connect() as wire:
        wire.send(bytes.fromhex("0000000a 0012 0000 00000007 ffff"))
        frame = wire.frame()
        assert frame is not None
        keys = int.from_bytes(frame[6:10], "big")
        return {"bytes_left": len(frame) - 10 - 6 * keys, "error": int.from_bytes(frame[4:6], "big")}


# --- metadata ---------------------------------------------------------------------------------------------------------


def auto_create_then(running: Running) -> dict[str, Any]:
    name = next(names)
    with running.connect() as wire:
        found = eventually(lambda: created(wire, name), "the topic")
    return {
        "error": found["error_code"],
        "has_partitions": found["partitions"] != [],
        "internal": found["is_internal"],
    }


def created(wire: Any, name: str) -> Any:
    found = metadata(wire, name, allow_auto_topic_creation=True)
    return None if found["error_code"] else found


def internal_topic(running: Running) -> dict[str, Any]:
    with running.connect() as wire:
        found = metadata(wire, "__consumer_offsets")
    return {"error": found["error_code"], "internal": found["is_internal"]}


# --- createtopics and createpartitions --------------------------------------------------------------------------------


def create_with(running: Running, name: str, value: str) -> list[int]:
    with running.connect() as wire:
        return create(wire, new_topic(next(names), configs=[{"name": name, "value": value}]))


def create_partitions(running: Running, before: int, count: int, assignments: Any = None) -> int:
    topic = Topic(running, partitions=before)
    asked = {"name": topic.name, "count": count, "assignments": assignments}
    body = {"topics": [asked], "timeout_ms": 5_000, "validate_only": False}
    error: int = topic.wire.ask(CREATE_PARTITIONS, 3, body)["results"][0]["error_code"]
    return error


# --- deletetopics -----------------------------------------------------------------------------------------------------


def delete(wire: Any, name: str | None, topic_id: bytes = bytes(16)) -> Any:
    body = {"topics": [{"name": name, "topic_id": topic_id}], "timeout_ms": 5_000}
    return wire.ask(DELETE_TOPICS, 6, body)["responses"][0]


def deleted(running: Running) -> tuple[Topic, bytes]:
    """A topic that is gone, and its id."""
    topic = Topic(running)
    topic_id = metadata(topic.wire, topic.name)["topic_id"]
    assert delete(topic.wire, topic.name)["error_code"] == 0
    eventually(lambda: metadata(topic.wire, topic.name)["error_code"] == 3, "the end of the topic")
    return topic, topic_id


def delete_ok(running: Running) -> list[int]:
    topic, _ = deleted(running)
    return [metadata(topic.wire, topic.name)["error_code"], topic.produce(batch())[0]]


def delete_unknown(running: Running, name: str | None, topic_id: bytes = bytes(16)) -> int:
    with running.connect() as wire:
        error: int = delete(wire, name, topic_id)["error_code"]
        return error


def delete_by_id(running: Running) -> dict[str, Any]:
    topic = Topic(running)
    answer = delete(topic.wire, None, metadata(topic.wire, topic.name)["topic_id"])
    return {"error": answer["error_code"], "name_filled": answer["name"] == topic.name}


def recreated(running: Running) -> tuple[Topic, bytes]:
    """A topic whose name was another's, and the other's id."""
    topic, old_id = deleted(running)
    assert create(topic.wire, new_topic(topic.name)) == [0]
    eventually(topic.has_leaders, "a leader")
    return topic, old_id


def recreate_id(running: Running) -> dict[str, Any]:
    topic, old_id = recreated(running)
    found = metadata(topic.wire, topic.name)
    epoch = found["partitions"][0]["leader_epoch"]
    return {"latest": topic.list_offset(-1)[1], "leader_epoch": epoch, "new_id": found["topic_id"] != old_id}


def old_id_produce(running: Running) -> tuple[int, int]:
    topic, old_id = recreated(running)
    body = topic.producing([(0, batch())])
    body["topic_data"][0]["topic_id"] = old_id
    answer = topic.wire.ask(PRODUCE, 13, body)["responses"][0]["partition_responses"][0]
    return answer["error_code"], answer["base_offset"]


# --- records and pages of partitions, reassignments, directories ------------------------------------------------------


def delete_records(running: Running, offset: int) -> tuple[int, int]:
    topic = Topic(running)
    topic.produce(batch())
    asked = {"name": topic.name, "partitions": [{"partition_index": 0, "offset": offset}]}
    answer = topic.wire.ask(DELETE_RECORDS, 2, {"topics": [asked], "timeout_ms": 5_000})
    (told,) = answer["topics"][0]["partitions"]
    return told["error_code"], told["low_watermark"]


def described(running: Running, name: str, limit: int) -> Any:
    with running.connect() as wire:
        asked = {"topics": [{"name": name}], "response_partition_limit": limit, "cursor": None}
        return wire.ask(DESCRIBE_PARTITIONS, 0, asked)


def a_page(running: Running) -> Any:
    answer = described(running, Topic(running, partitions=5).name, 2)
    (topic,) = answer["topics"]
    return [one["partition_index"] for one in topic["partitions"]], answer["next_cursor"]["partition_index"]


def reassign(running: Running, name: str, replicas: list[int]) -> tuple[int, int]:
    partitions = [{"partition_index": 0, "replicas": replicas}]
    with running.connect() as wire:
        answer = wire.ask(REASSIGN, 1, {"timeout_ms": 5_000, "topics": [{"name": name, "partitions": partitions}]})
    return answer["error_code"], answer["responses"][0]["partitions"][0]["error_code"]


def topic_size(running: Running) -> list[bool]:
    topic, data = Topic(running), batch()
    assert topic.produce(data) == (0, 0)
    answer = topic.wire.ask(LOG_DIRS, 4, {"topics": [{"topic": topic.name, "partitions": [0]}]})
    told = [one for directory in answer["results"] for name in directory["topics"] for one in name["partitions"]]
    return [one["partition_size"] == len(data) for one in told]


# --- the rows ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("apiversions-too_high_keys", "v99: the API keys of the error answer", keys_of_version_99, [API_VERSIONS]),
    Row("apiversions-v0", "v0 with an empty body", version_0, {"bytes_left": 0, "error": 0}),
    Row("apiversions-zookeeper_keys", "keys 4-7 and those of controllers (52, 62)",
        lambda running: sorted(api_keys(running) & {4, 5, 6, 7, 52, 62}), []),
    Row("apiversions-telemetry_keys", "71 and 72 without a metrics receiver",
        lambda running: sorted(api_keys(running) & {71, 72}), []),
    Row("metadata-auto_create_then", "with auto-creation, repeated until it succeeds", auto_create_then,
        {"error": 0, "has_partitions": True, "internal": False}),
    Row("metadata-internal_topic", "__consumer_offsets", internal_topic, {"error": 0, "internal": True}),
    Row("createtopics-segment_bytes_small", "segment.bytes=1000",
        lambda running: create_with(running, "segment.bytes", "1000"), [40], ours=[0], why=SMALL_SEGMENTS),
    Row("createtopics-cleanup_policy_empty", "an empty cleanup.policy",
        lambda running: create_with(running, "cleanup.policy", ""), [0]),
    Row("createpartitions-same", "from 3 to 3", lambda running: create_partitions(running, 3, 3), 37),
    Row("createpartitions-zero", "to 0", lambda running: create_partitions(running, 1, 0), 37),
    Row("createpartitions-assignment_unknown_broker", "from 1 to 2, assigned to broker 9999",
        lambda running: create_partitions(running, 1, 2, [{"broker_ids": [9_999]}]), 39),
    Row("deletetopics-ok", "then Metadata, and a Produce to the deleted name", delete_ok, [3, 3]),
    Row("deletetopics-unknown", "an unknown name", lambda running: delete_unknown(running, "nobody-made-it"), 3),
    Row("deletetopics-unknown_id", "v6 by a random topic id",
        lambda running: delete_unknown(running, None, UNKNOWN_ID), 100),
    Row("deletetopics-by_id", "v6 by topic id: error and name", delete_by_id, {"error": 0, "name_filled": True}),
    Row("deletetopics-recreate_id", "created again under the same name", recreate_id,
        {"latest": 0, "leader_epoch": 0, "new_id": True}),
    Row("deletetopics-old_id_produce", "Produce v13 with the id of the deleted topic", old_id_produce, (100, -1)),
    Row("deleterecords-beyond", "above the high watermark", lambda running: delete_records(running, 2), (1, -1)),
    Row("deleterecords-minus_two", "offset -2", lambda running: delete_records(running, -2), (1, -1)),
    Row("describetopicpartitions-unknown", "an unknown topic",
        lambda running: [one["error_code"] for one in described(running, "nobody-made-it", 10)["topics"]], [3]),
    Row("describetopicpartitions-paging", "5 partitions, limit 2: partitions and next cursor", a_page, ([0, 1], 2)),
    Row("reassign-unknown", "an unknown topic", lambda running: reassign(running, "nobody-made-it", [1]), (0, 3)),
    Row("reassign-unknown_broker", "to broker 9999",
        lambda running: reassign(running, Topic(running).name, [9_999]), (0, 39)),
    Row("reassign-empty", "to an empty replica list", lambda running: reassign(running, Topic(running).name, []),
        (0, 39)),
    Row("logdirs-topic_size", "a topic with one batch: is its size the batch's?", topic_size, [True]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_topic_rows(alone: Running, row: Row) -> None:
    row.check(alone)
