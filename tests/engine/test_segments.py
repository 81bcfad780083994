"""A log in many files: where it rolls, what its indexes hold, what retention takes, and what is found after a crash."""

from __future__ import annotations

import pytest

from minikafka.broker import following
from minikafka.config import TopicConfig
from minikafka.disk import MemoryDisk, StorageError
from minikafka.log import checkpoints, loading, retention, segment
from minikafka.log.indexes import OFFSET_ENTRY, TIME_ENTRY
from minikafka.log.loading import Opening
from minikafka.log.partition_log import PartitionLog
from minikafka.log.retention import SegmentView
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartitionResult
from minikafka.protocol.records import EndMarker, build_batch, build_marker, split_batches
from minikafka.sim.disk import SimulatedDisk
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)
DAY = 86_400_000


def batch(*values: str, at: int = 0, **producer):
    return build_batch([(at, None, value.encode(), ()) for value in values], **producer)


def log_of(count: int, disk=None, per_segment: int = 2, step_ms: int = 1, **config) -> PartitionLog:
    """A log of so many one-record batches (69 bytes each), so many to a segment."""
    settings = TopicConfig(segment_bytes=70 * per_segment, **config)
    log = PartitionLog(ORDERS, disk or MemoryDisk(), settings)
    for number in range(count):
        log.append_as_leader(batch(f"{number % 10}", at=1_000 + number * step_ms), 0)
    return log


def files(disk, suffix: str) -> list[str]:
    return [path for path in disk.paths("orders-0") if path.endswith(suffix)]


def offsets(log: PartitionLog) -> list[int]:
    return [one.base_offset for one in log.batches()]


# --- rolling ---


def test_a_segment_is_named_by_its_first_offset_in_twenty_digits():
    disk = MemoryDisk()
    log = log_of(5, disk)
    assert files(disk, ".log") == [f"orders-0/{base:020d}.log" for base in (0, 2, 4)]
    assert [fact.base_offset for fact in log.take_news()] == [2, 4]


@pytest.mark.parametrize(
    ("size", "incoming", "age_ms", "index_full", "relative", "rolls"),
    [
        (900, 100, 0, False, 0, False),
        (901, 100, 0, False, 0, True),
        (0, 2_000, 0, False, 0, False),
        (1, 1, 7_000, False, 0, False),
        (1, 1, 7_001, False, 0, True),
        (1, 1, 0, True, 0, True),
        (1, 1, 0, False, 2**31, True),
        (0, 1, 7_001, True, 2**31, False),
    ],
)
def test_when_a_segment_rolls(size, incoming, age_ms, index_full, relative, rolls):
    assert segment.should_roll(size, incoming, 1_000, age_ms, 7_000, index_full, relative) == rolls


def test_a_segment_rolls_by_the_time_between_its_first_record_and_the_next():
    log = log_of(4, per_segment=100, step_ms=600, segment_ms=1_000)
    assert [one.base_offset for one in log.segments] == [0, 2]


def test_reading_goes_on_across_segments():
    log = log_of(7)
    assert [one.base_offset for one in split_batches(log.read(1, 1 << 20, 7))] == [1]
    assert [one.base_offset for one in split_batches(log.read(2, 1 << 20, 7))] == [2, 3]
    assert log.read(6, 1, 7) and not log.read(6, 1, 6)
    assert offsets(log) == list(range(7))


def test_cutting_drops_later_segments_and_goes_on_in_the_one_that_is_left():
    disk = MemoryDisk()
    log = log_of(7, disk)
    assert log.truncate_to(3)
    assert (offsets(log), files(disk, ".log")[-1]) == ([0, 1, 2], f"orders-0/{2:020d}.log")
    log.append_as_leader(batch("x"), 1)
    assert offsets(PartitionLog(ORDERS, disk)) == [0, 1, 2, 3]


# --- indexes ---


