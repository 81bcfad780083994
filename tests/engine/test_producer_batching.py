"""Records into batches, batches into requests: sizes, times, places and limits."""

from __future__ import annotations

import pytest
from scripted_producer import ORDERS, Scripted

from minikafka.client import partitioner, sender
from minikafka.client.accumulator import Batch, PendingRecord, RecordAccumulator
from minikafka.client.partitioner import StickyPartitions
from minikafka.config import ProducerConfig
from minikafka.protocol.errors import ErrorCode


def plain(**settings):
    return Scripted(numbered=False, **settings)


# --- time and size ---


def test_a_batch_lingers_for_more_records():
    world = plain(linger_ms=10)
    world.send("a")
    world.wait(9)
    world.send("b")
    assert world.produced() == []
    world.wait(1)
    assert world.produced() == [[(0, "ab", -1, -1)]]


def test_a_full_batch_does_not_linger():
    world = plain(linger_ms=10_000, batch_size=61 + 2 * 21)
    world.send("a", "b", "c")
    assert world.produced() == [[(0, "ab", -1, -1)]]


def test_batch_size_zero_means_no_batches():
    world = plain(linger_ms=10, batch_size=0)
    world.send("a", "b")
    world.wait(10)
    assert world.produced() == [[(0, "a", -1, -1)], [(0, "b", -1, -1)]]


def test_flush_sends_what_lingers_and_what_waits_for_its_topic():
    world = plain(linger_ms=10_000)
    world.send("a")
    world.flush()
    assert world.produced() == [[(0, "a", -1, -1)]]


def test_one_request_holds_a_batch_of_each_partition_up_to_its_largest_size():
    world = plain(partitions=3, linger_ms=10, max_request_size=200)
    for partition in range(3):
        world.send("a", partition=partition)
    world.wait(10)
    assert [[one[0] for one in request] for request in world.produced()] == [[0, 1], [2]]


def test_with_one_request_under_way_a_retry_cannot_be_overtaken():
    world = plain(max_in_flight_requests_per_connection=1)
    world.send("a", "b")
    world.answer_produce(ErrorCode.NOT_ENOUGH_REPLICAS)
    world.wait(1_000)
    world.answer_produce(offset=0)
    world.answer_produce(offset=1)
    assert world.reports == [("a", "NONE", 0), ("b", "NONE", 1)]


def test_the_pause_between_attempts_doubles_up_to_a_second():
    assert [sender.backoff_ms(attempts, 100, 1_000) for attempts in (1, 2, 3, 4, 5, 60)] == [
        100, 200, 400, 800, 1_000, 1_000,
    ]  # fmt: skip


