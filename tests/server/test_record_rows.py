"""What Apache Kafka 4.4.0 answered to producers and readers of records, row by row."""

from __future__ import annotations

import time
from typing import Any

import pytest
from answers_kit import (
    DELETE_TOPICS,
    FETCH,
    LIST_OFFSETS,
    PRODUCE,
    Row,
    Topic,
    batch,
    batches,
    compressed,
    metadata,
    patched,
    row_name,
)
from server_under_test import Running, eventually

from minikafka.protocol.records import build_batch, sealed

GZIP, LZ4, ZSTD = 1, 3, 4
HOUR_MS = 3_600_000
NOT_OPENED = "the core keeps compressed batches as they are, and opens none (fidelity ledger: simplified)"
NOT_LOOKED_INTO = "the core looks at single records only on compacted topics and where times leave a doubt"
NOT_TOLD = "a bad record refuses its batch, and the core does not say which it was"


def now() -> int:
    return time.time_ns() // 1_000_000


# --- produce ----------------------------------------------------------------------------------------------------------


def at(running: Running, timestamp: int, **configs: str) -> tuple[int, int]:
    """(error, offset) of a record with this time."""
    return Topic(running, configs={name.replace("_", "."): value for name, value in configs.items()}).produce(
        batch(timestamp)
    )


def keyless_compacted(running: Running) -> dict[str, Any]:
    topic = Topic(running, configs={"cleanup.policy": "compact"})
    records = build_batch([(1_000, key, b"v", ()) for key in (b"k", None, b"k")]).data
    answer = topic.wire.ask(PRODUCE, 9, topic.producing([(0, records)]))["responses"][0]["partition_responses"][0]
    errors = [one["batch_index"] for one in answer["record_errors"]]
    return {"error": answer["error_code"], "latest": topic.list_offset(-1)[1], "record_errors": errors}


def max_timestamp_wrong(running: Running) -> tuple[int, int]:
    wrong = bytearray(batch(now()))
    wrong[35:43] = (now() + 2 * HOUR_MS).to_bytes(8, "big")
    return Topic(running).produce(sealed(wrong).data)


def log_append_time(running: Running) -> dict[str, Any]:
    topic = Topic(running, configs={"message.timestamp.type": "LogAppendTime"})
    answer = topic.wire.ask(PRODUCE, 9, topic.producing([(0, batch(1_000))]))["responses"][0]["partition_responses"][0]
    (stored,) = batches(topic.fetch(0)["records"])
    stored.check()
    return {
        "base_ts": stored.base_timestamp_ms,
        "error": answer["error_code"],
        "log_append_time": answer["log_append_time_ms"] > 0,
        "max_ts_is_append_time": stored.max_timestamp_ms == answer["log_append_time_ms"],
        "type_bit": stored.has_append_time,
    }


def passed_through(running: Running, codec_number: int) -> list[Any]:
    """Two records as some codec packed them; what it made of them is nobody's business but the readers'."""
    topic = Topic(running)
    sent = compressed(codec_number, b"two records", count=2)
    answered = topic.produce(sent)
    told = [
        {"body_unchanged": one.data[61:] == sent[61:], "codec": one.attributes & 7, "count": one.count}
        for one in batches(topic.fetch(0)["records"])
    ]
    return [answered, told]


def zstd_in_old_version(running: Running) -> list[tuple[int, int]]:
    """Of each version of which Kafka says so; and the first that may."""
    topic = Topic(running)
    return [topic.produce(compressed(ZSTD, b"x"), version=version) for version in (3, 6, 7)]


def topic_codec(running: Running) -> list[Any]:
    topic = Topic(running, configs={"compression.type": "gzip"})
    answered = topic.produce(batch())
    return [answered, [one.attributes & 7 for one in batches(topic.fetch(0)["records"])]]


def record_length_wrong(running: Running) -> tuple[int, int]:
    data = batch()
    wrong = bytearray(patched(data, 61, bytes([data[61] + 6])))  # a zigzag varint: 3 more
    return Topic(running).produce(sealed(wrong).data)


def two_batches(running: Running) -> list[Any]:
    topic = Topic(running)
    return [topic.produce(batch(), batch()), topic.list_offset(-1)[1]]


# --- idempotent -------------------------------------------------------------------------------------------------------


def duplicate_timestamp(running: Running) -> bool:
    topic = Topic(running, configs={"message.timestamp.type": "LogAppendTime"})
    data = build_batch([(1_000, b"k", b"v", ())], producer_id=1 << 41, producer_epoch=0, base_sequence=0).data

    def told() -> tuple[int, int]:
        answer = topic.wire.ask(PRODUCE, 9, topic.producing([(0, data)]))["responses"][0]["partition_responses"][0]
        return answer["base_offset"], answer["log_append_time_ms"]

    first = told()
    assert first[1] > 0
    eventually(lambda: now() > first[1], "another millisecond")
    return told() == first


# --- fetch ------------------------------------------------------------------------------------------------------------


def wait_error_partition(running: Running) -> dict[str, Any]:
    answer = Topic(running).fetch(0, partition=7, max_wait_ms=1_000_000)  # longer than anybody waits
    return {"error": answer["error_code"], "hw": answer["high_watermark"]}


def session_bad_epoch(running: Running) -> list[int]:
    topic = Topic(running)
    asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000}
    body = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
    opened = topic.wire.ask(
        FETCH, 12, body | {"session_epoch": 0, "topics": [{"topic": topic.name, "partitions": [asked]}]}
    )
    again = body | {"session_id": opened["session_id"], "session_epoch": 5, "topics": []}
    answer = topic.wire.ask(FETCH, 12, again)
    return [answer["error_code"], answer["session_id"], len(answer["responses"])]


