"""KIP-848 groups in Kafka's words: epochs, one step at a heartbeat, and never two owners."""

from __future__ import annotations

import pytest
from group_desk import Desk, tea

from minikafka.coordinator import consumer_group as rules
from minikafka.coordinator.consumer_group import ConsumerGroupState, ConsumerMember, MemberState
from minikafka.coordinator.consumer_sessions import AGAIN_MS, SESSION
from minikafka.coordinator.result import CoordinatorResult
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupHeartbeatRequest,
    OffsetCommitRequest,
    OffsetDeleteRequest,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetToCommit,
)

NONE = ErrorCode.NONE


def owned(answer) -> list[int]:
    return sorted(partition.partition for partition in answer.assignment)


# --- one member ---


def test_the_first_member_is_answered_at_once():
    answer = Desk().come("A")
    assert (answer.error, answer.member_epoch, answer.heartbeat_interval_ms) == (NONE, 2, 5_000)
    assert owned(answer) == [0, 1]


def test_an_empty_subscription_is_epoch_1():
    answer = Desk().come("A", topics=())
    assert (answer.error, answer.member_epoch, answer.assignment) == (NONE, 1, ())


def test_nothing_new_is_not_said_again():
    desk = Desk()
    desk.come("A")
    assert desk.heartbeat("A", 2).assignment is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"group": ""}, ErrorCode.INVALID_REQUEST),
        ({"member_id": ""}, ErrorCode.INVALID_REQUEST),
        ({"rebalance_timeout_ms": -1}, ErrorCode.INVALID_REQUEST),
        ({"owned": None}, ErrorCode.INVALID_REQUEST),
        ({"owned": (tea(0),)}, ErrorCode.INVALID_REQUEST),
        ({"subscribed_topics": None}, ErrorCode.INVALID_REQUEST),
        ({"instance_id": ""}, ErrorCode.INVALID_REQUEST),
        ({"server_assignor": "sticky"}, ErrorCode.UNSUPPORTED_ASSIGNOR),
        ({"subscribed_regex": "("}, ErrorCode.INVALID_REGULAR_EXPRESSION),
        ({"member_epoch": 5}, ErrorCode.GROUP_ID_NOT_FOUND),
        ({"member_id": "", "requires_member_id": False}, NONE),
    ],
)
def test_what_a_first_heartbeat_must_say(changes, error):
    fields = {"group": "g", "member_id": "A", "member_epoch": 0, "rebalance_timeout_ms": 30_000}
    fields |= {"subscribed_topics": ("tea",), "owned": ()}
    assert Desk().say(ConsumerGroupHeartbeatRequest(**fields | changes)).error == error


def test_unknown_members():
    desk = Desk()
    desk.come("A")
    assert desk.heartbeat("B", 5).error == ErrorCode.UNKNOWN_MEMBER_ID
    assert desk.heartbeat("B", -1).error == ErrorCode.UNKNOWN_MEMBER_ID


def test_an_expression_matches_topics_as_a_whole():
    desk = Desk()
    desk.topic("teapot", 1)
    answer = desk.heartbeat("A", 0, (), rebalance_timeout_ms=1, subscribed_regex="tea|milk")
    assert sorted({partition.topic for partition in answer.assignment}) == ["milk", "tea"]


def test_more_partitions_are_found_at_a_heartbeat():
    desk = Desk()
    desk.come("A")
    desk.topic("tea", 3)
    desk.run(1_000)
    answer = desk.heartbeat("A", 2)
    assert (answer.member_epoch, owned(answer)) == (3, [0, 1, 2])


# --- handing over (I27) ---


def handing_over() -> Desk:
    """A owns both partitions in epoch 2; B has come, and the second partition shall be B's."""
    desk = Desk()
    desk.come("A")
    desk.run(1_000)
    desk.come("B")
    return desk


