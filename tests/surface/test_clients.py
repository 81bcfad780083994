"""How clients behave when nobody answers: they wait, and do not spin."""

from __future__ import annotations

from minikafka import Cluster, Producer
from minikafka.admin import AdminClient, NewTopic


def test_a_producer_without_a_leader_waits_without_spinning():
    cluster = Cluster(brokers=3, seed=1)
    admin = AdminClient({"bootstrap.servers": cluster})
    admin.create_topics([NewTopic("alone", replica_assignment=[[1]])])["alone"].result()
    cluster.run(2)
    producer = Producer({"bootstrap.servers": cluster, "linger.ms": 0})
    producer.list_topics("alone")
    cluster.crash(1)
    cluster.run(12)
    before = cluster.step
    producer.produce("alone", value="x")
    cluster.run(10)
    assert cluster.step - before < 10 * 150, "a metadata refresh each 100 ms and the cluster's own noise, no more"
    cluster.restart(1)
    assert producer.flush(60) == 0
