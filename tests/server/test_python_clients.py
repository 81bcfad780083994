"""kafka-python and aiokafka, unmodified: what the drills of Java and Go do, by the calls of these two."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from server_under_test import Running, eventually
from test_java_and_go import AT_ONCE, KINDS

KAFKA_PYTHON, AIOKAFKA = "kafka-python", "aiokafka"
BRISK = {"session_timeout_ms": 10_000, "heartbeat_interval_ms": 300}
"""A member learns by a heartbeat that it has to join again."""
FORGETS_TO_ASK = {"metadata_max_age_ms": 1_000}
"""An answer that knows nothing of the topic clears kafka-python's wish to ask, even one that came up after the question
was sent (`ClusterMetadata.update_metadata`): its consumer then shares out nothing until the metadata is too old."""
VALUES = [f"value-{number}".encode() for number in range(200)]


@pytest.fixture(scope="module", params=KINDS)
def served(request: Any) -> Iterator[Running]:
    with Running(KINDS[request.param], brokers=3, config=AT_ONCE) as running:
        yield running


# --- two clients, one face --------------------------------------------------------------------------------------------


class KafkaPython:
    """kafka-python, which is called directly."""

    def __init__(self, need: Any, bootstrap: str) -> None:
        self.kafka = need.module("kafka")
        self.servers = {"bootstrap_servers": bootstrap}
        self.position = self.kafka.TopicPartition
        assignors = (
            need.module("kafka.coordinator.assignors.cooperative_sticky"),
            need.module("kafka.coordinator.assignors.range"),
        )
        self.assignors = {
            "cooperative-sticky": assignors[0].CooperativeStickyAssignor,
            "range": assignors[1].RangePartitionAssignor,
        }
        self.fenced = need.module("kafka.errors").ProducerFencedError
        self.structs = need.module("kafka.structs")

    def admin(self) -> Any:
        return self.kafka.KafkaAdminClient(**self.servers)

    def create(self, topic: str, partitions: int = 1) -> None:
        admin = self.admin()
        admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 3}})
        admin.close()

    def producer(self, **settings: Any) -> Any:
        return self.kafka.KafkaProducer(**self.servers, **settings)

    def send(self, producer: Any, topic: str, values: list[bytes]) -> None:
        for future in [producer.send(topic, value, key=value) for value in values]:
            future.get(30)

    def consumer(self, topic: str, assignor: str = "range", **settings: Any) -> Any:
        ours = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
        strategy = {"partition_assignment_strategy": [self.assignors[assignor]]}
        return self.kafka.KafkaConsumer(topic, **self.servers, **FORGETS_TO_ASK, **ours, **strategy, **settings)

    def in_transactions(self, name: str) -> Any:
        producer = self.producer(transactional_id=name)
        producer.init_transactions()
        return producer

    def send_offsets(self, producer: Any, consumer: Any, partition: Any, offset: int) -> None:
        offsets = {partition: self.structs.OffsetAndMetadata(offset, "", -1)}
        producer.send_offsets_to_transaction(offsets, consumer.group_metadata())

    def poll(self, consumer: Any) -> list[bytes]:
        return [one.value for batch in consumer.poll(100).values() for one in batch]

    def call(self, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        return function(*arguments, **more)

    close = "close"


class Aiokafka:
    """aiokafka, on an event loop of its own thread."""

    close = "stop"

    def __init__(self, need: Any, bootstrap: str) -> None:
        self.kafka = need.module("aiokafka")
        self.position = self.kafka.TopicPartition
        self.admins = need.module("aiokafka.admin")
        self.servers = {"bootstrap_servers": bootstrap}
        self.fenced = need.module("aiokafka.errors").ProducerFenced
        self.assignors = {"range": need.module("aiokafka.coordinator.assignors.range").RangePartitionAssignor}
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def call(self, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        async def called() -> Any:
            found = function(*arguments, **more)
            return await found if asyncio.iscoroutine(found) or asyncio.isfuture(found) else found

        return asyncio.run_coroutine_threadsafe(called(), self.loop).result(60)

    def started(self, make: Callable[[], Any]) -> Any:
        made = self.call(make)
        self.call(made.start)
        return made

    def admin(self) -> Any:
        return self.started(lambda: self.admins.AIOKafkaAdminClient(**self.servers))

    def create(self, topic: str, partitions: int = 1) -> None:
        admin = self.admin()
        self.call(admin.create_topics, [self.admins.NewTopic(topic, partitions, 3)])
        self.call(admin.close)

    def producer(self, **settings: Any) -> Any:
        return self.started(lambda: self.kafka.AIOKafkaProducer(**self.servers, **settings))

    def send(self, producer: Any, topic: str, values: list[bytes]) -> None:
        async def all_of_them() -> None:
            for sent in [await producer.send(topic, value, key=value) for value in values]:
                await sent

        self.call(all_of_them)

    def consumer(self, topic: str, assignor: str = "range", **settings: Any) -> Any:
        ours = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
        strategy = {"partition_assignment_strategy": [self.assignors[assignor]]}
        return self.started(lambda: self.kafka.AIOKafkaConsumer(topic, **self.servers, **ours, **strategy, **settings))

    def in_transactions(self, name: str) -> Any:
        return self.producer(transactional_id=name)

    def send_offsets(self, producer: Any, consumer: Any, partition: Any, offset: int) -> None:
        self.call(producer.send_offsets_to_transaction, {partition: offset}, consumer._group_id)

    def poll(self, consumer: Any) -> list[bytes]:
        found = self.call(consumer.getmany, timeout_ms=100)
        return [one.value for batch in found.values() for one in batch]


CLIENTS = {KAFKA_PYTHON: KafkaPython, AIOKAFKA: Aiokafka}


@pytest.fixture(params=CLIENTS)
def client(request: Any, need: Any, served: Running) -> Any:
    return CLIENTS[request.param](need, served.bootstrap)


def read(client: Any, consumer: Any, count: int) -> list[bytes]:
    values: list[bytes] = []

    def more() -> bool:
        values.extend(client.poll(consumer))
        return len(values) >= count

    eventually(more, f"{count} records, there are {len(values)}")
    return values


def end(client: Any, *what: Any) -> None:
    for one in what:
        client.call(getattr(one, client.close))


def named(client: Any, what: str) -> str:
    return f"{type(client).__name__}-{what}"


# --- what they do -----------------------------------------------------------------------------------------------------


@pytest.mark.shows("produce and consume", clients=CLIENTS)
@pytest.mark.parametrize("codec", [None, "gzip"])
def test_what_is_written_is_read(client: Any, codec: str | None) -> None:
    topic = named(client, f"plain-{codec}")
    client.create(topic)
    producer = client.producer(compression_type=codec)
    client.send(producer, topic, VALUES)
    consumer = client.consumer(topic, group_id=None)
    assert read(client, consumer, len(VALUES)) == VALUES
    end(client, producer, consumer)


def a_group(client: Any, assignor: str, is_static: bool) -> None:
    topic = named(client, f"group-{assignor}-{is_static}")
    client.create(topic, 4)
    producer = client.producer()
    client.send(producer, topic, VALUES)

    def join(name: str) -> Any:
        instance = {"group_instance_id": name} if is_static else {}
        return client.consumer(topic, assignor, group_id=topic, **BRISK, **instance)

    def share(*members: Any) -> list[int]:
        for member in members:
            client.poll(member)
        return [len(member.assignment()) for member in members]

    first = join("a")
    assert sorted(read(client, first, len(VALUES))) == sorted(VALUES)
    client.call(first.commit)
    second = join("b")
    eventually(lambda: share(first, second) == [2, 2], "two members with two partitions each")
    kept = [client.call(second.committed, client.position(topic, number)) for number in range(4)]
    assert sum(kept) == len(VALUES)
    end(client, first)
    if not is_static:  # a static member that closes keeps its place until its session ends
        eventually(lambda: share(second) == [4], "all partitions with the one that stayed")
    end(client, second, producer)


@pytest.mark.shows("groups: range", clients=CLIENTS)
def test_a_group_grows_and_shrinks(client: Any) -> None:
    a_group(client, "range", is_static=False)


@pytest.mark.shows("groups: static", clients=CLIENTS)
def test_a_static_member_keeps_its_place(client: Any) -> None:
    a_group(client, "range", is_static=True)


@pytest.mark.shows("groups: cooperative-sticky", clients=(KAFKA_PYTHON,))
def test_a_group_moves_only_what_it_must(need: Any, served: Running) -> None:
    a_group(KafkaPython(need, served.bootstrap), "cooperative-sticky", is_static=False)


@pytest.mark.shows("seek", "commit", clients=CLIENTS)
def test_a_reader_goes_back_and_commits(client: Any) -> None:
    topic = named(client, "seek")
    client.create(topic)
    producer = client.producer()
    client.send(producer, topic, VALUES[:10])
    consumer, partition = client.consumer(topic, group_id=topic), client.position(topic, 0)
    read(client, consumer, 10)
    client.call(consumer.seek, partition, 7)
    assert read(client, consumer, 3) == VALUES[7:10]
    client.call(consumer.commit)
    assert client.call(consumer.committed, partition) == 10
    assert client.call(consumer.beginning_offsets, [partition]) == {partition: 0}
    assert client.call(consumer.end_offsets, [partition]) == {partition: 10}
    end(client, producer, consumer)


@pytest.mark.shows("transactions", "zombies", "read_committed", clients=CLIENTS)
def test_transactions_commit_abort_and_fence(client: Any) -> None:
    topic = named(client, "paid")
    client.create(topic)

    first = client.in_transactions(topic)
    for value, commits in ((b"a", True), (b"b", False), (b"c", True)):
        client.call(first.begin_transaction)
        client.send(first, topic, [value])
        client.call(first.commit_transaction if commits else first.abort_transaction)
    client.call(first.begin_transaction)
    client.send(first, topic, [b"zombie"])
    second = client.in_transactions(topic)
    with pytest.raises(client.fenced):
        client.call(first.commit_transaction)
    client.call(second.begin_transaction)
    client.send(second, topic, [b"d"])
    client.call(second.commit_transaction)
    committed = client.consumer(topic, group_id=None, isolation_level="read_committed")
    everything = client.consumer(topic, group_id=None, isolation_level="read_uncommitted")
    assert read(client, committed, 3) == [b"a", b"c", b"d"]
    assert read(client, everything, 5) == [b"a", b"b", b"c", b"zombie", b"d"]
    end(client, second, committed, everything)
    with contextlib.suppress(client.fenced):
        end(client, first)


@pytest.mark.shows("offsets in transactions", clients=CLIENTS)
def test_offsets_are_committed_with_the_records_made_of_them(client: Any) -> None:
    raw, cooked = named(client, "raw"), named(client, "cooked")
    client.create(raw)
    client.create(cooked)
    plain, producer = client.producer(), client.in_transactions(raw)
    client.send(plain, raw, VALUES[:10])
    consumer, partition = client.consumer(raw, group_id=raw), client.position(raw, 0)
    values = read(client, consumer, 10)
    for commits in (False, True):
        client.call(producer.begin_transaction)
        client.send(producer, cooked, values)
        client.send_offsets(producer, consumer, partition, 10)
        client.call(producer.commit_transaction if commits else producer.abort_transaction)
    assert client.call(consumer.committed, partition) == 10
    eaters = client.consumer(cooked, group_id=None, isolation_level="read_committed")
    assert read(client, eaters, 10) == VALUES[:10]
    end(client, plain, producer, consumer, eaters)


@pytest.mark.shows("admin", clients=CLIENTS)
def test_an_administrator_makes_and_deletes(client: Any) -> None:
    topic = named(client, "managed")
    client.create(topic, 2)
    admin = client.admin()

    def topics() -> list[str]:
        return list(client.call(admin.list_topics))

    eventually(lambda: topic in topics(), "it is listed")
    producer, consumer = client.producer(), client.consumer(topic, group_id=topic)
    client.send(producer, topic, VALUES[:5])
    read(client, consumer, 5)
    groups = client.call(admin.list_groups if hasattr(admin, "list_groups") else admin.list_consumer_groups)
    assert topic in str(groups)
    end(client, consumer, producer)
    client.call(admin.delete_topics, [topic])
    eventually(lambda: topic not in topics(), "it is gone")
    client.call(admin.close)


@pytest.mark.shows("a leader killed", clients=CLIENTS)
@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_or_twice_when_the_leader_dies(need: Any, name: str, kind: str) -> None:
    with Running(KINDS[kind], brokers=3, config=AT_ONCE) as running:
        client = CLIENTS[name](need, running.bootstrap)
        topic = named(client, "leader")
        client.create(topic)
        producer = client.producer(enable_idempotence=True, **({} if name == AIOKAFKA else {"retries": 100}))
        values = [f"{number}".encode() for number in range(400)]
        client.send(producer, topic, values[:200])
        sending = threading.Thread(target=client.send, args=(producer, topic, values[200:]))
        sending.start()
        time.sleep(0.02)  # so that some are under way; the test is right whenever the crash comes
        running.crash(leader_of(client, topic))
        sending.join(60)
        assert not sending.is_alive(), "all were acknowledged"
        consumer = client.consumer(topic, group_id=None)
        assert read(client, consumer, len(values)) == values
        assert client.poll(consumer) == []
        end(client, producer, consumer)


def leader_of(client: Any, topic: str) -> int:
    admin = client.admin()
    (described,) = client.call(admin.describe_topics, [topic])
    client.call(admin.close)
    return int(described["partitions"][0].get("leader_id", described["partitions"][0].get("leader")))
