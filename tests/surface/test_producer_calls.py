"""`Producer`: what confluent-kafka's calls do when there is no room, no time, or no sense."""

from __future__ import annotations

import pytest

from minikafka import Cluster, KafkaError, KafkaException, Producer
from minikafka.admin import AdminClient, NewTopic


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster(brokers=1, seed=3)
    AdminClient({"bootstrap.servers": made}).create_topics([NewTopic("orders", 2, 1)])["orders"].result()
    made.run(2)
    return made


def producer(cluster, **settings):
    dotted = {name.replace("_", "."): value for name, value in settings.items()}
    return Producer({"bootstrap.servers": cluster, **dotted})


def test_a_full_buffer_blocks_and_then_raises(cluster):
    sender = producer(cluster, buffer_memory=100, max_block_ms=3_000, linger_ms=60_000, request_timeout_ms=10_000)
    sender.produce("orders", "a" * 60)
    before = cluster.now_ms
    with pytest.raises(BufferError, match=r"buffer\.memory"):
        sender.produce("orders", "b" * 60)
    assert cluster.now_ms == before + 3_000
    sender.flush(10)
    sender.produce("orders", "b" * 60)
    assert len(sender) == 1


def test_room_that_comes_in_time_is_used(cluster):
    sender = producer(cluster, buffer_memory=100, linger_ms=5)
    for number in range(5):
        sender.produce("orders", f"{number}" * 60)
    assert sender.flush(10) == 0


def test_max_block_0_raises_at_once_as_librdkafka_does(cluster):
    sender = producer(cluster, buffer_memory=100, max_block_ms=0)
    sender.produce("orders", "a" * 60)
    with pytest.raises(BufferError):
        sender.produce("orders", "b" * 60)


def test_a_record_above_max_request_size_is_refused_at_once(cluster):
    with pytest.raises(KafkaException) as refused:
        producer(cluster, max_request_size=1_000).produce("orders", "x" * 1_000)
    assert refused.value.args[0].name() == "MESSAGE_TOO_LARGE"


def test_callbacks_come_in_order_and_only_while_the_application_waits(cluster):
    sender, told = producer(cluster, linger_ms=0), []
    for value in "abc":
        sender.produce("orders", value, partition=0, on_delivery=lambda error, message: told.append(message.value()))
    cluster.run(1)
    assert told == []
    assert sender.poll(0) == 3
    assert told == [b"a", b"b", b"c"]


def test_flush_inside_a_callback_is_refused(cluster):
    sender = producer(cluster)
    sender.produce("orders", "a", on_delivery=lambda error, message: sender.flush())
    with pytest.raises(KafkaException, match="wait for itself"):
        sender.flush(10)


def test_purge_reports_what_it_takes_back(cluster):
    sender, told = producer(cluster, linger_ms=10_000), []
    sender.produce("orders", "a", on_delivery=lambda error, message: told.append(error.name()))
    sender.purge()
    sender.poll(0)
    assert (told, len(sender)) == (["_PURGE_QUEUE"], 0)


def test_transactions_need_a_transactional_id(cluster):
    with pytest.raises(KafkaException) as refused:
        producer(cluster).init_transactions()
    assert refused.value.args[0].code() == KafkaError._STATE
    assert "transactional.id" in refused.value.args[0].str()


def test_an_error_says_what_can_still_be_done():
    error = KafkaError(KafkaError._TIMED_OUT, retriable=True)
    assert (error.name(), error.retriable(), error.fatal(), error.txn_requires_abort()) == (
        "_TIMED_OUT", True, False, False,
    )  # fmt: skip
    assert KafkaError(6).retriable() and KafkaError(6).name() == "NOT_LEADER_OR_FOLLOWER"
