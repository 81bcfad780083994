"""An unmodified librdkafka against the server: create, produce, consume, and a leader that dies in the middle."""

from __future__ import annotations

import pytest
from server_under_test import Running, eventually, needed
from test_java_and_go import KINDS

confluent = needed("confluent_kafka")
admin_module = needed("confluent_kafka.admin")

QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}
"""A dead broker is noticed after 1.5 s instead of 9."""


def admin(running: Running) -> object:
    return admin_module.AdminClient({"bootstrap.servers": running.bootstrap})


def create(running: Running, topic: str, partitions: int = 1, replicas: int = 3) -> None:
    new = admin_module.NewTopic(topic, num_partitions=partitions, replication_factor=replicas)
    client = admin(running)
    client.create_topics([new])[topic].result(30)


def producer(running: Running, **settings: object) -> object:
    named = {name.replace("_", "."): value for name, value in settings.items()}
    # idempotence comes with transactions; librdkafka leaves it off, Java turns it on
    return confluent.Producer(
        {"bootstrap.servers": running.bootstrap, "acks": "all", "enable.idempotence": False, "linger.ms": 5} | named
    )


def read_all(running: Running, topic: str, partition: int, up_to: int) -> list[bytes]:
    """Values of offsets 0 to `up_to`, as a consumer that was assigned the partition gets them."""
    consumer = confluent.Consumer(
        {"bootstrap.servers": running.bootstrap, "group.id": "unused", "enable.auto.commit": False}
    )
    try:
        consumer.assign([confluent.TopicPartition(topic, partition, 0)])
        values: list[bytes] = []

        def more() -> bool:
            for message in consumer.consume(500, timeout=0.2):
                assert message.error() is None, message.error()
                assert message.offset() == len(values)
                values.append(message.value())
            return len(values) >= up_to

        eventually(more, f"{up_to} records of {topic}-{partition}")
        return values
    finally:
        consumer.close()


def test_an_admin_creates_a_topic_and_sees_it(cluster: Running) -> None:
    create(cluster, "created", partitions=4, replicas=3)
    described = admin(cluster).list_topics("created", timeout=30).topics["created"]
    assert sorted(described.partitions) == [0, 1, 2, 3]
    assert all(sorted(partition.replicas) == [1, 2, 3] for partition in described.partitions.values())


def test_a_topic_that_exists_is_refused(cluster: Running) -> None:
    create(cluster, "twice")
    with pytest.raises(confluent.KafkaException) as refused:
        create(cluster, "twice")
    assert refused.value.args[0].code() == confluent.KafkaError.TOPIC_ALREADY_EXISTS


@pytest.mark.shows("produce and consume", clients=("confluent-kafka",))
@pytest.mark.parametrize("acks", ["all", "1", "0"])
def test_what_was_produced_is_consumed(cluster: Running, acks: str) -> None:
    topic = f"simple-{acks}"
    create(cluster, topic)
    sender = producer(cluster, acks=acks)
    for number in range(2_000):
        sender.produce(topic, value=f"{number}")
    assert sender.flush(30) == 0
    assert read_all(cluster, topic, 0, 2_000) == [f"{number}".encode() for number in range(2_000)]


@pytest.mark.shows("compression: gzip, snappy, lz4, zstd", clients=("confluent-kafka",))
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed_batches_pass_through_untouched(cluster: Running, codec: str) -> None:
    topic = f"packed-{codec}"
    create(cluster, topic)
    sender = producer(cluster, compression_type=codec)
    values = [f"{number} ".encode() * 100 for number in range(300)]
    for value in values:
        sender.produce(topic, value=value)
    assert sender.flush(30) == 0
    assert read_all(cluster, topic, 0, 300) == values


def test_a_producer_creates_the_topic_it_writes_to(cluster: Running) -> None:
    sender = producer(cluster)
    sender.produce("made-on-the-way", value=b"hello")
    assert sender.flush(30) == 0
    assert read_all(cluster, "made-on-the-way", 0, 1) == [b"hello"]


def test_a_key_and_headers_come_back(cluster: Running) -> None:
    create(cluster, "with-headers")
    sender = producer(cluster)
    sender.produce("with-headers", key=b"alice", value=None, headers=[("a", b"1"), ("b", None)])
    sender.flush(30)
    consumer = confluent.Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "unused"})
    consumer.assign([confluent.TopicPartition("with-headers", 0, 0)])
    (message,) = eventually(lambda: consumer.consume(1, timeout=0.2), "the record")  # a message without value is false
    assert (message.key(), message.value(), message.headers()) == (b"alice", None, [("a", b"1"), ("b", None)])
    assert consumer.get_watermark_offsets(confluent.TopicPartition("with-headers", 0)) == (0, 1)
    consumer.close()


@pytest.mark.shows("a leader killed", clients=("confluent-kafka",))
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_acknowledged_is_lost_when_the_leader_dies(kind: str) -> None:
    """The leader is killed under load; the producer is told what was stored; all of that is read back, in order."""
    with Running(KINDS[kind], brokers=3, config=QUICK) as running:
        create(running, "orders")
        # one request under way at a time: without idempotence a retry could otherwise overtake
        sender = producer(running, max_in_flight_requests_per_connection=1, retry_backoff_ms=50)
        acknowledged: dict[int, bytes] = {}

        def told(error: object, message: object) -> None:
            assert error is None, error
            acknowledged[message.offset()] = message.value()

        def send(first: int, last: int) -> None:
            for number in range(first, last):
                sender.produce("orders", partition=0, value=f"{number}", on_delivery=told)
                sender.poll(0)

        def partition_zero() -> object:  # None: that broker has not read of the topic yet
            return admin(running).list_topics("orders", timeout=30).topics["orders"].partitions.get(0)

        def leader() -> int:
            zero = partition_zero()
            return 0 if zero is None else max(int(zero.leader), 0)

        send(0, 5_000)
        old = eventually(leader, "a leader")
        eventually(lambda: sender.poll(0) or acknowledged, "first acknowledgements")
        running.crash(old)
        send(5_000, 10_000)
        assert sender.flush(60) == 0
        assert len(acknowledged) == 10_000
        new = leader()
        assert new != old

        values = read_all(running, "orders", 0, max(acknowledged) + 1)
        for offset, value in acknowledged.items():
            assert values[offset] == value
        distinct = list(dict.fromkeys(values))
        assert distinct == [f"{number}".encode() for number in range(10_000)]

        running.restart(old)
        eventually(lambda: old in getattr(partition_zero(), "isrs", ()), "the old leader back in the ISR")
        running.crash(new)
        eventually(lambda: leader() not in (new, 0), "a third leader")
        assert read_all(running, "orders", 0, len(values)) == values
