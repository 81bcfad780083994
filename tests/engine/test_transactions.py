"""Transactions in a running cluster: what is decided, marked, fenced, and seen by whom."""

from __future__ import annotations

import pytest
from transaction_world import T0, T1, T2, World

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartition, FetchRequest
from minikafka.protocol.transaction_messages import (
    EndTxnRequest,
    InitProducerIdRequest,
    TxnMarker,
    WriteTxnMarkersRequest,
)
from minikafka.types import TopicPartition


def begun(world, pid, epoch, *partitions):
    for partition in partitions:
        world.write(partition, pid, epoch)


def test_a_committed_transaction_is_seen_in_every_partition_and_an_aborted_one_in_none():
    world = World()
    me = world.init()
    begun(world, me.producer_id, 0, T0, T1, T2)
    assert [world.read(one)[0] for one in (T0, T1, T2)] == [[], [], []]
    after = world.end(me.producer_id, 0)
    assert (after.producer_id, after.producer_epoch) == (me.producer_id, 1)
    world.sim.run_for(1_000)
    assert [world.read(one)[0] for one in (T0, T1, T2)] == [[b"v"]] * 3
    begun(world, me.producer_id, 1, T0, T1, T2)
    world.end(me.producer_id, 1, commit=False)
    world.sim.run_for(1_000)
    assert [world.read(one)[0] for one in (T0, T1, T2)] == [[b"v"]] * 3
    assert world.read(T0, committed=False)[0] == [b"v", b"v"]
    assert world.markers(T0) == [(1, "COMMIT"), (2, "ABORT")]
    assert world.states()[-1] == "CompleteAbort"


# --- atomicity through failures (I23) ---


def spread(world):
    """The partitions of `t`, those that the coordinator does not lead first."""
    return sorted((T0, T1, T2), key=lambda one: world.leader(one) == world.coordinator)


def assert_all_marked(world, outcome):
    assert world.states()[-1] == ("CompleteCommit" if outcome == "COMMIT" else "CompleteAbort")
    for partition in (T0, T1, T2):
        assert {kind for _, kind in world.markers(partition)} == {outcome}
        assert world.log(partition).last_stable_offset == world.log(partition).high_watermark


@pytest.mark.parametrize(("commit", "outcome"), [(True, "COMMIT"), (False, "ABORT")])
@pytest.mark.parametrize("seed", range(4))
def test_a_coordinator_killed_between_the_first_and_the_second_marker_tears_nothing(seed, commit, outcome):
    world = World(seed)
    me = world.init()
    begun(world, me.producer_id, 0, T0, T1, T2)
    world.post(world.coordinator, EndTxnRequest("x", me.producer_id, 0, commit))
    assert world.sim.run_until(lambda: world.facts(facts.MarkerWritten), 5_000)
    old = world.coordinator
    world.sim.crash(old)
    world.sim.run_for(40_000)
    assert world.coordinator != old
    assert_all_marked(world, outcome)
    assert {fact.state for fact in world.facts(facts.TransactionChanged)} >= {f"Complete{outcome.capitalize()}"}


def test_a_coordinator_killed_before_the_prepare_record_is_committed_has_decided_nothing():
    world = World()
    me = world.init()
    begun(world, me.producer_id, 0, T0, T1, T2)
    old = world.coordinator
    for follower in {"broker-1", "broker-2", "broker-3"} - {old}:
        world.sim.cut(old, [follower])
    number = world.post(old, EndTxnRequest("x", me.producer_id, 0, True))
    world.sim.run_for(200)
    assert number not in world.client.answers and not world.facts(facts.MarkerWritten)
    world.sim.crash(old)
    world.sim.heal()
    world.sim.run_for(20_000)
    assert world.end(me.producer_id, 0, commit=False).error == ErrorCode.NONE
    world.sim.run_for(1_000)
    assert_all_marked(world, "ABORT")


