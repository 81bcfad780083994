"""A member of a classic group, and its commits. The test is the coordinator."""

from __future__ import annotations

import pytest
from consumer_kit import A0, A1, NONE, Desk, batch

from minikafka.client import consumer_commits, consumer_rebalance
from minikafka.client.classic_membership import State
from minikafka.client.consumer_state import RebalanceCall, Turn
from minikafka.protocol import consumer_protocol, facts
from minikafka.protocol.consumer_protocol import Subscription
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    HeartbeatRequest,
    HeartbeatResponse,
    JoinedMember,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
    SyncGroupRequest,
    SyncGroupResponse,
)

GROUP = {"group_id": "g", "auto_offset_reset": "earliest"}
COOPERATIVE = {"partition_assignment_strategy": "cooperative-sticky"}


def group(**settings):
    return Desk(**(GROUP | settings))


def beat(desk, error):
    desk.silent = (HeartbeatRequest,)
    while not desk.requests(HeartbeatRequest):
        desk.pass_ms(1_000)
    desk.answer(HeartbeatRequest, HeartbeatResponse(error))
    desk.silent = ()


def told(desk, *kinds):
    return [(type(fact).__name__, fact.partitions) for fact in desk.facts if isinstance(fact, kinds)]


TURNS = (facts.PartitionsAssigned, facts.PartitionsRevoked, facts.PartitionsLost)


# --- joining ---


def test_a_new_member_is_given_an_id_and_joins_again_with_it():
    desk = group()
    desk.call("subscribe", ("a",))
    assert not desk.requests(JoinGroupRequest), "joining is part of poll"
    desk.wait_in_poll()
    first = desk.answer(JoinGroupRequest, JoinGroupResponse(ErrorCode.MEMBER_ID_REQUIRED, member_id="me"))
    assert first.member_id == ""
    assert desk.requests(JoinGroupRequest)[0].member_id == "me"
    assert [name for name, _ in desk.requests(JoinGroupRequest)[0].protocols] == ["range", "cooperative-sticky"]


def test_the_leader_computes_the_assignment_of_all():
    desk = group()
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    other = consumer_protocol.pack_subscription(Subscription(("a",)))
    desk.joined(members=(JoinedMember("zoe", None, other),))
    given = dict(desk.requests(SyncGroupRequest)[0].assignments)
    assert {name: consumer_protocol.unpack_assignment(data).partitions for name, data in given.items()} == {
        "me": (A0,),
        "zoe": (A1,),
    }


def test_a_follower_sends_no_assignment_and_reads_what_it_is_given():
    desk = group()
    desk.committed = {A1: 5}
    desk.member_of(A1)
    assert desk.node.assigned[A1].position == 5, "from where the group has committed"
    assert told(desk, *TURNS) == [("PartitionsAssigned", (A1,))]


def test_a_leader_of_which_the_coordinator_asks_no_assignment_sends_none():
    desk = group()
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    desk.joined(skip_assignment=True)
    assert desk.requests(SyncGroupRequest)[0].assignments == ()


def test_the_leader_joins_again_when_a_topic_has_more_partitions():
    desk = group(metadata_max_age_ms=1_000)
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    desk.joined()
    desk.synced(A0, A1)
    desk.topics["a"] = 3
    desk.pass_ms(1_000)
    desk.wait_in_poll()
    assert desk.requests(JoinGroupRequest)


def test_a_pattern_subscribes_to_the_topics_that_match_it():
    desk = group(topics={"orders.eu": 1, "orders.us": 1, "mail": 1, "__consumer_offsets": 1})
    desk.call("subscribe", (), pattern=r"^orders\..*")
    desk.wait_in_poll()
    packed = desk.requests(JoinGroupRequest)[0].protocols[0][1]
    assert consumer_protocol.unpack_subscription(packed).topics == ("orders.eu", "orders.us")