def test_retries_zero_reports_the_first_error():
    world = plain(retries=0)
    world.send("a")
    world.answer_produce(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert world.reports == [("a", "NOT_ENOUGH_REPLICAS", -1)]


def test_delivery_ends_in_time_even_while_a_request_is_under_way():
    world = plain(delivery_timeout_ms=30_000)
    world.send("a")
    world.wait(29_999)
    assert world.reports == []
    world.wait(1)
    assert world.reports == [("a", "REQUEST_TIMED_OUT", -1)]
    world.answer_produce(offset=0)
    assert len(world.reports) == 1, "a record has one report"


def test_a_time_in_the_past_does_not_make_a_record_late():
    world = plain()
    world.now = 500_000
    record = PendingRecord("orders", 0, None, b"old", (), 1_000, "old")
    world.take(world.node.produce(record, world.now))
    world.wait(10)
    world.answer_produce(offset=0)
    assert world.reports == [("old", "NONE", 0)]


def test_acks_0_is_reported_as_soon_as_it_is_sent():
    world = plain(acks=0)
    world.send("a")
    assert world.reports == [("a", "NONE", -1)]


def test_purged_records_are_reported_as_taken_back():
    world = plain(max_in_flight_requests_per_connection=1)
    world.send("a", "b")
    world.take(world.node.purge(in_queue=True, in_flight=False, now=0))
    assert [(report.record.opaque, report.purged) for report in world.node.reports] == [("b", "queue")]
    world.take(world.node.purge(in_queue=True, in_flight=True, now=0))
    assert [(report.record.opaque, report.purged) for report in world.node.reports][1:] == [("a", "in flight")]
    world.answer_produce(offset=0)
    assert len(world.reports) == 2


def test_held_bytes_come_back_with_the_report():
    accumulator = RecordAccumulator(ProducerConfig(buffer_memory=50))
    record = PendingRecord("orders", 0, None, b"a" * 20, (), 0)
    assert accumulator.has_room_for(record.size)
    accumulator.take(record, 0)
    assert not accumulator.has_room_for(record.size)
    accumulator.unplaced.clear()
    accumulator.finish(Batch(ORDERS, 0, [record]), ErrorCode.NONE, 0)
    assert (accumulator.bytes_held, accumulator.outstanding) == (0, 0)


# --- place ---


@pytest.mark.parametrize(("key", "hash_"), [(b"21", -973932308), (b"foobar", -790332482), (b"abc", 479470107)])
def test_murmur2_is_kafkas(key, hash_):
    assert partitioner.murmur2(key) == hash_ & 0xFFFFFFFF


def test_a_key_goes_to_one_partition_and_an_empty_key_is_a_key():
    assert partitioner.partition_for_key(b"alice", 12) == partitioner.partition_for_key(b"alice", 12)
    assert partitioner.partition_for_key(b"", 4) == (partitioner.murmur2(b"") & 0x7FFFFFFF) % 4


def test_librdkafkas_own_default_places_keys_by_crc_32():
    world = plain(partitions=12, partitioner="consistent_random")
    world.send("a", partition=None, key=b"alice")
    assert world.produced()[0][0][0] == partitioner.crc32_partition(b"alice", 12)


def test_keys_can_be_ignored():
    world = plain(partitions=3, partitioner_ignore_keys="true")
    world.send("a", "b", partition=None, key=b"alice")
    assert {one[0] for request in world.produced() for one in request} == {0}


def test_records_without_a_key_stay_for_batch_size_bytes():
    world = plain(partitions=2, linger_ms=10, batch_size=61 + 2 * 21)
    world.send(*"abcdefgh", partition=None)
    world.wait(10)
    assert sorted(one[:2] for request in world.produced() for one in request) == [
        (0, "ab"), (0, "cd"), (0, "ef"), (1, "gh"),
    ]  # fmt: skip


def test_the_next_sticky_partition_is_the_one_with_least_to_send_in_turn():
    assert partitioner.next_sticky([0, 0, 0], -1) == 0
    assert partitioner.next_sticky([0, 0, 0], 0) == 1
    assert partitioner.next_sticky([0, 0, 0], 2) == 0
    assert partitioner.next_sticky([2, 3, 1], 0) == 2


def test_a_sticky_partition_without_a_leader_is_left():
    sticky = StickyPartitions(1_000, adaptive=True)
    assert sticky.choose("orders", [0, 1, 2], [0, 0, 0]) == 0
    assert sticky.choose("orders", [1, 2], [0, 0]) == 1


def test_after_twice_batch_size_it_changes_even_in_an_open_batch():
    sticky = StickyPartitions(100, adaptive=False)
    sticky.choose("orders", [0, 1], [0, 0])
    sticky.given("orders", 0, 150, batch_full=False)
    assert sticky.choose("orders", [0, 1], [0, 0]) == 0
    sticky.given("orders", 0, 50, batch_full=False)
    assert sticky.choose("orders", [0, 1], [0, 0]) == 1


# --- topics that are not there yet ---


def test_a_record_waits_for_its_topic_as_long_as_max_block():
    world = plain(max_block_ms=5_000)
    world.partitions = 0
    world.send("a")
    world.wait(5_000)
    assert world.reports == [("a", "UNKNOWN_TOPIC_OR_PARTITION", -1)]
