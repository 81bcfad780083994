"""confluent-kafka and kcat, unmodified: groups that grow and shrink, transactions, admin calls, compression."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from server_under_test import Running, eventually
from test_java_and_go import AT_ONCE, KINDS

from minikafka.server.host import Server

CONFLUENT, KCAT = "confluent-kafka", "kcat"
VALUES = [f"value-{number}".encode() for number in range(200)]


@pytest.fixture(scope="module", params=KINDS)
def served(request: Any) -> Iterator[Running]:
    with Running(KINDS[request.param], brokers=3, config=AT_ONCE) as running:
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


@pytest.mark.parametrize(
    "protocol",
    [pytest.param(name, marks=pytest.mark.shows(f"groups: {name}", clients=(CONFLUENT,))) for name in PROTOCOLS],
)
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


@pytest.mark.shows("transactions", "zombies", "read_committed", clients=(CONFLUENT,))
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


@pytest.mark.shows("offsets in transactions", clients=(CONFLUENT,))
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


@pytest.mark.shows("seek", "commit", clients=(CONFLUENT,))
def test_a_reader_of_confluent_goes_back_and_commits(confluent: Confluent) -> None:
    confluent.create("again")
    confluent.send("again", VALUES[:10])
    consumer, partition = confluent.consumer("again", "again"), confluent.kafka.TopicPartition
    confluent.read(consumer, 10)
    consumer.seek(partition("again", 0, 7))
    assert confluent.read(consumer, 3) == VALUES[7:10]
    consumer.commit(asynchronous=False)
    (committed,) = consumer.committed([partition("again", 0)], timeout=30)
    assert committed.offset == 10
    assert consumer.get_watermark_offsets(partition("again", 0), timeout=30) == (0, 10)
    consumer.close()


@pytest.mark.shows("admin", clients=(CONFLUENT,))
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


# --- kcat -------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("produce and consume", "compression: gzip, snappy, lz4, zstd", clients=(KCAT,))
@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_kcat_writes_and_reads_compressed(need: Any, served: Running, codec: str) -> None:
    topic, lines = f"kcat-{codec}", [f"line {number} of many that look alike" for number in range(200)]
    kcat(need, served, "-P", "-t", topic, "-p", "0", "-z", codec, text=lines)
    assert kcat(need, served, "-C", "-t", topic, "-o", "beginning", "-e", "-q") == lines
    if isinstance(served.server, Server):
        disks = [one.disk for one in served.server.listeners.values()]
        stored = served.call(lambda: sum(one.size(f"{topic}-0/{0:020}.log") for one in disks))
        assert (stored < len("\n".join(lines))) == (codec != "none"), "compressed by the client, and stored as it came"


def kcat(need: Any, served: Running, *words: str, text: Sequence[str] = ()) -> list[str]:
    """The lines that it prints."""
    command = [need.tool("kcat"), "-b", served.bootstrap, *words]
    done = subprocess.run(command, input="\n".join(text), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.shows("groups: range", "commit", "seek", clients=(KCAT,))
def test_kcat_reads_in_a_group_and_from_an_offset(need: Any, served: Running) -> None:
    lines = [f"line {number}" for number in range(20)]
    kcat(need, served, "-P", "-t", "kcat-group", "-p", "0", text=lines)
    reading = ("-G", "kcats", "-X", "auto.offset.reset=earliest", "-X", "partition.assignment.strategy=range", "-q")
    assert kcat(need, served, *reading, "-c", "15", "kcat-group") == lines[:15]
    kcat(need, served, "-P", "-t", "kcat-group", "-p", "0", text=["the last line"])
    assert kcat(need, served, *reading, "-c", "6", "kcat-group") == [*lines[15:], "the last line"], "it had committed"
    assert kcat(need, served, "-C", "-t", "kcat-group", "-o", "17", "-e", "-q") == [*lines[17:], "the last line"]


IN_TRANSACTION = ("-P", "-p", "0", "-X", "transactional.id=kcat")
"""One transaction, from the start of what it reads to its end."""
MORE_THAN_KCAT_KEEPS = "".join(f"line {number:05} {'of many' * 12}\n" for number in range(500))
"""kcat reads some 10 KB before it writes the first line."""


def read_by_kcat(need: Any, served: Running, topic: str, isolation: str = "read_committed") -> list[str]:
    return kcat(need, served, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-X", f"isolation.level={isolation}")


@pytest.mark.shows("transactions", "read_committed", clients=(KCAT,))
def test_kcat_writes_in_a_transaction_and_sees_none_that_is_not_committed(
    need: Any, served: Running, confluent: Confluent
) -> None:
    confluent.create("kcat-paid")
    other = confluent.kafka.Producer(confluent.servers | {"transactional.id": "not kcat"})
    other.init_transactions(30)
    kcat(need, served, *IN_TRANSACTION, "-t", "kcat-paid", text=["a", "b"])
    other.begin_transaction()
    other.produce("kcat-paid", value=b"aborted")
    other.flush(30)
    other.abort_transaction(30)
    kcat(need, served, *IN_TRANSACTION, "-t", "kcat-paid", text=["c", "d"])
    other.begin_transaction()
    other.produce("kcat-paid", value=b"open")
    other.flush(30)
    assert read_by_kcat(need, served, "kcat-paid") == ["a", "b", "c", "d"]
    everything = read_by_kcat(need, served, "kcat-paid", "read_uncommitted")
    assert everything == ["a", "b", "aborted", "c", "d", "open"]
    other.commit_transaction(30)
    assert read_by_kcat(need, served, "kcat-paid") == ["a", "b", "c", "d", "open"]


@pytest.mark.shows("zombies", clients=(KCAT,))
def test_a_kcat_that_was_superseded_writes_no_more(need: Any, served: Running) -> None:
    kcat(need, served, "-P", "-p", "0", "-t", "kcat-zombie", text=["before"])
    command = [need.tool("kcat"), "-b", served.bootstrap, *IN_TRANSACTION, "-t", "kcat-zombie"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as zombie:
        assert zombie.stdin is not None and zombie.stderr is not None
        zombie.stdin.write(MORE_THAN_KCAT_KEEPS)
        zombie.stdin.flush()
        eventually(
            lambda: len(read_by_kcat(need, served, "kcat-zombie", "read_uncommitted")) > 1, "an open transaction"
        )
        kcat(need, served, *IN_TRANSACTION, "-t", "kcat-zombie", text=["of its successor"])
        zombie.stdin.write("the end\n")
        zombie.stdin.close()
        assert "_FENCED" in zombie.stderr.read()
        assert zombie.wait(60) != 0
    assert read_by_kcat(need, served, "kcat-zombie") == ["before", "of its successor"]


@pytest.mark.shows("a leader killed", clients=(KCAT,))
@pytest.mark.parametrize("kind", KINDS)
def test_what_kcat_was_told_is_stored_survives_its_leader(need: Any, kind: str) -> None:
    with Running(KINDS[kind], brokers=3, config=AT_ONCE | {"default.replication.factor": 3}) as running:
        kcat(need, running, "-P", "-t", "kcat-leader", "-p", "0", text=["line 0"])
        command = [need.tool("kcat"), "-b", running.bootstrap, "-P", "-t", "kcat-leader", "-p", "0"]
        with subprocess.Popen([*command, "-X", "enable.idempotence=true"], stdin=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            process.stdin.writelines(f"line {number}\n" for number in range(1, 200))
            process.stdin.flush()
            with running.connect(1) as wire:
                (topic,) = wire.ask(3, 9, {"topics": [{"name": "kcat-leader"}]})["topics"]
            running.crash(topic["partitions"][0]["leader_id"])
            process.stdin.writelines(f"line {number}\n" for number in range(200, 400))
            process.stdin.close()
            assert process.wait(60) == 0
        read = kcat(need, running, "-C", "-t", "kcat-leader", "-o", "beginning", "-e", "-q")
        assert read == [f"line {number}" for number in range(400)]