def deleted_topic(running: Running) -> int:
    topic = Topic(running)
    topic.wire.ask(DELETE_TOPICS, 5, {"topic_names": [topic.name], "timeout_ms": 5_000})
    eventually(lambda: metadata(topic.wire, topic.name)["error_code"] == 3, "the end of the topic")
    error: int = topic.fetch(0)["error_code"]
    return error


# --- listoffsets ------------------------------------------------------------------------------------------------------


def duplicate_partition(running: Running) -> list[int]:
    topic = Topic(running)
    asked = [{"partition_index": 0, "timestamp": -1}] * 2
    body = {"replica_id": -1, "isolation_level": 0, "topics": [{"name": topic.name, "partitions": asked}]}
    answer = topic.wire.ask(LIST_OFFSETS, 5, body)
    return [one["error_code"] for told in answer["topics"] for one in told["partitions"]]


# --- the rows ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("produce-keyless_compacted_detail", "[key, null key, key] to a compacted topic", keyless_compacted,
        {"error": 87, "latest": 0, "record_errors": [1]}, ours={"error": 87, "latest": 0, "record_errors": []},
        why=NOT_TOLD),
    Row("produce-future_timestamp", "2 hours in the future", lambda running: at(running, now() + 2 * HOUR_MS),
        (32, -1)),
    Row("produce-near_future_timestamp", "50 minutes in the future",
        lambda running: at(running, now() + HOUR_MS * 5 // 6), (0, 0)),
    Row("produce-old_timestamp", "timestamp 1000", lambda running: at(running, 1_000), (0, 0)),
    Row("produce-before_max", "message.timestamp.before.max.ms=1000 and a record one minute old",
        lambda running: at(running, now() - 60_000, message_timestamp_before_max_ms="1000"), (32, -1)),
    Row("produce-max_timestamp_wrong", "the head says 2 h ahead, its only record is now", max_timestamp_wrong, (0, 0)),
    Row("produce-log_append_time", "to a LogAppendTime topic: answer and stored batch", log_append_time, {
        "base_ts": 1_000, "error": 0, "log_append_time": True, "max_ts_is_append_time": True, "type_bit": True,
    }),
    Row("produce-lz4", "an lz4 batch of 2 records; Fetch", lambda running: passed_through(running, LZ4),
        [(0, 0), [{"body_unchanged": True, "codec": 3, "count": 2}]]),
    Row("produce-zstd", "v7+ a zstd batch of 2 records; Fetch v10+", lambda running: passed_through(running, ZSTD),
        [(0, 0), [{"body_unchanged": True, "codec": 4, "count": 2}]]),
    Row("produce-zstd_v3", "v3-6 a zstd batch", zstd_in_old_version, [(76, -1), (76, -1), (0, 0)]),
    Row("produce-bad_gzip", "a batch marked gzip whose payload is not",
        lambda running: Topic(running).produce(compressed(GZIP, b"no gzip")), (-1, -1), ours=(0, 0), why=NOT_OPENED),
    Row("produce-topic_codec", "an uncompressed batch to a topic with compression.type=gzip; codec of Fetch",
        topic_codec, [(0, 0), [1]], ours=[(0, 0), [0]], why=NOT_OPENED),
    Row("produce-two_batches", "two batches in one partition of one request", two_batches, [(87, -1), 0]),
    Row("produce-record_length_wrong", "a record whose length is 3 too large", record_length_wrong, (87, -1),
        ours=(0, 0), why=NOT_LOOKED_INTO),
    Row("idempotent-duplicate_timestamp", "LogAppendTime topic: a duplicate returns the first append time",
        duplicate_timestamp, True),
    Row("fetch-wait_error_partition", "max wait of an unknown partition: answered at once", wait_error_partition,
        {"error": 3, "hw": -1}),
    Row("fetch-session_bad_epoch", "v7+ in a fresh session with epoch 5 instead of 1", session_bad_epoch, [71, 0, 0]),
    Row("fetch-deleted_topic", "v4-12 of a topic after DeleteTopics", deleted_topic, 3),
    Row("listoffsets-duplicate_partition", "one partition named twice", duplicate_partition, [42]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_record_rows(alone: Running, row: Row) -> None:
    row.check(alone)


def test_what_is_refused_for_its_version_harms_nobody_beside_it(alone: Running) -> None:
    topic = Topic(alone, partitions=3)
    mixed = topic.producing([(0, compressed(ZSTD, b"x")), (1, batch()), (2, compressed(ZSTD, b"x"))])
    answer = topic.wire.ask(PRODUCE, 6, mixed)
    told = {one["index"]: one["error_code"] for entry in answer["responses"] for one in entry["partition_responses"]}
    assert told == {0: 76, 1: 0, 2: 76}
    assert [topic.list_offset(-1, partition=one)[1] for one in range(3)] == [0, 1, 0]
    asked = [{"partition_index": one, "timestamp": -1} for one in (0, 1, 0)]
    body = {"replica_id": -1, "isolation_level": 0, "topics": [{"name": topic.name, "partitions": asked}]}
    found = topic.wire.ask(LIST_OFFSETS, 5, body)["topics"]
    told = {one["partition_index"]: one["error_code"] for entry in found for one in entry["partitions"]}
    assert told == {0: 42, 1: 0}