def test_a_partition_is_given_only_after_it_was_given_up():
    desk = handing_over()
    assert desk.heartbeat("B", 3).assignment is None, "A may still read it"
    asked = desk.heartbeat("A", 2)
    assert (asked.member_epoch, len(owned(asked))) == (2, 1)
    assert desk.heartbeat("B", 3).assignment is None, "A was asked, and has not said yes"
    done = desk.heartbeat("A", 2, owned(asked))
    assert (done.member_epoch, done.assignment) == (3, None)
    given = desk.heartbeat("B", 3)
    assert sorted(owned(asked) + owned(given)) == [0, 1]
    assert desk.group.state is ConsumerGroupState.STABLE


def test_states_of_members_on_the_way():
    desk = handing_over()
    assert desk.group.members["B"].state is MemberState.UNRELEASED_PARTITIONS
    asked = desk.heartbeat("A", 2)
    assert desk.group.members["A"].state is MemberState.UNREVOKED_PARTITIONS
    assert desk.group.state is ConsumerGroupState.RECONCILING
    desk.heartbeat("A", 2, owned(asked))
    assert desk.group.members["A"].state is MemberState.STABLE


def test_who_still_claims_the_partition_is_asked_again():
    desk = handing_over()
    desk.heartbeat("A", 2)
    assert desk.heartbeat("A", 2, [0, 1]).member_epoch == 2
    assert desk.group.members["A"].state is MemberState.UNREVOKED_PARTITIONS


def test_who_does_not_give_up_in_time_is_fenced():
    desk = handing_over()
    for _ in range(3):
        assert desk.heartbeat("A", 2).error == NONE
        desk.heartbeat("B", 3)
        desk.run(10_000)
    assert desk.heartbeat("A", 2).error == ErrorCode.UNKNOWN_MEMBER_ID
    assert facts.MemberRemoved("g", "A", "rebalance timeout") in desk.told
    assert owned(desk.heartbeat("B", 3)) == [0, 1]


def test_a_silent_member_is_fenced_after_its_session():
    desk = Desk()
    desk.come("A")
    desk.run(44_999)
    assert "A" in desk.group.members
    desk.run(1)
    assert desk.group.state is ConsumerGroupState.EMPTY


def test_a_watch_stays_until_the_log_says_that_the_member_is_gone():
    """What its session's end decides may be refused by the log: then the timer comes again, and must be known."""
    desk = Desk()
    desk.come("a")
    due, watch = next(one for one in desk.timers if one[1].name == SESSION)
    assert watch.again_ms == AGAIN_MS
    for _ in range(2):
        decided = desk.shard.wake(watch, due)
        assert [fact.reason for fact in decided.told if isinstance(fact, facts.MemberRemoved)] == ["session timeout"]
    desk.run(due)
    assert (desk.group.members, desk.group.watched, desk.group.heard_ms) == ({}, {}, {})
    assert desk.shard.wake(watch, due) == CoordinatorResult((), None)


def test_the_target_is_computed_once_a_second():
    desk = Desk(partitions=3)
    desk.come("A")
    desk.come("B")
    assert desk.group.state is ConsumerGroupState.ASSIGNING
    desk.run(1_000)
    desk.heartbeat("B", 2)
    assert desk.group.state is ConsumerGroupState.RECONCILING


# --- epochs ---


@pytest.mark.parametrize(
    ("epoch", "owns", "error"),
    [
        (7, None, NONE),
        (8, None, ErrorCode.FENCED_MEMBER_EPOCH),
        (6, (tea(0),), NONE),
        (6, (), NONE),
        (6, None, ErrorCode.FENCED_MEMBER_EPOCH),
        (6, (tea(1),), ErrorCode.FENCED_MEMBER_EPOCH),
        (5, (), ErrorCode.FENCED_MEMBER_EPOCH),
    ],
)
def test_from_which_epoch_a_member_may_go_on(epoch, owns, error):
    member = ConsumerMember("A", member_epoch=7, previous_member_epoch=6, assigned=((tea(0), 7),))
    assert rules.check_epoch(member, epoch, owns) == error


