"""Consumers read from the replica in their own rack (KIP-392)."""

from __future__ import annotations

import pytest

from minikafka import Cluster, Consumer, Producer, TopicPartition
from minikafka.admin import AdminClient, NewTopic
from minikafka.broker import closest_replica
from minikafka.broker.closest_replica import ReplicaView
from minikafka.protocol.messages import FetchRequest

LEADER = ReplicaView(1, "a", 9, 0)


@pytest.mark.parametrize(
    ("rack", "followers", "chosen"),
    [
        ("a", (ReplicaView(2, "a", 9, 0),), 1),
        ("b", (ReplicaView(2, "b", 7, 0), ReplicaView(3, "b", 9, 0)), 3),
        ("b", (ReplicaView(2, "b", 9, 5), ReplicaView(3, "b", 9, 0)), 3),
        ("b", (ReplicaView(2, "c", 9, 0),), 1),
        ("b", (), 1),
        ("", (ReplicaView(2, "", 9, 0),), 1),
    ],
)
def test_who_is_closest(rack, followers, chosen):
    assert closest_replica.choose_read_replica(rack, LEADER, followers) == chosen


def read(selector, rack):
    """Values read, and which brokers answered with records."""
    settings = {"replica.selector.class": selector} if selector else {}
    cluster = Cluster(3, 4, settings=settings, racks=("a", "b", "c"))
    admin = AdminClient({"bootstrap.servers": cluster})
    admin.create_topics([NewTopic("orders", replica_assignment=[[1, 2, 3]])])["orders"].result()
    cluster.run(2)
    producer = Producer({"bootstrap.servers": cluster, "acks": "all", "linger.ms": 0})
    for number in range(4):
        producer.produce("orders", value=f"v{number}")
        producer.flush(10)
    consumer = Consumer({
        "bootstrap.servers": cluster, "group.id": "g", "client.rack": rack, "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    })  # fmt: skip
    consumer.assign([TopicPartition("orders", 0, 0)])
    values = [message.value().decode() for message in consumer.consume(4, 20)]
    producer.produce("orders", value="late")
    producer.flush(10)
    values += [message.value().decode() for message in consumer.consume(1, 20)]
    fetches = [
        one.envelope.destination
        for one in cluster.sim.recorder.sent
        if isinstance(one.envelope.message, FetchRequest) and one.envelope.source == consumer.node
    ]
    return values, fetches


WRITTEN = ["v0", "v1", "v2", "v3", "late"]


def test_a_consumer_is_sent_to_the_follower_in_its_rack_and_stays_there():
    values, fetches = read("RackAwareReplicaSelector", "b")
    assert values == WRITTEN
    assert fetches[0] == "broker-1"
    assert set(fetches[1:]) == {"broker-2"}


@pytest.mark.parametrize(("selector", "rack"), [("", "b"), ("RackAwareReplicaSelector", "z")])
def test_without_selector_or_neighbour_it_reads_from_the_leader(selector, rack):
    values, fetches = read(selector, rack)
    assert values == WRITTEN
    assert set(fetches) == {"broker-1"}
