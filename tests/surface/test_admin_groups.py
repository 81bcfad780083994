"""The admin client's calls about groups."""

from __future__ import annotations

import pytest

from minikafka import Cluster, Consumer, KafkaException, Producer, TopicPartition
from minikafka.admin import AdminClient, ConsumerGroupTopicPartitions, NewTopic

SETTINGS = {"offsets.topic.num.partitions": "3", "group.initial.rebalance.delay.ms": "0"}
ORDERS = TopicPartition("orders", 0)


@pytest.fixture
def cluster():
    made = Cluster(3, 6, settings=SETTINGS)
    admin = AdminClient({"bootstrap.servers": made})
    admin.create_topics([NewTopic("orders", 1, 3)])["orders"].result()
    made.run(2)
    producer = Producer({"bootstrap.servers": made, "acks": "all"})
    for number in range(3):
        producer.produce("orders", value=f"v{number}")
    assert producer.flush(10) == 0
    return made


def consumer_of(cluster, protocol):
    consumer = Consumer({
        "bootstrap.servers": cluster, "group.id": "billing", "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "group.protocol": protocol,
    })  # fmt: skip
    consumer.subscribe(["orders"])
    assert len(consumer.consume(3, 60)) == 3
    consumer.commit(asynchronous=False)
    return consumer


def refused(future):
    with pytest.raises(KafkaException) as caught:
        future.result()
    return caught.value.args[0].name()


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_groups_are_listed_described_moved_and_deleted(cluster, protocol):
    admin = AdminClient({"bootstrap.servers": cluster})
    consumer = consumer_of(cluster, protocol)
    listed = admin.list_consumer_groups().result()
    assert [(one.group_id, one.type.lower()) for one in listed.valid] == [("billing", protocol)]
    described = admin.describe_consumer_groups(["billing"])["billing"].result()
    assert described.state.lower() == "stable"
    assert [one.assignment.topic_partitions for one in described.members] == [[ORDERS]]
    committed = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("billing")])["billing"].result()
    assert [(one.topic, one.partition, one.offset) for one in committed.topic_partitions] == [("orders", 0, 3)]
    assert refused(admin.delete_consumer_groups(["billing"])["billing"]) == "NON_EMPTY_GROUP"
    consumer.close()
    cluster.run(2)
    wanted = ConsumerGroupTopicPartitions("billing", [TopicPartition("orders", 0, 1)])
    moved = admin.alter_consumer_group_offsets([wanted])["billing"].result()
    assert [(one.offset, one.error) for one in moved.topic_partitions] == [(1, None)]
    again = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("billing", [ORDERS])])["billing"].result()
    assert again.topic_partitions[0].offset == 1
    assert admin.delete_consumer_groups(["billing"])["billing"].result() is None
    assert refused(admin.delete_consumer_groups(["billing"])["billing"]) == "GROUP_ID_NOT_FOUND"
