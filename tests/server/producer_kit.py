"""A producer that asks over the wire, one request at a time."""

from __future__ import annotations

from typing import Any

from answers_kit import CREATE_TOPICS, FETCH, LIST_OFFSETS, METADATA, PRODUCE, names
from group_kit import Desk
from server_under_test import Running, Wire, eventually

from minikafka.protocol.records import build_batch

INIT, ADD_PARTITIONS, ADD_OFFSETS, END, TXN_OFFSET_COMMIT = 22, 24, 25, 26, 28


class Asker:
    """A connection and a new topic."""

    def __init__(self, alone: Running, partitions: int = 2) -> None:
        self.topic = self.transactional_id = next(names)
        self.wire: Wire = alone.connect(1)
        self.desk = Desk(alone, self.topic)
        """For a group of the same name."""
        new = {"name": self.topic, "num_partitions": partitions, "replication_factor": 1}
        self.wire.ask(CREATE_TOPICS, 7, {"topics": [new | {"assignments": [], "configs": []}]})
        eventually(self.is_led, "leaders")

    def plain(self) -> tuple[int, int]:
        """A record of nobody's transaction."""
        return self.produce(-1, -1, -1)

    def is_led(self) -> bool:
        (topic,) = self.wire.ask(METADATA, 9, {"topics": [{"name": self.topic}]})["topics"]
        return bool(topic["partitions"]) and all(one["error_code"] == 0 for one in topic["partitions"])

    def produce(
        self, producer: int, epoch: int, sequence: int, count: int = 1, *, version: int = 9, partition: int = 0,
        transactional_id: str | None = None,
    ) -> tuple[int, int]:  # fmt: skip
        """(error, offset)."""
        records = [(1_000 + number, b"k", b"v", ()) for number in range(count)]
        data = build_batch(
            records, producer_id=producer, producer_epoch=epoch, base_sequence=sequence,
            transactional=transactional_id is not None,
        ).data  # fmt: skip
        topics = [{"name": self.topic, "partition_data": [{"index": partition, "records": data}]}]
        body = {"transactional_id": transactional_id, "acks": -1, "timeout_ms": 5_000, "topic_data": topics}
        answer = self.wire.ask(PRODUCE, version, body)["responses"][0]["partition_responses"][0]
        return answer["error_code"], answer["base_offset"]

    def init(self, version: int = 4, timeout_ms: int = 60_000, transactional: bool = True, **known: int) -> Any:
        body = {"transactional_id": self.transactional_id if transactional else None}
        body |= {"transaction_timeout_ms": timeout_ms} | known

        def answered() -> Any:
            answer = self.wire.ask(INIT, version, body)
            return None if answer["error_code"] in (14, 15, 16, 51) else answer  # it loads, or is at it

        return eventually(answered, "a producer id")

    def add(self, producer: int, epoch: int, partition: int = 0) -> int:
        body = {
            "v3_and_below_transactional_id": self.transactional_id, "v3_and_below_producer_id": producer,
            "v3_and_below_producer_epoch": epoch,
            "v3_and_below_topics": [{"name": self.topic, "partitions": [partition]}],
        }  # fmt: skip

        def answered() -> Any:
            (topic,) = self.wire.ask(ADD_PARTITIONS, 3, body)["results_by_topic_v3_and_below"]
            error: int = topic["results_by_partition"][0]["partition_error_code"]
            return None if error == 51 else (error,)

        error: int = eventually(answered, "an answer that is not CONCURRENT_TRANSACTIONS")[0]
        return error

    def end(self, producer: int, epoch: int, commits: bool = True, version: int = 3) -> Any:
        body = {"transactional_id": self.transactional_id, "producer_id": producer, "producer_epoch": epoch}

        def answered() -> Any:
            answer = self.wire.ask(END, version, body | {"committed": commits})
            return None if answer["error_code"] == 51 else answer

        return eventually(answered, "an answer that is not CONCURRENT_TRANSACTIONS")

    def latest(self, isolation_level: int = 0) -> int:
        asked = {"name": self.topic, "partitions": [{"partition_index": 0, "timestamp": -1}]}
        body = {"replica_id": -1, "isolation_level": isolation_level, "topics": [asked]}
        answer = self.wire.ask(LIST_OFFSETS, 5, body)
        offset: int = answer["topics"][0]["partitions"][0]["offset"]
        return offset

    # --- offsets in the transaction ---

    def add_offsets(self, producer: int, epoch: int) -> int:
        body = {"transactional_id": self.transactional_id, "producer_id": producer, "producer_epoch": epoch}

        def answered() -> Any:
            error: int = self.wire.ask(ADD_OFFSETS, 3, body | {"group_id": self.desk.name})["error_code"]
            return None if error == 51 else (error,)

        error: int = eventually(answered, "an answer that is not CONCURRENT_TRANSACTIONS")[0]
        return error

    def commit_offset(
        self, producer: int, epoch: int, offset: int = 7, *, version: int = 4, topic: str = "", generation: int = -1,
        member_id: str = "",
    ) -> int:  # fmt: skip
        """The error of the one partition."""
        entry = {"partition_index": 0, "committed_offset": offset, "committed_metadata": ""}
        body = {"transactional_id": self.transactional_id, "group_id": self.desk.name, "generation_id": generation}
        body |= {"producer_id": producer, "producer_epoch": epoch, "member_id": member_id}
        body["topics"] = [{"name": topic or self.topic, "partitions": [entry]}]
        answer = self.wire.ask(TXN_OFFSET_COMMIT, version, body)
        error: int = answer["topics"][0]["partitions"][0]["error_code"]
        return error

    # --- reading ---

    def fetch(self, offset: int, isolation_level: int = 0) -> Any:
        """The answer for partition 0."""
        asked = {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1_000_000}
        body = {"max_wait_ms": 0, "min_bytes": 1, "isolation_level": isolation_level, "forgotten_topics_data": []}
        answer = self.wire.ask(FETCH, 12, body | {"topics": [{"topic": self.topic, "partitions": [asked]}]})
        return answer["responses"][0]["partitions"][0]
