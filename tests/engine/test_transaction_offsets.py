"""Offsets that are committed in a transaction: with it, or not at all."""

from __future__ import annotations

import pytest
from transaction_world import T0, World

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    OffsetCommitRequest,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetToCommit,
)
from minikafka.protocol.transaction_messages import (
    AddOffsetsToTxnRequest,
    DescribeTransactionsRequest,
    EndTxnRequest,
    TxnOffsetCommitRequest,
)
from minikafka.types import CONSUMER_OFFSETS_TOPIC, TopicPartition

OFFSETS = TopicPartition(CONSUMER_OFFSETS_TOPIC, 0)


@pytest.fixture
def world():
    return World()


def ask_group(world, request):
    """Ask the group's coordinator, again while it is loading or asks for patience."""
    for _ in range(50):
        answer = world.ask(world.leader(OFFSETS), request)
        if answer is not None and not any(error.retriable for error in errors_of(answer)):
            return answer
        world.sim.run_for(100)
    raise AssertionError(f"still {answer}")


def errors_of(answer):
    groups = getattr(answer, "groups", None)
    return [error for _, error in answer.partitions] if groups is None else [groups[0].error]


def commit(world, pid, epoch, offset, tv2=True, **options):
    """TxnOffsetCommit of group g for partition t-0: its error."""
    request = TxnOffsetCommitRequest("x", "g", pid, epoch, (OffsetToCommit(T0, offset),), adds_partition=tv2, **options)
    return ask_group(world, request).partitions[0][1]


def committed(world, stable=False):
    request = OffsetFetchRequest((OffsetFetchGroup("g", (T0,)),), require_stable=stable)
    (fetched,) = ask_group(world, request).groups[0].offsets
    return fetched.error if fetched.error else fetched.offset


def test_under_protocol_1_offsets_count_once_the_transaction_commits(world):
    me = world.init()
    answer = world.ask(world.coordinator, AddOffsetsToTxnRequest("x", me.producer_id, 0, "g"))
    assert answer.error == ErrorCode.NONE
    assert commit(world, me.producer_id, 0, 7, tv2=False) == ErrorCode.NONE
    assert committed(world) == -1
    assert committed(world, stable=True) == ErrorCode.UNSTABLE_OFFSET_COMMIT
    assert world.end(me.producer_id, 0, tv2=False).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert committed(world, stable=True) == 7


def test_offsets_of_an_aborted_transaction_leave_the_older_ones_in_place(world):
    old = OffsetCommitRequest("g", -1, "", (OffsetToCommit(T0, 3),))
    assert ask_group(world, old).partitions[0][1] == ErrorCode.NONE
    me = world.init()
    assert commit(world, me.producer_id, 0, 7) == ErrorCode.NONE
    assert world.end(me.producer_id, 0, commit=False).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert committed(world, stable=True) == 3


def test_under_protocol_2_the_group_coordinator_adds_its_own_partition(world):
    me = world.init()
    assert commit(world, me.producer_id, 0, 7) == ErrorCode.NONE
    (described,) = world.ask(world.coordinator, DescribeTransactionsRequest(("x",))).transactions
    assert described.partitions == (OFFSETS,)
    assert world.end(me.producer_id, 0).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert committed(world) == 7


def test_under_protocol_1_offsets_that_were_not_added_are_refused(world):
    me = world.init()
    assert commit(world, me.producer_id, 0, 7, tv2=False) == ErrorCode.TRANSACTION_ABORTABLE
    refused = commit(world, me.producer_id, 0, 7, tv2=False, knows_abortable=False)
    assert refused == ErrorCode.INVALID_TXN_STATE


def test_a_zombie_commits_no_offsets(world):
    first = world.init()
    assert commit(world, first.producer_id, 0, 7) == ErrorCode.NONE
    second = world.init()
    assert commit(world, first.producer_id, 0, 9) == ErrorCode.INVALID_PRODUCER_EPOCH
    assert commit(world, second.producer_id, second.producer_epoch, 8) == ErrorCode.NONE
    assert world.end(second.producer_id, second.producer_epoch).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert committed(world) == 8


def test_without_verification_a_zombie_is_known_by_its_epoch():
    world = World(transaction_version=1, transaction_partition_verification_enable=False)
    first = world.init()
    assert world.ask(world.coordinator, AddOffsetsToTxnRequest("x", first.producer_id, 0, "g")).error == ErrorCode.NONE
    assert commit(world, first.producer_id, 0, 7, tv2=False) == ErrorCode.NONE
    world.init()
    assert commit(world, first.producer_id, 0, 9, tv2=False) == ErrorCode.INVALID_PRODUCER_EPOCH


@pytest.mark.parametrize("seed", range(3))
def test_records_and_offsets_are_committed_together_though_the_coordinator_dies_between_their_markers(seed):
    world = World(seed)
    me = world.init()
    world.write(T0, me.producer_id, 0)
    assert commit(world, me.producer_id, 0, 7) == ErrorCode.NONE
    world.post(world.coordinator, EndTxnRequest("x", me.producer_id, 0, True))
    assert world.sim.run_until(lambda: world.facts(facts.MarkerWritten), 5_000)
    world.sim.crash(world.coordinator)
    world.sim.run_for(40_000)
    assert world.read(T0)[0] == [b"v"]
    assert committed(world, stable=True) == 7


def test_offsets_that_are_pending_survive_the_group_coordinator(world):
    me = world.init()
    assert commit(world, me.producer_id, 0, 7) == ErrorCode.NONE
    world.sim.crash(world.leader(OFFSETS))
    world.sim.run_for(20_000)
    assert committed(world, stable=True) == ErrorCode.UNSTABLE_OFFSET_COMMIT
    assert world.end(me.producer_id, 0).error == ErrorCode.NONE
    world.sim.run_for(1_000)
    assert committed(world, stable=True) == 7
