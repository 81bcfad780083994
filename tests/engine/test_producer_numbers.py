"""The idempotent producer: numbers, turns, and new beginnings (KIP-98, KIP-360)."""

from __future__ import annotations

import pytest
from scripted_producer import ORDERS, Scripted

from minikafka.client import sequences
from minikafka.client.accumulator import Batch, PendingRecord
from minikafka.client.sequences import MAX_EPOCH, PartitionSequences, ProducerIdAndEpoch, Retry
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import ProducePartitionResult, ProduceResponse
from minikafka.protocol.records import MAX_SEQUENCE, RecordBatch
from minikafka.protocol.transaction_messages import InitProducerIdRequest, InitProducerIdResponse

OUT_OF_ORDER = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
ME = ProducerIdAndEpoch(7, 0)


def numbered(base, count=1, **fields):
    records = [PendingRecord("orders", 0, None, b"x", (), 0) for _ in range(count)]
    return Batch(ORDERS, 0, records, base_sequence=base, producer_id=7, producer_epoch=0, **fields)


# --- arithmetic ---


def test_sequences_count_records_and_wrap_to_zero():
    assert sequences.sequence_after(0, 3) == 3
    assert sequences.sequence_after(MAX_SEQUENCE, 1) == 0
    assert sequences.sequence_after(MAX_SEQUENCE - 1, 5) == 3


def test_which_number_is_ahead_survives_the_wrap():
    assert sequences.is_ahead(0, MAX_SEQUENCE)
    assert not sequences.is_ahead(MAX_SEQUENCE, 0)
    assert sequences.is_ahead(0, -1)
    assert not sequences.is_ahead(5, 5)


# --- decisions ---


def test_without_an_id_nothing_is_sent():
    entry = PartitionSequences(ME)
    assert not sequences.may_send(numbered(-1), entry, sequences.NOBODY)
    assert sequences.may_send(numbered(-1), entry, ME)


def test_only_the_first_batch_may_be_sent_again_while_others_wait():
    first, second = numbered(0), numbered(1)
    entry = PartitionSequences(ME, 2, in_flight=[first, second])
    assert sequences.may_send(first, entry, ME)
    assert not sequences.may_send(second, entry, ME)
    assert sequences.may_send(numbered(-1), entry, ME), "a new batch may go out behind them"


def test_a_new_epoch_waits_for_what_is_under_way_with_the_old_one():
    entry = PartitionSequences(ME, 1, in_flight=[numbered(0)])
    later = ProducerIdAndEpoch(7, 1)
    assert not sequences.may_send(numbered(-1), entry, later)
    entry.in_flight.clear()
    assert sequences.may_send(numbered(-1), entry, later)


def test_a_batch_is_overtaken_when_a_later_number_was_stored():
    first, second = numbered(0), numbered(1)
    entry = PartitionSequences(ME, next_sequence=2, in_flight=[first, second])
    assert entry.overtaken == [], "nothing is stored yet"
    entry.last_acked = 1
    assert entry.overtaken == [first, second]
    entry = PartitionSequences(ME, last_acked=MAX_SEQUENCE, in_flight=[first])
    assert entry.overtaken == [], "0 follows on the last number"


def test_a_batch_given_up_stops_new_ones():
    entry = PartitionSequences(ME, 1, unresolved=1)
    assert not sequences.may_send(numbered(-1), entry, ME)


@pytest.mark.parametrize(
    ("entry", "base", "transactional", "expected"),
    [
        (PartitionSequences(ME, 6, last_acked=2), 5, False, Retry.AGAIN),
        (PartitionSequences(ME, 6, last_acked=2), 5, True, Retry.AGAIN),
        (PartitionSequences(ME, 6, last_acked=2), 3, False, Retry.WITH_NEW_EPOCH),
        (PartitionSequences(ME, 6, last_acked=2), 3, True, Retry.NEVER),
        (PartitionSequences(ME, 6, last_acked=2, unresolved=4), 4, False, Retry.WITH_NEW_EPOCH),
        (PartitionSequences(ME, 6, last_acked=2, unresolved=4), 5, False, Retry.AGAIN),
        (PartitionSequences(ME, 6, last_acked=2, unresolved=4), 4, True, Retry.NEVER),
    ],
    ids=[
        "one before it failed too", "and in a transaction", "a real gap", "a real gap in a transaction",
        "directly behind one given up", "further behind", "behind one given up in a transaction",
    ],
)  # fmt: skip
def test_out_of_order_is_tried_again_unless_a_record_is_missing(entry, base, transactional, expected):
    assert sequences.retry_after(OUT_OF_ORDER, numbered(base), entry, transactional) == expected


