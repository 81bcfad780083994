"""Apache Kafka itself starts on this machine, and survives being killed: the oracle can be asked."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def oracle(need, root):
    """The module that starts Apache Kafka, where Java and Maven are."""
    need.module("confluent_kafka")
    sys.path.insert(0, str(root / "tools"))
    import apache_kafka

    if apache_kafka.missing():
        need.missing(apache_kafka.missing())
    return apache_kafka


def test_a_record_survives_a_kill_and_a_restart(oracle):
    from confluent_kafka import Consumer, Producer, TopicPartition

    quiet = {"log_level": 0}
    with oracle.ApacheKafka(nodes=1) as kafka:
        told = []
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, **quiet})
        producer.produce("orders", b"tea", on_delivery=lambda error, record: told.append((error, record.offset())))
        producer.flush(30)
        kafka.kill(1)
        kafka.start(1)
        reader = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "g", **quiet})
        reader.assign([TopicPartition("orders", 0, 0)])
        record = next(filter(None, (reader.poll(1) for _ in range(60))))
        reader.close()
    assert told == [(None, 0)]
    assert (record.value(), record.offset()) == (b"tea", 0)


def test_what_is_missing_is_said_in_one_sentence(oracle, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert oracle.missing() == "Apache Kafka needs Java 17 or newer, and there is no `java` on the PATH."