def test_an_index_entry_holds_the_last_offset_of_a_batch_and_where_it_begins():
    disk = MemoryDisk()
    log = PartitionLog(ORDERS, disk, TopicConfig(index_interval_bytes=100))
    for number in range(6):
        log.append_as_leader(batch("a", "b", at=1_000 + number), 0)
    size = len(next(log.batches()).data)
    entries = list(OFFSET_ENTRY.iter_unpack(bytes(disk.files[f"orders-0/{0:020d}.index"])))
    assert entries == [(5, 2 * size), (9, 4 * size)], "each time more than 100 bytes were written since the last"
    times = list(TIME_ENTRY.iter_unpack(bytes(disk.files[f"orders-0/{0:020d}.timeindex"])))
    assert times == [(1_002, 5), (1_004, 9)]


def test_a_closed_segments_time_index_ends_with_its_largest_timestamp():
    disk = MemoryDisk()
    log_of(3, disk)
    assert list(TIME_ENTRY.iter_unpack(bytes(disk.files[f"orders-0/{0:020d}.timeindex"]))) == [(1_001, 1)]


def test_offsets_for_times_are_those_of_the_first_record_that_is_late_enough():
    log = PartitionLog(ORDERS, MemoryDisk(), TopicConfig(segment_bytes=150, index_interval_bytes=0))
    for at in (1_000, 3_000, 2_000, 4_000):
        log.append_as_leader(batch("x", at=at), 0)
    found = [log.offset_for_time(at) for at in (1, 1_000, 1_001, 2_500, 3_001, 4_001)]
    assert [one and one[:2] for one in found] == [
        (1_000, 0), (1_000, 0), (3_000, 1), (3_000, 1), (4_000, 3), None,
    ]  # fmt: skip
    assert log.offset_of_largest_time() == (4_000, 3, 0)
    log.move_high_watermark(4)
    log.move_log_start(3, "DeleteRecords")
    assert log.offset_for_time(1)[:2] == (4_000, 3)


def test_a_time_between_the_records_of_one_batch():
    log = PartitionLog(ORDERS, MemoryDisk())
    log.append_as_leader(build_batch([(at, None, b"x", ()) for at in (1_000, 2_000, 3_000)]), 0)
    assert log.offset_for_time(1_500) == (2_000, 1, 0)


# --- recovery ---


def test_after_a_clean_stop_only_the_newest_segment_is_read():
    disk = MemoryDisk()
    log_of(7, disk).close()
    disk.files[f"orders-0/{2:020d}.log"][80] ^= 1
    log = PartitionLog(ORDERS, disk, TopicConfig(segment_bytes=140), Opening(clean=True, recovery_point=7))
    assert (log.log_end_offset, [one._loaded for one in log.segments]) == (7, [False, False, False, True])
    assert [one.base_offset for one in split_batches(log.read(0, 1 << 20, 7))] == [0, 1]


def test_after_a_crash_what_was_flushed_is_trusted_and_the_rest_is_walked():
    disk = MemoryDisk()
    log_of(7, disk)
    log = PartitionLog(ORDERS, disk, TopicConfig(), Opening(recovery_point=5))
    assert [one._loaded for one in log.segments] == [False, False, True, True]
    assert offsets(log) == list(range(7))


def test_the_first_bad_batch_ends_the_log_and_later_segments_go():
    disk = MemoryDisk()
    log_of(7, disk)
    disk.files[f"orders-0/{2:020d}.log"][70 + 65] ^= 1
    log = PartitionLog(ORDERS, disk)
    assert (offsets(log), log.take_news()) == ([0, 1, 2], [facts.TailCut(ORDERS, 3, 4 * 69)])
    assert files(disk, ".log")[-1] == f"orders-0/{2:020d}.log"


