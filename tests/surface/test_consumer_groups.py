"""Groups in a running cluster, through confluent-kafka's calls."""

from __future__ import annotations

import pytest

from minikafka import Cluster, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from minikafka.admin import AdminClient, NewTopic
from minikafka.protocol import facts

SMALL = {"offsets.topic.num.partitions": "1", "group.initial.rebalance.delay.ms": "0"}


def started(partitions=1, topic="orders", brokers=1, **settings):
    cluster = Cluster(
        brokers=brokers, seed=3, settings=SMALL | {"offsets.topic.replication.factor": str(min(brokers, 3))} | settings
    )
    admin = AdminClient({"bootstrap.servers": cluster})
    admin.create_topics([NewTopic(topic, partitions, brokers)])[topic].result()
    cluster.run(1)
    return cluster


def fill(cluster, count, topic="orders", partitions=1, first=0):
    producer = Producer({"bootstrap.servers": cluster, "linger.ms": 0})
    for number in range(first, first + count):
        producer.produce(topic, value=f"o{number}", partition=number % partitions)
    assert producer.flush(30) == 0


def member(cluster, name="", group="g", topics=("orders",), callbacks=None, **settings):
    conf = {"bootstrap.servers": cluster, "group.id": group, "auto.offset.reset": "earliest", "client.id": name}
    consumer = Consumer(conf | {key.replace("_", "."): value for key, value in settings.items()})
    consumer.subscribe(list(topics), **(callbacks or {}))
    return consumer


def settle(cluster, *members, rounds=12, seconds=1):
    """Everybody polls in turn for a while; returns the values each was given."""
    given = {consumer.node: [] for consumer in members}
    for _ in range(rounds):
        for consumer in members:
            given[consumer.node] += [one.value() for one in consumer.consume(50, 0.05) if one.error() is None]
        cluster.run(seconds)
    return given


def owned(*members):
    return [[one.partition for one in consumer.assignment()] for consumer in members]


def all_of(lists):
    return [one for some in lists for one in some]


def told(cluster, kind):
    return [one for one in cluster.sim.recorder.told if isinstance(one.fact, kind)]


def committed(consumer, partition=0):
    return consumer.committed([TopicPartition("orders", partition)])[0].offset


# --- a script as one writes it for confluent-kafka ---


def test_a_script_for_confluent_kafka_runs_unchanged():
    cluster = started(partitions=2)
    fill(cluster, 6, partitions=2)
    heard = []
    consumer = Consumer({
        "bootstrap.servers": cluster, "group.id": "billing", "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "enable.partition.eof": True,
    })  # fmt: skip
    consumer.subscribe(["orders"], on_assign=lambda _, partitions: heard.append(len(partitions)))
    values, ends = [], set()
    while len(ends) < 2:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF
            ends.add((message.partition(), message.offset()))
            continue
        values.append(message.value())
        consumer.commit(message=message, asynchronous=False)
    assert sorted(values) == [b"o0", b"o1", b"o2", b"o3", b"o4", b"o5"]
    assert heard == [2] and ends == {(0, 3), (1, 3)}
    assert [one.offset for one in consumer.committed([TopicPartition("orders", 0), TopicPartition("orders", 1)])] == [
        3,
        3,
    ]
    assert [one.offset for one in consumer.position([TopicPartition("orders", 0)])] == [3]
    assert consumer.get_watermark_offsets(TopicPartition("orders", 0)) == (0, 3)
    assert consumer.memberid() and consumer.consumer_group_metadata().generation_id == 1
    topic = consumer.list_topics("orders").topics["orders"]
    assert sorted(topic.partitions) == [0, 1] and topic.partitions[0].leader == 1
    consumer.close()
    with pytest.raises(RuntimeError, match="closed"):
        consumer.poll(0)


# --- sharing ---


@pytest.mark.parametrize("settings", [
    {}, {"partition_assignment_strategy": "cooperative-sticky"}, {"partition_assignment_strategy": "roundrobin"},
    {"group_protocol": "consumer"},
])  # fmt: skip
def test_two_share_a_third_joins_one_dies_and_nothing_is_missed(settings):
    cluster = started(partitions=6)
    short = {} if "group_protocol" in settings else {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_000}
    first, second = (member(cluster, name, **settings, **short) for name in "AB")
    settle(cluster, first, second)
    assert sorted(map(len, owned(first, second))) == [3, 3]
    fill(cluster, 12, partitions=6)
    third = member(cluster, "C", **settings, **short)
    given = settle(cluster, first, second, third, rounds=25)
    assert sorted(map(len, owned(first, second, third))) == [2, 2, 2]
    assert sorted(all_of(owned(first, second, third))) == [0, 1, 2, 3, 4, 5], "everything has one owner"
    assert sorted(all_of(given.values())) == sorted(f"o{number}".encode() for number in range(12)), "once each"
    cluster.kill(third)
    fill(cluster, 12, partitions=6, first=12)
    rest = settle(cluster, first, second, rounds=20 if short else 70)
    assert sorted(map(len, owned(first, second))) == [3, 3]
    assert {f"o{number}".encode() for number in range(12, 24)} <= set(all_of(rest.values()))
    reasons = [one.fact.reason for one in told(cluster, facts.MemberRemoved)]
    assert reasons == ["session timeout"]