def test_a_leader_that_dies_before_its_marker_is_replaced_by_one_that_gets_it():
    world = World()
    me = world.init()
    begun(world, me.producer_id, 0, T0, T1, T2)
    victim = spread(world)[0]
    world.post(world.coordinator, EndTxnRequest("x", me.producer_id, 0, True))
    assert world.sim.run_until(lambda: "PrepareCommit" in world.states(), 5_000)
    world.sim.crash(world.leader(victim))
    world.sim.run_for(30_000)
    assert_all_marked(world, "COMMIT")


def test_a_marker_written_twice_ends_nothing_twice():
    world = World()
    me = world.init()
    begun(world, me.producer_id, 0, T0, T1, T2)
    partition = spread(world)[0]
    world.post(world.coordinator, EndTxnRequest("x", me.producer_id, 0, True))
    assert world.sim.run_until(lambda: world.facts(facts.MarkerWritten, partition=partition), 5_000)
    world.sim.disconnect(world.coordinator, world.leader(partition))
    world.sim.run_for(2_000)
    assert world.markers(partition) == [(1, "COMMIT")] * 2
    assert_all_marked(world, "COMMIT")
    assert world.read(partition)[0] == [b"v"]


# --- fencing (I21) ---


def test_a_zombie_is_fenced_at_the_coordinator_and_at_the_partitions():
    world = World()
    first = world.init()
    begun(world, first.producer_id, 0, T0)
    second = world.init()
    assert second.producer_id == first.producer_id and second.producer_epoch > 0
    assert world.produce(T0, first.producer_id, 0, 1)[0] == ErrorCode.INVALID_PRODUCER_EPOCH
    assert world.produce(T1, first.producer_id, 0)[0] == ErrorCode.INVALID_PRODUCER_EPOCH
    assert world.end(first.producer_id, 0).error == ErrorCode.PRODUCER_FENCED
    assert world.markers(T0) == [(1, "ABORT")] and world.read(T0)[0] == []
    refused = world.facts(facts.TransactionRefused, error=ErrorCode.PRODUCER_FENCED, request="EndTxn")
    assert refused[0].current_epoch == second.producer_epoch


def test_an_old_coordinator_cannot_mark_what_a_newer_one_has_marked():

    world = World()
    me = world.init()
    begun(world, me.producer_id, 0, T0)
    newer = TxnMarker(me.producer_id, 1, False, (T0,), coordinator_epoch=5)
    assert world.ask(world.leader(T0), WriteTxnMarkersRequest((newer,))).results[0][2] == ErrorCode.NONE
    older = TxnMarker(me.producer_id, 2, True, (T0,), coordinator_epoch=4)
    answer = world.ask(world.leader(T0), WriteTxnMarkersRequest((older,)))
    assert answer.results[0][2] == ErrorCode.TRANSACTION_COORDINATOR_FENCED


def test_a_marker_for_a_producer_nobody_knows_is_written_and_one_for_an_unknown_topic_is_not():

    world = World()
    marker = TxnMarker(99, 0, False, (T0,), 0)
    assert world.ask(world.leader(T0), WriteTxnMarkersRequest((marker,))).results[0][2] == ErrorCode.NONE
    assert world.latest(T0) == 1
    marker = TxnMarker(99, 0, False, (TopicPartition("nope", 0),), 0)
    answer = world.ask(world.leader(T0), WriteTxnMarkersRequest((marker,)))
    assert answer.results[0][2] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


# --- timeouts (I24) ---


def test_a_transaction_that_nobody_ends_is_aborted_and_its_producer_may_ask_to_go_on():
    world = World()
    me = world.init(timeout_ms=1_000)
    begun(world, me.producer_id, 0, T0)
    world.sim.run_for(12_000)
    assert world.markers(T0) == [(1, "ABORT")] and world.latest(T0) == 2
    assert len(world.read(T0)[1].aborted_transactions) == 1
    assert world.produce(T0, me.producer_id, 0, 1)[0] == ErrorCode.INVALID_PRODUCER_EPOCH
    # Its epoch is the one before ours, so its commit looks like an end that is sent again, with the other outcome.
    assert world.end(me.producer_id, 0).error == ErrorCode.INVALID_TXN_STATE
    assert world.add(me.producer_id, 0, T0) == ErrorCode.PRODUCER_FENCED
    again = world.init(pid=me.producer_id, epoch=0)
    assert (again.error, again.producer_id, again.producer_epoch) == (ErrorCode.NONE, me.producer_id, 1)