@pytest.mark.parametrize("damage", ["missing", "torn", "ahead"])
def test_an_index_is_never_trusted_over_the_log(damage):
    disk = MemoryDisk()
    log_of(7, disk, index_interval_bytes=0)
    path = f"orders-0/{2:020d}.timeindex"
    match damage:
        case "missing":
            disk.delete(path)
        case "torn":
            disk.truncate(path, 7)
        case "ahead":
            disk.append(path, TIME_ENTRY.pack(0, 900))
    log = PartitionLog(ORDERS, disk, TopicConfig(), Opening(clean=True, recovery_point=7))
    assert (offsets(log), log.offset_for_time(1_003)) == (list(range(7)), (1_003, 3, 0))


def test_epochs_are_written_down_and_cut_to_what_the_log_holds():
    disk = MemoryDisk()
    log = PartitionLog(ORDERS, disk)
    for epoch in (0, 0, 3):
        log.append_as_leader(batch("x"), epoch)
    log.epochs.assign(5, 3)
    assert bytes(disk.files["orders-0/leader-epoch-checkpoint"]) == b"0\n3\n0 0\n3 2\n5 3\n"
    assert PartitionLog(ORDERS, disk).epochs.entries == ((0, 0), (3, 2))
    disk.delete("orders-0/leader-epoch-checkpoint")
    assert PartitionLog(ORDERS, disk).epochs.entries == ((0, 0), (3, 2)), "made anew from the batches"


def test_the_book_of_producers_is_the_snapshot_and_what_was_written_after_it():
    disk = MemoryDisk()
    log = PartitionLog(ORDERS, disk, TopicConfig(segment_bytes=150))
    for sequence in range(5):
        log.append_as_leader(batch("x", producer_id=7, producer_epoch=0, base_sequence=sequence), 0)
    assert files(disk, ".snapshot") == [f"orders-0/{base:020d}.snapshot" for base in (2, 4)]
    again = PartitionLog(ORDERS, disk, TopicConfig(), Opening(recovery_point=4))
    assert [one.first_sequence for one in again.producers.entries[7].batches] == [3, 4]
    log.truncate_to(3)
    assert [one.first_sequence for one in log.producers.entries[7].batches] == [1, 2]
    assert files(disk, ".snapshot") == [f"orders-0/{2:020d}.snapshot"], "no snapshot is newer than the log (I20)"


@pytest.mark.parametrize("opening", [Opening(), Opening(recovery_point=2), Opening(clean=True)])
def test_open_and_aborted_transactions_on_older_segments_survive_a_restart(opening):
    """Promise I22: the last stable offset and the aborted index come back."""
    disk = MemoryDisk()
    settings = TopicConfig(segment_bytes=150)
    log = PartitionLog(ORDERS, disk, settings)
    for producer in (1, 2):
        one = batch("x", producer_id=producer, producer_epoch=0, base_sequence=0, transactional=True)
        log.append_as_leader(one, 0)
    log.append_as_leader(build_marker(EndMarker(False, 0), 0, 2, 0), 0)
    log.append_as_leader(batch("y"), 0)
    log.append_as_leader(batch("z"), 0)
    log.close()
    again = PartitionLog(ORDERS, disk, settings, opening)
    for one in (log, again):
        one.move_high_watermark(5)
        assert one.last_stable_offset == 0
        assert one.aborted_transactions(0, 5) == ((2, 1, 2, 0),)
    assert disk.size(f"orders-0/{2:020d}.txnindex") == 34


def test_half_made_and_deleted_files_go_and_a_finished_swap_takes_its_place():
    disk = MemoryDisk()
    log = log_of(7, disk)
    kept = b"".join(one.data for one in log.batches() if one.base_offset in (0, 3))
    stem = f"orders-0/{0:020d}"
    disk.append(f"{stem}.log.swap", kept)
    disk.append(f"orders-0/{6:020d}.log.cleaned", b"half")
    disk.append(f"orders-0/{9:020d}.log.deleted", b"old")
    disk.append(f"orders-0/{9:020d}.index", b"orphan")
    log = PartitionLog(ORDERS, disk)
    assert offsets(log) == [0, 3, 4, 5, 6]
    assert [path for path in disk.paths() if not path.endswith((".log", "index", ".snapshot", "checkpoint"))] == []
    assert not files(disk, f"{9:020d}.index")