def test_a_fenced_member_comes_back_with_0():
    desk = Desk()
    desk.come("A")
    assert desk.heartbeat("A", 9).error == ErrorCode.FENCED_MEMBER_EPOCH
    again = desk.come("A")
    assert (again.error, owned(again)) == (NONE, [0, 1])


@pytest.mark.parametrize(
    ("epoch", "partition", "error"),
    [
        (7, 0, NONE),
        (7, 5, NONE),
        (6, 0, NONE),
        (4, 0, NONE),
        (3, 0, ErrorCode.STALE_MEMBER_EPOCH),
        (6, 5, ErrorCode.STALE_MEMBER_EPOCH),
        (8, 0, ErrorCode.STALE_MEMBER_EPOCH),
    ],
)
def test_from_which_epoch_a_member_may_commit(epoch, partition, error):
    member = ConsumerMember("A", member_epoch=7, assigned=((tea(0), 4),))
    assert rules.check_commit_epoch(member, epoch, tea(partition)) == error


def test_reconcile_moves_to_the_target_what_nobody_holds():
    member = ConsumerMember("A", member_epoch=2, assigned=((tea(0), 2),))
    moved = rules.reconcile(member, 3, (tea(0), tea(1), tea(2)), {tea(0): "A", tea(2): "B"}, None)
    assert (moved.state, moved.member_epoch) == (MemberState.UNRELEASED_PARTITIONS, 3)
    assert moved.assigned == ((tea(0), 2), (tea(1), 3))
    assert rules.reconcile(moved, 3, (tea(0), tea(1)), {}, None).state is MemberState.STABLE


def test_a_new_target_does_not_wait_for_the_old_one():
    member = ConsumerMember("A", member_epoch=2, state=MemberState.UNREVOKED_PARTITIONS, pending_revocation=(tea(1),))
    assert rules.reconcile(member, 4, (tea(1),), {tea(1): "A"}, None) is member
    given_up = rules.reconcile(member, 4, (tea(1),), {tea(1): "A"}, ())
    assert (given_up.state, given_up.member_epoch) == (MemberState.UNRELEASED_PARTITIONS, 4)
    assert rules.reconcile(given_up, 4, (tea(1),), {}, None).partitions == (tea(1),)


# --- leaving, static members ---


def test_leaving_frees_what_was_owned():
    desk = handing_over()
    answer = desk.heartbeat("A", -1)
    assert (answer.error, answer.member_epoch) == (NONE, -1)
    desk.run(1_000)
    assert owned(desk.heartbeat("B", 3)) == [0, 1]


def test_a_static_member_that_is_away_for_a_while_keeps_its_part():
    desk = Desk()
    desk.come("A", instance_id="i")
    assert desk.come("B", instance_id="i").error == ErrorCode.UNRELEASED_INSTANCE_ID
    assert desk.heartbeat("A", -2, instance_id="i").member_epoch == -2
    back = desk.come("B", instance_id="i")
    assert (back.error, back.member_epoch, owned(back)) == (NONE, 2, [0, 1])
    assert desk.heartbeat("A", 2, instance_id="i").error == ErrorCode.FENCED_INSTANCE_ID
    assert facts.MemberRemoved("g", "A", "replaced") in desk.told


def test_a_static_member_that_stays_away_is_gone_after_its_session():
    desk = Desk()
    desk.come("A", instance_id="i")
    desk.heartbeat("A", -2, instance_id="i")
    desk.run(45_000)
    assert desk.group.members == {}


# --- commits and offsets ---


def commit(desk: Desk, member: str, epoch: int, **more) -> ErrorCode:
    return desk.say(OffsetCommitRequest("g", epoch, member, (OffsetToCommit(tea(0), 5),), **more)).partitions[0][1]


