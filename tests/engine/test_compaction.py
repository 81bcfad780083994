"""Compaction: of each key the newest record, and everything that has to stay so that nobody is misled."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest

from minikafka.broker.log_manager import LogManager
from minikafka.broker.validation import InvalidBatch, check_produced_batch
from minikafka.config import ServerConfig, TopicConfig
from minikafka.disk import MemoryDisk, StorageError
from minikafka.effects import SetTimer, Timer
from minikafka.log import compaction
from minikafka.log.loading import Opening
from minikafka.log.partition_log import PartitionLog
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import EndMarker, build_batch, build_marker, with_records
from minikafka.sim.disk import SimulatedDisk
from minikafka.types import TopicPartition

TABLE = TopicPartition("table", 0)
DAY = 86_400_000
SETTINGS = TopicConfig(cleanup_policy="compact", segment_bytes=1 << 20, min_cleanable_dirty_ratio=0.0)


def batch(*pairs: tuple[str, str | None], **producer):
    packed = [(1_000, key.encode(), None if value is None else value.encode(), ()) for key, value in pairs]
    return build_batch(packed, **producer)


def log_of(*batches, disk=None, settings: TopicConfig = SETTINGS) -> PartitionLog:
    """All of it committed, in one closed segment."""
    log = PartitionLog(TABLE, disk or MemoryDisk(), settings)
    for one in batches:
        log.append_as_leader(one, 0)
    close(log)
    return log


def close(log: PartitionLog) -> None:
    log.roll()
    log.move_high_watermark(log.log_end_offset)
    log.take_news()


def content(log: PartitionLog) -> list[tuple[int, str, str | None]]:
    return [
        (record.offset, record.key.decode(), record.value and record.value.decode())
        for one in log.batches()
        if not one.is_control
        for record in one.records()
    ]


@pytest.mark.parametrize(
    ("offset", "newest", "has_value", "horizon_passed", "stays"),
    [
        (5, 5, True, True, True),
        (5, 7, True, False, False),
        (5, -1, True, False, True),
        (5, 5, False, False, True),
        (5, 5, False, True, False),
        (5, 7, False, False, False),
    ],
)
def test_which_records_survive(offset, newest, has_value, horizon_passed, stays):
    assert compaction.survives(offset, newest, has_value, horizon_passed) == stays


def test_the_newest_record_of_each_key_stays_and_offsets_do_not_change():
    log = log_of(batch(("a", "1"), ("b", "1"), ("a", "2")), batch(("c", "1")), batch(("b", "2"), ("a", "3")))
    assert compaction.clean_if_worth_it(log, 0)
    assert content(log) == [(3, "c", "1"), (4, "b", "2"), (5, "a", "3")]
    assert (log.log_start_offset, log.log_end_offset) == (0, 6)
    assert log.take_news() == [facts.LogCompacted(TABLE, 6, (0, 1, 2))]
    assert [record.offset for record in next(log.batches(1)).records()] == [3], "a reader of 1 goes on at 3"
    assert log.read(1, 1 << 20, 6) == log.read(3, 1 << 20, 6)


def test_the_active_segment_and_what_is_not_decided_are_not_touched():
    log = log_of(batch(("a", "1")), batch(("a", "2")))
    log.append_as_leader(batch(("a", "3"), transactional=True, producer_id=1, producer_epoch=0, base_sequence=0), 0)
    close(log)
    log.append_as_leader(batch(("a", "4")), 0)
    assert [one.base_offset for one in compaction.cleanable(log.segments.closed, log.last_stable_offset, 0, 0)] == [0]
    compaction.clean_if_worth_it(log, 0)
    assert content(log) == [(1, "a", "2"), (2, "a", "3"), (3, "a", "4")]


def test_young_records_are_left_alone_for_min_compaction_lag():
    log = log_of(batch(("a", "1")), batch(("a", "2")))
    assert compaction.cleanable(log.segments.closed, 2, 1_500, 500)
    assert not compaction.cleanable(log.segments.closed, 2, 1_499, 500)


def test_a_log_is_cleaned_when_enough_of_it_is_dirty_or_for_too_long():
    assert not compaction.is_worth_it(50, 50, 0.5, 0, 100)
    assert compaction.is_worth_it(51, 49, 0.5, 0, 100)
    assert compaction.is_worth_it(1, 99, 0.5, 101, 100)
    assert not compaction.is_worth_it(0, 99, 0.0, 101, 100)
    log = log_of(batch(("a", "1")))
    assert compaction.clean_if_worth_it(log, 0) and not compaction.clean_if_worth_it(log, 0)
    assert not compaction.clean_if_worth_it(log_of(batch(("a", "1")), settings=TopicConfig()), 0)


def test_a_tombstone_stays_until_its_delete_horizon_and_says_so_in_its_batch():
    log = log_of(batch(("a", "1")), batch(("a", None), ("b", "1")))
    compaction.clean(log, log.segments.closed, now=5_000)
    (left,) = log.batches()
    assert (left.attributes & 0x40, left.delete_horizon_ms) == (0x40, 5_000 + DAY)
    left.check()
    assert [record.timestamp_ms for record in left.records()] == [1_000, 1_000]
    compaction.clean(log, log.segments.closed, now=4_999 + DAY)
    assert content(log) == [(1, "a", None), (2, "b", "1")]
    compaction.clean(log, log.segments.closed, now=5_000 + DAY)
    assert content(log) == [(2, "b", "1")]


def numbered(key: str, sequence: int, pid: int = 7, transactional: bool = True):
    return batch(
        (key, str(sequence)), producer_id=pid, producer_epoch=0, base_sequence=sequence, transactional=transactional
    )


def marker(commit: bool, pid: int = 7, epoch: int = 0):
    return build_marker(EndMarker(commit, 0), 1_000, pid, epoch)


def test_aborted_records_go_at_once_and_have_replaced_nothing():
    log = log_of(batch(("a", "old")), numbered("a", 0), numbered("b", 1), marker(False), batch(("c", "1")))
    compaction.clean(log, log.segments.closed, 0)
    assert content(log) == [(0, "a", "old"), (4, "c", "1")]
    assert log.aborted_transactions(0, 5) == ((7, 1, 3, 4),)


def test_a_marker_stays_while_its_records_do_and_then_until_its_horizon():
    log = log_of(numbered("a", 0), marker(True), batch(("b", "1")))
    for now in (0, 2 * DAY):
        compaction.clean(log, log.segments.closed, now)
        assert [one.delete_horizon_ms for one in log.batches() if one.is_control] == [None]
    log.append_as_leader(numbered("a", 1, pid=8, transactional=False), 0)
    log.append_as_leader(numbered("z", 2, pid=7, transactional=False), 0)
    close(log)
    compaction.clean(log, log.segments.closed, 3 * DAY)
    compaction.clean(log, log.segments.closed, 4 * DAY)
    assert [one.delete_horizon_ms for one in log.batches() if one.is_control] == [5 * DAY], "its records are gone"
    compaction.clean(log, log.segments.closed, 5 * DAY)
    assert [one for one in log.batches() if one.is_control] == []


def test_the_last_batch_of_a_producer_stays_as_an_empty_head_of_61_bytes():
    """Its next sequence number must still be known after a restart (promise I20)."""
    disk = MemoryDisk()
    log = log_of(numbered("a", 0, transactional=False), numbered("a", 1, transactional=False), disk=disk)
    log.append_as_leader(batch(("a", "new")), 0)
    close(log)
    compaction.clean(log, log.segments.closed, 0)
    empty, _ = log.batches()
    assert (empty.base_offset, empty.count, len(empty.data), list(empty.records())) == (1, 0, 61, [])
    for path in disk.paths("table-0"):
        if path.endswith(".snapshot"):
            disk.delete(path)
    again = PartitionLog(TABLE, disk, SETTINGS)
    assert again.check_producer(numbered("a", 2, transactional=False)) == (ErrorCode.NONE, None)
    assert again.check_producer(numbered("a", 3, transactional=False)).error


def test_small_neighbours_become_one_segment_again():
    settings = TopicConfig(cleanup_policy="compact", segment_bytes=200, min_cleanable_dirty_ratio=0.0)
    log = log_of(*[batch(("k", str(number))) for number in range(9)], settings=settings)
    assert len(log.segments) == 6
    compaction.clean(log, log.segments.closed, 0)
    assert len(log.segments) == 6 and content(log) == [(8, "k", "8")]
    compaction.clean(log, log.segments.closed, 0)
    assert (len(log.segments), content(log)) == (2, [(8, "k", "8")])
    assert log.log_start_offset == 0


@pytest.mark.parametrize("opening", [Opening(), Opening(clean=True), Opening(recovery_point=9)])
def test_a_cleaned_log_is_the_same_after_a_restart(opening):
    disk = MemoryDisk()
    log = log_of(*[batch((key, "x")) for key in "abcabcad"], disk=disk)
    compaction.clean(log, log.segments.closed, 0)
    log.close()
    assert content(PartitionLog(TABLE, disk, SETTINGS, opening)) == content(log)


def test_a_power_loss_in_the_middle_of_cleaning_loses_nothing():
    class Interrupted(Exception):
        pass

    class Failing(SimulatedDisk):
        left = 1 << 30

        def rename(self, path, new_path):
            self.left -= 1
            if not self.left:
                raise Interrupted
            super().rename(path, new_path)

    for steps in range(1, 8):
        disk = Failing(lambda: 0)
        log = log_of(*[batch((key, str(number))) for number, key in enumerate("abab")], disk=disk)
        disk.left = steps
        try:
            compaction.clean(log, log.segments.closed, 0)
        except Interrupted:
            disk.lose_page_cache()
        disk.left = 1 << 30
        newest = {key: value for _, key, value in content(PartitionLog(TABLE, disk, SETTINGS, Opening(False, 4)))}
        assert newest == {"a": "2", "b": "3"}, f"interrupted at rename {steps}"


def test_what_was_replaced_before_the_disk_was_full_is_told():
    """Cleaning stops in the middle: some segments are new by then, and nobody may look for what was in the old ones."""

    class Filling(MemoryDisk):
        left = 1 << 30

        def append(self, path, data):
            self.left -= 1
            if self.left < 0:
                raise StorageError(f"no space left on the disk for {path}")
            super().append(path, data)

    settings = TopicConfig(cleanup_policy="compact", segment_bytes=200, min_cleanable_dirty_ratio=0.0)
    told = set()
    for left in range(12):
        disk = Filling()
        log = log_of(*[batch((key, str(number))) for number, key in enumerate("ababab")], disk=disk, settings=settings)
        before, disk.left = {offset for offset, _, _ in content(log)}, left
        with suppress(StorageError):
            compaction.clean(log, log.segments.closed, 0)
        removed = before - {offset for offset, _, _ in content(log)}
        news = [one for one in log.take_news() if isinstance(one, facts.LogCompacted)]
        assert {offset for one in news for offset in one.removed} == removed, f"full after {left} writes"
        told.add(len(removed))
    assert told == {0, 2, 4}


def test_fewer_records_keep_offsets_sequences_and_headers():
    whole = build_batch(
        [(10, b"a", b"1", ()), (20, b"b", b"2", (("h", b"x"),)), (30, b"c", b"3", ())],
        base_offset=5, producer_id=7, producer_epoch=1, base_sequence=40,
    )  # fmt: skip
    kept = list(whole.records())[1:2]
    less = with_records(whole, kept, None)
    less.check()
    assert list(less.records()) == kept
    assert (less.base_offset, less.last_offset, less.base_sequence, less.last_sequence) == (5, 7, 40, 42)
    assert (less.count, less.max_timestamp_ms) == (1, 20)


def test_a_compacted_topic_takes_no_record_without_a_key():
    keyless = build_batch([(0, b"k", b"v", ()), (0, None, b"v", ())])
    with pytest.raises(InvalidBatch, match="INVALID_RECORD"):
        check_produced_batch(keyless.data, SETTINGS, 0)
    check_produced_batch(keyless.data, TopicConfig(), 0)


@pytest.mark.parametrize(
    ("at", "now", "settings", "error"),
    [
        (7_200_000, 0, TopicConfig(), ErrorCode.INVALID_TIMESTAMP),
        (3_000_000, 0, TopicConfig(), None),
        (1_000, DAY, TopicConfig(), None),
        (1_000, 61_000, TopicConfig(message_timestamp_before_max_ms=1_000), ErrorCode.INVALID_TIMESTAMP),
        (7_200_000, 0, TopicConfig(message_timestamp_type="LogAppendTime"), None),
        (0, 0, TopicConfig(segment_bytes=61), ErrorCode.RECORD_LIST_TOO_LARGE),
    ],
)
def test_times_far_from_the_brokers_are_refused(at, now, settings, error):
    data = build_batch([(at, None, b"v", ())]).data
    if error is None:
        check_produced_batch(data, settings, now)
        return
    with pytest.raises(InvalidBatch) as caught:
        check_produced_batch(data, settings, now)
    assert caught.value.error == error


def test_append_time_is_the_leaders_and_under_the_checksum():
    stamped = build_batch([(1_000, None, b"x", ()), (2_000, None, b"y", ())]).with_append_time(77_000)
    stamped.check()
    assert (stamped.base_timestamp_ms, stamped.max_timestamp_ms, stamped.has_append_time) == (1_000, 77_000, True)
    assert [record.timestamp_ms for record in stamped.records()] == [77_000, 77_000]


# --- the loops of a broker ---


def test_the_cleaner_begins_with_the_first_compacted_log_and_deleted_files_go_later():
    disk = MemoryDisk()
    manager = LogManager(ServerConfig(), disk)
    assert manager.watch_compacted() == []
    log = manager.open(TABLE, SETTINGS)
    assert manager.watch_compacted() == [SetTimer(Timer("log-cleaner"), 15_000)]
    assert manager.watch_compacted() == []
    for value in ("1", "2"):
        log.append_as_leader(batch(("a", value)), 0)
    close(log)
    effects = manager.fired(Timer("log-cleaner"), 15_000)
    assert SetTimer(Timer("log-deletion"), 60_000) in effects and SetTimer(Timer("log-cleaner"), 15_000) in effects
    assert [path for path in disk.paths() if path.endswith(".log.deleted")]
    manager.fired(Timer("log-deletion"), 75_000)
    assert not [path for path in disk.paths() if path.endswith(".deleted")]


@pytest.mark.parametrize("seed", range(30))
def test_a_compacted_log_is_a_table_that_never_forgets_the_newest(seed):
    """Random writes, deletes, rolls, cleanings, restarts and power losses, beside a plain dict."""
    random, disk, now = Random(seed), SimulatedDisk(lambda: 0), 0
    settings = TopicConfig(
        cleanup_policy="compact", segment_bytes=400, min_cleanable_dirty_ratio=0.0, delete_retention_ms=100
    )
    log, table = PartitionLog(TABLE, disk, settings), {}
    for _ in range(80):
        now += random.randint(1, 40)
        match random.choice(("write", "write", "write", "delete", "clean", "restart", "stop")):
            case "write":
                pairs = [(random.choice("abcdef"), str(now)) for _ in range(random.randint(1, 3))]
                log.append_as_leader(batch(*pairs), 0)
                table.update(pairs)
            case "delete":
                key = random.choice("abcdef")
                log.append_as_leader(batch((key, None)), 0)
                table.pop(key, None)
            case "clean":
                log.move_high_watermark(log.log_end_offset)
                compaction.clean_if_worth_it(log, now)
                log.doomed.clear()
            case "restart":
                log.flush()
                disk.lose_page_cache()
                log = PartitionLog(TABLE, disk, settings, Opening(False, random.randint(0, log.recovery_point)))
            case "stop":
                log.close()
                log = PartitionLog(TABLE, disk, settings, Opening(True, log.recovery_point))
        found: dict[str, str | None] = {}
        for _, key, value in content(log):
            found[key] = value
        assert {key: value for key, value in found.items() if value is not None} == table
