"""Numbered producers and their transactions, as one log knows them."""

from __future__ import annotations

import pytest

from minikafka.broker.appending import Appender
from minikafka.broker.partition import Partition
from minikafka.config import TopicConfig
from minikafka.disk import MemoryDisk, StorageError
from minikafka.log import producer_state, transaction_index
from minikafka.log.partition_log import PartitionLog, last_stable_offset
from minikafka.log.producer_state import ACCEPTED, ProducerState, ProducerStates, Verdict, WrittenBatch
from minikafka.log.transaction_index import AbortedTransaction
from minikafka.metadata.image import MetadataImage, PartitionRegistration
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import ProducePartition, ProduceRequest
from minikafka.protocol.records import MAX_SEQUENCE, EndMarker, build_batch, build_marker
from minikafka.sim.disk import SimulatedDisk
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)
OUT_OF_ORDER = Verdict(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)


def batch(pid=7, epoch=0, sequence=0, count=1, transactional=False, at=0):
    return build_batch(
        [(at, None, b"x", ())] * count,
        producer_id=pid,
        producer_epoch=epoch,
        base_sequence=sequence,
        transactional=transactional,
    )


def log_of(*batches) -> PartitionLog:
    log = PartitionLog(ORDERS, MemoryDisk())
    for one in batches:
        log.append_as_leader(one, 0)
    return log


def after(*ranges: tuple[int, int]) -> ProducerState:
    """The entry of a producer that has written these sequences, each batch at ten times its number."""
    kept = [WrittenBatch(first, last, 10 * n, 10 * n + last - first, 0) for n, (first, last) in enumerate(ranges)]
    return ProducerState(7, 0, tuple(kept[-5:]))


def test_sequences_follow_each_other_and_a_gap_is_out_of_order():
    entry = after((0, 2), (3, 3))
    assert producer_state.check_sequence(entry, 0, 4, 6) == ACCEPTED
    assert producer_state.check_sequence(entry, 0, 5, 5) == OUT_OF_ORDER
    assert producer_state.check_sequence(ProducerState(7, 0), 0, 1, 1) == OUT_OF_ORDER, "an epoch starts at 0"


def test_each_of_the_last_five_batches_is_known_again_with_its_old_offset():
    entry = after((0, 0), (1, 2), (3, 3), (4, 4), (5, 5), (6, 6))
    assert producer_state.check_sequence(entry, 0, 1, 2).duplicate == WrittenBatch(1, 2, 10, 11, 0)
    assert producer_state.check_sequence(entry, 0, 0, 0) == OUT_OF_ORDER, "the sixth last is forgotten"
    assert producer_state.check_sequence(entry, 0, 1, 3) == OUT_OF_ORDER, "it overlaps and is not the same"


def test_an_older_epoch_is_refused_and_a_newer_one_starts_at_zero():
    entry = ProducerState(7, 3, after((0, 0)).batches)
    assert producer_state.check_sequence(entry, 2, 1, 1) == Verdict(ErrorCode.INVALID_PRODUCER_EPOCH)
    assert producer_state.check_sequence(entry, 4, 0, 0) == ACCEPTED
    assert producer_state.check_sequence(entry, 4, 1, 1) == OUT_OF_ORDER


def test_without_state_any_sequence_is_taken_but_for_a_transaction_under_protocol_2():
    assert producer_state.check_sequence(None, 0, 41, 41) == ACCEPTED
    assert producer_state.check_sequence(None, 0, 41, 41, must_start_at_zero=True) == OUT_OF_ORDER
    assert producer_state.check_sequence(None, 0, 0, 0, must_start_at_zero=True) == ACCEPTED


def test_sequences_wrap_to_zero():
    entry = after((MAX_SEQUENCE - 1, MAX_SEQUENCE))
    assert producer_state.check_sequence(entry, 0, 0, 0) == ACCEPTED
    assert batch(sequence=MAX_SEQUENCE, count=3).last_sequence == 1
    log = log_of(batch(sequence=MAX_SEQUENCE, count=3))
    assert log.check_producer(batch(sequence=2)) == ACCEPTED
    assert log.check_producer(batch(sequence=MAX_SEQUENCE, count=3)).duplicate.first_offset == 0


def test_followers_keep_the_same_book():
    leader = log_of(batch(), batch(sequence=1, count=2), batch(pid=8, epoch=2, transactional=True))
    follower = PartitionLog(ORDERS, MemoryDisk())
    for one in leader.batches():
        follower.append_as_follower(one)
    assert follower.producers.entries == leader.producers.entries
    assert follower.check_producer(batch(sequence=1, count=2)).duplicate.first_offset == 1


