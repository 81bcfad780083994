"""A member of a KIP-848 group. The test is the coordinator."""

from __future__ import annotations

import pytest
from consumer_kit import A0, A1, NONE, Desk, batch

from minikafka.client.consumer_state import RebalanceCall, Turn
from minikafka.client.heartbeat_membership import State
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
)

TURNS = (facts.PartitionsAssigned, facts.PartitionsRevoked, facts.PartitionsLost)


def group(**settings):
    desk = Desk(**({"group_id": "g", "group_protocol": "consumer", "auto_offset_reset": "earliest"} | settings))
    desk.call("subscribe", ("a",))
    desk.wait_in_poll()
    return desk


def answered(desk, epoch, *partitions, keeps=False):
    given = None if keeps else partitions
    answer = ConsumerGroupHeartbeatResponse(NONE, None, "m", epoch, 5_000, given)
    return desk.answer(ConsumerGroupHeartbeatRequest, answer)


def refused(desk, error):
    return desk.answer(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse(error))


def member(*partitions, epoch=2, **settings):
    """A member that owns these, and has said so."""
    desk = group(**settings)
    answered(desk, epoch, *partitions)
    if partitions:
        answered(desk, epoch, keeps=True)
    return desk


def told(desk):
    return [(type(fact).__name__, fact.partitions) for fact in desk.facts if isinstance(fact, TURNS)]


def beat(desk):
    while not desk.requests(ConsumerGroupHeartbeatRequest):
        desk.pass_ms(1_000)
    return desk.requests(ConsumerGroupHeartbeatRequest)[0]


def test_joining_says_everything_and_later_heartbeats_only_what_is_new():
    desk = group()
    first = answered(desk, 2, A0, A1)
    assert (first.member_epoch, first.subscribed_topics, first.owned, first.rebalance_timeout_ms) == (
        0,
        ("a",),
        (),
        300_000,
    )
    assert first.member_id == "consumer-C-member"
    second = answered(desk, 2, keeps=True)
    assert (second.member_epoch, second.subscribed_topics, second.owned) == (2, None, (A0, A1))
    third = beat(desk)
    assert (third.subscribed_topics, third.owned, third.rebalance_timeout_ms) == (None, None, -1)
    assert desk.now == 5_000, "at the interval the coordinator has named"


def test_what_moves_is_committed_and_given_up_and_only_then_reported():
    desk = member(A0, A1)
    desk.records((A0, batch(0, "x", "y")))
    desk.silent = (OffsetCommitRequest,)
    beat(desk)
    answered(desk, 2, A0)
    assert not desk.requests(OffsetCommitRequest), "the application is not in poll"
    desk.wait_in_poll()
    assert desk.requests(OffsetCommitRequest)[0].generation == 2
    assert told(desk)[1:] == [] and not desk.requests(ConsumerGroupHeartbeatRequest)
    desk.answer(OffsetCommitRequest, OffsetCommitResponse(((A0, NONE), (A1, NONE))))
    assert told(desk)[1:] == [("PartitionsRevoked", (A1,))]
    assert desk.requests(ConsumerGroupHeartbeatRequest)[0].owned == (A0,), "said at once: somebody waits for it"


def test_what_stays_is_never_given_up_in_between():
    desk = member(A0, A1)
    beat(desk)
    answered(desk, 2, A0)
    desk.wait_in_poll()
    desk.records((A0, batch(0, "read on")))
    assert [one.partition for one in desk.node.state.buffer] == [A0]


def test_the_handover_waits_for_the_callbacks():
    desk = Desk(group_id="g", group_protocol="consumer", enable_auto_commit=False)
    desk.call("subscribe", ("a",), has_listener=True)
    desk.wait_in_poll()
    answered(desk, 2, A0)
    assert desk.node.state.callbacks == [RebalanceCall(Turn.ASSIGNED, (A0,))]
    assert not desk.requests(ConsumerGroupHeartbeatRequest)
    desk.call("callback_done")
    assert desk.requests(ConsumerGroupHeartbeatRequest)[0].owned == (A0,)