def test_cooperative_members_never_give_up_what_stays():
    cluster = started(partitions=4)
    settings = {"partition_assignment_strategy": "cooperative-sticky"}
    first = member(cluster, "A", **settings)
    settle(cluster, first, rounds=5)
    second = member(cluster, "B", **settings)
    settle(cluster, first, second)
    assert sorted(map(len, owned(first, second))) == [2, 2]
    revoked = [one.fact.partitions for one in told(cluster, facts.PartitionsRevoked)]
    assert [len(partitions) for partitions in revoked] == [2]
    assert not {one.partition for one in revoked[0]} & set(owned(first)[0])


@pytest.mark.parametrize("settings", [
    {}, {"partition_assignment_strategy": "cooperative-sticky"}, {"group_protocol": "consumer"},
])  # fmt: skip
def test_no_partition_has_two_owners_at_any_time(settings):
    """I27, by what the members themselves say."""
    cluster = started(partitions=4)
    members = []
    for name in "ABC":
        members.append(member(cluster, name, **settings))
        settle(cluster, *members, rounds=8)
    members.pop(0).close()
    settle(cluster, *members, rounds=8)
    owner = {}
    for one in cluster.sim.recorder.told:
        match one.fact:
            case facts.PartitionsAssigned():
                for partition in one.fact.partitions:
                    assert owner.setdefault(partition, one.node) == one.node
            case facts.PartitionsRevoked() | facts.PartitionsLost():
                for partition in one.fact.partitions:
                    assert owner.pop(partition) == one.node
    assert len(owner) == 4


def test_whoever_processes_longer_than_max_poll_interval_is_out_and_its_commit_refused():
    cluster = started(partitions=1)
    fill(cluster, 4)
    slow = member(cluster, "slow", max_poll_interval_ms=10_000, enable_auto_commit=False)
    settle_one = slow.consume(2, 5)
    assert [one.value() for one in settle_one] == [b"o0", b"o1"]
    other = member(cluster, "other", enable_auto_commit=False)
    given = settle(cluster, other, rounds=20)
    assert given[other.node] == [b"o0", b"o1", b"o2", b"o3"]
    assert [one.fact.reason for one in told(cluster, facts.MemberRemoved)] == ["left"]
    with pytest.raises(KafkaException) as refused:
        slow.commit(asynchronous=False)
    assert refused.value.args[0].code() in (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION)
    assert committed(other) == -1001, "it changed nothing"
    slow.poll(1)
    assert [one.node for one in told(cluster, facts.PartitionsLost)] == ["consumer-slow"]


def test_a_commit_after_the_session_was_lost_is_refused_by_the_coordinator():
    """I28: the member stands still, is expelled, and comes back with its old generation."""
    cluster = started(partitions=1)
    fill(cluster, 4)
    frozen = member(cluster, "F", session_timeout_ms=6_000, enable_auto_commit=False)
    assert len(frozen.consume(2, 5)) == 2
    cluster.sim.pause(frozen.node)
    other = member(cluster, "O", session_timeout_ms=6_000, enable_auto_commit=False)
    given = settle(cluster, other, rounds=15)
    assert len(given[other.node]) == 4
    other.commit(asynchronous=False)
    cluster.sim.resume(frozen.node)
    with pytest.raises(KafkaException):
        frozen.commit(asynchronous=False)
    assert committed(other) == 4
    assert told(cluster, facts.CommitFailed)


def test_a_static_member_that_restarts_in_time_causes_no_rebalance():
    cluster = started(partitions=2)
    first = member(cluster, "A", group_instance_id="one")
    second = member(cluster, "B", group_instance_id="two")
    settle(cluster, first, second, rounds=6)
    before = owned(first, second)
    first.close()
    again = member(cluster, "A2", group_instance_id="one")
    settle(cluster, again, second, rounds=6)
    assert owned(again, second) == before
    rebalances = [one.fact for one in told(cluster, facts.PartitionsRevoked) if one.node == second.node]
    assert [len(one.partitions) for one in rebalances] == [2], "one when the second joined, none for the restart"


def test_kip_848_hands_a_partition_over_only_after_it_was_given_up():
    cluster = started(partitions=2)
    first = member(cluster, "A", group_protocol="consumer")
    settle(cluster, first, rounds=5)
    second = member(cluster, "B", group_protocol="consumer")
    settle(cluster, first, second, rounds=12)
    assert sorted(map(len, owned(first, second))) == [1, 1]
    moved = told(cluster, facts.PartitionsRevoked)
    assert [len(one.fact.partitions) for one in moved] == [1]
    taken = [one for one in told(cluster, facts.PartitionsAssigned) if one.node == second.node and one.fact.partitions]
    assert taken[0].fact.partitions == moved[0].fact.partitions
    assert taken[0].step > moved[0].step


def test_the_group_outlives_the_crash_of_its_coordinator():
    cluster = started(partitions=2, brokers=3)
    fill(cluster, 4, partitions=2)
    consumer = member(cluster, "A", auto_commit_interval_ms=1_000)
    settle(cluster, consumer, rounds=5)
    coordinator = next(int(one.node[-1]) for one in told(cluster, facts.CoordinatorLoaded))
    cluster.crash(coordinator)
    fill(cluster, 4, partitions=2, first=4)
    given = settle(cluster, consumer, rounds=25)
    assert sorted(given[consumer.node]) == [b"o4", b"o5", b"o6", b"o7"]
    assert [committed(consumer, number) for number in (0, 1)] == [4, 4]
