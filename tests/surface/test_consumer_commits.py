"""What exactly was committed: the automatic commit, crashes at each point, transactions, offsets out of range."""

from __future__ import annotations

import pytest
from test_consumer_groups import committed, fill, member, settle, started, told

from minikafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from minikafka.protocol import facts

BILLING = {"auto_commit_interval_ms": 1_000, "session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_000}


class Refused(Exception):
    """The first charge of o5."""


def bill(cluster, consumer, charged, fails=()):
    """Read four at a time, 300 ms for each; until nothing comes."""
    while records := consumer.consume(4, 3):
        for record in records:
            cluster.run(0.3)
            if record.value() in fails:
                raise Refused
            charged.append(record.value().decode())


def begin():
    cluster = started()
    fill(cluster, 12)
    consumer, charged = member(cluster, "first", **BILLING), []
    with pytest.raises(Refused):
        bill(cluster, consumer, charged, fails=(b"o5",))
    assert charged == ["o0", "o1", "o2", "o3", "o4"]
    assert [one.fact.offsets[0][1] for one in told(cluster, facts.CommitSent)] == [4], "the second poll, of the first"
    assert consumer.position([TopicPartition("orders", 0)])[0].offset == 8
    return cluster, consumer, charged


def test_the_polite_exit_skips_what_was_handed_over_and_not_processed():
    cluster, consumer, charged = begin()
    consumer.close()
    again = member(cluster, "again", **BILLING)
    bill(cluster, again, charged)
    assert charged == ["o0", "o1", "o2", "o3", "o4", "o8", "o9", "o10", "o11"]
    assert committed(again) == 12


def test_the_crash_loses_nothing_and_repeats_one():
    cluster, consumer, charged = begin()
    cluster.kill(consumer)
    cluster.run(7)
    again = member(cluster, "again", **BILLING)
    bill(cluster, again, charged)
    assert charged == ["o0", "o1", "o2", "o3", "o4", "o4", *(f"o{number}" for number in range(5, 12))]


@pytest.mark.parametrize(
    ("point", "seen_again"),
    [("poll 2 returned", [2, 3]), ("inside r3", [2, 3]), ("r3 done", [2, 3]), ("closed", [])],
)
def test_a_crash_at_each_point_of_the_automatic_commit(point, seen_again):
    """r0 r1 from poll 1, r2 r3 from poll 2, and the interval was over before poll 2."""
    cluster = started()
    fill(cluster, 4)
    consumer = member(cluster, "first", **BILLING)
    assert len(consumer.consume(2, 5)) == 2
    cluster.run(1.5)
    assert len(consumer.consume(2, 5)) == 2
    if point == "closed":
        consumer.close()
    else:
        cluster.run(0.1 if point == "inside r3" else 0.9)
        cluster.kill(consumer)
    cluster.run(7)
    again = member(cluster, "again", **BILLING)
    given = [one.offset() for one in again.consume(4, 3)]
    assert given == seen_again


def test_asynchronous_commits_call_back_in_order_from_poll():
    cluster = started()
    fill(cluster, 3)
    heard = []
    conf = {
        "bootstrap.servers": cluster, "group.id": "g", "auto.offset.reset": "earliest", "enable.auto.commit": False,
        "on_commit": lambda error, partitions: heard.append((error, partitions[0].offset)),
    }  # fmt: skip
    consumer = Consumer(conf)
    consumer.subscribe(["orders"])
    for _ in range(3):
        consumer.commit(message=consumer.poll(5))
    assert len(heard) < 3, "only poll calls back"
    consumer.poll(1)
    assert heard == [(None, 1), (None, 2), (None, 3)]


def test_in_the_revoke_callback_a_commit_is_taken_and_in_the_lost_callback_it_is_not():
    cluster = started(partitions=2)
    fill(cluster, 2, partitions=2)
    outcomes = []

    def hand_over(consumer, partitions):
        outcomes.append(("revoked", consumer.commit(asynchronous=False)))

    def lose(consumer, partitions):
        with pytest.raises(KafkaException) as refused:
            consumer.commit(asynchronous=False)
        outcomes.append(("lost", refused.value.args[0].code()))

    callbacks = {"on_revoke": hand_over, "on_lost": lose}
    settings = {"enable_auto_commit": False, "max_poll_interval_ms": 10_000}
    first = member(cluster, "A", callbacks=callbacks, **settings)
    settle(cluster, first, rounds=3)
    second = member(cluster, "B", **settings)
    settle(cluster, first, second, rounds=6)
    assert [(event, sorted((one.partition, one.offset) for one in what)) for event, what in outcomes] == [
        ("revoked", [(0, 1), (1, 1)])
    ]
    settle(cluster, second, rounds=12)
    first.poll(1)
    assert outcomes[1:] == [("lost", KafkaError.UNKNOWN_MEMBER_ID)]


def test_offsets_given_in_on_assign_are_where_reading_starts():
    cluster = started()
    fill(cluster, 5)

    def from_the_third(consumer, partitions):
        for one in partitions:
            one.offset = 3
        consumer.assign(partitions)

    consumer = member(cluster, "A", callbacks={"on_assign": from_the_third})
    assert [one.offset() for one in consumer.consume(5, 3)] == [3, 4]


def test_stored_offsets_are_what_is_committed():
    cluster = started()
    fill(cluster, 3)
    consumer = member(cluster, "A", enable_auto_offset_store=False, auto_commit_interval_ms=1_000)
    messages = consumer.consume(3, 5)
    consumer.store_offsets(message=messages[1])
    cluster.run(1.5)
    consumer.poll(0.5)
    assert committed(consumer) == 2


def test_a_synchronous_commit_of_nothing_is_refused_at_home():
    cluster = started()
    consumer = member(cluster, "A")
    with pytest.raises(KafkaException) as refused:
        consumer.commit(asynchronous=False)
    assert refused.value.args[0].code() == KafkaError._NO_OFFSET


# --- by hand: seek, times, pause, resets ---


def test_seek_pause_and_times_with_partitions_assigned_by_hand():
    cluster = started()
    producer = Producer({"bootstrap.servers": cluster, "linger.ms": 0})
    for number in range(5):
        producer.produce("orders", value=f"o{number}", partition=0, timestamp=1_000 * (number + 1))
    producer.flush(10)
    consumer = Consumer({"bootstrap.servers": cluster, "group.id": "g", "auto.offset.reset": "none"})
    here = TopicPartition("orders", 0)
    consumer.assign([TopicPartition("orders", 0, 1)])
    assert consumer.poll(2).offset() == 1
    found = [consumer.offsets_for_times([TopicPartition("orders", 0, ms)])[0].offset for ms in (3_500, 9_000)]
    assert found == [3, -1]
    consumer.seek(TopicPartition("orders", 0, 3))
    assert consumer.poll(2).offset() == 3
    consumer.pause([here])
    assert consumer.poll(1) is None
    consumer.resume([here])
    assert consumer.poll(1).offset() == 4
    assert consumer.lag(here) == 0
    with pytest.raises(KafkaException):
        consumer.seek(TopicPartition("mail", 0, 3))


def test_without_a_reset_policy_a_missing_offset_is_an_error_of_poll():
    cluster = started()
    fill(cluster, 2)
    consumer = Consumer({"bootstrap.servers": cluster, "group.id": "g", "auto.offset.reset": "none"})
    consumer.assign([TopicPartition("orders", 0)])
    assert consumer.poll(2).error().code() == KafkaError._AUTO_OFFSET_RESET
    assert consumer.poll(2).error().code() == KafkaError._AUTO_OFFSET_RESET
    consumer.seek(TopicPartition("orders", 0, 1))
    assert consumer.poll(2).value() == b"o1"


# --- transactions ---


def test_read_committed_sees_what_was_committed_and_nothing_else():
    cluster = started(**{"transaction.state.log.num.partitions": "1", "transaction.state.log.replication.factor": "1",
                         "transaction.state.log.min.isr": "1"})  # fmt: skip
    producer = Producer({"bootstrap.servers": cluster, "transactional.id": "t", "linger.ms": 0})
    producer.init_transactions()
    for value, ends in (("aborted", producer.abort_transaction), ("committed", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce("orders", value=value, partition=0)
        producer.flush(10)
        ends()
    cluster.run(1)
    seen = {}
    for isolation in ("read_committed", "read_uncommitted"):
        consumer = Consumer(
            {"bootstrap.servers": cluster, "auto.offset.reset": "earliest", "isolation.level": isolation}
        )
        consumer.assign([TopicPartition("orders", 0)])
        seen[isolation] = [one.value() for one in consumer.consume(10, 2)]
        assert consumer.position([TopicPartition("orders", 0)])[0].offset == 4, "markers take offsets"
    assert seen == {"read_committed": [b"committed"], "read_uncommitted": [b"aborted", b"committed"]}