def test_cutting_the_log_takes_sequences_back_with_it():
    log = log_of(batch(), batch(sequence=1), batch(sequence=2))
    log.truncate_to(1)
    assert log.check_producer(batch(sequence=1)) == ACCEPTED
    assert log.check_producer(batch(sequence=3)) == OUT_OF_ORDER


def test_the_book_is_the_same_after_a_restart():
    disk = MemoryDisk()
    log = PartitionLog(ORDERS, disk)
    for one in (batch(), batch(sequence=1), batch(pid=9, transactional=True), batch(pid=4, epoch=-1, sequence=-1)):
        log.append_as_leader(one, 0)
    again = PartitionLog(ORDERS, disk)
    assert again.producers.entries == log.producers.entries
    assert again.producers.first_unstable_offset == 2


# --- transactions ---


def marker(commit: bool, pid=7, epoch=0, coordinator_epoch=0):
    return build_marker(EndMarker(commit, coordinator_epoch), 0, pid, epoch)


def test_readers_of_committed_data_stop_at_the_first_open_transaction():
    log = log_of(batch(pid=1), batch(transactional=True), batch(pid=1, sequence=1))
    log.move_high_watermark(3)
    assert (log.high_watermark, log.last_stable_offset) == (3, 1)
    log.append_as_leader(marker(True), 0)
    assert log.last_stable_offset == 1, "the marker is not committed yet"
    log.move_high_watermark(4)
    assert log.last_stable_offset == 4


def test_the_earliest_of_several_transactions_counts():
    log = log_of(batch(pid=1, transactional=True), batch(pid=2, transactional=True), marker(True, pid=1))
    log.move_high_watermark(3)
    assert log.last_stable_offset == 1
    log.append_as_leader(marker(False, pid=2), 0)
    log.move_high_watermark(4)
    assert log.last_stable_offset == 4


def test_the_last_stable_offset_never_passes_the_high_watermark():
    assert last_stable_offset(5, None) == 5
    assert last_stable_offset(5, 7) == 5
    assert last_stable_offset(5, 3) == 3


def test_aborted_transactions_are_found_by_whoever_reads_their_records():
    log = log_of(
        batch(pid=1, transactional=True),
        batch(pid=2, transactional=True),
        marker(False, pid=1),
        batch(pid=1, sequence=1, transactional=True),
        marker(True, pid=2),
        marker(False, pid=1),
        batch(pid=3),
    )
    first, second = AbortedTransaction(1, 0, 2, 1), AbortedTransaction(1, 3, 5, 6)
    assert log.aborted_transactions(0, 7) == (first, second)
    assert log.aborted_transactions(3, 7) == (second,)
    assert log.aborted_transactions(0, 1) == (first,)
    assert log.aborted_transactions(6, 7) == ()


def test_an_entry_of_the_index_has_kafkas_34_bytes():
    entry = AbortedTransaction(7, 10, 13, 14)
    packed = transaction_index.encode(entry)
    assert packed.hex() == "0000" + "0000000000000007" + "000000000000000a" + "000000000000000d" + "000000000000000e"
    assert transaction_index.decode(packed * 2 + b"torn") == [entry, entry]


def test_a_marker_without_records_before_it_ends_nothing():
    log = log_of(marker(False))
    log.move_high_watermark(1)
    assert (log.last_stable_offset, log.aborted_transactions(0, 1)) == (1, ())


@pytest.mark.parametrize(
    ("epoch", "coordinator_epoch", "version", "error"),
    [
        (4, 2, 2, ErrorCode.NONE),
        (3, 2, 2, ErrorCode.INVALID_PRODUCER_EPOCH),
        (3, 2, 1, ErrorCode.NONE),
        (2, 2, 1, ErrorCode.INVALID_PRODUCER_EPOCH),
        (4, 1, 2, ErrorCode.TRANSACTION_COORDINATOR_FENCED),
    ],
)
def test_markers_of_the_past_are_refused(epoch, coordinator_epoch, version, error):
    entry = ProducerState(7, 3, coordinator_epoch=2, transaction_start=10)
    assert producer_state.check_marker(entry, epoch, coordinator_epoch, version) == error
    assert producer_state.check_marker(None, epoch, coordinator_epoch, version) == ErrorCode.NONE


def test_a_marker_that_is_written_already_may_come_again():
    entry = ProducerState(7, 3, coordinator_epoch=2)
    assert producer_state.check_marker(entry, 3, 2, 2) == ErrorCode.NONE
    assert producer_state.check_marker(entry, 2, 2, 2) == ErrorCode.INVALID_PRODUCER_EPOCH
    assert producer_state.check_marker(entry, 3, 1, 2) == ErrorCode.TRANSACTION_COORDINATOR_FENCED