def test_a_log_that_ends_below_its_start_begins_again_there():
    disk = MemoryDisk()
    log_of(3, disk)
    log = PartitionLog(ORDERS, disk, TopicConfig(), Opening(log_start_offset=9))
    assert (log.log_start_offset, log.log_end_offset, log.high_watermark, offsets(log)) == (9, 9, 9, [])


def test_a_closed_segment_is_durable():
    disk = SimulatedDisk(lambda: 0)
    log = log_of(7, disk)
    assert log.recovery_point == 6
    disk.lose_page_cache()
    assert offsets(PartitionLog(ORDERS, disk)) == list(range(6))


# --- where the log starts ---


def test_the_log_start_moves_up_to_the_high_watermark_and_takes_whole_segments_with_it():
    disk = MemoryDisk()
    log = log_of(7, disk)
    log.move_high_watermark(6)
    assert log.move_log_start(5, "DeleteRecords") and not log.move_log_start(3, "DeleteRecords")
    with pytest.raises(AssertionError, match="above the high watermark"):
        log.move_log_start(7, "DeleteRecords")
    assert (log.delete_old_segments(0), offsets(log), log.epochs.entries) == (2, [5, 6], ((0, 5),))
    assert files(disk, ".log.deleted") and files(disk, ".log")[0] == f"orders-0/{4:020d}.log"
    assert [fact for fact in log.take_news() if type(fact) is facts.LogStartMoved] == [
        facts.LogStartMoved(ORDERS, 5, "DeleteRecords")
    ]


def test_a_log_can_start_over_where_its_leader_begins():
    disk = MemoryDisk()
    log = log_of(5, disk)
    log.start_over_at(100)
    assert (log.log_start_offset, log.log_end_offset, log.last_epoch) == (100, 100, -1)
    log.append_as_leader(batch("x"), 4)
    assert offsets(PartitionLog(ORDERS, disk)) == [100]


def segments(*rows):
    return tuple(SegmentView(*row) for row in rows)


def test_time_takes_segments_whose_youngest_record_is_too_old():
    old = segments((10, 100, 1 * DAY), (20, 100, 3 * DAY), (30, 100, 2 * DAY))
    assert retention.too_old(old, 30, 9 * DAY, 7 * DAY) == 1
    assert retention.too_old(old, 30, 9 * DAY + 1, 7 * DAY) == 1, "the second is young enough, and protects the third"
    assert retention.too_old(old, 9, 20 * DAY, 7 * DAY) == 0, "not committed yet"
    assert retention.too_old(old, 30, 20 * DAY, 7 * DAY) == 3
    assert retention.too_old(old, 30, 20 * DAY, -1) == 0


def test_size_takes_the_oldest_while_enough_is_left():
    full = segments((10, 100, 0), (20, 100, 0), (30, 100, 0))
    assert [retention.too_large(full, 30, limit) for limit in (-1, 300, 299, 200, 199, 0)] == [0, 0, 0, 1, 1, 3]
    assert retention.too_large(full, 15, 0) == 1


def test_even_the_active_segment_goes_when_all_its_records_are_too_old():
    disk = MemoryDisk()
    log = log_of(3, disk, retention_ms=DAY)
    log.move_high_watermark(3)
    assert log.delete_old_segments(now=DAY + 1_003) == 2
    assert (offsets(log), log.log_start_offset, log.log_end_offset) == ([], 3, 3)
    assert facts.LogStartMoved(ORDERS, 3, "retention.ms") in log.take_news()
    log.append_as_leader(batch("x"), 0)
    assert offsets(PartitionLog(ORDERS, disk)) == [3]