def test_a_coordinator_that_loads_or_moves_is_asked_again():
    desk = group()
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    desk.answer(JoinGroupRequest, JoinGroupResponse(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
    desk.pass_ms(100)
    desk.coordinator = 3
    desk.answer(JoinGroupRequest, JoinGroupResponse(ErrorCode.NOT_COORDINATOR))
    desk.pass_ms(100)
    assert [one.destination for one in desk.open if isinstance(one.message, JoinGroupRequest)] == ["broker-3"]


@pytest.mark.parametrize("error", [ErrorCode.INCONSISTENT_GROUP_PROTOCOL, ErrorCode.FENCED_INSTANCE_ID])
def test_what_cannot_be_repaired_is_told_at_every_poll(error):
    desk = group()
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    desk.answer(JoinGroupRequest, JoinGroupResponse(error))
    for _ in range(2):
        assert [one.error for one in desk.node.state.errors] == [error]
        desk.poll()


# --- eager and cooperative ---


def test_a_member_is_cooperative_only_if_all_its_assignors_are():
    assert consumer_rebalance.is_cooperative(["cooperative-sticky"])
    assert not consumer_rebalance.is_cooperative(["range", "cooperative-sticky"])


def test_eager_gives_everything_up_before_it_joins():
    desk = group()
    desk.member_of(A0, A1)
    desk.leave_poll()
    beat(desk, ErrorCode.REBALANCE_IN_PROGRESS)
    assert not desk.requests(JoinGroupRequest), "not before the application polls"
    desk.wait_in_poll()
    assert told(desk, *TURNS)[1:] == [("PartitionsRevoked", (A0, A1))]
    assert desk.node.assigned == {}
    desk.joined(generation=2, leader="other")
    desk.synced(A0)
    assert told(desk, *TURNS)[2:] == [("PartitionsAssigned", (A0,))]


def test_cooperative_keeps_reading_gives_up_what_moves_and_joins_again():
    desk = group(**COOPERATIVE)
    desk.member_of(A0, A1, protocol="cooperative-sticky")
    beat(desk, ErrorCode.REBALANCE_IN_PROGRESS)
    desk.wait_in_poll()
    assert set(desk.node.assigned) == {A0, A1}, "nothing is given up before joining"
    owned = consumer_protocol.unpack_subscription(
        dict(desk.requests(JoinGroupRequest)[0].protocols)["cooperative-sticky"]
    )
    assert (owned.owned, owned.generation) == ((A0, A1), 1)
    desk.records((A0, batch(0, "read on")))
    assert [one.record.value for one in desk.node.state.buffer] == [b"read on"]
    desk.wait_in_poll()
    desk.joined(generation=2, leader="other", protocol="cooperative-sticky")
    desk.synced(A0)
    assert told(desk, *TURNS)[1:] == [("PartitionsRevoked", (A1,)), ("PartitionsAssigned", ())]
    assert desk.requests(JoinGroupRequest), "so that what it gave up can be given out"


def test_what_is_given_up_before_and_after_joining():
    assert consumer_rebalance.before_joining([A1, A0], ["a"], False, True) == RebalanceCall(Turn.REVOKED, (A0, A1))
    assert consumer_rebalance.before_joining([A0], ["a"], True, True) is None
    assert consumer_rebalance.before_joining([A0], ["b"], True, True) == RebalanceCall(Turn.REVOKED, (A0,))
    assert consumer_rebalance.before_joining([A0], ["a"], True, False) == RebalanceCall(Turn.LOST, (A0,))
    revoked, assigned = consumer_rebalance.after_joining([A0], [A1])
    assert (revoked, assigned) == (RebalanceCall(Turn.REVOKED, (A0,)), RebalanceCall(Turn.ASSIGNED, (A1,)))


# --- callbacks ---


def test_the_rebalance_waits_for_the_callback_in_which_a_commit_is_still_taken():
    desk = group(enable_auto_commit=False)
    desk.call("subscribe", ("a",), has_listener=True)
    desk.wait_in_poll()
    desk.joined(leader="other")
    desk.synced(A0)
    assert desk.node.state.callbacks == [RebalanceCall(Turn.ASSIGNED, (A0,))]
    desk.call("callback_done")
    desk.records((A0, batch(0, "x", "y")))
    beat(desk, ErrorCode.REBALANCE_IN_PROGRESS)
    desk.wait_in_poll()
    assert desk.node.state.callbacks == [RebalanceCall(Turn.REVOKED, (A0,))]
    desk.call("commit", None, False)
    assert desk.committed == {A0: 2}
    assert not desk.requests(JoinGroupRequest)
    desk.call("callback_done")
    assert desk.requests(JoinGroupRequest)
    assert [type(fact).__name__ for fact in desk.facts][-3:] == [
        "CommitSent",
        "CommitAcknowledged",
        "PartitionsRevoked",
    ]


def test_the_automatic_commit_comes_before_partitions_are_given_up():
    desk = group()
    desk.member_of(A0)
    desk.records((A0, batch(0, "x", "y")))
    beat(desk, ErrorCode.REBALANCE_IN_PROGRESS)
    desk.silent = (OffsetCommitRequest,)
    desk.wait_in_poll()
    assert not desk.requests(JoinGroupRequest) and A0 in desk.node.assigned
    desk.silent = ()
    desk.answer(OffsetCommitRequest, OffsetCommitResponse(((A0, NONE),)))
    assert desk.requests(JoinGroupRequest) and A0 not in desk.node.assigned


# --- losing the membership ---


@pytest.mark.parametrize(
    ("error", "member_id"), [(ErrorCode.UNKNOWN_MEMBER_ID, ""), (ErrorCode.ILLEGAL_GENERATION, "me")]
)
def test_a_generation_that_is_over_takes_the_partitions_with_it(error, member_id):
    desk = group()
    desk.member_of(A0)
    desk.leave_poll()
    beat(desk, error)
    assert not desk.told(facts.PartitionsLost), "the application hears of it at its next poll"
    desk.wait_in_poll()
    assert told(desk, *TURNS)[1:] == [("PartitionsLost", (A0,))]
    assert desk.requests(JoinGroupRequest)[0].member_id == member_id
    assert not desk.told(facts.CommitSent), "what is lost is not committed"


def test_a_refused_commit_of_an_old_generation_is_a_failure_and_a_loss():
    desk = group(enable_auto_commit=False)
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.silent = (OffsetCommitRequest,)
    desk.call("commit", None, False)
    desk.answer(OffsetCommitRequest, OffsetCommitResponse(((A0, ErrorCode.ILLEGAL_GENERATION),)))
    assert [one.error for one in desk.node.state.commits] == [ErrorCode.ILLEGAL_GENERATION]
    assert desk.node.membership.state == State.UNJOINED
    desk.call("commit", None, False)
    assert [one.error for one in desk.node.state.commits][1:] == [ErrorCode.UNKNOWN_MEMBER_ID], "refused at home"


def test_heartbeats_go_on_while_the_application_processes():
    desk = group()
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.silent = (HeartbeatRequest,)
    desk.pass_ms(3_000)
    assert desk.requests(HeartbeatRequest)
    desk.answer(HeartbeatRequest, HeartbeatResponse(NONE))
    desk.pass_ms(3_000)
    assert desk.requests(HeartbeatRequest)


def test_a_dynamic_member_that_does_not_poll_in_time_leaves_by_itself():
    desk = group(max_poll_interval_ms=10_000)
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.pass_ms(9_999)
    assert not desk.requests(LeaveGroupRequest)
    desk.pass_ms(1)
    left = desk.requests(LeaveGroupRequest)[0].members[0]
    assert (left.member_id, left.reason) == ("me", "consumer poll timeout has expired")
    desk.wait_in_poll()
    assert told(desk, *TURNS)[1:] == [("PartitionsLost", (A0,))]


def test_a_static_member_that_does_not_poll_in_time_only_falls_silent():
    desk = group(max_poll_interval_ms=10_000, group_instance_id="one")
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.pass_ms(10_000)
    desk.silent = (HeartbeatRequest,)
    desk.pass_ms(60_000)
    assert not desk.requests(LeaveGroupRequest) and not desk.requests(HeartbeatRequest)


def test_a_rebalance_during_the_sync_sends_the_member_back_to_join():
    desk = group()
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    desk.joined(leader="other")
    desk.answer(SyncGroupRequest, SyncGroupResponse(ErrorCode.REBALANCE_IN_PROGRESS))
    assert desk.requests(JoinGroupRequest)[0].member_id == "me"


def test_when_the_coordinator_is_gone_another_is_looked_for():
    desk = group()
    desk.member_of(A0)
    desk.coordinator = 3
    desk.disconnect(2)
    desk.silent = (HeartbeatRequest,)
    desk.pass_ms(4_000)
    assert [one.destination for one in desk.open if isinstance(one.message, HeartbeatRequest)] == ["broker-3"]


# --- commits ---


def test_auto_commit_commits_at_a_poll_what_earlier_polls_returned():
    desk = group(auto_commit_interval_ms=1_000, max_poll_records=4)
    desk.member_of(A0)
    desk.records((A0, batch(0, *"abcdefgh")))
    assert desk.node.assigned[A0].position == 4
    desk.pass_ms(1_200)
    assert desk.committed == {}, "no poll, no commit"
    desk.wait_in_poll()
    assert desk.node.assigned[A0].position == 8
    assert desk.committed == {A0: 4}, "what this poll returns is not in it"


def test_auto_commit_before_its_interval_is_over_commits_nothing():
    desk = group(auto_commit_interval_ms=1_000)
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.pass_ms(900)
    desk.poll()
    assert desk.committed == {}


def test_auto_commit_that_failed_for_the_moment_comes_again_soon():
    desk = group(auto_commit_interval_ms=1_000)
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.pass_ms(1_000)
    desk.silent = (OffsetCommitRequest,)
    desk.poll()
    answer = OffsetCommitResponse(((A0, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),))
    desk.answer(OffsetCommitRequest, answer)
    desk.silent = ()
    desk.pass_ms(100)
    desk.poll()
    assert desk.committed == {A0: 1}


def test_a_synchronous_commit_is_repeated_and_an_asynchronous_one_is_not():
    for is_async, sent_again in ((False, 1), (True, 0)):
        desk = group(enable_auto_commit=False)
        desk.member_of(A0)
        desk.records((A0, batch(0, "x")))
        desk.silent = (OffsetCommitRequest,)
        desk.call("commit", None, is_async)
        desk.answer(OffsetCommitRequest, OffsetCommitResponse(((A0, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS),)))
        desk.pass_ms(100)
        assert len(desk.requests(OffsetCommitRequest)) == sent_again
        assert len(desk.node.state.commits) == (1 if is_async else 0)


def test_asynchronous_commits_are_answered_in_the_order_in_which_they_were_made():
    desk = group(enable_auto_commit=False)
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.silent = (OffsetCommitRequest,)
    for _ in range(3):
        desk.call("commit", None, True)
    for error in (NONE, ErrorCode.UNKNOWN_MEMBER_ID, NONE):
        desk.answer(OffsetCommitRequest, OffsetCommitResponse(((A0, error),)))
    assert [(one.ticket, one.error) for one in desk.node.state.commits] == [
        (1, NONE), (2, ErrorCode.UNKNOWN_MEMBER_ID), (3, NONE),
    ]  # fmt: skip


def test_a_consumer_without_membership_commits_as_nobody():
    desk = group()
    desk.call("assign", {A0: 0})
    desk.wait_in_poll()
    desk.records((A0, batch(0, "x")))
    desk.silent = (OffsetCommitRequest,)
    desk.call("commit", None, False)
    request = desk.requests(OffsetCommitRequest)[0]
    assert (request.generation, request.member_id) == (-1, "")


def test_what_is_stored_is_committed_where_the_application_stores_by_itself():
    desk = group(enable_auto_offset_store=False, auto_commit_interval_ms=1_000)
    desk.member_of(A0)
    desk.records((A0, batch(0, "x", "y", "z")))
    desk.do(desk.node.store({A0: consumer_commits.OffsetToCommit(A0, 2)}))
    desk.pass_ms(1_000)
    desk.poll()
    assert desk.committed == {A0: 2}


def test_no_argument_of_the_automatic_commit_says_processed():
    desk = group()
    desk.member_of(A0, A1)
    desk.records((A0, batch(0, "x", "y")))
    offsets = consumer_commits.offsets_to_commit(desk.node.assigned)
    assert {partition: one.offset for partition, one in offsets.items()} == {A0: 2, A1: 0}


# --- going ---


def test_close_commits_positions_gives_up_and_leaves_in_this_order():
    desk = group()
    desk.member_of(A0)
    desk.records((A0, batch(0, "x", "y")))
    desk.call("close")
    assert desk.committed == {A0: 2}
    assert [type(fact).__name__ for fact in desk.facts][-3:] == [
        "CommitSent",
        "CommitAcknowledged",
        "PartitionsRevoked",
    ]
    assert not desk.node.is_closed
    desk.answer(LeaveGroupRequest, LeaveGroupResponse(NONE))
    assert desk.node.is_closed
    assert desk.node.handle(desk.metadata_envelope(), desk.now) == []


def test_close_of_a_static_member_does_not_leave():
    desk = group(group_instance_id="one")
    desk.member_of(A0)
    desk.call("close")
    assert desk.node.is_closed and not desk.requests(LeaveGroupRequest)


def test_unsubscribe_leaves_without_a_commit_and_can_subscribe_again():
    desk = group()
    desk.member_of(A0)
    desk.records((A0, batch(0, "x")))
    desk.call("unsubscribe")
    desk.answer(LeaveGroupRequest, LeaveGroupResponse(NONE))
    assert desk.committed == {} and not desk.node.is_closed
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    assert desk.requests(JoinGroupRequest)[0].member_id == ""
