"""What a transaction coordinator decides, in Kafka's words: epochs, fencing, retries, timeouts, expiry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from minikafka.coordinator import transaction, transaction_state
from minikafka.coordinator.transaction_state import (
    COMPLETE_ABORT,
    COMPLETE_COMMIT,
    EMPTY,
    LAST_EPOCH,
    ONGOING,
    PREPARE_ABORT,
    PREPARE_COMMIT,
    PREPARE_EPOCH_FENCE,
    VALID_PREVIOUS_STATES,
    Transaction,
    TransactionRecord,
    TransactionState,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.transaction_messages import EndTxnRequest, InitProducerIdRequest, TransactionToAdd
from minikafka.types import TopicPartition

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)
FRESH = 4000
PID = 7


def txn(state=EMPTY, epoch=3, **changes):
    open_ = {"partitions": (A0,), "start_ms": 100} if state in (ONGOING, PREPARE_COMMIT, PREPARE_ABORT) else {}
    fields = {"timeout_ms": 60_000, "last_update_ms": 100} | open_ | changes
    return Transaction("t", PID, epoch, state=state, **fields)


def init(current, pid=-1, epoch=-1, **options):
    return transaction.init_producer_id(current, InitProducerIdRequest("t", 60_000, pid, epoch, **options), FRESH, 500)


def add(current, *partitions, pid=PID, epoch=3, version=2):
    return transaction.add_partitions(current, TransactionToAdd("t", pid, epoch, partitions), version, 500)


def end(current, commit=True, pid=PID, epoch=3, **options):
    return transaction.end_transaction(current, EndTxnRequest("t", pid, epoch, commit, **options), FRESH, 500)


def written(decision):
    (record,) = decision.records
    return record.value


# --- InitProducerId ---


def test_a_new_transactional_id_gets_a_fresh_producer_id_and_epoch_0():
    decision = init(None)
    assert (decision.response.producer_id, decision.response.producer_epoch) == (FRESH, 0)
    assert written(decision).state is EMPTY


@pytest.mark.parametrize("state", [EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT])
def test_a_new_instance_gets_the_next_epoch_and_so_fences_the_old_one(state):
    decision = init(txn(state))
    assert (decision.response.producer_id, decision.response.producer_epoch) == (PID, 4)
    fenced = add(written(decision), A0, epoch=3)
    assert fenced.response == ErrorCode.PRODUCER_FENCED and not fenced.records


def test_an_ongoing_transaction_of_the_former_instance_is_aborted_first_and_the_client_asks_again():
    decision = init(txn(ONGOING))
    assert decision.response.error == ErrorCode.CONCURRENT_TRANSACTIONS
    aborted = written(decision)
    assert (aborted.state, aborted.producer_epoch, aborted.partitions) == (PREPARE_ABORT, 4, (A0,))
    assert init(aborted).response.error == ErrorCode.CONCURRENT_TRANSACTIONS and not init(aborted).records
    again = init(transaction.completed(aborted, 600))
    assert again.response.producer_epoch == 5


@pytest.mark.parametrize("state", [PREPARE_COMMIT, PREPARE_ABORT])
def test_while_a_transaction_is_completing_everybody_is_asked_to_come_again(state):
    current = txn(state)
    assert init(current).response.error == ErrorCode.CONCURRENT_TRANSACTIONS
    assert add(current, B0).response == ErrorCode.CONCURRENT_TRANSACTIONS
    assert end(current).response.error == ErrorCode.CONCURRENT_TRANSACTIONS
    assert end(current, bumps_epoch=False).response.error == ErrorCode.CONCURRENT_TRANSACTIONS


def test_a_producer_that_names_the_newest_epoch_goes_on_with_the_next():
    assert init(txn(), PID, 3).response.producer_epoch == 4


def test_a_producer_that_names_the_epoch_before_repeats_its_question_and_gets_the_same_answer():
    current = written(init(txn(), PID, 3))
    assert init(current, PID, 3).response.producer_epoch == 4


@pytest.mark.parametrize(("pid", "epoch"), [(PID, 2), (PID, 4), (8, 3)])
def test_a_producer_with_any_other_id_or_epoch_is_fenced(pid, epoch):
    decision = init(txn(), pid, epoch)
    assert decision.response.error == ErrorCode.PRODUCER_FENCED and not decision.records
    assert init(txn(), pid, epoch, says_fenced=False).response.error == ErrorCode.INVALID_PRODUCER_EPOCH


def test_a_zombie_is_fenced_once_another_instance_has_started():
    mine = written(init(txn(), PID, 3))
    other = written(init(mine))
    assert init(other, PID, 3).response.error == ErrorCode.PRODUCER_FENCED
    assert init(other, PID, 4).response.error == ErrorCode.PRODUCER_FENCED


@pytest.mark.parametrize("expected", [(-1, -1), (PID, LAST_EPOCH)])
def test_a_producer_id_without_epochs_left_is_replaced_by_a_fresh_one(expected):
    assert transaction.needs_producer_id(txn(epoch=LAST_EPOCH))
    decision = init(txn(epoch=LAST_EPOCH), *expected)
    assert (decision.response.producer_id, decision.response.producer_epoch) == (FRESH, 0)
    assert written(decision).previous_producer_id == PID


def test_a_producer_that_did_not_hear_of_its_new_id_is_told_again():
    rotated = written(init(txn(epoch=LAST_EPOCH), PID, LAST_EPOCH))
    decision = init(rotated, PID, LAST_EPOCH)
    assert (decision.response.producer_id, decision.response.producer_epoch) == (FRESH, 0)


def test_below_the_last_epoch_no_fresh_id_is_needed():
    assert not transaction.needs_producer_id(txn(epoch=LAST_EPOCH - 1))
    assert not transaction.needs_producer_id(txn(ONGOING, LAST_EPOCH))
    assert init(txn(epoch=LAST_EPOCH - 1)).response.producer_epoch == LAST_EPOCH


@pytest.mark.parametrize(("timeout", "valid"), [(0, False), (-1, False), (1, True), (900_000, True), (900_001, False)])
def test_a_transaction_timeout_is_more_than_0_and_at_most_the_maximum(timeout, valid):
    assert transaction.is_valid_timeout(timeout, 900_000) is valid


# --- AddPartitionsToTxn ---


def test_adding_partitions_to_an_unknown_id_is_an_invalid_mapping():
    assert add(None, A0).response == ErrorCode.INVALID_PRODUCER_ID_MAPPING
    assert add(txn(), A0, pid=8).response == ErrorCode.INVALID_PRODUCER_ID_MAPPING


@pytest.mark.parametrize("state", [EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT])
def test_the_first_partition_opens_the_transaction_and_starts_its_clock(state):
    opened = written(add(txn(state), B0, A1))
    assert (opened.state, opened.partitions, opened.start_ms) == (ONGOING, (A1, B0), 500)


def test_further_partitions_join_and_the_clock_goes_on():
    joined = written(add(txn(ONGOING), B0))
    assert (joined.partitions, joined.start_ms) == ((A0, B0), 100)


def test_a_partition_that_takes_part_already_is_not_written_again():
    decision = add(txn(ONGOING), A0)
    assert decision.response == ErrorCode.NONE and not decision.records


@pytest.mark.parametrize("epoch", [2, 4])
def test_only_the_current_epoch_may_add_partitions(epoch):
    assert add(txn(ONGOING), B0, epoch=epoch).response == ErrorCode.PRODUCER_FENCED


# --- verification (KIP-890 part 1) ---


def verified(current, *partitions, pid=PID, epoch=3):
    answer = transaction.verify_partitions(current, TransactionToAdd("t", pid, epoch, partitions, True))
    return [error for _, error in answer]


def test_verification_knows_partitions_of_the_ongoing_transaction_only():
    assert verified(txn(ONGOING), A0, B0) == [ErrorCode.NONE, ErrorCode.TRANSACTION_ABORTABLE]
    assert verified(txn(EMPTY), A0) == [ErrorCode.TRANSACTION_ABORTABLE]
    assert verified(txn(PREPARE_COMMIT), A0) == [ErrorCode.CONCURRENT_TRANSACTIONS]
    assert verified(txn(ONGOING), A0, epoch=2) == [ErrorCode.PRODUCER_FENCED]
    assert verified(txn(ONGOING), A0, pid=9) == [ErrorCode.INVALID_PRODUCER_ID_MAPPING]
    assert verified(None, A0) == [ErrorCode.INVALID_PRODUCER_ID_MAPPING]


# --- EndTxn ---


@pytest.mark.parametrize(("commit", "state"), [(True, PREPARE_COMMIT), (False, PREPARE_ABORT)])
def test_protocol_2_raises_the_epoch_at_each_end_and_answers_with_it(commit, state):
    decision = end(txn(ONGOING), commit)
    prepared = written(decision)
    assert (prepared.state, prepared.producer_epoch, prepared.last_producer_epoch) == (state, 4, 3)
    assert (decision.response.producer_id, decision.response.producer_epoch) == (PID, 4)


@pytest.mark.parametrize(("commit", "state"), [(True, PREPARE_COMMIT), (False, PREPARE_ABORT)])
def test_protocol_1_keeps_the_epoch(commit, state):
    prepared = written(end(txn(ONGOING), commit, bumps_epoch=False))
    assert (prepared.state, prepared.producer_epoch, prepared.client_version) == (state, 3, 1)


def test_the_end_of_an_unknown_id_or_of_another_producer_id_is_an_invalid_mapping():
    assert end(None).response.error == ErrorCode.INVALID_PRODUCER_ID_MAPPING
    assert end(txn(ONGOING), pid=8).response.error == ErrorCode.INVALID_PRODUCER_ID_MAPPING
    assert end(txn(ONGOING), pid=8, bumps_epoch=False).response.error == ErrorCode.INVALID_PRODUCER_ID_MAPPING


@pytest.mark.parametrize("bumps", [True, False])
@pytest.mark.parametrize("epoch", [2, 4])
def test_the_end_asked_for_by_another_epoch_is_fenced(epoch, bumps):
    current = txn(ONGOING)
    assert end(current, epoch=epoch, bumps_epoch=bumps).response.error == ErrorCode.PRODUCER_FENCED
    old = end(current, epoch=epoch, bumps_epoch=bumps, says_fenced=False)
    assert old.response.error == ErrorCode.INVALID_PRODUCER_EPOCH


def test_a_commit_without_a_transaction_is_invalid_in_both_protocols():
    for bumps in (True, False):
        assert end(txn(EMPTY), bumps_epoch=bumps).response.error == ErrorCode.INVALID_TXN_STATE
    assert end(txn(EMPTY), False, bumps_epoch=False).response.error == ErrorCode.INVALID_TXN_STATE


@pytest.mark.parametrize("state", [EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT])
def test_an_abort_without_a_transaction_raises_the_epoch_under_protocol_2(state):
    decision = end(txn(state), False)
    prepared = written(decision)
    assert (prepared.state, prepared.producer_epoch, prepared.start_ms) == (PREPARE_ABORT, 4, 500)
    assert decision.response.producer_epoch == 4


def test_protocol_2_knows_a_repeated_end_by_its_epoch():
    done = transaction.completed(written(end(txn(ONGOING))), 600)
    again = end(done)
    assert (again.response.error, again.response.producer_epoch, again.records) == (ErrorCode.NONE, 4, ())
    assert end(done, False).response.error == ErrorCode.INVALID_TXN_STATE


def test_a_late_end_does_not_touch_the_next_transaction_under_protocol_2():
    done = transaction.completed(written(end(txn(ONGOING), False)), 600)
    following = written(add(done, B0, epoch=4))
    late = end(following, False, epoch=3)
    assert late.response.error == ErrorCode.PRODUCER_FENCED and not late.records


def test_a_late_end_ends_the_next_transaction_under_protocol_1():
    done = transaction.completed(written(end(txn(ONGOING), False, bumps_epoch=False)), 600)
    following = written(add(done, B0, epoch=3, version=1))
    late = end(following, False, bumps_epoch=False)
    assert written(late).state is PREPARE_ABORT


def test_protocol_1_takes_the_same_end_twice_and_refuses_the_other():
    done = txn(COMPLETE_COMMIT)
    assert end(done, bumps_epoch=False).response.error == ErrorCode.NONE
    assert end(done, False, bumps_epoch=False).response.error == ErrorCode.INVALID_TXN_STATE


def test_the_last_epoch_ends_with_a_marker_of_epoch_32767_and_a_new_producer_id():
    current = txn(ONGOING, LAST_EPOCH)
    request = EndTxnRequest("t", PID, LAST_EPOCH, True)
    assert transaction.ending_needs_producer_id(current, request)
    decision = end(current, epoch=LAST_EPOCH)
    prepared = written(decision)
    assert (prepared.producer_id, prepared.producer_epoch, prepared.next_producer_id) == (PID, 32_767, FRESH)
    assert (decision.response.producer_id, decision.response.producer_epoch) == (FRESH, 0)
    done = written(transaction.markers_written(prepared, 600))
    assert (done.producer_id, done.producer_epoch, done.previous_producer_id) == (FRESH, 0, PID)
    again = end(done, epoch=LAST_EPOCH)
    assert (again.response.error, again.response.producer_id) == (ErrorCode.NONE, FRESH)


# --- completion, timeouts, expiry ---


@pytest.mark.parametrize(("state", "then"), [(PREPARE_COMMIT, COMPLETE_COMMIT), (PREPARE_ABORT, COMPLETE_ABORT)])
def test_when_all_markers_are_written_the_next_transaction_may_begin(state, then):
    done = written(transaction.markers_written(txn(state), 700))
    assert (done.state, done.partitions, done.last_update_ms) == (then, (), 700)


def test_a_transaction_times_out_only_after_its_whole_timeout():
    current = txn(ONGOING, timeout_ms=1_000)
    assert not transaction.time_out(current, 1_100).records
    aborted = written(transaction.time_out(current, 1_101))
    assert (aborted.state, aborted.producer_epoch) == (PREPARE_ABORT, 4)


def test_only_ongoing_transactions_time_out():
    for state in (EMPTY, PREPARE_COMMIT, PREPARE_ABORT, COMPLETE_ABORT):
        assert not transaction.time_out(txn(state), 10**9).records


def test_after_a_timeout_the_producer_is_fenced_but_may_ask_to_go_on():
    done = transaction.completed(transaction.abort_and_fence(txn(ONGOING), 500), 600)
    assert add(done, A0, epoch=3).response == ErrorCode.PRODUCER_FENCED
    assert init(done, PID, 3).response.producer_epoch == 4


def test_under_protocol_1_it_may_not():
    current = replace(txn(ONGOING), client_version=1)
    done = transaction.completed(transaction.abort_and_fence(current, 500), 600)
    assert done.producer_epoch == 4
    assert init(done, PID, 3).response.error == ErrorCode.PRODUCER_FENCED


@pytest.mark.parametrize("state", [EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT])
def test_an_idle_id_expires_into_a_tombstone(state):
    assert not transaction.expire(txn(state), 1_000, 1_099).records
    assert transaction.expire(txn(state), 1_000, 1_100).records == (TransactionRecord("t", None),)


@pytest.mark.parametrize("state", [ONGOING, PREPARE_COMMIT, PREPARE_ABORT])
def test_an_id_in_the_middle_of_something_does_not_expire(state):
    assert not transaction.expire(txn(state), 1_000, 10**9).records


# --- the table and the log ---


def test_the_table_names_a_way_into_every_state():
    assert set(VALID_PREVIOUS_STATES) == set(TransactionState)
    assert set(VALID_PREVIOUS_STATES[PREPARE_COMMIT]) == {ONGOING}
    assert set(VALID_PREVIOUS_STATES[PREPARE_EPOCH_FENCE]) == {ONGOING}


def test_a_step_that_is_not_in_the_table_is_a_bug():
    with pytest.raises(AssertionError, match="CompleteCommit does not follow Ongoing"):
        txn(ONGOING).to(COMPLETE_COMMIT)


@pytest.mark.parametrize("value", [None, txn(ONGOING, partitions=(A0, B0), client_version=1)])
def test_a_record_comes_back_from_the_log_as_it_was(value):
    record = TransactionRecord("t", value)
    assert transaction_state.decode(*transaction_state.encode(record)) == record