def test_who_may_commit_to_a_kip_848_group():
    desk = Desk()
    desk.come("A")
    assert commit(desk, "A", 2) == NONE
    assert commit(desk, "A", 3) == ErrorCode.STALE_MEMBER_EPOCH
    assert commit(desk, "X", 2) == ErrorCode.UNKNOWN_MEMBER_ID
    assert commit(desk, "A", 2, knows_member_epochs=False) == ErrorCode.UNSUPPORTED_VERSION
    desk.heartbeat("A", -1)
    assert commit(desk, "", -1) == NONE, "nobody is left"


def test_an_old_epoch_may_commit_what_it_has_owned_since():
    desk = handing_over()
    asked = desk.heartbeat("A", 2)
    desk.heartbeat("A", 2, owned(asked))
    (kept,) = owned(asked)
    offsets = (OffsetToCommit(tea(kept), 5), OffsetToCommit(tea(1 - kept), 5))
    answer = desk.say(OffsetCommitRequest("g", 2, "A", offsets))
    assert [error for _, error in answer.partitions] == [NONE, ErrorCode.STALE_MEMBER_EPOCH]


def test_a_member_says_who_it_is_when_it_fetches_offsets():
    desk = Desk()
    desk.come("A")

    def fetch(member, epoch):
        return desk.say(OffsetFetchRequest((OffsetFetchGroup("g", (tea(0),), member, epoch),))).groups[0].error

    assert fetch("A", 2) == fetch(None, -1) == NONE
    assert fetch("A", 1) == ErrorCode.STALE_MEMBER_EPOCH
    assert fetch("X", 2) == ErrorCode.UNKNOWN_MEMBER_ID


def test_offsets_of_subscribed_topics_stay():
    desk = Desk()
    desk.come("A")
    answer = desk.say(OffsetDeleteRequest("g", (tea(0),)))
    assert (answer.error, answer.partitions) == (NONE, ((tea(0), ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC),))


# --- looking, other kinds, failover ---


def test_describe():
    desk = Desk()
    unknown = desk.say(ConsumerGroupDescribeRequest(("g",))).groups[0]
    assert (unknown.error, unknown.state) == (ErrorCode.GROUP_ID_NOT_FOUND, "")
    desk.come("A")
    group = desk.say(ConsumerGroupDescribeRequest(("g",))).groups[0]
    assert (group.state, group.group_epoch, group.assignment_epoch, group.assignor) == ("Stable", 2, 2, "uniform")
    assert [(one.member_id, one.assignment) for one in group.members] == [("A", (tea(0), tea(1)))]
    desk.heartbeat("A", -1)
    assert desk.say(ConsumerGroupDescribeRequest(("g",))).groups[0].state == "Empty"


def test_the_two_protocols_do_not_mix():
    desk = Desk()
    desk.stable()
    assert desk.come("A").error == ErrorCode.GROUP_ID_NOT_FOUND
    desk = Desk()
    desk.come("A")
    assert desk.answers[desk.join()].error == ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_an_empty_group_becomes_one_of_the_other_kind():
    desk = Desk()
    (member,) = desk.stable()
    desk.leave(member)
    assert desk.come("A").error == NONE
    desk.heartbeat("A", -1)
    assert desk.answers[desk.join()].error == ErrorCode.MEMBER_ID_REQUIRED


def test_a_new_coordinator_goes_on_in_the_middle_of_a_handover():
    desk = handing_over()
    asked = desk.heartbeat("A", 2)
    after = desk.failover()
    assert after.group.members == desk.group.members
    assert after.group.state is ConsumerGroupState.RECONCILING
    assert after.heartbeat("B", 3).assignment is None
    after.heartbeat("A", 2, owned(asked))
    assert sorted(owned(after.heartbeat("B", 3)) + owned(asked)) == [0, 1]


def test_the_range_assignor_cuts_runs():
    desk = Desk(partitions=4, group_consumer_assignors="range,uniform")
    desk.come("A")
    desk.run(1_000)
    desk.come("B")
    assert owned(desk.heartbeat("A", 2)) == [0, 1]
