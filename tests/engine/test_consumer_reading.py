"""Reading with partitions assigned by hand: positions, fetches, resets, transactions. The test is the brokers."""

from __future__ import annotations

import pytest
from consumer_kit import A0, A1, A2, NONE, Desk, batch

from minikafka.client import consumer_fetching, consumer_positions
from minikafka.client.consumer_state import Need
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    EpochEndPartitionResult,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    ListOffsetsRequest,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
)
from minikafka.protocol.records import EndMarker, build_marker, split_batches

EARLIEST = {"auto_offset_reset": "earliest"}


def reading(*partitions, **settings):
    desk = Desk(**(EARLIEST | settings))
    desk.call("assign", dict.fromkeys(partitions or (A0,), 0))
    return desk


def position(desk, partition=A0):
    return desk.node.assigned[partition].position


# --- when the position moves ---


def test_the_position_moves_when_poll_hands_over_and_not_when_a_fetch_is_answered():
    desk = reading()
    desk.wait_in_poll()
    desk.do(desk.node.poll(False, desk.now))
    desk.records((A0, batch(0, "x", "y")))
    assert position(desk) == 0 and not desk.told(facts.RecordsConsumed)
    assert desk.poll() == [(A0, 0), (A0, 1)]
    assert position(desk) == 2
    assert [fact.position for fact in desk.told(facts.RecordsConsumed)] == [2]


def test_poll_returns_at_most_max_poll_records_and_fetching_does_not_care():
    desk = reading(max_poll_records=2)
    desk.wait_in_poll()
    desk.records((A0, batch(0, "a", "b", "c", "d", "e")))
    assert position(desk) == 2
    assert desk.poll() == [(A0, 2), (A0, 3)]
    assert not desk.requests(FetchRequest), "what is fetched and not handed over is not fetched again"
    assert desk.poll() == [(A0, 4)]
    assert [one.partitions[0].fetch_offset for one in desk.requests(FetchRequest)] == [5]


def test_the_next_fetch_is_on_its_way_before_poll_returns():
    desk = reading()
    desk.wait_in_poll()
    desk.records((A0, batch(0, "x")))
    assert not desk.node.is_polling, "poll has returned"
    assert desk.requests(FetchRequest)[0].partitions[0].fetch_offset == 1


def test_one_fetch_is_in_flight_for_each_leader():
    desk = Desk(topics={"a": 4}, leaders=(1, 2, 1), **EARLIEST)
    desk.call("assign", {A0: 0, A1: 0, A2: 0})
    desk.wait_in_poll()
    asked = {one.destination: [part.partition for part in one.message.partitions] for one in desk.open}
    assert asked == {"broker-1": [A0, A2], "broker-2": [A1]}
    desk.records((A1, batch(0, "x")))
    assert [one.destination for one in desk.open] == ["broker-1", "broker-2"]


def test_a_paused_partition_is_neither_fetched_nor_handed_over():
    desk = reading()
    desk.wait_in_poll()
    desk.call("pause", [A0])
    desk.records((A0, batch(0, "x")))
    assert desk.poll() == [] and position(desk) == 0
    desk.call("pause", [A0], paused=False)
    assert desk.poll() == [(A0, 0)]


def test_after_a_seek_what_was_fetched_before_is_not_handed_over():
    desk = reading()
    desk.wait_in_poll()
    desk.call("seek", A0, 7)
    desk.records((A0, batch(0, "old")))
    assert desk.node.state.buffer == []
    assert desk.requests(FetchRequest)[0].partitions[0].fetch_offset == 7


# --- resets ---


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("earliest", -2), ("latest", -1), ("none", None), ("by_duration:PT1H", 6_400_000), ("by_duration:P1D", 0)],
)
def test_the_reset_policy_says_which_time_to_look_up(policy, expected):
    assert consumer_positions.reset_timestamp(policy, now=10_000_000) == expected


def test_a_duration_is_read_as_iso_8601():
    assert consumer_positions.duration_ms("P1DT2H3M4.5S") == 93_784_500
    with pytest.raises(ValueError):
        consumer_positions.duration_ms("1 day")


def out_of_range(desk):
    result = FetchPartitionResult(A0, ErrorCode.OFFSET_OUT_OF_RANGE, log_start_offset=32)
    desk.answer(FetchRequest, FetchResponse((result,)))


def test_out_of_range_with_latest_goes_to_the_end_in_silence():
    desk = reading(auto_offset_reset="latest")
    desk.call("seek", A0, 20)
    desk.ends[A0] = 100
    desk.wait_in_poll()
    out_of_range(desk)
    assert position(desk) == 100 and desk.node.state.errors == []


def test_out_of_range_without_a_policy_is_told_at_every_poll_until_the_application_seeks():
    desk = reading(auto_offset_reset="none")
    desk.wait_in_poll()
    out_of_range(desk)
    assert [one.error for one in desk.node.state.errors] == [ErrorCode.OFFSET_OUT_OF_RANGE]
    desk.poll()
    assert [one.error for one in desk.node.state.errors] == [ErrorCode.OFFSET_OUT_OF_RANGE]
    desk.call("seek", A0, 32)
    desk.poll()
    assert desk.node.state.errors == [] and position(desk) == 32


def test_a_late_out_of_range_of_an_old_position_changes_nothing():
    desk = reading()
    desk.wait_in_poll()
    desk.call("seek", A0, 7)
    out_of_range(desk)
    assert position(desk) == 7


# --- a new leader (KIP-320) ---


