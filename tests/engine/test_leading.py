"""A leader's rules: what is stored, how far it is committed, who is in sync, who may read what."""

from __future__ import annotations

import pytest

from minikafka.broker import acks, fencing, isr
from minikafka.broker import partition as partition_rules
from minikafka.broker.acks import LeaderView, Produce
from minikafka.broker.partition import FollowerView, Partition, Role
from minikafka.broker.reading import Reader
from minikafka.config import TopicConfig
from minikafka.disk import MemoryDisk
from minikafka.log.partition_log import PartitionLog
from minikafka.metadata.image import BrokerRegistration, MetadataImage, PartitionRegistration
from minikafka.protocol import facts
from minikafka.protocol.messages import FetchPartition, FetchRequest
from minikafka.protocol.records import build_batch
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)
REPLICAS = (1, 2, 3)


def view(isr_, high_watermark=0, ends=(), minimum=2, replicas=REPLICAS):
    return LeaderView(replicas, frozenset(isr_), minimum, high_watermark, tuple(ends))


@pytest.mark.parametrize(
    ("produce", "leader", "verdict"),
    [
        (Produce(1, None, 0, 30_000), view({1}), "APPEND"),
        (Produce(-1, None, 0, 30_000), view({1}), "NOT_ENOUGH_REPLICAS"),
        (Produce(-1, None, 0, 30_000), view({1, 2}), "APPEND"),
        (Produce(0, 4, 0, 30_000), view({1}), "NO_REPLY"),
        (Produce(1, 4, 90_000, 30_000), view({1}), "NONE"),
        (Produce(-1, 4, 0, 30_000), view({1, 2, 3}, 4, ((1, 5), (2, 5), (3, 4))), "WAIT"),
        (Produce(-1, 4, 29_999, 30_000), view({1, 2, 3}, 4), "WAIT"),
        (Produce(-1, 4, 30_000, 30_000), view({1, 2, 3}, 4), "REQUEST_TIMED_OUT"),
        (Produce(-1, 4, 30_000, 30_000), view({1}, 5), "NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
        (Produce(-1, 4, 30_000, 30_000), view({1, 2}, 5), "NONE"),
        (Produce(-1, None, 0, 30_000), view({1}, replicas=(1,)), "APPEND"),
    ],
)
def test_when_a_producer_is_told(produce, leader, verdict):
    assert acks.ack_decision(produce, leader) == verdict


def followers(*rows):
    return tuple(FollowerView(*row) for row in rows)


@pytest.mark.parametrize(
    ("current", "leader_end", "rows", "minimum", "mark"),
    [
        (0, 5, ((2, 3, True, False), (3, 5, True, False)), 1, 3),
        (0, 5, ((2, 3, False, False), (3, 5, True, False)), 2, 5),
        (4, 6, ((2, -1, True, False), (3, 6, True, False)), 1, 4),
        (3, 5, ((2, 5, False, True),), 2, 3),
        (0, 4, (), 1, 4),
        (3, 5, ((2, 4, True, False), (3, 3, False, True)), 2, 3),
        (4, 6, ((2, 2, True, False),), 1, 4),
    ],
)
def test_how_far_it_is_committed(current, leader_end, rows, minimum, mark):
    assert partition_rules.advance_high_watermark(current, leader_end, followers(*rows), minimum) == mark


@pytest.mark.parametrize(
    ("arguments", "window"),
    [
        ((0, 3, 5, 0, -1, (0, 1, 2)), (0, 3)),
        ((0, 3, 5, 4, -1, (0, 1, 2)), (0, 4)),
        ((0, 3, 5, 5, 0, (0, 1, 2)), (0, 5)),
        ((4, 6, 6, 2, 1, (0, 1, 2)), (1, -1)),
        ((0, 3, 5, 6, -1, (0, 1, 2)), (1, -1)),
        ((0, 3, 5, 0, 77, (0, 1, 2)), (6, -1)),
    ],
)
def test_who_may_read_how_far(arguments, window):
    assert partition_rules.fetch_window(*arguments) == window


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        ((0, 1, True, True), "FENCED_LEADER_EPOCH"),
        ((2, 1, False, True), "UNKNOWN_LEADER_EPOCH"),
        ((-1, 1, False, False), "NONE"),
        ((-1, 1, False, True), "NOT_LEADER_OR_FOLLOWER"),
        ((1, 1, False, True), "NOT_LEADER_OR_FOLLOWER"),
        ((1, 1, True, True), "NONE"),
        ((0, 1, False, True), "FENCED_LEADER_EPOCH"),
        ((0, 0, True, True), "NONE"),
    ],
)
def test_who_is_behind(arguments, verdict):
    assert fencing.check_leader_epoch(*arguments) == verdict


