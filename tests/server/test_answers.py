"""Requests whose answers of Apache Kafka 4.4.0 are known, sent over the wire.

Each test is one fact: what a real broker answered.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from server_under_test import Running, Wire, eventually

from minikafka.protocol.crc32c import crc32c
from minikafka.protocol.records import RecordBatch, build_batch
from minikafka.server import codec

PRODUCE, FETCH, LIST_OFFSETS, METADATA, CREATE_TOPICS, EPOCH_END, DESCRIBE_CLUSTER = 0, 1, 2, 3, 19, 23, 60
UNKNOWN_ID = bytes(range(1, 17))
names = (f"answers-{number}" for number in itertools.count())


def new_topic(name: str, partitions: int = 1, replicas: int = 1, **changes: Any) -> dict[str, Any]:
    topic = {"name": name, "num_partitions": partitions, "replication_factor": replicas}
    return topic | {"assignments": [], "configs": []} | changes


def create(wire: Wire, *topics: dict[str, Any], **changes: Any) -> list[int]:
    """Error codes of the answer."""
    answer = wire.ask(CREATE_TOPICS, 7, {"topics": list(topics)} | changes)
    return [topic["error_code"] for topic in answer["topics"]]


def metadata(wire: Wire, name: str | None, topic_id: bytes = bytes(16), **changes: Any) -> dict[str, Any]:
    body = {"topics": [{"name": name, "topic_id": topic_id}], "allow_auto_topic_creation": False} | changes
    topic: dict[str, Any] = wire.ask(METADATA, 12, body)["topics"][0]
    return topic


class Topic:
    """A new topic and a connection to the broker that leads all of its partitions (there is one replica)."""

    def __init__(self, cluster: Running, partitions: int = 1, configs: dict[str, str] | None = None) -> None:
        self.name = next(names)
        settings = [{"name": name, "value": value} for name, value in (configs or {}).items()]
        assignments = [{"partition_index": number, "broker_ids": [1]} for number in range(partitions)]
        self.wire = cluster.connect(1)
        topic = new_topic(self.name, -1, -1, configs=settings, assignments=assignments)
        assert create(self.wire, topic) == [0]
        eventually(self.has_leaders, "a leader")

    def has_leaders(self) -> bool:
        """Whether this broker has replayed the topic."""
        known = metadata(self.wire, self.name)["partitions"]
        return known != [] and all(partition["error_code"] == 0 for partition in known)

    def produce(self, *batches: bytes, partition: int = 0, acks: int = -1, version: int = 9) -> tuple[int, int]:
        """(error, offset) of one request."""
        body = self.producing([(partition, b"".join(batches))], acks)
        answer = self.wire.ask(PRODUCE, version, body)["responses"][0]["partition_responses"][0]
        return answer["error_code"], answer["base_offset"]

    def producing(self, partitions: list[tuple[int, bytes]], acks: int = -1) -> dict[str, Any]:
        data = [{"index": partition, "records": records} for partition, records in partitions]
        topics = [{"name": self.name, "topic_id": bytes(16), "partition_data": data}]
        return {"acks": acks, "timeout_ms": 5_000, "topic_data": topics}

    def fetch(self, offset: int, version: int = 12, name: str | None = None, **changes: Any) -> dict[str, Any]:
        """The answer for one partition."""
        top = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
        top |= {
            key: changes.pop(key) for key in list(changes) if key in ("max_wait_ms", "replica_id", "isolation_level")
        }
        asked = {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1_000_000} | changes
        topics = [{"topic": name or self.name, "topic_id": bytes(16), "partitions": [asked]}]
        answer = self.wire.ask(FETCH, version, top | {"topics": topics})
        partition: dict[str, Any] = answer["responses"][0]["partitions"][0]
        return partition

    def list_offset(self, timestamp: int, partition: int = 0, version: int = 5, **changes: Any) -> tuple[int, int, int]:
        """(error, offset, timestamp)."""
        asked = {"partition_index": partition, "timestamp": timestamp} | changes
        body = {"replica_id": -1, "isolation_level": 0, "topics": [{"name": self.name, "partitions": [asked]}]}
        answer = self.wire.ask(LIST_OFFSETS, version, body)["topics"][0]["partitions"][0]
        return answer["error_code"], answer["offset"], answer["timestamp"]

    def end_of_epoch(self, epoch: int) -> tuple[int, int, int]:
        """(error, epoch, end offset)."""
        asked = {"partition": 0, "leader_epoch": epoch}
        body = {"topics": [{"topic": self.name, "partitions": [asked]}]}
        answer = self.wire.ask(EPOCH_END, 4, body)["topics"][0]["partitions"][0]
        return answer["error_code"], answer["leader_epoch"], answer["end_offset"]


def batch(*timestamps: int, value: bytes = b"value") -> bytes:
    return build_batch([(timestamp, b"key", value, ()) for timestamp in timestamps or (1_000,)]).data


def patched(data: bytes, position: int, replacement: bytes) -> bytes:
    return data[:position] + replacement + data[position + len(replacement) :]


def offsets(records: bytes) -> list[tuple[int, int]]:
    """First and last offset of each batch."""
    found = []
    while records:
        size = int.from_bytes(records[8:12], "big") + 12
        one = RecordBatch(bytes(records[:size]))
        found.append((one.base_offset, one.last_offset))
        records = records[size:]
    return found


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


# --- produce ---


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


# --- fetch ---


def with_five(cluster: Running) -> Topic:
    topic = Topic(cluster)
    for number in range(5):
        assert topic.produce(batch()) == (0, number)
    return topic


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
    assert (answer["error_code"], answer["high_watermark"], bytes(answer["records"])) == (6, -1, b"")


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


# --- a broker is killed ---

QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}


def test_kill_leader() -> None:
    """Kill -9 of the leader of replicas [3, 1, 2] with three records, and its return."""
    with Running(brokers=3, config=QUICK) as running, running.connect(1) as wire:
        assignment = [{"partition_index": 0, "broker_ids": [3, 1, 2]}]
        assert create(wire, new_topic("orders", -1, -1, assignments=assignment)) == [0]

        def partition() -> dict[str, Any]:
            found = metadata(wire, "orders")["partitions"]
            return found[0] if found else {"leader_id": -1, "isr_nodes": []}

        eventually(lambda: partition()["leader_id"] == 3, "the first leader")
        with running.connect(3) as leader:
            data = [{"index": 0, "records": batch(1_000, 1_001, 1_002)}]
            body = {"acks": -1, "timeout_ms": 5_000, "topic_data": [{"name": "orders", "partition_data": data}]}
            answer = eventually(lambda: produced(leader, body), "the acknowledgement")
            assert answer["base_offset"] == 0
            running.crash(3)
            assert leader.is_closed()
        eventually(lambda: partition()["leader_id"] == 1, "the second replica to lead")
        now = partition()
        assert (now["leader_epoch"], sorted(now["isr_nodes"]), now["offline_replicas"]) == (1, [1, 2], [3])
        asked = {"partition_index": 0, "timestamp": -1, "current_leader_epoch": 0}
        ask = {"replica_id": -1, "isolation_level": 0, "topics": [{"name": "orders", "partitions": [asked]}]}
        assert wire.ask(LIST_OFFSETS, 5, ask)["topics"][0]["partitions"][0]["error_code"] == 74
        asked["current_leader_epoch"] = 1
        eventually(lambda: wire.ask(LIST_OFFSETS, 5, ask)["topics"][0]["partitions"][0]["offset"] == 3, "the records")
        running.restart(3)
        eventually(lambda: sorted(partition()["isr_nodes"]) == [1, 2, 3], "the old leader back in the ISR")
        assert (partition()["leader_id"], partition()["offline_replicas"]) == (1, [])


def produced(wire: Wire, body: dict[str, Any]) -> dict[str, Any] | None:
    """The answer for the one partition, None while it is NOT_LEADER_OR_FOLLOWER or the like."""
    answer: dict[str, Any] = wire.ask(PRODUCE, 9, body)["responses"][0]["partition_responses"][0]
    return answer if answer["error_code"] == 0 else None


def test_min_isr() -> None:
    """RF 2, min.insync.replicas=2, the follower killed: acks=all is refused, acks=1 is taken and not shown."""
    with Running(brokers=2, config=QUICK) as running, running.connect(1) as wire:
        topic = new_topic("orders", -1, -1, assignments=[{"partition_index": 0, "broker_ids": [1, 2]}])
        topic["configs"] = [{"name": "min.insync.replicas", "value": "2"}]
        assert create(wire, topic) == [0]
        data = [{"index": 0, "records": batch()}]
        body = {"acks": -1, "timeout_ms": 5_000, "topic_data": [{"name": "orders", "partition_data": data}]}
        assert eventually(lambda: produced(wire, body), "the first record")["base_offset"] == 0
        running.crash(2)
        eventually(lambda: metadata(wire, "orders")["partitions"][0]["isr_nodes"] == [1], "the ISR to shrink")
        answer = wire.ask(PRODUCE, 9, body)["responses"][0]["partition_responses"][0]
        assert (answer["error_code"], answer["base_offset"]) == (19, -1)
        assert produced(wire, body | {"acks": 1}) is not None
        top = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
        asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000}
        ask = top | {"topics": [{"topic": "orders", "partitions": [asked]}]}
        seen = wire.ask(FETCH, 12, ask)["responses"][0]["partitions"][0]
        assert (seen["high_watermark"], offsets(seen["records"])) == (1, [(0, 0)])
        running.restart(2)
        eventually(
            lambda: wire.ask(FETCH, 12, ask)["responses"][0]["partitions"][0]["high_watermark"] == 2, "both records"
        )


def test_describetopicpartitions_lists_are_never_null(cluster: Running) -> None:
    """The Java admin client reads them without looking."""
    topic = Topic(cluster)
    body = {"topics": [{"name": topic.name}], "response_partition_limit": 10, "cursor": None}
    (partition,) = topic.wire.ask(75, 0, body)["topics"][0]["partitions"]
    assert (partition["eligible_leader_replicas"], partition["last_known_elr"]) == ([], [])