def read_one_and_see_epoch_1(**settings):
    desk = reading(**settings)
    desk.wait_in_poll()
    desk.records((A0, batch(0, "a", "b", "c")))
    desk.epoch = 1
    desk.wait_in_poll()
    refused = FetchPartitionResult(A0, ErrorCode.FENCED_LEADER_EPOCH)
    desk.answer(FetchRequest, FetchResponse((refused,)))
    desk.pass_ms(100)
    return desk


def test_a_new_leader_is_asked_where_our_epoch_ends_before_anything_is_fetched():
    desk = read_one_and_see_epoch_1()
    asked = desk.requests(OffsetForLeaderEpochRequest)[0].partitions[0]
    assert (asked.leader_epoch, asked.current_leader_epoch) == (0, 1)
    assert not desk.requests(FetchRequest)
    answer = EpochEndPartitionResult(A0, NONE, 0, 3)
    desk.answer(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse((answer,)))
    assert desk.requests(FetchRequest)[0].partitions[0].fetch_offset == 3


def test_a_truncation_takes_the_position_back_to_where_the_logs_part():
    desk = read_one_and_see_epoch_1()
    answer = EpochEndPartitionResult(A0, NONE, 0, 1)
    desk.answer(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse((answer,)))
    assert position(desk) == 1
    assert desk.requests(FetchRequest)[0].partitions[0].fetch_offset == 1


def test_a_truncation_without_a_reset_policy_is_the_applications_to_judge():
    desk = read_one_and_see_epoch_1(auto_offset_reset="none")
    answer = EpochEndPartitionResult(A0, NONE, 0, 1)
    desk.answer(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse((answer,)))
    assert desk.node.assigned[A0].need == Need.APPLICATION
    assert [one.error for one in desk.node.state.errors] == [ErrorCode.OFFSET_OUT_OF_RANGE]


def test_truncation_is_where_the_leaders_epoch_ends_below_the_position():
    assert consumer_positions.truncation(3, 0, 3) is None
    assert consumer_positions.truncation(3, 0, 2) == 2
    assert consumer_positions.truncation(3, -1, -1) == 0


# --- the closest replica (KIP-392) ---


def test_the_leader_names_a_nearer_replica_and_it_is_asked_until_it_disappoints():
    desk = reading(client_rack="r2")
    desk.wait_in_poll()
    assert desk.open[0].message.rack_id == "r2"
    desk.records((A0, b""), preferred_read_replica=3)
    assert [one.destination for one in desk.open] == ["broker-3"]
    out_of_range(desk)
    assert [one.destination for one in desk.open] == ["broker-1"], "a follower may be behind: the leader decides"
    assert position(desk) == 0


# --- transactions ---


def transactional(offset, producer, *values):
    return batch(offset, *values, producer_id=producer, producer_epoch=0, base_sequence=0, transactional=True)


def marker(offset, producer, commit):
    return build_marker(EndMarker(commit, 0), 0, producer, 0).stamped(offset, 0).data


def visible(data, aborted):
    return [
        record.offset for one in consumer_fetching.readable(split_batches(data), aborted) for record in one.records()
    ]


def test_aborted_records_are_skipped_up_to_their_marker_and_no_further():
    data = (
        transactional(0, 7, "a0", "a1") + transactional(2, 8, "c2") + batch(3, "plain") + marker(4, 7, False)
        + transactional(5, 7, "next5") + marker(6, 8, True) + marker(7, 7, True)
    )  # fmt: skip
    assert visible(data, [(7, 0)]) == [2, 3, 5]
    assert visible(data, None) == [0, 1, 2, 3, 5], "read_uncommitted sees everything but the markers"


def test_a_second_aborted_transaction_of_the_same_producer_is_skipped_too():
    data = transactional(0, 7, "x") + marker(1, 7, False) + transactional(2, 7, "y") + marker(3, 7, False)
    assert visible(data, [(7, 0), (7, 2)]) == []
    assert visible(data, [(7, 2)]) == [0]


def test_markers_are_never_handed_over_and_take_offsets():
    desk = reading(isolation_level="read_committed")
    desk.wait_in_poll()
    assert desk.open[0].message.isolation_level == 1
    desk.records((A0, transactional(0, 7, "x") + marker(1, 7, True)), last_stable_offset=2)
    assert [one.record.offset for one in desk.node.state.buffer] == [0]
    assert position(desk) == 2
    assert desk.node.lag(A0) == 0


def test_a_position_stays_before_a_marker_while_poll_asked_for_no_more():
    desk = reading()
    desk.wait_in_poll(most=1)
    desk.records((A0, transactional(0, 7, "x") + marker(1, 7, True)))
    assert position(desk) == 1
    desk.wait_in_poll(most=1)
    assert position(desk) == 2 and desk.node.state.buffer == []


def test_lag_under_read_committed_ends_at_the_last_stable_offset():
    for isolation, expected in (("read_uncommitted", 90), ("read_committed", 10)):
        desk = reading(isolation_level=isolation)
        desk.call("seek", A0, 10)
        desk.wait_in_poll()
        desk.records((A0, b""), last_stable_offset=20)
        assert desk.node.lag(A0) == expected


# --- questions ---


def test_offsets_for_times_are_asked_of_leaders_and_come_under_a_ticket():
    desk = reading(A0, A1)
    desk.silent = (ListOffsetsRequest,)
    desk.call("look_up", {A0: 500, A1: 500})
    assert len(desk.requests(ListOffsetsRequest)) == 2
    assert not desk.node.positions.is_done(desk.node.last_ticket)
    desk.silent = ()
    desk.call("look_up", {A0: -1})
    assert desk.node.positions.is_done(desk.node.last_ticket)