# --- The ISR ---


def leader(**changes):
    return isr.Leader(**{"id": 1, "log_end_offset": 9, "high_watermark": 7, "epoch_start_offset": 8,
                         "isr": frozenset({1, 2}), "change_in_flight": False} | changes)  # fmt: skip


def follower(id_=2, end=9, caught_up=0, active=True, epochs=(5, 5)):
    return isr.Follower(id_, end, caught_up, active, *epochs)


@pytest.mark.parametrize(
    ("who", "now", "removed"),
    [
        (follower(end=8), 30_000, set()),
        (follower(end=8), 30_001, {2}),
        (follower(end=9), 99_000, set()),
        (follower(end=9, active=False), 99_000, set()),
        (follower(3, end=0), 99_000, set()),
    ],
)
def test_who_leaves_the_isr(who, now, removed):
    assert isr.to_remove(leader(), (who,), now, 30_000) == removed
    assert isr.to_remove(leader(change_in_flight=True), (who,), now, 30_000) == set()


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (follower(3, 8), True),
        (follower(3, 7), False),
        (follower(3, 8, active=False), False),
        (follower(3, 8, epochs=(4, 5)), False),
        (follower(2, 9), False),
    ],
)
def test_who_joins_the_isr(who, may):
    assert isr.may_join(leader(), who) is may
    assert not isr.may_join(leader(change_in_flight=True), who)


def test_a_newcomer_reaches_the_watermark_too():
    assert not isr.may_join(leader(high_watermark=9), follower(3, 8))


# --- One partition at its leader ---


class Stage:
    """A partition with its leader 1, and what the leader hears."""

    def __init__(self, min_isr: int = 2, isr_: tuple[int, ...] = REPLICAS) -> None:
        self.brokers = {broker: BrokerRegistration(broker, "x", 10 + broker, False) for broker in REPLICAS}
        self.partition = Partition(ORDERS, 1, PartitionLog(ORDERS, MemoryDisk()), self.brokers, 30_000)
        self.state = PartitionRegistration(REPLICAS, isr_, 1, 0, 0)
        self.config = TopicConfig(min_insync_replicas=min_isr)
        self.partition.apply(self.state, self.config, 0)

    def send(self, value: str, now: int = 0):
        return self.partition.append_as_leader(build_batch([(0, None, value.encode(), ())]), now)[1]

    def fetch(self, broker: int, offset: int, now: int = 0):
        return self.partition.record_follower_fetch(broker, offset, 10 + broker, 0, now)

    def metadata(self, **changes):
        fields = {name: getattr(self.state, name) for name in ("replicas", "isr", "leader", "leader_epoch", "elr")}
        fields |= {"partition_epoch": self.state.partition_epoch + 1} | changes
        self.state = PartitionRegistration(**fields)
        return self.partition.apply(self.state, self.config, 0)


def kinds(told):
    return [type(fact).__name__ for fact in told]


def test_the_next_fetch_is_the_acknowledgement():
    stage = Stage()
    stage.send("a")
    assert stage.partition.log.high_watermark == 0
    stage.fetch(2, 1)
    assert stage.partition.log.high_watermark == 0, "broker 3 may lead next"
    assert facts.HighWatermarkMoved(ORDERS, 1, True) in stage.fetch(3, 1)


def test_a_new_leader_notes_its_epoch_before_it_appends():
    stage = Stage()
    stage.send("a")
    stage.metadata(leader=2, leader_epoch=1)
    told = stage.metadata(leader=1, leader_epoch=2)
    assert kinds(told) == ["BecameLeader"]
    assert stage.partition.log.epochs.entries == ((0, 0), (2, 1))
    assert stage.partition.followers[2].log_end_offset == -1, "what it knew of an older term does not count"


