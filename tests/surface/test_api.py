"""The surface: confluent-kafka's calls on a simulated cluster."""

from __future__ import annotations

import subprocess
import sys

import pytest

from minikafka import Cluster, ConfigError, Consumer, KafkaException, Producer, TopicPartition
from minikafka.admin import AdminClient, NewTopic
from minikafka.sim.faults import FaultError


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(brokers=3, seed=7, settings={"min.insync.replicas": "2"})
    AdminClient({"bootstrap.servers": made}).create_topics([NewTopic("orders", 1, 3)])["orders"].result()
    made.run(2)
    return made


def delivered(reports):
    return lambda error, message: reports.append((error and error.name(), message.value(), message.offset()))


def test_a_record_is_stored_and_read_back(cluster):
    reports = []
    producer = Producer({"bootstrap.servers": cluster, "acks": "all"})
    producer.produce("orders", key="alice", value="tea", headers={"trace": b"1"}, on_delivery=delivered(reports))
    assert producer.flush(10) == 0
    assert reports == [(None, b"tea", 0)]
    consumer = Consumer({"bootstrap.servers": cluster})
    consumer.assign([TopicPartition("orders", 0, 0)])
    message = consumer.poll(2)
    assert (message.key(), message.value(), message.headers()) == (b"alice", b"tea", [("trace", b"1")])
    assert message.leader_epoch() == 0
    assert consumer.position([TopicPartition("orders", 0)])[0].offset == 1
    assert consumer.get_watermark_offsets(TopicPartition("orders", 0)) == (0, 1)
    assert consumer.poll(0.1) is None


def test_the_crash_of_the_leader_loses_nothing_that_was_acknowledged(cluster):
    reports = []
    producer = Producer({"bootstrap.servers": cluster, "acks": "all", "linger.ms": 0})
    for number in range(5):
        producer.produce("orders", value=f"before-{number}", on_delivery=delivered(reports))
    producer.flush(10)
    cluster.crash(broker=1)
    producer.produce("orders", value="after", on_delivery=delivered(reports))
    assert producer.flush(30) == 0
    assert all(error is None for error, _, _ in reports)
    consumer = Consumer({"bootstrap.servers": cluster, "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition("orders", 0)])
    values = [message.value().decode() for message in consumer.consume(10, 5)]
    assert values == [*(f"before-{number}" for number in range(5)), "after"]


def test_with_nobody_in_sync_acks_all_fails_and_says_so(cluster):
    reports = []
    producer = Producer({"bootstrap.servers": cluster, "delivery.timeout.ms": 31_000, "request.timeout.ms": 20_000})
    producer.list_topics("orders")
    cluster.crash(2)
    cluster.crash(3)
    cluster.run(12)
    producer.produce("orders", value="x", on_delivery=delivered(reports))
    assert producer.flush(60) == 0
    assert reports[0][0] in {"NOT_ENOUGH_REPLICAS", "REQUEST_TIMED_OUT"}


def test_rewinding_gives_the_same_past_and_another_future(cluster):
    producer = Producer({"bootstrap.servers": cluster, "acks": "all", "linger.ms": 0})
    producer.produce("orders", value="a")
    producer.flush(5)
    cluster.crash(1)
    before, step = cluster.trace().digest(), cluster.step
    cluster.run(20)
    cluster.rewind(step)
    assert cluster.trace().digest() == before
    cluster.restart(1)
    cluster.run(20)
    told = [sentence for _, sentence in cluster.trace().story()]
    assert any("starts again" in sentence for sentence in told)


def test_rebuilding_changes_a_setting_and_keeps_the_acts(cluster):
    cluster.crash(1)
    cluster.run(20)
    slow = [step for step, sentence in cluster.trace().story() if "fences it" in sentence]
    cluster.rebuild({"broker.session.timeout.ms": 3_000})
    cluster.run(20)
    fast = [step for step, sentence in cluster.trace().story() if "for 3" in sentence and "fences it" in sentence]
    assert len(slow) == len(fast) == 1
    assert fast[0] < slow[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"ack": "all"}, "Did you mean 'acks'"),
        ({"acks": "2"}, "must be 0, 1 or all"),
        ({"enable.idempotence": True, "acks": 1}, "needs acks=all"),
        ({"enable.idempotence": True, "retries": 0}, "needs retries"),
        ({"enable.idempotence": True, "max.in.flight.requests.per.connection": 6}, "five batches"),
        ({"transactional.id": "t", "enable.idempotence": "false"}, "needs the idempotent producer"),
        ({"linger.ms": "soon"}, "whole number"),
        ({"delivery.timeout.ms": 1}, "at least linger.ms"),
        ({"compression.type": "gzip"}, "only none"),
    ],
)
def test_a_wrong_producer_setting_is_one_sentence(cluster, settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        Producer({"bootstrap.servers": cluster, **settings})


def test_a_wrong_cluster_is_one_sentence():
    with pytest.raises(ConfigError, match="Did you mean"):
        Cluster(settings={"broker.sesion.timeout.ms": 5})
    with pytest.raises(ConfigError, match="a quorum has 1, 3 or 5 voters"):
        Cluster(controllers=2)
    with pytest.raises(ConfigError, match="longer than"):
        Cluster(settings={"broker.session.timeout.ms": 1000})
    with pytest.raises(ConfigError, match="needs a Cluster"):
        Producer({"bootstrap.servers": "localhost:1234"})


def test_to_subscribe_needs_a_group_and_says_so(cluster):
    consumer = Consumer({"bootstrap.servers": cluster})
    with pytest.raises(KafkaException) as refusal:
        consumer.subscribe(["orders"])
    assert refusal.value.args[0].str() == "subscribe() needs a group.id."


def test_a_topic_that_exists_or_does_not_fit(cluster):
    admin = AdminClient({"bootstrap.servers": cluster})
    wrong = [
        NewTopic("orders", 1, 3),
        NewTopic("big", 1, 9),
        NewTopic("odd name", 1, 1),
        NewTopic("x", 1, 1, config={"retention.m": "1"}),
    ]
    outcomes = admin.create_topics(wrong)
    names = [outcomes[topic.topic].exception().args[0].name() for topic in wrong]
    assert names == [
        "TOPIC_ALREADY_EXISTS",
        "INVALID_REPLICATION_FACTOR",
        "INVALID_TOPIC_EXCEPTION",
        "INVALID_CONFIG",
    ]


def test_an_impossible_fault_is_one_sentence(cluster):
    cluster.crash(1)
    with pytest.raises(FaultError, match="broker-1 is down already"):
        cluster.crash(1)
    with pytest.raises(FaultError, match="There is no broker-9"):
        cluster.restart(9)
    with pytest.raises(FaultError, match="Did you mean 'crash'"):
        cluster.strike("crsh", 1)


def test_importing_minikafka_imports_no_room_and_no_dependency():
    script = (
        "import sys, minikafka; print(sorted(name for name in sys.modules if name.startswith('minikafka.')));"
        "minikafka.Cluster(); "
        "print([name for name in ('crc32c', 'anywidget', 'numpy', 'networkx', 'asyncio') if name in sys.modules])"
    )
    lines = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert lines[0] == "[]"
    assert lines[1] in ("[]", "['crc32c']")
