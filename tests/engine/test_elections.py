"""Who leads, who counts as eligible, and which proposals a controller takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from minikafka.config import ServerConfig
from minikafka.controller import cluster_control, election, replication_control, topic_control
from minikafka.controller.election import Election
from minikafka.controller.partition_change import ElectionRules, change_partition
from minikafka.metadata.image import BrokerRegistration, MetadataImage, PartitionRegistration, merge
from minikafka.metadata.records import (
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    TopicRecord,
)
from minikafka.protocol.admin_messages import CreateTopicsRequest, NewTopicSpec
from minikafka.protocol.controller_messages import (
    AlterPartitionRequest,
    BrokerHeartbeatRequest,
    BrokerRegistrationRequest,
    IsrMember,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)
CONFIG = ServerConfig()


def ids(*brokers):
    return frozenset(brokers)


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (((3, 1, 2), 3, ids(1, 2), ids(), None, ids(1, 2), False), (1, False)),
        (((3, 1, 2), None, ids(), ids(2), 3, ids(2, 3), False), (2, False)),
        (((3, 1, 2), None, ids(), ids(), 2, ids(1, 2), False), (2, True)),
        (((3, 1, 2), 1, ids(1, 2, 3), ids(), None, ids(1, 2, 3), False), (1, False)),
        (((3, 2, 1), 3, ids(1, 2), ids(), None, ids(1, 2), False), (2, False)),
        (((1, 2, 3), None, ids(1), ids(2), None, ids(2, 3), False), (None, False)),
        (((1, 2, 3), None, ids(1), ids(2), None, ids(2, 3), True), (2, True)),
        (((1, 2, 3), None, ids(), ids(), 1, ids(2, 3), False), (None, False)),
        (((1, 2, 3), None, ids(), ids(), 1, ids(2, 3), True), (2, True)),
        (((1, 2, 3), 1, ids(3), ids(), None, ids(1, 3), True), (3, False)),
        (((0, 1), None, ids(0), ids(), None, ids(0), False), (0, False)),
        (((1, 2), None, ids(), ids(), None, ids(7), True), (None, False)),
    ],
)
def test_elect_leader(arguments, chosen):
    assert election.elect_leader(*arguments) == Election(*chosen)


# --- One change of one partition (KIP-966) ---

REPLICAS = (1, 2, 3)


def partition(isr, leader, **more):
    return PartitionRegistration(REPLICAS, isr, leader, 5, 9, **more)


def changed(old, target, live, unclean_shutdown=(), **more):
    rules = ElectionRules(frozenset(live), more.pop("min_isr", 2), more.pop("unclean", False), more.pop("elr", True))
    record = change_partition(ORDERS, old, target, rules, unclean_shutdown=frozenset(unclean_shutdown), **more)
    return old if record is None else merge(old, record)


def test_above_the_minimum_nobody_enters_the_elr():
    after = changed(partition((1, 2, 3), 1), (2, 3), {2, 3})
    assert (after.leader, after.isr, after.elr, after.leader_epoch, after.partition_epoch) == (2, (2, 3), (), 6, 10)


def test_below_the_minimum_who_leaves_the_isr_enters_the_elr():
    after = changed(partition((2, 3), 2), (2,), {2})
    assert (after.leader, after.isr, after.elr, after.leader_epoch) == (2, (2,), (3,), 5)


def test_a_plain_shrink_leaves_the_leader_epoch_alone():
    after = changed(partition((1, 2, 3), 1), (1, 2), {1, 2, 3})
    assert (after.leader_epoch, after.partition_epoch) == (5, 10)


def test_the_last_member_leaves_and_is_remembered():
    after = changed(partition((2,), 2, elr=(3,)), (), set())
    assert (after.leader, after.isr, after.elr, after.last_known_elr) == (-1, (), (2, 3), (2,))
    assert after.leader_epoch == 6


def test_an_unclean_shutdown_enters_nothing_and_leaves_the_elr():
    after = changed(partition((1, 2), 1), (1,), {1}, unclean_shutdown={2})
    assert (after.isr, after.elr) == ((1,), ())
    after = changed(partition((), -1, elr=(2, 3), last_known_elr=(1,)), (), {2}, unclean_shutdown={2})
    assert (after.leader, after.elr) == (-1, (3,))


def test_a_leader_from_the_elr_becomes_the_whole_isr_and_is_no_unclean_leader():
    after = changed(partition((), -1, elr=(2, 3), last_known_elr=(1,)), (), {3, 1})
    assert (after.leader, after.isr, after.elr, after.recovering) == (3, (3,), (2,), False)


def test_the_last_known_leader_is_marked():
    after = changed(partition((), -1, last_known_elr=(1,)), (), {1, 2})
    assert (after.leader, after.isr, after.recovering, after.last_known_elr) == (1, (1,), True, ())


def test_an_unclean_leader_is_marked_and_becomes_the_whole_isr():
    after = changed(partition((), -1, elr=(2,)), (), {3}, unclean=True)
    assert (after.leader, after.isr, after.elr, after.recovering) == (3, (3,), (), True)


def test_enough_in_sync_replicas_clear_the_elr_and_the_memory():
    after = changed(partition((1,), 1, elr=(2,), last_known_elr=(1,)), (1, 3), {1, 3})
    assert (after.isr, after.elr, after.last_known_elr) == ((1, 3), (), ())


def test_without_elr_the_last_member_stays_listed():
    after = changed(partition((2,), 2), (), set(), elr=False)
    assert (after.leader, after.isr, after.elr) == (-1, (2,), ())


def test_the_minimum_is_capped_at_the_number_of_replicas():
    old = PartitionRegistration((1, 2), (1, 2), 1, 0, 0)
    rules = ElectionRules(ids(1, 2), 5, False, True)
    assert change_partition(ORDERS, old, (1, 2), rules) is None


def test_recovered_is_written_once():
    after = changed(partition((1,), 1, recovering=True), (1,), {1}, recovered=True)
    assert not after.recovering
    assert changed(after, (1,), {1}, recovered=True) is after


# --- Brokers come and go ---


def image_of(isr=(1, 2, 3), leader=1, fenced=(), configs=(("min.insync.replicas", "2"),)):
    image = MetadataImage()
    for broker in (1, 2, 3):
        image.replay(RegisterBrokerRecord(broker, f"start-{broker}", 10 + broker))
        image.replay(BrokerRegistrationChangeRecord(broker, 10 + broker, fenced=broker in fenced))
    image.replay(TopicRecord("orders", "id"))
    for name, value in configs:
        image.replay(ConfigRecord("orders", name, value))
    image.replay(PartitionRecord("orders", 0, REPLICAS, isr, leader, 5, 9))
    return image


def replayed(image, records):
    for record in records:
        image.replay(record)
    return image.partition(ORDERS)


def registration(broker, incarnation, previous=-1):
    return BrokerRegistrationRequest(broker, incarnation, previous, ("", 0), None)


def test_a_new_process_while_the_old_one_counts_as_alive_is_refused():
    result = cluster_control.register_broker(image_of(), CONFIG, registration(2, "other"), 50, has_session=True)
    assert (result.records, result.response.error) == ((), ErrorCode.DUPLICATE_BROKER_REGISTRATION)


def test_the_same_process_asking_again_keeps_its_epoch():
    result = cluster_control.register_broker(image_of(), CONFIG, registration(2, "start-2"), 50, has_session=True)
    assert (result.records, result.response.broker_epoch) == ((), 12)


def test_an_unclean_return_leaves_isr_and_elr_in_the_same_batch():
    image = image_of()
    result = cluster_control.register_broker(image, CONFIG, registration(2, "other"), 50, has_session=False)
    assert result.response.broker_epoch == 50
    after = replayed(image, result.records)
    assert (after.isr, after.elr, image.brokers[2].fenced) == ((1, 3), (), True)


def test_a_clean_return_of_a_fenced_broker_changes_no_partition():
    image = image_of(isr=(1, 3), fenced=(2,))
    result = cluster_control.register_broker(image, CONFIG, registration(2, "other", 12), 50, has_session=False)
    assert [type(record) for record in result.records] == [RegisterBrokerRecord]


def test_fencing_moves_leaders_and_a_heartbeat_brings_nobody_back_into_the_isr():
    image = image_of()
    after = replayed(image, cluster_control.fence(image, CONFIG, 1))
    assert (after.leader, after.isr, after.leader_epoch) == (2, (2, 3), 6)
    result = cluster_control.heartbeat(image, CONFIG, BrokerHeartbeatRequest(1, 11, 99))
    assert replayed(image, result.records).isr == (2, 3)
    assert not image.brokers[1].fenced


@pytest.mark.parametrize(
    ("request_", "error", "fenced"),
    [
        (BrokerHeartbeatRequest(9, 11, 99), ErrorCode.BROKER_ID_NOT_REGISTERED, True),
        (BrokerHeartbeatRequest(1, 10, 99), ErrorCode.STALE_BROKER_EPOCH, True),
        (BrokerHeartbeatRequest(1, 11, 10), ErrorCode.NONE, True),
        (BrokerHeartbeatRequest(1, 11, 11), ErrorCode.NONE, False),
    ],
)
def test_who_is_unfenced(request_, error, fenced):
    image = image_of(fenced=(1,), isr=(2, 3), leader=2)
    result = cluster_control.heartbeat(image, CONFIG, request_)
    assert (result.response.error, result.response.is_fenced) == (error, fenced)
    assert bool(result.records) is (not fenced)


def test_a_broker_that_returns_ends_the_wait_of_a_leaderless_partition():
    image = image_of()
    for broker in (3, 2, 1):
        replayed(image, cluster_control.fence(image, CONFIG, broker))
    assert image.partition(ORDERS).leader == -1
    assert set(image.partition(ORDERS).elr) == {1, 2}
    result = cluster_control.heartbeat(image, CONFIG, BrokerHeartbeatRequest(3, 13, 99))
    assert replayed(image, result.records).leader == -1, "3 left while two were in sync: it may lack records"
    result = cluster_control.heartbeat(image, CONFIG, BrokerHeartbeatRequest(2, 12, 99))
    after = replayed(image, result.records)
    assert (after.leader, after.isr, after.elr, after.recovering) == (2, (2,), (1,), False)


# --- AlterPartition (`validateAlterPartitionData`) ---


def proposal(isr, sender=1, broker_epoch=None, leader_epoch=5, partition_epoch=9, member_epochs=None):
    epochs = {1: 11, 2: 12, 3: 13} | (member_epochs or {})
    members = tuple(IsrMember(member, epochs.get(member, -1)) for member in isr)
    epoch = 10 + sender if broker_epoch is None else broker_epoch
    return AlterPartitionRequest(sender, epoch, ORDERS, leader_epoch, partition_epoch, members)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (proposal((1, 2)), ErrorCode.NONE),
        (proposal((1, 2), leader_epoch=6), ErrorCode.NOT_CONTROLLER),
        (proposal((1, 2), partition_epoch=10), ErrorCode.NOT_CONTROLLER),
        (proposal((1, 2), leader_epoch=4), ErrorCode.FENCED_LEADER_EPOCH),
        (proposal((1, 2), leader_epoch=4, partition_epoch=8), ErrorCode.FENCED_LEADER_EPOCH),
        (proposal((1, 2), sender=2), ErrorCode.INVALID_REQUEST),
        (proposal((1, 2), partition_epoch=8), ErrorCode.INVALID_UPDATE_VERSION),
        (proposal((2, 3)), ErrorCode.INVALID_REQUEST),
        (proposal((1, 4)), ErrorCode.INVALID_REQUEST),
        (proposal((1, 2, 3)), ErrorCode.INELIGIBLE_REPLICA),
        (proposal((1, 2), member_epochs={2: 4}), ErrorCode.INELIGIBLE_REPLICA),
        (proposal((1, 2), broker_epoch=4), ErrorCode.STALE_BROKER_EPOCH),
    ],
)
def test_which_proposals_are_taken(request_, error):
    image = image_of(fenced=(3,), isr=(1, 2, 3))
    assert replication_control.check_alter_partition(image, image.partition(ORDERS), request_) == error
    result = replication_control.alter_partition(image, CONFIG, request_)
    assert result.response.error == error
    assert bool(result.records) is (error == ErrorCode.NONE)


@pytest.mark.parametrize(
    ("is_recovering", "isr", "says_recovering", "error"),
    [
        (True, (1,), True, ErrorCode.NONE),
        (True, (1,), False, ErrorCode.NONE),
        (True, (1, 2), False, ErrorCode.NONE),
        (True, (1, 2), True, ErrorCode.INVALID_REQUEST),
        (False, (1,), True, ErrorCode.INVALID_REQUEST),
    ],
)
def test_a_leader_recovers_alone_and_only_once(is_recovering, isr, says_recovering, error):
    image = image_of()
    partition_ = replace(image.partition(ORDERS), isr=(1,), recovering=is_recovering)
    request = replace(proposal(isr), recovering=says_recovering)
    assert replication_control.check_alter_partition(image, partition_, request) == error


def test_an_answer_tells_the_new_state():
    image = image_of()
    result = replication_control.alter_partition(image, CONFIG, proposal((1, 3)))
    response = result.response
    assert (response.isr, response.leader, response.leader_epoch, response.partition_epoch) == ((1, 3), 1, 5, 10)
    assert replayed(image, result.records).isr == (1, 3)


# --- CreateTopics, as Apache Kafka 4.4.0 answers ---


def create(*specs, image=None, validate_only=False):
    request = CreateTopicsRequest(specs, validate_only=validate_only)
    ids_ = tuple(f"id{number}" for number in range(len(specs)))
    result = topic_control.create_topics(image or image_of(), CONFIG, request, ids_)
    return [topic.error for topic in result.response.topics], result.records


NONE = ErrorCode.NONE


@pytest.mark.parametrize(
    ("specs", "errors"),
    [
        ([NewTopicSpec("t", 2, 3)], [NONE]),
        ([NewTopicSpec("t", 1, 0)], [ErrorCode.INVALID_REPLICATION_FACTOR]),
        ([NewTopicSpec("t", 1, 99)], [ErrorCode.INVALID_REPLICATION_FACTOR]),
        ([NewTopicSpec("t", 0, 1)], [ErrorCode.INVALID_PARTITIONS]),
        ([NewTopicSpec("orders", 1, 1)], [ErrorCode.TOPIC_ALREADY_EXISTS]),
        ([NewTopicSpec("t", 1, -1, ((1, 2),))], [ErrorCode.INVALID_REQUEST]),
        ([NewTopicSpec("t", assignment=((1, 1),))], [ErrorCode.INVALID_REPLICA_ASSIGNMENT]),
        ([NewTopicSpec("t", assignment=((1, 9),))], [ErrorCode.INVALID_REPLICA_ASSIGNMENT]),
        ([NewTopicSpec("a" * 249, 1, 1), NewTopicSpec("a" * 250, 1, 1)], [NONE, ErrorCode.INVALID_TOPIC_EXCEPTION]),
        ([NewTopicSpec("no/slash", 1, 1)], [ErrorCode.INVALID_TOPIC_EXCEPTION]),
        ([NewTopicSpec("t", 1, 1, configs=(("min.insync.replica", "1"),))], [ErrorCode.INVALID_CONFIG]),
        ([NewTopicSpec("good", 1, 1), NewTopicSpec("bad", 1, 99)], [NONE, ErrorCode.INVALID_REPLICATION_FACTOR]),
    ],
)
def test_create_topics(specs, errors):
    assert create(*specs)[0] == errors


def test_a_topic_named_twice_is_refused_once():
    """Apache Kafka 4.4.0 gives one result for the two, and creates neither."""
    errors, records = create(NewTopicSpec("t", 1, 1), NewTopicSpec("t", 1, 1))
    assert (errors, records) == ([ErrorCode.INVALID_REQUEST], ())


def test_dots_and_underscores_collide():
    image = image_of()
    image.replay(TopicRecord("X.y", "id2"))
    assert create(NewTopicSpec("X_y", 1, 1), image=image)[0] == [ErrorCode.INVALID_TOPIC_EXCEPTION]


def test_validate_only_writes_nothing():
    assert create(NewTopicSpec("t", 1, 1), validate_only=True) == ([NONE], ())
    assert create(NewTopicSpec("orders", 1, 1), validate_only=True)[0] == [ErrorCode.TOPIC_ALREADY_EXISTS]


def test_replicas_are_dealt_out_and_the_first_leads():
    _, records = create(NewTopicSpec("t", 3, 2))
    placed = [(record.replicas, record.isr, record.leader) for record in records if isinstance(record, PartitionRecord)]
    assert [replicas for replicas, _, _ in placed] == [(1, 2), (2, 3), (3, 1)]
    assert all(isr == replicas and leader == replicas[0] for replicas, isr, leader in placed)


def test_the_image_says_who_is_active():
    image = image_of(fenced=(2,))
    assert image.active_brokers() == {1, 3}
    assert isinstance(image.brokers[2], BrokerRegistration)
