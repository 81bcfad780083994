"""All brokers are killed at the same moment, and must come back: through the last known leader (KIP-966)."""

from __future__ import annotations

import pytest

from minikafka import Cluster, Producer, TopicPartition
from minikafka.admin import AdminClient, NewTopic, OffsetSpec
from minikafka.protocol import facts
from minikafka.types import TopicPartition as Name

ORDERS = TopicPartition("orders", 0)


def written_to(seed):
    cluster = Cluster(3, seed, settings={"min.insync.replicas": "2"})
    admin = AdminClient({"bootstrap.servers": cluster})
    admin.create_topics([NewTopic("orders", 1, 3)])["orders"].result()
    cluster.run(2)
    store(cluster, "a", "b")
    return cluster, admin


def store(cluster, *values):
    producer = Producer({"bootstrap.servers": cluster, "acks": "all", "linger.ms": 0})
    for value in values:
        producer.produce("orders", value=value)
    assert producer.flush(60) == 0


@pytest.mark.parametrize("down_s", [1, 30])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_last_known_leader_leads_again_and_says_that_records_may_be_missing(down_s, seed):
    cluster, admin = written_to(seed)
    for broker in (1, 2, 3):
        cluster.crash(broker)
    cluster.run(down_s)
    for broker in (3, 2, 1):
        cluster.restart(broker)
    cluster.run(60)
    partition = cluster.sim.active_controller().image.partition(Name("orders", 0))
    assert partition.leader > 0
    assert sorted(partition.isr) == [1, 2, 3]
    assert (partition.elr, partition.last_known_elr, partition.recovering) == ((), (), False)
    elected = [one.fact for one in cluster.sim.recorder.told if isinstance(one.fact, facts.PartitionChanged)]
    assert any(fact.recovering for fact in elected)
    store(cluster, "c")
    assert admin.list_offsets({ORDERS: OffsetSpec.latest()})[ORDERS].result().offset == 3, "page caches have survived"


def test_a_new_leader_does_not_say_where_the_end_is_before_it_knows():
    """KIP-207: with too few in sync its high watermark stands below the start of its epoch."""
    cluster, admin = written_to(3)
    cluster.crash(3)
    cluster.run(12)
    leader = next(
        broker for broker in cluster.sim.running_brokers() if broker.replicas.partitions[("orders", 0)].is_leader
    )
    partition = leader.replicas.partitions[("orders", 0)]
    partition.epoch_start_offset = partition.log.high_watermark + 1
    with pytest.raises(Exception, match="REQUEST_TIMED_OUT"):
        admin.list_offsets({ORDERS: OffsetSpec.latest()}, request_timeout=1)[ORDERS].result()
    assert admin.list_offsets({ORDERS: OffsetSpec.earliest()}, request_timeout=1)[ORDERS].result().offset == 0
