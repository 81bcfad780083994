"""The producer's side of transactions: states, protocols 1 and 2, errors to abort for and errors to die of."""

from __future__ import annotations

import pytest
from scripted_producer import ORDERS, Scripted

from minikafka.client import transaction_requests
from minikafka.client.transaction_manager import VALID_PREVIOUS_STATES, GroupMetadata, State
from minikafka.client.transaction_requests import Verdict
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FindCoordinatorRequest, OffsetToCommit
from minikafka.protocol.messages import ProduceRequest
from minikafka.protocol.transaction_messages import (
    AddOffsetsToTxnRequest,
    AddOffsetsToTxnResponse,
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    EndTxnRequest,
    EndTxnResponse,
    InitProducerIdRequest,
    InitProducerIdResponse,
    TransactionToAdd,
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from minikafka.types import TopicPartition

NONE = ErrorCode.NONE
INPUT = TopicPartition("input", 0)


class Transactional(Scripted):
    """... with a transactional id, and begun."""

    def __init__(self, version=2, begun=True, **settings):
        super().__init__(version=version, transactional_id="t", **settings)
        self.take(self.node.init_transactions(self.now))
        if begun:
            self.begin()

    @property
    def manager(self):
        return self.node.transactions

    @property
    def outcome(self):
        call = self.manager.call
        return call.done, call.error.name

    def begin(self):
        self.take(self.node.begin_transaction(self.now))

    def end(self, commit=True):
        self.take(self.node.end_transaction(commit, self.now))

    def offsets(self, generation=3):
        group = GroupMetadata("g", generation, "member-1")
        self.take(self.node.send_offsets({INPUT: OffsetToCommit(INPUT, 5)}, group, self.now))

    def waiting(self):
        return [type(envelope.message).__name__.removesuffix("Request") for envelope in self.sent]

    def added(self, error=NONE):
        return self.answer_next(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse(NONE, (("t", ORDERS, error),)))

    def ended(self, error=NONE, producer_id=7, epoch=1):
        return self.answer_next(EndTxnRequest, EndTxnResponse(error, producer_id, epoch))


# --- protocol 2 ---


def test_protocol_2_just_produces_and_takes_the_next_epoch_from_the_end():
    world = Transactional()
    world.send("a")
    assert world.waiting() == ["Produce"]
    request = world.sent[0].message
    assert (request.transactional_id, request.adds_partition) == ("t", True)
    world.end()
    assert world.waiting() == ["Produce"], "the end waits for every record's outcome"
    world.answer_produce(offset=0)
    asked = world.ended()
    assert (asked.producer_epoch, asked.commit, asked.bumps_epoch) == (0, True, True)
    assert world.outcome == (True, "NONE")
    world.begin()
    world.send("b")
    assert world.produced() == [[(0, "b", 1, 0)]]


def test_a_transaction_without_records_ends_without_asking():
    world = Transactional()
    world.end()
    assert (world.waiting(), world.outcome, world.manager.state) == ([], (True, "NONE"), State.READY)


def test_protocol_2_commits_offsets_without_adding_the_group():
    world = Transactional()
    world.offsets()
    request = world.answer_next(TxnOffsetCommitRequest, TxnOffsetCommitResponse(((INPUT, NONE),)))
    assert (request.group, request.generation, request.member_id, request.adds_partition) == ("g", 3, "member-1", True)
    assert world.outcome == (True, "NONE")
    world.end()
    assert world.waiting() == ["EndTxn"]


# --- protocol 1 ---


def test_protocol_1_adds_the_partition_first_and_keeps_the_epoch():
    world = Transactional(version=1)
    world.send("a")
    assert world.waiting() == ["AddPartitionsToTxn"]
    assert world.added().transactions == (TransactionToAdd("t", 7, 0, (ORDERS,)),)
    assert world.sent[0].message.adds_partition is False
    world.answer_produce(offset=0)
    world.end()
    assert world.ended(epoch=-1, producer_id=-1).bumps_epoch is False
    world.begin()
    world.send("b")
    world.added()
    assert world.produced() == [[(0, "b", 0, 1)]], "the numbers go on"


def test_protocol_1_adds_the_group_before_its_offsets():
    world = Transactional(version=1)
    world.offsets()
    assert world.waiting() == ["AddOffsetsToTxn"]
    world.answer_next(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse(NONE))
    request = world.answer_next(TxnOffsetCommitRequest, TxnOffsetCommitResponse(((INPUT, NONE),)))
    assert request.adds_partition is False


def test_the_transaction_before_still_completes_so_it_asks_again_soon():
    world = Transactional(version=1)
    world.send("a")
    world.added(ErrorCode.CONCURRENT_TRANSACTIONS)
    world.wait(20)
    assert world.waiting() == ["AddPartitionsToTxn"]


def test_protocol_1_raises_the_epoch_after_an_aborted_error():
    world = Transactional(version=1)
    world.send("a")
    world.added()
    world.answer_produce(ErrorCode.INVALID_RECORD)
    world.epoch = None
    world.end(commit=False)
    world.ended(epoch=-1, producer_id=-1)
    assert world.outcome == (False, "NONE"), "aborted, but a late batch of it is not fenced yet"
    asked = world.answer_next(InitProducerIdRequest, InitProducerIdResponse(NONE, 7, 1))
    assert (asked.producer_id, asked.producer_epoch) == (7, 0)
    assert (world.outcome, world.manager.state) == ((True, "NONE"), State.READY)


# --- errors ---


def test_after_an_abortable_error_only_abort_is_left():
    world = Transactional()
    world.send("a")
    world.answer_produce(ErrorCode.INVALID_RECORD)
    assert facts.ProducerFailed("t", ErrorCode.INVALID_RECORD, False) in world.facts
    world.end(commit=True)
    assert world.outcome == (True, "INVALID_RECORD")
    assert not world.manager.may_produce()
    world.end(commit=False)
    assert world.ended().commit is False
    assert (world.outcome, world.manager.state) == ((True, "NONE"), State.READY)
    world.begin()
    world.send("b")
    assert world.produced() == [[(0, "b", 1, 0)]]


def test_a_fenced_producer_can_do_nothing_more():
    world = Transactional()
    world.send("a")
    world.answer_produce(offset=0)
    world.end()
    world.ended(ErrorCode.INVALID_PRODUCER_EPOCH)
    assert (world.outcome, world.manager.state) == ((True, "PRODUCER_FENCED"), State.FATAL_ERROR)
    world.end(commit=False)
    assert world.outcome == (True, "PRODUCER_FENCED")
    world.send("b")
    assert world.reports[-1] == ("b", "INVALID_TXN_STATE", -1)


def test_a_leader_that_knows_a_newer_epoch_makes_it_abort_and_the_coordinator_fences_it():
    world = Transactional()
    world.send("a")
    world.answer_produce(ErrorCode.INVALID_PRODUCER_EPOCH)
    assert world.manager.state == State.ABORTABLE_ERROR
    world.end(commit=False)
    world.ended(ErrorCode.PRODUCER_FENCED)
    assert world.manager.state == State.FATAL_ERROR


def test_a_fatal_error_reports_every_record():
    world = Transactional()
    world.send("a", "b")
    world.answer_produce(ErrorCode.PRODUCER_FENCED)
    assert world.reports == [("a", "PRODUCER_FENCED", -1), ("b", "PRODUCER_FENCED", -1)]
    assert world.node.outstanding == 0


def test_aborting_takes_back_what_was_not_sent_and_waits_for_what_was():
    world = Transactional(max_in_flight_requests_per_connection=1)
    world.send("a", "b")
    world.end(commit=False)
    assert [(value, error) for value, error, _ in world.reports] == [("b", "OPERATION_NOT_ATTEMPTED")]
    assert world.node.reports[0].purged == "queue"
    assert world.waiting() == ["Produce"]
    world.answer_produce(offset=0)
    assert world.waiting() == ["EndTxn"]


def test_a_member_of_an_old_generation_must_abort():
    world = Transactional()
    world.offsets(generation=2)
    world.answer_next(TxnOffsetCommitRequest, TxnOffsetCommitResponse(((INPUT, ErrorCode.ILLEGAL_GENERATION),)))
    assert (world.outcome, world.manager.state) == ((True, "ILLEGAL_GENERATION"), State.ABORTABLE_ERROR)


def test_a_record_that_runs_out_of_time_costs_the_transaction():
    world = Transactional(delivery_timeout_ms=31_000)
    world.send("a")
    world.lose_connection()
    world.wait(32_000)
    assert world.manager.state == State.ABORTABLE_ERROR
    world.sent.clear()
    world.end(commit=False)
    assert world.waiting() == ["EndTxn"]


# --- the coordinator moves ---


def test_a_lost_answer_to_the_end_is_asked_for_again():
    world = Transactional()
    world.send("a")
    world.answer_produce(offset=0)
    world.end()
    world.lose_connection()
    assert world.waiting() == []
    world.wait(100)
    assert world.waiting() == ["EndTxn"]
    world.ended(ErrorCode.NOT_COORDINATOR)
    world.wait(100)
    world.ended(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    world.wait(100)
    world.ended()
    assert world.outcome == (True, "NONE")


def test_no_answer_within_the_request_timeout_is_no_answer():
    world = Transactional()
    world.send("a")
    world.answer_produce(offset=0)
    world.end()
    world.wait(30_100)
    assert world.waiting() == ["EndTxn", "EndTxn"]
    assert world.sent[1].channel != world.sent[0].channel


def test_calling_again_waits_for_the_same_outcome():
    world = Transactional()
    world.send("a")
    world.answer_produce(offset=0)
    world.end()
    world.end()
    assert world.waiting() == ["EndTxn"]
    world.ended()
    assert world.outcome == (True, "NONE")


@pytest.mark.parametrize(
    ("request_", "error", "verdict"),
    [
        (EndTxnRequest("t", 7, 0, True), ErrorCode.CONCURRENT_TRANSACTIONS, Verdict.AGAIN),
        (EndTxnRequest("t", 7, 0, True), ErrorCode.NOT_COORDINATOR, Verdict.LOOK_UP),
        (EndTxnRequest("t", 7, 0, True), ErrorCode.INVALID_TXN_STATE, Verdict.FATAL),
        (EndTxnRequest("t", 7, 0, True), ErrorCode.TRANSACTION_ABORTABLE, Verdict.ABORTABLE),
        (InitProducerIdRequest("t"), ErrorCode.INVALID_TRANSACTION_TIMEOUT, Verdict.FATAL),
        (InitProducerIdRequest("t"), ErrorCode.CONCURRENT_TRANSACTIONS, Verdict.AGAIN),
        (TxnOffsetCommitRequest("t", "g", 7, 0, ()), ErrorCode.FENCED_INSTANCE_ID, Verdict.ABORTABLE),
        (TxnOffsetCommitRequest("t", "g", 7, 0, ()), ErrorCode.REQUEST_TIMED_OUT, Verdict.LOOK_UP),
    ],
    ids=str,
)
def test_what_an_error_means_depends_on_the_question(request_, error, verdict):
    assert transaction_requests.judge_error(request_, error) == verdict


def test_the_gravest_error_of_an_answer_counts():
    answer = AddPartitionsToTxnResponse(
        NONE,
        (("t", ORDERS, ErrorCode.CONCURRENT_TRANSACTIONS), ("t", INPUT, ErrorCode.PRODUCER_FENCED)),
    )
    asked = AddPartitionsToTxnRequest(())
    assert transaction_requests.judge(asked, answer) == (Verdict.FATAL, ErrorCode.PRODUCER_FENCED)


# --- states ---


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda world: world.end(), "no transaction is open"),
        (lambda world: world.offsets(), "no transaction is open"),
        (lambda world: world.take(world.node.init_transactions(0)), "not possible while the producer is ready"),
    ],
    ids=["commit", "offsets", "init again"],
)
def test_a_call_that_makes_no_sense_now_is_one_sentence(call, sentence):
    world = Transactional(begun=False)
    call(world)
    assert world.manager.call.done
    assert sentence in world.manager.call.refusal


def test_every_state_says_where_it_comes_from_and_why():
    assert set(VALID_PREVIOUS_STATES) == set(State)
    assert all(trigger for sources in VALID_PREVIOUS_STATES.values() for trigger in sources.values())


def test_the_coordinator_is_looked_up_once():
    world = Scripted(transactional_id="t")
    asked = []
    former, world._arrives = world._arrives, lambda envelope: (asked.append(envelope.message), former(envelope))
    world.take(world.node.init_transactions(0))
    world.take(world.node.begin_transaction(0))
    world.send("a")
    lookups = [one for one in asked if isinstance(one, FindCoordinatorRequest)]
    assert [(one.key_type, one.keys) for one in lookups] == [(1, ("t",))]
    assert any(isinstance(one, ProduceRequest) for one in asked)
