"""confluent-kafka's admin calls on a simulated cluster."""

from __future__ import annotations

import pytest

from minikafka import Cluster, ConfigError, KafkaError, KafkaException, Producer, TopicPartition
from minikafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    ElectionType,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    TopicCollection,
)

ORDERS = TopicPartition("orders", 0)


@pytest.fixture
def cluster():
    made = Cluster(brokers=4, seed=5, settings={"min.insync.replicas": "2"})
    admin = AdminClient({"bootstrap.servers": made})
    admin.create_topics([NewTopic("orders", replica_assignment=[[1, 2, 3]])])["orders"].result()
    made.run(2)
    return made


@pytest.fixture
def admin(cluster):
    return AdminClient({"bootstrap.servers": cluster})


def store(cluster, *values):
    producer = Producer({"bootstrap.servers": cluster, "acks": "all", "linger.ms": 0})
    for value in values:
        producer.produce("orders", value=value)
        assert producer.flush(30) == 0


def refused(future):
    with pytest.raises(KafkaException) as caught:
        future.result()
    return caught.value.args[0].name()


def setting(kind, name, key, value, operation=AlterConfigOpType.SET):
    return ConfigResource(kind, name, [ConfigEntry(key, value, incremental_operation=operation)])


def described(admin, kind, name, key):
    resource = ConfigResource(kind, name)
    entry = admin.describe_configs([resource])[resource].result()[key]
    return entry.value, entry.source


def test_topics_are_created_described_grown_and_deleted(cluster, admin):
    topic = admin.describe_topics(TopicCollection(["orders"]))["orders"].result()
    first = topic.partitions[0]
    assert (first.leader.id, [node.id for node in first.replicas]) == (1, [1, 2, 3])
    assert admin.create_partitions([NewPartitions("orders", 3)])["orders"].result() is None
    cluster.run(1)
    assert sorted(admin.list_topics("orders").topics["orders"].partitions) == [0, 1, 2]
    assert refused(admin.create_partitions([NewPartitions("orders", 3)])["orders"]) == "INVALID_PARTITIONS"
    assert admin.delete_topics(["orders"])["orders"].result() is None
    cluster.run(1)
    assert "orders" not in admin.list_topics().topics
    assert refused(admin.delete_topics(["orders"])["orders"]) == "UNKNOWN_TOPIC_OR_PARTITION"
    assert refused(admin.describe_topics(["orders"])["orders"]) == "UNKNOWN_TOPIC_OR_PARTITION"


def test_a_topic_created_anew_has_none_of_the_old_records_even_at_a_broker_that_was_away(cluster, admin):
    store(cluster, "old")
    cluster.crash(3)
    admin.delete_topics(["orders"])["orders"].result()
    cluster.run(12)
    admin.create_topics([NewTopic("orders", replica_assignment=[[1, 2, 3]])])["orders"].result()
    cluster.restart(3)
    cluster.run(10)
    store(cluster, "new")
    cluster.run(3)
    ends = [
        broker.replicas.partitions[("orders", 0)].log.log_end_offset for broker in cluster.sim.running_brokers()[:3]
    ]
    assert ends == [1, 1, 1]


def test_settings_are_changed_described_and_obeyed(cluster, admin):
    change = setting("topic", "orders", "max.message.bytes", "100")
    assert admin.incremental_alter_configs([change])[change].result() is None
    cluster.run(1)
    assert described(admin, "topic", "orders", "max.message.bytes") == ("100", ConfigSource.DYNAMIC_TOPIC_CONFIG)
    reports = []
    producer = Producer({"bootstrap.servers": cluster, "acks": "all", "linger.ms": 0})
    producer.produce("orders", value="x" * 200, on_delivery=lambda error, _: reports.append(error.name()))
    producer.flush(30)
    assert reports == ["MESSAGE_TOO_LARGE"]
    back = setting("topic", "orders", "max.message.bytes", None, AlterConfigOpType.DELETE)
    assert admin.incremental_alter_configs([back])[back].result() is None
    cluster.run(1)
    assert described(admin, "topic", "orders", "max.message.bytes") == ("1048588", ConfigSource.DEFAULT_CONFIG)


