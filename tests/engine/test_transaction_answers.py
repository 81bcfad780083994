"""What Apache Kafka answers to requests about transactions, one by one, sent to a running cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest
from transaction_world import T0, T1, T2, World

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.transaction_messages import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    DescribeProducersRequest,
    DescribeTransactionsRequest,
    EndTxnRequest,
    InitProducerIdRequest,
    ListTransactionsRequest,
    TransactionToAdd,
)
from minikafka.types import CONSUMER_OFFSETS_TOPIC, TopicPartition


@pytest.fixture
def world():
    return World()


def other_than(node):
    return next(one for one in ("broker-1", "broker-2", "broker-3") if one != node)


# --- InitProducerId ---


def test_each_init_of_one_transactional_id_raises_the_epoch(world):
    first, second = world.init(), world.init()
    assert (first.producer_epoch, second.producer_epoch) == (0, 1)
    assert first.producer_id == second.producer_id


@pytest.mark.parametrize("timeout_ms", [0, -1, 900_001])
def test_an_impossible_transaction_timeout_is_refused(world, timeout_ms):
    answer = world.init(timeout_ms=timeout_ms)
    assert (answer.error, answer.producer_epoch) == (ErrorCode.INVALID_TRANSACTION_TIMEOUT, -1)


def test_an_empty_transactional_id_is_an_invalid_request(world):
    assert world.init("").error == ErrorCode.INVALID_REQUEST


def test_init_with_an_epoch_two_generations_old_is_refused(world):
    first = world.init()
    world.init(), world.init()
    request = InitProducerIdRequest("x", 60_000, first.producer_id, 0, says_fenced=False)
    assert world.ask(world.coordinator, request).error == ErrorCode.INVALID_PRODUCER_EPOCH


def test_a_broker_that_does_not_coordinate_says_so(world):
    elsewhere = other_than(world.coordinator)
    assert world.ask(elsewhere, InitProducerIdRequest("x")).error == ErrorCode.NOT_COORDINATOR
    assert world.ask(elsewhere, EndTxnRequest("x", 0, 0, True)).error == ErrorCode.NOT_COORDINATOR
    (described,) = world.ask(elsewhere, DescribeTransactionsRequest(("x",))).transactions
    assert described.error == ErrorCode.NOT_COORDINATOR


# --- adding and verifying ---


def test_adding_partitions_for_an_id_that_was_never_initialised(world):
    assert world.add(7, 0, T0) == ErrorCode.INVALID_PRODUCER_ID_MAPPING


def test_with_one_unknown_partition_no_other_is_attempted(world):
    me = world.init()
    nowhere = TopicPartition("nope", 0)
    request = AddPartitionsToTxnRequest((TransactionToAdd("x", me.producer_id, 0, (T0, nowhere)),))
    errors = {name: error for _, name, error in world.ask(world.coordinator, request).results}
    assert errors == {T0: ErrorCode.OPERATION_NOT_ATTEMPTED, nowhere: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}


def test_a_leader_may_verify_a_partition_that_was_added(world):
    me = world.init()
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    asked = TransactionToAdd("x", me.producer_id, 0, (T0, T1), verify_only=True)
    answer = world.ask(world.coordinator, AddPartitionsToTxnRequest((asked,), from_broker=True))
    assert [error for _, _, error in answer.results] == [ErrorCode.NONE, ErrorCode.TRANSACTION_ABORTABLE]


def test_one_request_of_a_leader_may_be_about_several_transactions(world):
    one, two = world.init(), world.init("y")
    asked = (TransactionToAdd("x", one.producer_id, 0, (T0,)), TransactionToAdd("y", two.producer_id, 5, (T0,)))
    answer = world.ask(world.coordinator, AddPartitionsToTxnRequest(asked, from_broker=True))
    assert [(name, error) for name, _, error in answer.results] == [
        ("x", ErrorCode.NONE), ("y", ErrorCode.PRODUCER_FENCED),
    ]  # fmt: skip


# --- producing ---


def produce_tv1(world, partition, pid, epoch, sequence=0, knows_abortable=True):
    request = replace(
        world.produce_request(partition, pid, epoch, sequence, tv2=False), knows_abortable=knows_abortable
    )
    (result,) = world.ask(world.leader(partition), request).partitions
    return result.error, result.base_offset


def test_protocol_1_does_not_take_a_write_to_a_partition_that_was_not_added(world):
    me = world.init()
    assert produce_tv1(world, T0, me.producer_id, 0) == (ErrorCode.TRANSACTION_ABORTABLE, -1)
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    old_client = produce_tv1(world, T1, me.producer_id, 0, knows_abortable=False)
    assert old_client == (ErrorCode.INVALID_TXN_STATE, -1)
    assert produce_tv1(world, T0, me.producer_id, 0) == (ErrorCode.NONE, 0)


def test_protocol_1_does_not_take_a_write_of_another_epoch(world):
    me = world.init()
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    assert produce_tv1(world, T0, me.producer_id, 5) == (ErrorCode.INVALID_PRODUCER_EPOCH, -1)


def test_protocol_1_after_a_commit_a_partition_must_be_added_again(world):
    me = world.init()
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    assert produce_tv1(world, T0, me.producer_id, 0)[0] == ErrorCode.NONE
    assert world.end(me.producer_id, 0, tv2=False).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert produce_tv1(world, T0, me.producer_id, 0, 1) == (ErrorCode.TRANSACTION_ABORTABLE, -1)


def test_protocol_1_hides_a_coordinator_that_is_busy_behind_not_enough_replicas(world):
    me = world.init()
    away = next(one for one in (T0, T1, T2) if world.leader(one) != world.coordinator)
    here = next(one for one in (T0, T1, T2) if world.leader(one) != world.leader(away))
    assert world.add(me.producer_id, 0, away) == ErrorCode.NONE
    world.sim.pause(world.leader(away))
    world.post(world.coordinator, EndTxnRequest("x", me.producer_id, 0, True, False))
    world.sim.run_for(50)
    assert produce_tv1(world, here, me.producer_id, 0)[0] == ErrorCode.NOT_ENOUGH_REPLICAS


def test_protocol_2_does_not_take_a_write_of_the_epoch_before(world):
    me = world.init()
    world.write(T0, me.producer_id, 0)
    world.end(me.producer_id, 0)
    world.sim.run_for(500)
    assert world.produce(T0, me.producer_id, 0, 1) == (ErrorCode.INVALID_PRODUCER_EPOCH, -1)
    assert world.produce(T0, me.producer_id, 1, 0)[0] == ErrorCode.NONE


def test_protocol_2_does_not_know_an_id_that_was_never_initialised(world):
    assert world.produce(T0, 77, 0, name="nobody") == (ErrorCode.INVALID_PRODUCER_ID_MAPPING, -1)


def test_protocol_2_waits_a_little_for_the_last_transaction_to_be_completed(world):
    me = world.init()
    world.write(T0, me.producer_id, 0)
    world.end(me.producer_id, 0)
    assert world.produce(T1, me.producer_id, 1)[0] == ErrorCode.NONE


# --- the end ---


@pytest.mark.parametrize("tv2", [True, False])
def test_a_commit_right_after_init_is_invalid(world, tv2):
    me = world.init()
    assert world.end(me.producer_id, 0, tv2=tv2).error == ErrorCode.INVALID_TXN_STATE


def test_a_commit_sent_twice_gets_the_same_answer_and_an_abort_does_not(world):
    me = world.init()
    world.write(T0, me.producer_id, 0)
    answers = [world.end(me.producer_id, 0) for _ in range(2)]
    assert [(one.error, one.producer_epoch) for one in answers] == [(ErrorCode.NONE, 1)] * 2
    assert world.end(me.producer_id, 0, commit=False).error == ErrorCode.INVALID_TXN_STATE


def test_a_partition_that_was_added_and_not_written_is_marked_all_the_same(world):
    me = world.init()
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    assert world.end(me.producer_id, 0, tv2=False).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert world.latest(T0) == 1


def test_protocol_1_goes_on_with_the_same_epoch(world):
    me = world.init()
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    assert world.end(me.producer_id, 0, tv2=False).error == ErrorCode.NONE
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE


def test_the_offsets_of_a_group_take_part_through_the_partition_that_keeps_them(world):
    me = world.init()
    answer = world.ask(world.coordinator, AddOffsetsToTxnRequest("x", me.producer_id, 0, "g"))
    assert answer.error == ErrorCode.NONE
    (described,) = world.ask(world.coordinator, DescribeTransactionsRequest(("x",))).transactions
    assert described.partitions == (TopicPartition(CONSUMER_OFFSETS_TOPIC, 0),)


# --- looking ---


def test_describe_transactions_knows_each_state(world):
    def described():
        (one,) = world.ask(world.coordinator, DescribeTransactionsRequest(("x",))).transactions
        return one.error, one.state, len(one.partitions), one.start_ms >= 0

    assert described() == (ErrorCode.TRANSACTIONAL_ID_NOT_FOUND, "", 0, False)
    me = world.init()
    assert described() == (ErrorCode.NONE, "Empty", 0, False)
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    assert described() == (ErrorCode.NONE, "Ongoing", 1, True)
    world.end(me.producer_id, 0)
    world.sim.run_for(500)
    assert described() == (ErrorCode.NONE, "CompleteCommit", 0, True)


def test_list_transactions_filters_and_names_states_it_does_not_know(world):
    me, other = world.init(), world.init("y")
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    request = ListTransactionsRequest(("Ongoing", "Nope"), (me.producer_id, other.producer_id))
    answer = world.ask(world.coordinator, request)
    assert (answer.error, answer.unknown_states) == (ErrorCode.NONE, ("Nope",))
    assert answer.transactions == (("x", me.producer_id, "Ongoing"),)
    assert len(world.ask(world.coordinator, ListTransactionsRequest()).transactions) == 2
    assert world.ask(other_than(world.coordinator), ListTransactionsRequest()).transactions == ()


def test_describe_producers_shows_whose_transaction_is_open(world):
    me = world.init()
    world.write(T0, me.producer_id, 0)
    ((_, error, (one,)),) = world.ask(world.leader(T0), DescribeProducersRequest((T0,))).partitions
    assert (error, one.producer_id, one.last_sequence, one.current_transaction_start) == (
        ErrorCode.NONE, me.producer_id, 0, 0,
    )  # fmt: skip
    world.end(me.producer_id, 0)
    world.sim.run_for(500)
    ((_, _, (one,)),) = world.ask(world.leader(T0), DescribeProducersRequest((T0,))).partitions
    assert (one.producer_epoch, one.current_transaction_start) == (1, -1)
    ((_, error, _),) = world.ask(other_than(world.leader(T0)), DescribeProducersRequest((T0,))).partitions
    assert error == ErrorCode.NOT_LEADER_OR_FOLLOWER
