"""Unmodified clients against three brokers: groups that grow and shrink, transactions, admin calls, compression."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from server_under_test import Running, eventually, run_alone

AT_ONCE = {"group.initial.rebalance.delay.ms": 0, "offsets.topic.num.partitions": 4}
AT_ONCE |= {"transaction.state.log.num.partitions": 4}
VALUES = [f"value-{number}".encode() for number in range(200)]


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with Running(brokers=3, config=AT_ONCE) as running:
        yield running


class Confluent:
    """librdkafka through confluent-kafka."""

    def __init__(self, need: Any, served: Running) -> None:
        self.kafka = need.module("confluent_kafka")
        self.admin = need.module("confluent_kafka.admin")
        self.servers = {"bootstrap.servers": served.bootstrap}
        self.client = self.admin.AdminClient(self.servers)

    def create(self, topic: str, partitions: int = 1) -> None:
        new = self.admin.NewTopic(topic, num_partitions=partitions, replication_factor=3)
        self.client.create_topics([new])[topic].result(30)

    def send(self, topic: str, values: list[bytes] = VALUES, **settings: Any) -> None:
        producer = self.kafka.Producer(self.servers | {name.replace("_", "."): one for name, one in settings.items()})
        for value in values:
            producer.produce(topic, value=value, key=value)
        assert producer.flush(30) == 0

    def consumer(self, group: str, topic: str, **settings: Any) -> Any:
        named = {name.replace("_", "."): value for name, value in settings.items()}
        ours = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
        consumer = self.kafka.Consumer(self.servers | ours | named)
        consumer.subscribe([topic])
        return consumer

    def read(self, consumer: Any, count: int) -> list[bytes]:
        values: list[bytes] = []

        def more() -> bool:
            for message in consumer.consume(100, timeout=0.1):
                assert message.error() is None, message.error()
                values.append(message.value())
            return len(values) >= count

        eventually(more, f"{count} records, there are {len(values)}")
        return values


@pytest.fixture
def confluent(need: Any, served: Running) -> Confluent:
    return Confluent(need, served)


PROTOCOLS = {
    "range": {"partition_assignment_strategy": "range"},
    "cooperative-sticky": {"partition_assignment_strategy": "cooperative-sticky"},
    "static": {"partition_assignment_strategy": "range", "group_instance_id": "{}"},
    "KIP-848": {"group_protocol": "consumer"},
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_group_of_confluent_grows_and_shrinks(confluent: Confluent, protocol: str) -> None:
    topic = f"grows-{protocol}"
    confluent.create(topic, 4)
    confluent.send(topic)

    def join(name: str) -> Any:
        return confluent.consumer(topic, topic, **{k: v.format(name) for k, v in PROTOCOLS[protocol].items()})

    def share(*members: Any) -> list[int]:
        for member in members:
            assert all(message.error() is None for message in member.consume(100, timeout=0.05))
        return [len(member.assignment()) for member in members]

    first = join("a")
    assert sorted(confluent.read(first, len(VALUES))) == sorted(VALUES)
    first.commit(asynchronous=False)
    second = join("b")
    eventually(lambda: share(first, second) == [2, 2], "two members with two partitions each")
    numbers = [confluent.kafka.TopicPartition(topic, number) for number in range(4)]
    assert sum(one.offset for one in second.committed(numbers, timeout=30)) == len(VALUES)
    if protocol != "static":  # a static member that closes keeps its place until its session ends
        first.close()
        eventually(lambda: share(second) == [4], "all partitions with the one that stayed")
    else:
        first.close()
    second.close()


def test_transactions_of_confluent_commit_abort_and_fence(confluent: Confluent) -> None:
    confluent.create("paid")
    settings = confluent.servers | {"transactional.id": "till"}
    first = confluent.kafka.Producer(settings)
    first.init_transactions(30)
    for value, commits in ((b"a", True), (b"b", False), (b"c", True)):
        first.begin_transaction()
        first.produce("paid", value=value)
        first.flush(30)
        (first.commit_transaction if commits else first.abort_transaction)(30)
    first.begin_transaction()
    first.produce("paid", value=b"zombie")
    first.flush(30)
    second = confluent.kafka.Producer(settings)
    second.init_transactions(30)
    with pytest.raises(confluent.kafka.KafkaException) as fenced:
        first.commit_transaction(30)
    assert fenced.value.args[0].code() in (
        confluent.kafka.KafkaError._FENCED,
        confluent.kafka.KafkaError.PRODUCER_FENCED,
    )
    second.begin_transaction()
    second.produce("paid", value=b"d")
    second.commit_transaction(30)
    committed = confluent.consumer("auditor", "paid")
    everything = confluent.consumer("gossip", "paid", isolation_level="read_uncommitted")
    assert confluent.read(committed, 3) == [b"a", b"c", b"d"]
    assert confluent.read(everything, 5) == [b"a", b"b", b"c", b"zombie", b"d"]
    committed.close()
    everything.close()


def test_offsets_are_committed_with_the_records_made_of_them(confluent: Confluent) -> None:
    confluent.create("raw")
    confluent.create("cooked")
    confluent.send("raw", VALUES[:10])
    producer = confluent.kafka.Producer(confluent.servers | {"transactional.id": "cook"})
    producer.init_transactions(30)
    consumer = confluent.consumer("cooks", "raw")
    values = confluent.read(consumer, 10)
    for commits in (False, True):
        producer.begin_transaction()
        for value in values:
            producer.produce("cooked", value=value)
        positions = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata(), 30)
        (producer.commit_transaction if commits else producer.abort_transaction)(30)
    (committed,) = consumer.committed([confluent.kafka.TopicPartition("raw", 0)], timeout=30)
    assert committed.offset == 10
    consumer.close()
    assert confluent.read(confluent.consumer("eaters", "cooked"), 10) == VALUES[:10]


def test_an_administrator_with_confluent(confluent: Confluent) -> None:
    confluent.create("managed", 2)
    confluent.send("managed", VALUES[:5])
    client = confluent.admin.AdminClient(confluent.servers)
    confluent.read(confluent.consumer("managers", "managed"), 5)
    listed = client.list_consumer_groups().result(30)
    assert "managers" in [group.group_id for group in listed.valid]
    described = client.describe_consumer_groups(["managers"])["managers"].result(30)
    assert described.group_id == "managers"
    client.create_partitions([confluent.admin.NewPartitions("managed", 3)])["managed"].result(30)
    eventually(lambda: len(client.list_topics("managed", timeout=30).topics["managed"].partitions) == 3, "three")
    resource = confluent.admin.ConfigResource(confluent.admin.ConfigResource.Type.TOPIC, "managed")
    entries = client.describe_configs([resource])[resource].result(30)
    assert entries["cleanup.policy"].value == "delete"
    client.delete_topics(["managed"])["managed"].result(30)
    eventually(lambda: "managed" not in client.list_topics(timeout=30).topics, "the topic is gone")
    admin = confluent.admin
    binding = admin.AclBinding(
        admin.ResourceType.TOPIC, "managed", admin.ResourcePatternType.LITERAL, "User:me", "*",
        admin.AclOperation.READ, admin.AclPermissionType.ALLOW,
    )  # fmt: skip
    with pytest.raises(confluent.kafka.KafkaException) as refused:
        client.create_acls([binding])[binding].result(30)
    assert refused.value.args[0].code() == confluent.kafka.KafkaError.SECURITY_DISABLED


# --- kafka-python -----------------------------------------------------------------------------------------------------


def test_kafka_python_writes_reads_and_commits(need: Any, served: Running) -> None:
    kafka = need.module("kafka")
    producer = kafka.KafkaProducer(bootstrap_servers=served.bootstrap, compression_type="gzip")
    for value in VALUES:
        producer.send("python", value)
    producer.flush(30)
    producer.close()
    settings = {"bootstrap_servers": served.bootstrap, "group_id": "python", "auto_offset_reset": "earliest"}
    consumer = kafka.KafkaConsumer("python", enable_auto_commit=False, consumer_timeout_ms=10_000, **settings)
    values = [next(consumer).value for _ in VALUES]
    assert values == VALUES
    consumer.commit()
    assert consumer.committed(kafka.TopicPartition("python", 0)) == len(VALUES)
    consumer.close()


def test_kafka_python_in_a_transaction(need: Any, served: Running) -> None:
    kafka = need.module("kafka")
    producer = kafka.KafkaProducer(bootstrap_servers=served.bootstrap, transactional_id="python")
    producer.init_transactions()
    for value, commits in ((b"kept", True), (b"dropped", False)):
        producer.begin_transaction()
        producer.send("python-paid", value).get(30)
        (producer.commit_transaction if commits else producer.abort_transaction)()
    producer.close()
    consumer = kafka.KafkaConsumer(
        "python-paid",
        bootstrap_servers=served.bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        consumer_timeout_ms=1_500,
    )
    assert [message.value for message in consumer] == [b"kept"]
    consumer.close()


# --- aiokafka ---------------------------------------------------------------------------------------------------------


def test_aiokafka_writes_in_a_transaction_and_reads_in_a_group(need: Any, served: Running) -> None:
    aiokafka = need.module("aiokafka")

    async def test() -> None:
        producer = aiokafka.AIOKafkaProducer(bootstrap_servers=served.bootstrap, transactional_id="aio")
        await producer.start()
        async with producer.transaction():
            for value in VALUES:
                await producer.send_and_wait("aio", value)
        await producer.stop()
        consumer = aiokafka.AIOKafkaConsumer(
            "aio",
            bootstrap_servers=served.bootstrap,
            group_id="aio",
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
        await consumer.start()
        values = [(await asyncio.wait_for(consumer.getone(), 30)).value for _ in VALUES]
        assert values == VALUES
        await consumer.commit()
        assert await consumer.committed(aiokafka.TopicPartition("aio", 0)) == len(VALUES)
        await consumer.stop()

    run_alone(test())


# --- kcat -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_kcat_writes_and_reads_compressed(need: Any, served: Running, codec: str) -> None:
    kcat = need.tool("kcat")
    topic, text = f"kcat-{codec}", "\n".join(f"line {number} of many that look alike" for number in range(200))
    given: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60}
    written = subprocess.run(
        [kcat, "-b", served.bootstrap, "-P", "-t", topic, "-p", "0", "-z", codec], input=text, **given
    )
    assert written.returncode == 0, written.stderr
    read = subprocess.run([kcat, "-b", served.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q"], **given)
    assert read.stdout.splitlines() == text.splitlines()
    stored = served.call(
        lambda: sum(one.disk.size(f"{topic}-0/{0:020}.log") for one in served.server.listeners.values())
    )
    assert (stored < len(text)) == (codec != "none"), "compressed by the client, and stored as it came"