def test_the_other_errors_go_by_retriable():
    entry = PartitionSequences(ME, 1)
    assert sequences.retry_after(ErrorCode.NOT_LEADER_OR_FOLLOWER, numbered(0), entry, False) == Retry.AGAIN
    assert sequences.retry_after(ErrorCode.INVALID_RECORD, numbered(0), entry, False) == Retry.NEVER
    assert sequences.retry_after(ErrorCode.UNKNOWN_PRODUCER_ID, numbered(0), entry, False) == Retry.WITH_NEW_EPOCH
    assert sequences.retry_after(ErrorCode.UNKNOWN_PRODUCER_ID, numbered(0), entry, True) == Retry.NEVER


# --- the whole producer ---


def test_the_first_record_waits_for_a_producer_id():
    world = Scripted()
    world.epoch = None  # nobody answers InitProducerId
    world.send("a")
    assert world.produced() == []
    world.answer_next(InitProducerIdRequest, InitProducerIdResponse(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
    world.wait(100)
    asked = world.answer_next(InitProducerIdRequest, InitProducerIdResponse(ErrorCode.NONE, 7, 0))
    assert (asked.transactional_id, asked.producer_id) == (None, -1)
    assert world.produced() == [[(0, "a", 0, 0)]]


def test_each_partition_counts_its_own_records():
    world = Scripted(partitions=2)
    world.send("a", "b")
    world.send("c", partition=1)
    world.send("d")
    bases = [(partition, base) for request in world.produced() for partition, _, _, base in request]
    assert bases == [(0, 0), (0, 1), (1, 0), (0, 2)]


def test_five_requests_are_under_way_and_no_more():
    world = Scripted()
    world.send(*"abcdefg")
    assert len(world.produced()) == 5
    world.answer_produce(offset=0)
    assert len(world.produced()) == 5


def test_a_refused_batch_goes_first_and_the_others_keep_their_order_behind_it():
    world = Scripted()
    world.send("a", "b", "c")
    world.answer_produce(ErrorCode.NOT_ENOUGH_REPLICAS)
    world.answer_produce(OUT_OF_ORDER)
    world.answer_produce(OUT_OF_ORDER)
    world.wait(1_000)
    assert world.produced() == [[(0, "a", 0, 0)]], "b and c wait for a"
    world.answer_produce(offset=10)
    world.answer_produce(offset=11)
    world.answer_produce(offset=12)
    assert world.reports == [("a", "NONE", 10), ("b", "NONE", 11), ("c", "NONE", 12)]


def test_a_lost_answer_is_repeated_with_the_same_numbers_and_bytes():
    world = Scripted()
    world.send("a")
    before = world.sent[0].message.partitions[0].records
    world.lose_connection()
    world.wait(200)
    assert world.sent[0].message.partitions[0].records == before
    world.answer_produce(offset=3)  # the leader has it already, and says where
    assert world.reports == [("a", "NONE", 3)]


def test_a_duplicate_too_old_to_be_remembered_is_success_without_an_offset():
    world = Scripted()
    world.send("a")
    world.answer_produce(ErrorCode.DUPLICATE_SEQUENCE_NUMBER, offset=-1)
    assert world.reports == [("a", "NONE", -1)]


def test_a_gap_raises_the_epoch_and_starts_again_at_zero():
    world = Scripted()
    world.send("a")
    world.answer_produce(offset=0)
    world.send("b", "c")
    world.answer_produce(OUT_OF_ORDER)  # the leader has lost a
    assert [fact for fact in world.facts if isinstance(fact, facts.SequencesRestarted)] == [], "c is on the wire"
    world.answer_produce(OUT_OF_ORDER)
    world.wait(1_000)
    assert facts.SequencesRestarted(7, 1, (ORDERS,)) in world.facts
    assert world.produced() == [[(0, "b", 1, 0)]]
    world.answer_produce(offset=1)
    assert world.produced() == [[(0, "c", 1, 1)]]


def test_a_batch_that_is_refused_for_good_gives_its_numbers_back():
    world = Scripted()
    world.send("a")
    world.answer_produce(ErrorCode.INVALID_RECORD)
    world.send("b")
    assert world.produced() == [[(0, "b", 1, 0)]]
    assert world.reports == [("a", "INVALID_RECORD", -1)]


def test_an_old_epoch_is_left_behind_by_a_producer_without_transactions():
    world = Scripted()
    world.send("a")
    world.answer_produce(ErrorCode.INVALID_PRODUCER_EPOCH)
    world.send("b")
    assert world.produced() == [[(0, "b", 1, 0)]]


def test_a_batch_that_ran_out_of_time_is_settled_by_those_behind_it():
    world = Scripted(delivery_timeout_ms=31_000)
    world.send("a")
    world.wait(10_000)
    world.send("b")
    world.wait(21_000)
    assert world.reports == [("a", "REQUEST_TIMED_OUT", -1)]
    world.send("c")
    assert len(world.produced()) == 2, "c waits: was a stored?"
    world.answer_produce(offset=0)  # for a, too late
    world.answer_produce(offset=1)  # b was stored, so a was
    assert world.produced() == [[(0, "c", 0, 2)]]


def test_when_nothing_behind_it_tells_the_epoch_is_raised():
    world = Scripted(delivery_timeout_ms=31_000)
    world.send("a")
    world.lose_connection()
    world.wait(50)
    world.wait(31_000)
    world.sent.clear()
    world.send("b")
    assert world.produced() == [[(0, "b", 1, 0)]]


def test_other_partitions_take_the_new_epoch_when_theirs_is_settled():
    world = Scripted(partitions=2)
    world.send("a", partition=1)
    world.send("b")
    world.sent.reverse()
    world.answer_produce(ErrorCode.INVALID_RECORD)  # b: epoch 1 from here on
    world.send("c", partition=1)
    assert world.produced() == [[(1, "a", 0, 0)]], "c waits for a, which has the old epoch"
    world.answer_produce(offset=0)
    assert world.produced() == [[(1, "c", 1, 0)]]


def test_after_the_last_epoch_comes_another_producer_id():
    world = Scripted()
    world.epoch = MAX_EPOCH
    world.send("a")
    world.producer_id, world.epoch = 8, 0
    world.answer_produce(ErrorCode.INVALID_RECORD)
    world.send("b")
    assert RecordBatch(world.sent[0].message.partitions[0].records).producer_id == 8
    assert world.produced() == [[(0, "b", 0, 0)]]


def test_a_batch_that_is_too_large_goes_on_in_pieces_with_the_same_numbers():
    world = Scripted(linger_ms=10)
    world.send("a", "b", "c", "d")
    world.wait(10)
    assert world.produced() == [[(0, "abcd", 0, 0)]]
    world.answer_produce(ErrorCode.MESSAGE_TOO_LARGE)
    world.answer_produce(ErrorCode.MESSAGE_TOO_LARGE)  # batch.size would have allowed it; now halves
    assert world.produced() == [[(0, "ab", 0, 0)]]
    world.answer_produce(offset=0)
    assert world.produced() == [[(0, "cd", 0, 2)]]
    world.answer_produce(offset=2)
    assert world.reports == [("a", "NONE", 0), ("b", "NONE", 1), ("c", "NONE", 2), ("d", "NONE", 3)]


def test_without_numbers_a_refused_batch_is_overtaken():
    """I19: the anomaly that Kafka documents, and that idempotence ends."""
    world = Scripted(numbered=False)
    world.send("a", "b")
    world.answer_produce(ErrorCode.NOT_ENOUGH_REPLICAS)
    world.answer_produce(offset=0)
    world.wait(1_000)
    world.answer_produce(offset=1)
    assert world.reports == [("b", "NONE", 0), ("a", "NONE", 1)]


def test_an_answer_to_a_request_that_was_given_up_is_ignored():
    world = Scripted()
    world.send("a")
    late = world.sent[0]
    world.lose_connection()
    world.answer(late, ProduceResponse((ProducePartitionResult(ORDERS, ErrorCode.NONE, 0),)))
    assert world.reports == []
