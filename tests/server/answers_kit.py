"""Short ways to ask over the wire what Apache Kafka 4.4.0 was asked too: topics, batches, and where records lie."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from server_under_test import Running, Wire, eventually

from minikafka.protocol.records import HEADER_SIZE, RecordBatch, build_batch, sealed, split_batches

PRODUCE, FETCH, LIST_OFFSETS, METADATA, CREATE_TOPICS, EPOCH_END, DESCRIBE_CLUSTER = 0, 1, 2, 3, 19, 23, 60
API_VERSIONS, DELETE_TOPICS = 18, 20
UNKNOWN_ID = bytes(range(1, 17))
names = (f"answers-{number}" for number in itertools.count())
SAME = object()


class Row(NamedTuple):
    """One thing that Apache Kafka 4.4.0 was asked, and what it answered."""

    name: str
    request: str
    ask: Callable[[Any], Any]
    """Asks our server the same, of a desk (see the file of the row)."""
    kafka: Any
    ours: Any = SAME
    """A known difference: what our server answers."""
    why: str = ""
    """Where the difference comes from."""

    def check(self, desk: Any) -> None:
        """Whether we answer as Kafka does, or as it is known of us."""
        answer = self.ask(desk)
        if self.ours is SAME:
            assert answer == self.kafka, f"{self.name}: {self.request}"
        else:
            assert self.why
            assert self.ours != self.kafka, "this is no difference any more"
            assert answer == self.ours, f"{self.name}: Kafka answers {self.kafka}"


def row_name(row: Row) -> str:
    """For pytest."""
    return row.name


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


def compressed(codec: int, packed: bytes, count: int = 1) -> bytes:
    """A batch of so many records that says some codec has packed them; `packed` is what it made of them."""
    head = bytearray(build_batch([(1_000, None, None, ())] * count).data[:HEADER_SIZE])
    head[8:12] = (HEADER_SIZE - 12 + len(packed)).to_bytes(4, "big")
    head[21:23] = codec.to_bytes(2, "big")
    return sealed(head + packed).data


def batches(records: bytes) -> list[RecordBatch]:
    return list(split_batches(bytes(records or b"")))


def offsets(records: bytes) -> list[tuple[int, int]]:
    """First and last offset of each batch."""
    return [(one.base_offset, one.last_offset) for one in batches(records)]


def with_five(cluster: Running) -> Topic:
    topic = Topic(cluster)
    for number in range(5):
        assert topic.produce(batch()) == (0, number)
    return topic