def test_a_setting_of_all_brokers_reaches_every_topic(cluster, admin):
    change = setting("broker", "", "min.insync.replicas", "3")
    assert admin.incremental_alter_configs([change])[change].result() is None
    cluster.run(1)
    source = ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG
    assert described(admin, "topic", "orders", "min.insync.replicas") == ("3", source)
    assert described(admin, "broker", "2", "min.insync.replicas") == ("3", source)
    assert {
        broker.replicas.partitions[("orders", 0)].effective_min_isr for broker in cluster.sim.running_brokers()[:3]
    } == {3}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (setting("topic", "orders", "retention.ms", "abc"), "INVALID_CONFIG"),
        (setting("topic", "orders", "no.such.key", "1"), "INVALID_CONFIG"),
        (setting("topic", "orders", "cleanup.policy", "burn"), "INVALID_CONFIG"),
        (setting("topic", "nowhere", "retention.ms", "1"), "UNKNOWN_TOPIC_OR_PARTITION"),
        (setting("broker", "9999", "log.retention.ms", "1"), "INVALID_REQUEST"),
        (setting("broker", "1", "broker.session.timeout.ms", "1"), "INVALID_REQUEST"),
        (setting("broker", "1", "min.insync.replicas", "1"), "INVALID_CONFIG"),
        (setting("broker", "", "min.insync.replicas", None, AlterConfigOpType.DELETE), "INVALID_CONFIG"),
        (setting("topic", "orders", "retention.ms", "1", AlterConfigOpType.APPEND), "INVALID_CONFIG"),
    ],
)
def test_wrong_settings_are_refused(admin, change, error):
    assert refused(admin.incremental_alter_configs([change])[change]) == error


def test_leaders_go_back_to_the_first_replica_when_asked(cluster, admin):
    cluster.crash(1)
    cluster.run(12)
    cluster.restart(1)
    cluster.run(5)
    assert admin.list_topics("orders").topics["orders"].partitions[0].leader == 2
    assert admin.elect_leaders(ElectionType.PREFERRED, [ORDERS]).result() == {ORDERS: None}
    cluster.run(1)
    assert admin.list_topics("orders").topics["orders"].partitions[0].leader == 1
    again = admin.elect_leaders(ElectionType.PREFERRED, [ORDERS]).result()[ORDERS]
    assert again.args[0].code() == KafkaError.ELECTION_NOT_NEEDED
    assert admin.elect_leaders(ElectionType.PREFERRED).result() == {}


def test_replicas_move_and_take_their_records_along(cluster, admin):
    store(cluster, "a", "b")
    moved = admin.alter_partition_reassignments({ORDERS: [4, 2]})
    assert moved[ORDERS].result() is None
    assert admin.list_partition_reassignments().result()[ORDERS].adding_replicas == [4]
    cluster.run(5)
    assert admin.list_partition_reassignments().result() == {}
    partition = admin.list_topics("orders").topics["orders"].partitions[0]
    assert (partition.leader, partition.replicas, sorted(partition.isrs)) == (4, [4, 2], [2, 4])
    first, _, third, fourth = cluster.sim.running_brokers()
    assert fourth.replicas.partitions[("orders", 0)].log.high_watermark == 2
    for gone in (first, third):
        assert ("orders", 0) not in gone.replicas.partitions
        assert not [path for path in gone.replicas.disk.paths() if path.startswith("orders-0/")]
    assert refused(admin.alter_partition_reassignments({ORDERS: None})[ORDERS]) == "NO_REASSIGNMENT_IN_PROGRESS"


def test_records_are_deleted_by_the_leader_wherever_one_asks(cluster):
    store(cluster, "a", "b", "c")
    admin = AdminClient({"bootstrap.servers": cluster.at(3)})
    asked = TopicPartition("orders", 0, 2)
    assert admin.delete_records([asked])[asked].result().low_watermark == 2
    earliest = admin.list_offsets({ORDERS: OffsetSpec.earliest()})[ORDERS].result()
    latest = admin.list_offsets({ORDERS: OffsetSpec.latest()})[ORDERS].result()
    assert (earliest.offset, latest.offset) == (2, 3)
    beyond = TopicPartition("orders", 0, 9)
    assert refused(admin.delete_records([beyond])[beyond]) == "OFFSET_OUT_OF_RANGE"


def test_the_cluster_is_described(admin):
    assert [node.id for node in admin.describe_cluster().result().nodes] == [1, 2, 3, 4]


def test_when_nobody_answers_the_call_says_so(cluster, admin):
    for broker in (1, 2, 3, 4):
        cluster.pause(broker)
    with pytest.raises(KafkaException) as caught:
        admin.list_topics(timeout=5)
    assert caught.value.args[0].name() == "REQUEST_TIMED_OUT"


def test_a_dead_broker_is_passed_over(cluster, admin):
    cluster.crash(1)
    assert "orders" in admin.list_topics(timeout=10).topics


def test_unknown_names_are_refused_in_one_sentence(cluster):
    with pytest.raises(ConfigError, match="no admin setting"):
        AdminClient({"bootstrap.servers": cluster, "request.timeout": 1})
    with pytest.raises(ConfigError, match="no type of resource 'topics'"):
        ConfigResource("topics", "orders")