def test_after_a_marker_with_a_raised_epoch_the_next_transaction_starts_at_zero():
    """KIP-890: what comes late with the old epoch is refused, and opens nothing."""
    log = log_of(batch(transactional=True), marker(True, epoch=1))
    late = batch(sequence=1, transactional=True)
    assert log.check_producer(late) == Verdict(ErrorCode.INVALID_PRODUCER_EPOCH)
    assert log.check_producer(batch(epoch=1, transactional=True)) == ACCEPTED
    assert log.check_producer(batch(epoch=1, sequence=1, transactional=True)) == OUT_OF_ORDER


def test_a_producer_does_not_write_outside_its_open_transaction():
    log = log_of(batch(transactional=True))
    assert log.check_producer(batch(sequence=1)) == Verdict(ErrorCode.INVALID_TXN_STATE)


# --- forgetting, and remembering ---


def test_silent_producers_expire_and_open_transactions_do_not():
    log = log_of(batch(pid=1, at=1_000), batch(pid=2, at=5_000), batch(pid=3, at=0, transactional=True))
    assert log.producers.expire(now=11_000, expiration_ms=10_000) == [1]
    assert sorted(log.producers.entries) == [2, 3]
    assert log.check_producer(batch(pid=1, sequence=9)) == ACCEPTED


def test_a_snapshot_keeps_of_each_producer_its_last_batch_and_its_open_transaction():
    log = log_of(batch(count=3), batch(sequence=3), batch(pid=8, epoch=2, transactional=True, at=77))
    restored = ProducerStates.restored(log.producers.snapshot(), 5)
    assert restored.entries[7].batches == log.producers.entries[7].batches[-1:]
    assert restored.entries[8] == log.producers.entries[8]
    assert (restored.first_unstable_offset, restored.end_offset) == (4, 5)
    assert len(log.producers.snapshot()) == 10 + 2 * 46


def test_a_damaged_snapshot_is_no_snapshot():
    packed = bytearray(log_of(batch()).producers.snapshot())
    packed[20] ^= 1
    assert ProducerStates.restored(bytes(packed), 1) is None
    assert ProducerStates.restored(b"", 1) is None


# --- at the leader ---


def leader_of_one() -> tuple[Appender, Partition]:
    partition = Partition(ORDERS, 1, PartitionLog(ORDERS, MemoryDisk()), {}, 30_000)
    partition.apply(PartitionRegistration((1,), (1,), 1, 0, 0), TopicConfig(), 0)
    return Appender({ORDERS: partition}, MetadataImage()), partition


def produce(appender: Appender, one):
    request = ProduceRequest(-1, 1_000, (ProducePartition(ORDERS, one.data),))
    result, last_offset, told = appender.append(request.partitions[0], request, 0)
    return result.error, result.base_offset, last_offset, told


def test_a_batch_sent_again_is_answered_with_its_old_offset_and_not_appended():
    appender, partition = leader_of_one()
    produce(appender, batch(pid=3))
    produce(appender, batch(count=2))
    produce(appender, batch(pid=3, sequence=1))
    error, base, last, told = produce(appender, batch(count=2))
    assert (error, base, last, partition.log.log_end_offset) == (ErrorCode.NONE, 1, 2, 4)
    assert told == [facts.DuplicateFound(ORDERS, 7, 0, 0, 1)]


def test_a_batch_out_of_order_is_refused_and_the_missing_one_still_fits():
    appender, partition = leader_of_one()
    answers = [produce(appender, batch(sequence=sequence))[:2] for sequence in (0, 2, 1, 2)]
    assert answers == [
        (ErrorCode.NONE, 0),
        (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1),
        (ErrorCode.NONE, 1),
        (ErrorCode.NONE, 2),
    ]
    assert partition.log.log_end_offset == 3


def test_a_refused_write_does_not_count_as_sent():
    """Promise I14: a sequence that the disk did not take is the next one expected."""
    disk = SimulatedDisk(lambda: 0)
    log = PartitionLog(ORDERS, disk)
    log.append_as_leader(batch(), 0)
    disk.full = True
    with pytest.raises(StorageError):
        log.append_as_leader(batch(sequence=1), 0)
    disk.full = False
    assert log.check_producer(batch(sequence=1)) == ACCEPTED
    assert log.check_producer(batch(sequence=2)) == OUT_OF_ORDER
