"""Whatever administrators ask and whoever dies: the controller's own state keeps its promises."""

from __future__ import annotations

from random import Random

import pytest

from minikafka.config import ServerConfig
from minikafka.controller import changes, periodic, placement, reassignment, requests, topic_control
from minikafka.controller.heartbeats import Heartbeats
from minikafka.controller.partition_change import Assignment
from minikafka.controller.placement import UsableBroker
from minikafka.controller.requests import ControllerState
from minikafka.metadata import records as metadata
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import admin_messages as admin
from minikafka.protocol.controller_messages import (
    AlterPartitionRequest,
    BrokerHeartbeatRequest,
    BrokerRegistrationRequest,
    IsrMember,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.transaction_messages import AllocateProducerIdsRequest
from minikafka.types import NO_LEADER, TopicPartition

BROKERS = (1, 2, 3, 4)
TOPICS = ("orders", "bills")


class World:
    """A controller without a log: what it decides is replayed at once, encoded and decoded on the way."""

    def __init__(self, seed, **settings):
        self.random = Random(seed)
        self.config = ServerConfig(min_insync_replicas=2, **settings)
        self.image = MetadataImage()
        self.heartbeats = Heartbeats(self.config.broker_session_timeout_ms)
        self.offset = 0
        self.now = 0
        self.starts = 0
        self.leaders = {}
        self.epochs = {}
        self.elections = 0

    @property
    def state(self):
        return ControllerState(self.image, self.config, self.heartbeats, self.offset, 1)

    def ask(self, request):
        result = requests.decide(self.state, request, self.now)
        requests.facts_of(self.state, request, result)
        requests.note(self.state, request, result, self.now)
        self.write(result.records)
        return result.response

    def write(self, batch):
        for record in batch:
            changes.facts_of(record, self.image, self.offset)
            self.image.replay(metadata.decode(metadata.encode(record)))
            self.offset += 1
        self.image.next_offset = self.offset
        self.check()

    def check(self):
        for name, partition in self.image.partitions():
            where = f"{name}: {partition}"
            assert partition.leader == NO_LEADER or partition.leader in partition.isr, where
            assert set(partition.isr) | set(partition.elr) <= set(partition.replicas), where
            assert not set(partition.isr) & set(partition.elr), where
            assert set(partition.adding_replicas) | set(partition.removing_replicas) <= set(partition.replicas), where
            assert all(self.image.is_active(broker) for broker in partition.isr), where
            self.check_history((self.image.topics[name.topic].topic_id, name.partition), partition, where)

    def check_history(self, key, partition, where):
        before = self.epochs.get(key, (-1, -1))
        now = (partition.leader_epoch, partition.partition_epoch)
        assert before == now or (before[0] <= now[0] and before[1] < now[1]), where
        self.epochs[key] = now
        leader = self.leaders.setdefault((key, partition.leader_epoch), partition.leader)
        assert leader == partition.leader, where
        self.elections += before[0] != now[0] and before[0] >= 0

    # --- what happens to it ---

    def start_broker(self, broker, clean=True):
        self.starts += 1
        former = self.image.brokers.get(broker)
        proof = former.broker_epoch if former is not None and clean else -1
        self.heartbeats.forget(broker)
        if former is not None and not former.fenced:
            return
        self.ask(BrokerRegistrationRequest(broker, f"start-{self.starts}", proof, rack="ab"[broker % 2]))
        self.heartbeat(broker)

    def heartbeat(self, broker, **wishes):
        known = self.image.brokers.get(broker)
        if known is not None:
            self.ask(BrokerHeartbeatRequest(broker, known.broker_epoch, self.offset, **wishes))

    def someone(self):
        return self.random.choice(BROKERS)

    def some_partition(self):
        names = [name for name, _ in self.image.partitions()]
        return self.random.choice(names) if names else TopicPartition("orders", 0)

    def some_brokers(self):
        return tuple(self.random.sample(BROKERS, self.random.randint(1, 4)))

    def propose(self):
        name = self.some_partition()
        partition = self.image.partition(name)
        if partition is None or partition.leader == NO_LEADER:
            return
        extra = [broker for broker in partition.replicas if self.random.random() < 0.7]
        members = tuple(dict.fromkeys((partition.leader, *extra)))
        epoch = self.image.brokers[partition.leader].broker_epoch
        stale = self.random.random() < 0.1
        self.ask(
            AlterPartitionRequest(
                partition.leader, epoch, name, partition.leader_epoch, partition.partition_epoch - stale,
                tuple(IsrMember(one, -1) for one in members),
            )
        )  # fmt: skip

    def fall_silent(self):
        broker = self.someone()
        if broker in self.heartbeats.sessions:
            self.heartbeats.sessions[broker] = self.now - self.config.broker_session_timeout_ms
            self.write(periodic.step(self.state, "session-check", self.now).records)

    def administer(self):
        name, topic = self.some_partition(), self.random.choice(TOPICS)
        self.ask(
            self.random.choice(
                (
                    admin.CreateTopicsRequest((admin.NewTopicSpec(topic, 2, 3),)),
                    admin.CreatePartitionsRequest((admin.NewPartitionsSpec(topic, self.random.randint(1, 4)),)),
                    admin.AlterPartitionReassignmentsRequest(((name, self.some_brokers()),)),
                    admin.AlterPartitionReassignmentsRequest(((name, self.some_brokers()),)),
                    admin.AlterPartitionReassignmentsRequest(((name, None),)),
                    admin.ElectLeadersRequest(self.random.randint(0, 1), None),
                    self.setting(topic, self.random.choice(("1", "2", "3"))),
                )
            )
        )

    def setting(self, topic, value):
        kind, name = self.random.choice(((admin.TOPIC_RESOURCE, topic), (admin.BROKER_RESOURCE, "")))
        change = admin.ConfigChange(kind, name, "min.insync.replicas", admin.SET, value)
        return admin.IncrementalAlterConfigsRequest((change,), ((kind, name),))

    def one_thing(self):
        self.now += 100
        chance = self.random.random()
        if chance < 0.3:
            self.propose()
        elif chance < 0.5:
            self.start_broker(self.someone(), clean=self.random.random() < 0.6)
        elif chance < 0.65:
            self.fall_silent()
        elif chance < 0.75:
            self.heartbeat(self.someone(), want_shut_down=self.random.random() < 0.5)
        elif chance < 0.78:
            self.write(periodic.step(self.state, "leader-imbalance", self.now).records)
        elif chance < 0.8:
            self.ask(admin.DeleteTopicsRequest(((self.random.choice(TOPICS), ""),)))
        elif chance < 0.81:
            self.ask(admin.UnregisterBrokerRequest(self.someone()))
        else:
            self.administer()


@pytest.mark.parametrize("seed", range(60))
def test_random_administration_and_deaths_break_no_promise(seed):
    world = World(seed)
    for broker in BROKERS:
        world.start_broker(broker)
    for _ in range(400):
        world.one_thing()
    assert world.elections > 3, "the premise: leaders have changed"


# --- placement, reassignment, producer ids ---


def usable(*racks, fenced=()):
    return [UsableBroker(number, rack, number in fenced) for number, rack in enumerate(racks, 1)]


def test_replicas_stand_in_different_racks_and_leaders_are_spread():
    rows = placement.place_replicas(usable("a", "b", "c", "a"), 4, 3)
    assert rows == ((1, 2, 3), (2, 3, 4), (3, 4, 2), (4, 2, 3))


def test_fenced_brokers_come_last_and_never_first():
    rows = placement.place_replicas(usable(None, None, None, fenced=(1,)), 3, 3)
    assert rows == ((2, 3, 1), (3, 2, 1), (2, 3, 1))


def test_more_partitions_go_on_where_the_first_ones_ended():
    assert placement.place_replicas(usable(None, None, None), 1, 2, first=1) == ((2, 3),)


def test_on_the_way_new_replicas_come_first_and_nobody_goes_yet():
    assert reassignment.towards((1, 2), (3, 2)) == Assignment((3, 2, 1), (3,), (1,))


@pytest.fixture
def world():
    made = World(0)
    for broker in BROKERS:
        made.start_broker(broker)
    made.ask(admin.CreateTopicsRequest((admin.NewTopicSpec("orders", assignment=((1, 2, 3),)),)))
    return made


ORDERS = TopicPartition("orders", 0)


def join(world, *members):
    partition = world.image.partition(ORDERS)
    epoch = world.image.brokers[partition.leader].broker_epoch
    request = AlterPartitionRequest(
        partition.leader, epoch, ORDERS, partition.leader_epoch, partition.partition_epoch,
        tuple(IsrMember(one, -1) for one in members),
    )  # fmt: skip
    return world.ask(request)


def test_a_reassignment_ends_with_the_join_that_completes_it_and_the_old_leader_is_told(world):
    world.ask(admin.AlterPartitionReassignmentsRequest(((ORDERS, (4, 2)),)))
    moving = world.image.partition(ORDERS)
    assert (moving.replicas, moving.adding_replicas, moving.removing_replicas) == ((4, 2, 1, 3), (4,), (1, 3))
    answer = join(world, 1, 2, 3, 4)
    assert answer.error == ErrorCode.NEW_LEADER_ELECTED
    done = world.image.partition(ORDERS)
    assert (done.replicas, done.isr, done.leader, done.leader_epoch) == ((4, 2), (2, 4), 4, 1)
    assert not done.is_reassigning


def test_a_leader_that_stays_gets_a_new_epoch_when_replicas_are_taken_away(world):
    world.ask(admin.AlterPartitionReassignmentsRequest(((ORDERS, (1, 2)),)))
    after = world.image.partition(ORDERS)
    assert (after.replicas, after.leader, after.leader_epoch) == ((1, 2), 1, 1)


def registered(world, incarnation):
    return world.ask(BrokerRegistrationRequest(3, incarnation, -1)).error


def test_a_late_registration_of_a_former_process_does_not_take_the_place_of_one_that_reports_though_fenced(world):
    world.heartbeats.forget(3)
    assert registered(world, "new") == ErrorCode.NONE
    world.heartbeat(3, want_fence=True)
    assert world.image.brokers[3].fenced
    assert registered(world, "late") == ErrorCode.DUPLICATE_BROKER_REGISTRATION
    world.now += world.config.broker_session_timeout_ms
    assert registered(world, "late") == ErrorCode.DUPLICATE_BROKER_REGISTRATION
    world.now += 1
    assert registered(world, "next") == ErrorCode.NONE, "the session is over"


def test_cancelling_brings_the_old_replicas_back(world):
    world.ask(admin.AlterPartitionReassignmentsRequest(((ORDERS, (4, 2)),)))
    world.ask(admin.AlterPartitionReassignmentsRequest(((ORDERS, None),)))
    after = world.image.partition(ORDERS)
    assert (sorted(after.replicas), after.leader, after.is_reassigning) == ([1, 2, 3], 1, False)


def test_a_change_of_min_insync_replicas_clears_the_elr(world):
    for broker in (3, 2):
        world.heartbeats.sessions[broker] = -99_999
        world.write(periodic.step(world.state, "session-check", world.now).records)
    assert world.image.partition(ORDERS).elr == (2,)
    change = admin.ConfigChange(admin.TOPIC_RESOURCE, "orders", "min.insync.replicas", admin.SET, "1")
    world.ask(admin.IncrementalAlterConfigsRequest((change,)))
    assert world.image.partition(ORDERS).elr == ()


def test_an_unclean_election_is_asked_for_or_allowed_while_nobody_leads(world):
    for broker in (3, 2, 1):
        world.heartbeats.sessions[broker] = -99_999
        world.write(periodic.step(world.state, "session-check", world.now).records)
    world.start_broker(3)
    assert world.image.partition(ORDERS).leader == NO_LEADER
    assert periodic.step(world.state, "unclean-election", world.now).records == ()
    change = admin.ConfigChange(admin.TOPIC_RESOURCE, "orders", "unclean.leader.election.enable", admin.SET, "true")
    world.ask(admin.IncrementalAlterConfigsRequest((change,)))
    world.write(periodic.step(world.state, "unclean-election", world.now).records)
    after = world.image.partition(ORDERS)
    assert (after.leader, after.isr, after.recovering) == (3, (3,), True)


def test_producer_ids_are_given_out_in_blocks_and_never_twice(world):
    blocks = []
    for broker in (1, 2, 1):
        epoch = world.image.brokers[broker].broker_epoch
        answer = world.ask(AllocateProducerIdsRequest(broker, epoch))
        blocks.append((answer.first, answer.count))
    assert blocks == [(0, 1_000), (1_000, 1_000), (2_000, 1_000)]
    assert world.ask(AllocateProducerIdsRequest(1, 9_999)).error == ErrorCode.STALE_BROKER_EPOCH
    assert world.ask(AllocateProducerIdsRequest(9, 1)).error == ErrorCode.BROKER_ID_NOT_REGISTERED


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ((), "INVALID_REPLICA_ASSIGNMENT"),
        ((1, 1), "INVALID_REPLICA_ASSIGNMENT"),
        ((9_999,), "INVALID_REPLICA_ASSIGNMENT"),
    ],
)
def test_impossible_replicas_are_refused(world, target, error):
    answer = world.ask(admin.AlterPartitionReassignmentsRequest(((ORDERS, target),)))
    assert answer.partitions[0][1].name == error


def test_deleting_by_an_unknown_id_or_name(world):
    answer = world.ask(admin.DeleteTopicsRequest((("nowhere", ""), (None, "77"))))
    assert [one.error.name for one in answer.topics] == ["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"]
    assert topic_control.usable_brokers(world.image)[0].rack == "b"
