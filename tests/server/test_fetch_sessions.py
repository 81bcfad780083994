"""KIP-227: a reader names its partitions once, and is told only what has changed."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest
from server_under_test import Running, Wire, eventually

from minikafka.protocol.records import build_batch
from minikafka.server.fetch_sessions import EVICTION_MS, FetchSessions, next_epoch

PRODUCE, FETCH, METADATA, CREATE_TOPICS = 0, 1, 3, 19
names = (f"sessions-{number}" for number in itertools.count())


def request(session_id: int, epoch: int, wanted: dict[str, dict[int, int]], forgotten: Any = ()) -> dict[str, Any]:
    """`wanted`: topic, partition, offset."""
    topics = [
        {
            "topic": topic,
            "topic_id": bytes(16),
            "partitions": [
                {"partition": number, "fetch_offset": offset, "partition_max_bytes": 100_000}
                for number, offset in partitions.items()
            ],
        }
        for topic, partitions in wanted.items()
    ]
    return {
        "max_wait_ms": 0, "min_bytes": 1, "topics": topics, "session_id": session_id, "session_epoch": epoch,
        "forgotten_topics_data": [{"topic": topic, "topic_id": bytes(16), "partitions": list(numbers)}
                                  for topic, numbers in forgotten],
    }  # fmt: skip


def told(answer: dict[str, Any]) -> list[tuple[int, int]]:
    """(partition, bytes of records) of those that are in the answer."""
    return [
        (one["partition_index"], len(one["records"] or b""))
        for topic in answer["responses"]
        for one in topic["partitions"]
    ]


class Reader:
    """A connection to the one broker of a new topic with three partitions."""

    def __init__(self, cluster: Running) -> None:
        self.topic = next(names)
        self.wire: Wire = cluster.connect(1)
        dealt = [{"partition_index": number, "broker_ids": [1]} for number in range(3)]
        new = {"name": self.topic, "num_partitions": -1, "replication_factor": -1, "assignments": dealt, "configs": []}
        self.wire.ask(CREATE_TOPICS, 7, {"topics": [new]})
        eventually(self.is_led, "leaders")

    def is_led(self) -> bool:
        (topic,) = self.wire.ask(METADATA, 9, {"topics": [{"name": self.topic}]})["topics"]
        return len(topic["partitions"]) == 3 and all(one["error_code"] == 0 for one in topic["partitions"])

    def produce(self, partition: int) -> None:
        records = build_batch([(1_000, b"k", b"v", ())]).data
        data = [{"name": self.topic, "partition_data": [{"index": partition, "records": records}]}]
        answer = self.wire.ask(PRODUCE, 9, {"acks": -1, "timeout_ms": 5_000, "topic_data": data})
        assert answer["responses"][0]["partition_responses"][0]["error_code"] == 0

    def fetch(self, session_id: int, epoch: int, offsets: dict[int, int], forgotten: Any = ()) -> dict[str, Any]:
        wanted = {self.topic: offsets} if offsets else {}
        left = [(self.topic, forgotten)] if forgotten else []
        return self.wire.ask(FETCH, 12, request(session_id, epoch, wanted, left))


def test_a_session_tells_everything_once_and_then_what_is_new(cluster: Running) -> None:
    reader = Reader(cluster)
    first = reader.fetch(0, 0, {0: 0, 1: 0, 2: 0})
    session = first["session_id"]
    assert session > 0
    assert [number for number, _ in told(first)] == [0, 1, 2]
    assert told(reader.fetch(session, 1, {})) == []
    reader.produce(1)
    ((number, size),) = told(reader.fetch(session, 2, {}))
    assert (number, size > 0) == (1, True)
    assert told(reader.fetch(session, 3, {1: 1})) == []


def test_partitions_join_and_leave_a_session(cluster: Running) -> None:
    reader = Reader(cluster)
    session = reader.fetch(0, 0, {0: 0})["session_id"]
    assert [number for number, _ in told(reader.fetch(session, 1, {2: 0}))] == [2]
    reader.produce(0)
    reader.produce(2)
    assert [number for number, _ in told(reader.fetch(session, 2, {}, forgotten=[0]))] == [2]
    emptied = reader.fetch(session, 3, {}, forgotten=[2])
    assert (emptied["session_id"], emptied["responses"]) == (0, [])
    assert reader.fetch(session, 4, {})["error_code"] == 70


def test_an_error_is_told_each_time_and_success_after_it(cluster: Running) -> None:
    reader = Reader(cluster)
    session = reader.fetch(0, 0, {0: 7})["session_id"]
    for epoch in (1, 2):
        answer = reader.fetch(session, epoch, {})
        assert [one["error_code"] for one in answer["responses"][0]["partitions"]] == [1]
    assert [number for number, _ in told(reader.fetch(session, 3, {0: 0}))] == [0]
    assert told(reader.fetch(session, 4, {})) == []


def test_who_has_missed_something_is_refused(cluster: Running) -> None:
    reader = Reader(cluster)
    session = reader.fetch(0, 0, {0: 0})["session_id"]
    refused = reader.fetch(session, 5, {})
    assert (refused["error_code"], refused["session_id"], refused["responses"]) == (71, 0, [])
    assert reader.fetch(session, 1, {})["error_code"] == 0
    assert reader.fetch(session + 1, 1, {})["error_code"] == 70


def test_the_last_epoch_ends_a_session_and_epoch_0_begins_another(cluster: Running) -> None:
    reader = Reader(cluster)
    first = reader.fetch(0, 0, {0: 0})["session_id"]
    second = reader.fetch(first, 0, {0: 0})["session_id"]
    assert second not in (0, first)
    assert reader.fetch(first, 1, {})["error_code"] == 70
    ended = reader.fetch(second, -1, {0: 0})
    assert (ended["session_id"], [number for number, _ in told(ended)]) == (0, [0])
    assert reader.fetch(second, 1, {})["error_code"] == 70


def test_a_session_of_nothing_is_one_until_it_is_used(cluster: Running) -> None:
    reader = Reader(cluster)
    session = reader.fetch(0, 0, {})["session_id"]
    assert session > 0
    assert reader.fetch(session, 1, {})["session_id"] == 0
    assert reader.fetch(session, 2, {})["error_code"] == 70


def test_a_session_that_was_never_opened_is_not_found(cluster: Running) -> None:
    assert Reader(cluster).fetch(0, 5, {})["error_code"] == 70


def test_names_and_ids_do_not_mix_in_a_session(cluster: Running) -> None:
    reader = Reader(cluster)
    session = reader.fetch(0, 0, {0: 0})["session_id"]
    assert reader.wire.ask(FETCH, 13, request(session, 1, {}))["error_code"] == 106


@pytest.mark.parametrize("idle_ms", [EVICTION_MS, EVICTION_MS + 1])
def test_a_full_cache_opens_no_session_before_one_is_idle(idle_ms: int) -> None:
    now = [0]
    sessions = FetchSessions(lambda: now[0], Random(1), slots=1)
    _, first = sessions.begin(request(0, 0, {"orders": {0: 0}}), 12)
    assert first is not None and first.session is not None
    now[0] = idle_ms
    _, second = sessions.begin(request(0, 0, {"orders": {0: 0}}), 12)
    assert second is not None
    assert (second.session is not None) == (idle_ms > EVICTION_MS)
    assert len(sessions.sessions) == 1


def test_a_busy_partition_goes_to_the_end() -> None:
    sessions = FetchSessions(lambda: 0, Random(1))
    _, exchange = sessions.begin(request(0, 0, {"orders": {0: 0, 1: 0}}), 12)
    assert exchange is not None and exchange.session is not None
    quiet = {"error_code": 0, "high_watermark": 1, "log_start_offset": 0, "preferred_read_replica": -1,
             "diverging_epoch": {"epoch": -1}, "records": b""}  # fmt: skip
    partitions = [quiet | {"partition_index": 0, "records": b"much"}, quiet | {"partition_index": 1}]
    sessions.end({"responses": [{"topic": "orders", "partitions": partitions}]}, exchange)
    full, _ = sessions.begin(request(exchange.session.id, 1, {}), 12)
    assert [one["partition"] for topic in full["topics"] for one in topic["partitions"]] == [1, 0]


def test_epochs_go_round_past_0() -> None:
    assert [next_epoch(epoch) for epoch in (1, 2_147_483_647)] == [2, 1]