def test_a_live_producer_goes_on_after_retention_took_its_batches():
    """Promise I20."""
    log = PartitionLog(ORDERS, MemoryDisk(), TopicConfig(retention_ms=0))
    log.append_as_leader(batch("x", producer_id=7, producer_epoch=0, base_sequence=0), 0)
    log.move_high_watermark(1)
    log.delete_old_segments(now=10)
    following = batch("y", producer_id=7, producer_epoch=0, base_sequence=1)
    assert log.check_producer(following).error == 0


# --- small files, and a disk that is full ---


def test_checkpoints_are_kafkas_text():
    disk = MemoryDisk()
    offsets_of = {TopicPartition("b", 1): 40, ORDERS: 812}
    checkpoints.write_offsets(disk, checkpoints.RECOVERY_POINTS, offsets_of)
    assert bytes(disk.files["recovery-point-offset-checkpoint"]) == b"0\n2\nb 1 40\norders 0 812\n"
    assert checkpoints.read_offsets(disk, checkpoints.RECOVERY_POINTS) == offsets_of
    disk.replace(checkpoints.RECOVERY_POINTS, b"0\n3\nb 1 40\n")
    assert checkpoints.read_offsets(disk, checkpoints.RECOVERY_POINTS) == {}
    assert checkpoints.read_epochs(disk, "nowhere") == ()


def test_a_roll_that_the_disk_refuses_changes_nothing():
    """Promise I14."""
    disk = SimulatedDisk(lambda: 0)
    log = log_of(2, disk)
    disk.full = True
    for _ in range(2):
        with pytest.raises(StorageError):
            log.append_as_leader(batch("x"), 3)
    assert (log.log_end_offset, log.last_epoch, offsets(log)) == (2, 0, [0, 1])
    disk.full = False
    log.append_as_leader(batch("x"), 3)
    assert (offsets(PartitionLog(ORDERS, disk)), log.last_epoch) == ([0, 1, 2], 3)


@pytest.mark.parametrize("power", [False, True])
def test_a_log_whose_records_are_all_deleted_still_knows_where_it_goes_on(power):
    disk = SimulatedDisk(lambda: 0)
    log = log_of(5, disk)
    log.high_watermark = 5
    log.move_log_start(5, "client")
    log.roll()
    for closed in list(log.segments.closed):
        closed.delete()
    if power:
        disk.lose_page_cache()
    again = PartitionLog(ORDERS, disk)
    assert (again.log_start_offset, again.log_end_offset) == (5, 5), "an empty file has a name"


class NoNames(MemoryDisk):
    """A disk on which, for now, no new file can be made."""

    refuses = True

    def append(self, path, data):
        if self.refuses and path not in self.files:
            raise StorageError(f"no room for the name of {path}")
        super().append(path, data)


def test_a_follower_that_cannot_begin_anew_says_so_and_tries_again():
    disk = NoNames()
    log = PartitionLog(ORDERS, disk)
    out_of_range = FetchPartitionResult(ORDERS, ErrorCode.OFFSET_OUT_OF_RANGE, log_start_offset=7)
    error, told = following.take_answer(log, out_of_range)
    assert (error, [type(fact) for fact in told]) == (ErrorCode.KAFKA_STORAGE_ERROR, [facts.StorageFailed])
    assert log.log_end_offset == 0
    disk.refuses = False
    assert following.take_answer(log, out_of_range)[0] == ErrorCode.NONE
    assert log.log_end_offset == 7


def test_an_empty_file_that_no_flush_has_reached_goes_with_the_power():
    disk = SimulatedDisk(lambda: 0)
    log = log_of(2, disk)
    disk.lie()
    log.roll()
    disk.lose_page_cache()
    assert offsets(PartitionLog(ORDERS, disk)) == []
    assert PartitionLog(ORDERS, disk).log_end_offset == 0, "no hole where the lie was"


def test_which_segments_must_be_walked():
    assert loading.must_walk(Opening(recovery_point=10), None)
    assert loading.must_walk(Opening(recovery_point=10), 11)
    assert not loading.must_walk(Opening(recovery_point=10), 10)
    assert not loading.must_walk(Opening(clean=True), 11)