def test_older_metadata_is_ignored():
    stage = Stage()
    stage.metadata(leader=2, leader_epoch=1)
    assert stage.partition.apply(PartitionRegistration(REPLICAS, REPLICAS, 1, 0, 0), stage.config, 0) == []
    assert (stage.partition.role, stage.partition.leader_epoch) == (Role.FOLLOWER, 1)


def test_the_watermark_stands_still_below_the_minimum():
    stage = Stage(isr_=(1,))
    stage.send("a")
    assert stage.partition.log.high_watermark == 0
    stage.fetch(2, 1)
    assert stage.partition.propose_expansion(2)
    assert stage.partition.log.high_watermark == 0, "a proposal is not an ISR"
    told = stage.partition.proposal_accepted((1, 2), 1, 0)
    assert kinds(told) == ["IsrAdopted", "HighWatermarkMoved"]


def test_a_newcomer_counts_from_the_proposal_on():
    stage = Stage(isr_=(1, 2))
    stage.fetch(2, 0)
    stage.fetch(3, 0)
    assert stage.partition.propose_expansion(3)
    stage.send("a")
    stage.fetch(2, 1)
    assert stage.partition.log.high_watermark == 0, "the controller may already have written 3 down"
    stage.fetch(3, 1)
    assert stage.partition.log.high_watermark == 1


def test_a_shrink_counts_only_once_the_controller_has_written_it():
    stage = Stage()
    for broker in (2, 3):
        stage.fetch(broker, 0)
    stage.send("a")
    stage.fetch(2, 1, now=31_000)
    told = stage.partition.propose_shrink(31_000)
    assert [fact.removed for fact in told] == [(3,)]
    assert stage.partition.log.high_watermark == 0
    assert stage.partition.propose_shrink(62_000) == [], "one proposal at a time"
    stage.partition.proposal_accepted((1, 2), 1, 31_000)
    assert stage.partition.log.high_watermark == 1


def test_a_burst_is_not_a_lag():
    stage = Stage()
    for round_ in range(1, 40):
        for _ in range(20):
            stage.send("x")
        now = round_ * 1_000
        for broker in (2, 3):
            stage.fetch(broker, stage.partition.log.log_end_offset - 20, now)
    assert stage.partition.propose_shrink(39_000) == []


def test_an_overtaken_answer_changes_nothing():
    stage = Stage(isr_=(1, 2))
    stage.fetch(3, 0)
    stage.partition.propose_expansion(3)
    stage.metadata(isr=(1, 2), partition_epoch=5)
    assert stage.partition.proposal is None
    assert stage.partition.proposal_accepted((1, 2, 3), 1, 0) == []
    assert stage.partition.isr == {1, 2}


def test_a_fetch_of_a_former_process_lets_nobody_in():
    stage = Stage(isr_=(1, 2))
    stage.fetch(3, 0)
    stage.brokers[3] = BrokerRegistration(3, "again", 44, False)
    assert stage.partition.propose_expansion(3) == []


@pytest.mark.parametrize(
    ("most", "of_it", "batches", "of_the_next"),
    [
        (900, 900, 3, 3), (900, 250, 2, 2), (900, 50, 1, 0), (450, 900, 3, 1), (250, 900, 2, 0), (1, 900, 1, 0),
        (0, 900, 1, 0), (-1, 900, 1, 0), (900, 0, 1, 0),
    ],
)  # fmt: skip
def test_an_answer_holds_what_was_asked_for_at_most_and_its_first_batch_in_any_case(most, of_it, batches, of_the_next):
    """Percent of a batch: in all, of each of two partitions."""
    stage = Stage(isr_=(1, 2))
    for _ in range(3):
        stage.send("x" * 30)
    size = len(next(iter(stage.partition.log.batches())).data)
    asked = FetchPartition(ORDERS, 0, max_bytes=of_it * size // 100)
    request = FetchRequest(3, (asked, asked), max_bytes=most * size // 100)
    reader = Reader(1, {ORDERS: stage.partition}, MetadataImage())
    first, second = (result.records for result, _ in reader.read_all(request, "broker-3", 0, first_time=False))
    assert (len(first), len(second)) == (batches * size, of_the_next * size)


def test_a_fenced_broker_stays_out():
    stage = Stage(isr_=(1, 2))
    stage.brokers[3] = BrokerRegistration(3, "x", 13, True)
    stage.fetch(3, 0)
    assert stage.partition.propose_expansion(3) == []