def test_the_check_for_timeouts_moves_with_the_coordinator():
    world = World()
    me = world.init(timeout_ms=1_000)
    begun(world, me.producer_id, 0, T0)
    world.sim.crash(world.coordinator)
    world.sim.run_for(40_000)
    assert world.markers(T0) == [(1, "ABORT")]


def test_an_idle_transactional_id_expires():
    world = World(
        transactional_id_expiration_ms=60_000,
        transaction_remove_expired_transaction_cleanup_interval_ms=10_000,
    )
    me = world.init()
    world.sim.run_for(80_000)
    assert world.states()[-1] == "Dead"
    assert world.add(me.producer_id, 0, T0) == ErrorCode.INVALID_PRODUCER_ID_MAPPING


# --- no cross-talk (I25) ---


def delay_the_end_of_the_first(world, me, epoch, tv2):
    """The client gives up on EndTxn(abort), which is still on its way, and asks again over another connection."""
    world.post(world.coordinator, EndTxnRequest("x", me.producer_id, epoch, False, tv2), channel="old")
    world.sim.disconnect(world.client.id, world.coordinator, late_ms=3_000)
    world.sim.run_for(20)
    return world.end(me.producer_id, epoch, commit=False, tv2=tv2)


def test_a_late_end_of_one_transaction_does_not_touch_the_next_under_protocol_2():
    world = World()
    me = world.init()
    begun(world, me.producer_id, 0, T0)
    after = delay_the_end_of_the_first(world, me, 0, True)
    world.sim.run_for(500)
    begun(world, me.producer_id, after.producer_epoch, T0, T1)
    world.sim.run_for(4_000)
    assert world.states()[-1] == "Ongoing"
    assert world.end(me.producer_id, after.producer_epoch).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert world.read(T0)[0] == world.read(T1)[0] == [b"v"]


def test_a_late_end_of_one_transaction_aborts_the_next_under_protocol_1():
    world = World(transaction_version=1)
    me = world.init()
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    world.write(T0, me.producer_id, 0, tv2=False)
    delay_the_end_of_the_first(world, me, 0, False)
    world.sim.run_for(500)
    assert world.add(me.producer_id, 0, T0, T1) == ErrorCode.NONE
    world.write(T0, me.producer_id, 0, 1, tv2=False)
    world.sim.run_for(4_000)
    assert world.states()[-1] == "CompleteAbort"
    assert world.end(me.producer_id, 0, tv2=False).error == ErrorCode.INVALID_TXN_STATE


@pytest.mark.parametrize(("tv2", "seen"), [(True, [[b"v"], [b"v"]]), (False, [[], [b"v"]])])
def test_a_late_end_tears_a_transaction_under_protocol_1_and_not_under_protocol_2(tv2, seen):
    """Half of the second transaction falls to the late abort of the first, the other half is committed (Jepsen)."""
    world = World(transaction_version=2 if tv2 else 1)
    me = world.init()

    def write(partition, epoch, sequence):
        if not tv2:
            assert world.add(me.producer_id, epoch, partition) == ErrorCode.NONE
        world.write(partition, me.producer_id, epoch, sequence, tv2=tv2)

    write(T0, 0, 0)
    after = delay_the_end_of_the_first(world, me, 0, tv2)
    epoch = after.producer_epoch if tv2 else 0
    world.sim.run_for(500)
    write(T0, epoch, 0 if tv2 else 1)
    world.sim.run_for(4_000)
    write(T1, epoch, 0)
    assert world.end(me.producer_id, epoch, tv2=tv2).error == ErrorCode.NONE
    world.sim.run_for(500)
    assert [world.read(T0)[0], world.read(T1)[0]] == seen


# --- hanging transactions (I24) ---


def late_produce(world, tv2):
    """A batch of the first transaction arrives after its abort marker."""
    me = world.init()
    if not tv2:
        assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    world.write(T0, me.producer_id, 0, tv2=tv2)
    request = world.produce_request(T0, me.producer_id, 0, 1, tv2=tv2)
    world.post(world.leader(T0), request, channel="old")
    world.sim.disconnect(world.client.id, world.leader(T0), late_ms=3_000)
    assert world.end(me.producer_id, 0, commit=False, tv2=tv2).error == ErrorCode.NONE
    world.sim.run_for(90_000)
    return world