@pytest.mark.parametrize("error", [ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID])
def test_a_fenced_member_loses_everything_and_begins_again_with_epoch_0(error):
    desk = member(A0)
    beat(desk)
    refused(desk, error)
    assert told(desk)[1:] == [("PartitionsLost", (A0,))]
    again = desk.requests(ConsumerGroupHeartbeatRequest)[0]
    assert (again.member_epoch, again.member_id, again.owned) == (0, "consumer-C-member", ())


def test_after_a_lost_answer_the_member_says_everything_again():
    desk = member(A0)
    beat(desk)
    desk.disconnect(2)
    desk.pass_ms(100)
    again = desk.requests(ConsumerGroupHeartbeatRequest)[0]
    assert (again.member_epoch, again.subscribed_topics, again.owned) == (2, ("a",), (A0,))
    assert again.rebalance_timeout_ms == 300_000, "or the coordinator does not tell everything in return"


def test_a_refused_heartbeat_may_have_changed_everything_so_the_next_asks_for_everything():
    desk = member(A0)
    beat(desk)
    refused(desk, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    again = beat(desk)
    assert (again.subscribed_topics, again.owned, again.rebalance_timeout_ms) == (("a",), (A0,), 300_000)


def test_a_stale_epoch_of_a_synchronous_commit_is_tried_again_with_the_newer_one():
    desk = member(A0, enable_auto_commit=False)
    desk.records((A0, batch(0, "x")))
    desk.silent = (OffsetCommitRequest,)
    desk.call("commit", None, False)
    beat(desk)
    answered(desk, 3, keeps=True)
    desk.answer(OffsetCommitRequest, OffsetCommitResponse(((A0, ErrorCode.STALE_MEMBER_EPOCH),)))
    desk.pass_ms(100)
    assert desk.requests(OffsetCommitRequest)[0].generation == 3


def test_a_member_that_does_not_poll_in_time_leaves_and_joins_again_at_its_next_poll():
    desk = member(A0, max_poll_interval_ms=10_000)
    desk.records((A0, batch(0, "x")))
    while desk.now < 10_000:
        beat(desk)
        if desk.requests(ConsumerGroupHeartbeatRequest)[0].member_epoch < 0:
            break
        answered(desk, 2, keeps=True)
    assert desk.requests(ConsumerGroupHeartbeatRequest)[0].member_epoch == -1
    answered(desk, -1)
    desk.wait_in_poll()
    assert told(desk)[1:] == [("PartitionsLost", (A0,))]
    assert desk.requests(ConsumerGroupHeartbeatRequest)[0].member_epoch == 0


@pytest.mark.parametrize(("settings", "epoch"), [({}, -1), ({"group_instance_id": "one"}, -2)])
def test_close_says_goodbye_and_a_static_member_only_for_a_while(settings, epoch):
    desk = member(A0, **settings)
    desk.records((A0, batch(0, "x")))
    desk.call("close")
    assert desk.committed == {A0: 1}
    assert answered(desk, epoch).member_epoch == epoch
    assert desk.node.is_closed


def test_close_says_goodbye_also_before_the_answer_to_joining_has_come():
    """The coordinator may have written it down; without a word it would be a member for a whole session."""
    desk = group()
    assert [one.member_epoch for one in desk.requests(ConsumerGroupHeartbeatRequest)] == [0]
    desk.call("close")
    assert [one.member_epoch for one in desk.requests(ConsumerGroupHeartbeatRequest)] == [0, -1]


def test_an_instance_id_still_in_use_is_told_to_the_application():
    desk = group(group_instance_id="one")
    refused(desk, ErrorCode.UNRELEASED_INSTANCE_ID)
    assert desk.node.membership.state == State.FAILED
    assert [one.error for one in desk.node.state.errors] == [ErrorCode.UNRELEASED_INSTANCE_ID]
