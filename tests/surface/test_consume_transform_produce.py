"""Exactly once from topic to topic: what was read is committed with what is written (KIP-447)."""

from __future__ import annotations

import pytest

from minikafka import Cluster, Consumer, KafkaException, Producer, TopicPartition
from minikafka.admin import AdminClient, NewTopic

COUNT = 6


def made(version):
    settings = {
        "transaction.version": version, "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
    }  # fmt: skip
    cluster = Cluster(brokers=3, seed=11, settings=settings)
    admin = AdminClient({"bootstrap.servers": cluster})
    admin.create_topics([NewTopic("in", 1, 3)])["in"].result()
    admin.create_topics([NewTopic("out", 1, 3)])["out"].result()
    cluster.run(2)
    source = Producer({"bootstrap.servers": cluster})
    for number in range(COUNT):
        source.produce("in", f"{number}")
    assert source.flush(10) == 0
    return cluster


def worker(cluster):
    consumer = Consumer(
        {"bootstrap.servers": cluster, "group.id": "g", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["in"])
    producer = Producer({"bootstrap.servers": cluster, "transactional.id": "t"})
    producer.init_transactions()
    return consumer, producer


def step(consumer, producer, commit=True):
    message = consumer.poll(20)
    assert message is not None and message.error() is None
    producer.begin_transaction()
    producer.produce("out", b"<" + message.value() + b">")
    next_offset = TopicPartition("in", message.partition(), message.offset() + 1)
    producer.send_offsets_to_transaction([next_offset], consumer.consumer_group_metadata())
    if commit:
        producer.commit_transaction()


def committed_output(cluster):
    reader = Consumer(
        {"bootstrap.servers": cluster, "group.id": "r", "auto.offset.reset": "earliest",
         "isolation.level": "read_committed"}
    )  # fmt: skip
    reader.assign([TopicPartition("out", 0)])
    return [message.value().decode() for message in reader.consume(100, 3)]


@pytest.mark.parametrize("version", [1, 2])
def test_an_instance_that_stops_between_reading_and_committing_leaves_no_trace(version):
    cluster = made(version)
    consumer, producer = worker(cluster)
    for _ in range(2):
        step(consumer, producer)
    step(consumer, producer, commit=False)  # it dies here, its transaction open
    consumer.close()
    second, successor = worker(cluster)
    for _ in range(COUNT - 2):
        step(second, successor)
    assert committed_output(cluster) == [f"<{number}>" for number in range(COUNT)]
    with pytest.raises(KafkaException) as fenced:
        producer.commit_transaction()
    assert fenced.value.args[0].fatal()