@pytest.mark.parametrize(
    ("settings", "tv2"),
    [({}, True), ({"transaction_version": 1}, False), ({"transaction_partition_verification_enable": False}, True)],
)
def test_a_late_write_of_a_transaction_that_has_ended_is_refused(settings, tv2):
    world = late_produce(World(**settings), tv2)
    assert world.log(T0).last_stable_offset == world.log(T0).high_watermark == 2


def test_without_verification_it_opens_a_transaction_that_nobody_ends():
    world = late_produce(World(transaction_version=1, transaction_partition_verification_enable=False), False)
    assert (world.log(T0).last_stable_offset, world.log(T0).high_watermark) == (2, 3)


def test_a_marker_that_comes_while_the_coordinator_is_asked_takes_the_answer_its_force():
    """The guard: what was verified before the end of a transaction may not be written after it."""
    world = World(transaction_version=1)
    me = world.init()
    assert world.add(me.producer_id, 0, T0) == ErrorCode.NONE
    leader = world.sim.process(world.leader(T0))
    number = world.post(world.leader(T0), world.produce_request(T0, me.producer_id, 0, tv2=False))
    assert world.sim.run_until(lambda: leader.writes._writes, 1_000)
    leader.writes._guards.clear()
    assert world.sim.run_until(lambda: number in world.client.answers, 5_000)
    assert world.client.answers[number].partitions[0].error == ErrorCode.INVALID_TXN_STATE


# --- what readers see (I22) ---


def test_read_committed_stops_at_the_first_open_transaction():
    world = World()
    me = world.init()
    world.write(T0, -1, -1, -1, name=None)
    world.write(T0, me.producer_id, 0, values=(b"a", b"b"))
    seen, answer = world.read(T0)
    assert (seen, answer.last_stable_offset, answer.high_watermark) == ([b"v"], 1, 3)
    assert (world.latest(T0, committed=True), world.latest(T0, committed=False)) == (1, 3)
    assert world.read(T0, committed=False)[0] == [b"v", b"a", b"b"]
    moved = world.facts(facts.LastStableOffsetMoved, partition=T0)
    assert moved[0].last_stable_offset == 1


def test_the_list_of_aborted_transactions_holds_those_among_the_records_read():
    world = World()
    me, other = world.init(), world.init("y")
    begun(world, me.producer_id, 0, T0)
    world.write(T0, other.producer_id, 0, name="y", values=(b"y",))
    world.end(me.producer_id, 0, commit=False)
    world.end(other.producer_id, 0, name="y")
    world.sim.run_for(500)
    seen, answer = world.read(T0)
    assert seen == [b"y"] and answer.aborted_transactions == ((me.producer_id, 0),)
    assert world.read(T0, committed=False)[1].aborted_transactions is None


def test_a_parked_read_committed_fetch_is_answered_when_the_marker_is_committed():

    world = World()
    me = world.init()
    begun(world, me.producer_id, 0, T0)
    fetch = FetchRequest(-1, (FetchPartition(T0, 0),), max_wait_ms=20_000, isolation_level=1)
    number = world.post(world.leader(T0), fetch, channel="reader")
    world.sim.run_for(2_000)
    assert number not in world.client.answers
    world.end(me.producer_id, 0)
    world.sim.run_for(1_000)
    assert world.client.answers[number].partitions[0].records


# --- producer ids ---


def test_producer_ids_come_in_blocks_and_no_two_are_alike():
    world = World()
    found = set()
    for node in ("broker-1", "broker-2", "broker-3"):
        first = world.ask(node, InitProducerIdRequest(None))
        assert first.error == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
        world.sim.run_for(200)
        for _ in range(2):
            answer = world.ask(node, InitProducerIdRequest(None))
            assert (answer.error, answer.producer_epoch) == (ErrorCode.NONE, 0)
            found.add(answer.producer_id)
    assert len(found) == 6
