"""Committed offsets in Kafka's words: written, read, pending, expired, deleted; and looking at groups."""

from __future__ import annotations

import pytest
from group_desk import Desk, subscribe, tea

from minikafka.coordinator import offsets
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    DeleteGroupsRequest,
    DescribeGroupsRequest,
    ListGroupsRequest,
    OffsetCommitRequest,
    OffsetDeleteRequest,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetToCommit,
)
from minikafka.protocol.transaction_messages import TxnOffsetCommitRequest
from minikafka.types import TopicPartition

NONE = ErrorCode.NONE
DAY_MS = 86_400_000
UNSTABLE = ErrorCode.UNSTABLE_OFFSET_COMMIT


def transaction(desk: Desk, offset: int, producer: int = 7, number: int = 0, **more) -> ErrorCode:
    commits = (OffsetToCommit(tea(number), offset),)
    return desk.say(TxnOffsetCommitRequest("t", "g", producer, 0, commits, **more)).partitions[0][1]


# --- commit and fetch ---


def test_a_group_of_offsets_only():
    desk = Desk()
    assert desk.commit(7) == NONE
    assert desk.committed() == 7
    group = desk.say(DescribeGroupsRequest(("g",))).groups[0]
    assert (group.error, group.state, group.protocol_type, group.members) == (NONE, "Empty", "", ())


def test_what_was_not_committed_is_minus_1():
    desk = Desk()
    answer = desk.say(OffsetFetchRequest((OffsetFetchGroup("nobody", (tea(0),)),))).groups[0]
    assert (answer.error, answer.offsets[0].offset, answer.offsets[0].leader_epoch) == (NONE, -1, -1)
    assert answer.offsets[0].metadata == ""


def test_all_that_was_committed():
    desk = Desk()
    desk.commit(3, number=0)
    desk.commit(4, number=1)
    answer = desk.say(OffsetFetchRequest((OffsetFetchGroup("g"),))).groups[0]
    assert [(one.partition, one.offset) for one in answer.offsets] == [(tea(0), 3), (tea(1), 4)]


def test_what_can_be_written_down():
    desk = Desk(offset_metadata_max_bytes=4)
    assert desk.commit(1_000_000) == NONE, "nobody compares it with the log"
    assert desk.commit(1, number=9) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert desk.commit(1, metadata="12345") == ErrorCode.OFFSET_METADATA_TOO_LARGE
    assert desk.commit(1, metadata=None) == NONE
    assert desk.shard.book.offsets.fetch("g", tea(0), False).metadata == ""


def test_commits_to_a_group_that_is_not_there():
    desk = Desk()
    assert desk.commit(1, "m", 1) == ErrorCode.GROUP_ID_NOT_FOUND
    old = OffsetCommitRequest("g", 1, "m", (OffsetToCommit(tea(0), 1),), knows_member_epochs=False)
    assert desk.say(old).partitions[0][1] == ErrorCode.ILLEGAL_GENERATION


# --- transactions (I26) ---


def test_an_offset_in_a_transaction_counts_when_it_commits():
    desk = Desk()
    desk.commit(3)
    assert transaction(desk, 7) == NONE
    assert (desk.committed(), desk.committed(require_stable=True)) == (3, UNSTABLE)
    assert desk.committed(1, require_stable=True) == -1, "other partitions are settled"
    told = desk.shard.replay_marker(7, True)
    assert desk.committed(require_stable=True) == 7
    assert told == (facts.OffsetCommitted("g", tea(0), 7, "", -1, False),)


def test_an_aborted_transaction_leaves_no_trace():
    desk = Desk()
    desk.commit(3)
    transaction(desk, 7)
    assert desk.shard.replay_marker(7, False) == (facts.OffsetsForgotten("g", (tea(0),), "aborted"),)
    assert desk.committed(require_stable=True) == 3


def test_another_producers_marker_decides_nothing():
    desk = Desk()
    transaction(desk, 7, producer=7)
    desk.shard.replay_marker(8, True)
    assert desk.committed(require_stable=True) == UNSTABLE


def test_the_later_write_wins_whatever_the_marker_comes_after():
    desk = Desk()
    transaction(desk, 7)
    desk.commit(9)
    desk.shard.replay_marker(7, True)
    assert desk.committed() == 9


def test_who_may_commit_in_a_transaction():
    desk = Desk()
    assert transaction(desk, 1, generation=1, member_id="m") == ErrorCode.ILLEGAL_GENERATION, "no such group"
    (member,) = desk.stable()
    assert transaction(desk, 1) == NONE, "a producer that does not say for whom"
    assert transaction(desk, 1, generation=1, member_id=member) == NONE
    assert transaction(desk, 1, generation=0, member_id=member) == ErrorCode.ILLEGAL_GENERATION
    assert transaction(desk, 1, generation=1, member_id="m") == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_kip_848_member_that_is_behind_is_told_illegal_generation():
    desk = Desk()
    desk.come("A")
    assert transaction(desk, 1, generation=3, member_id="A") == ErrorCode.ILLEGAL_GENERATION
    assert transaction(desk, 1, generation=2, member_id="A") == NONE
    assert transaction(desk, 1) == NONE


# --- expiry ---


def test_offsets_of_simple_groups_expire_after_their_commit():
    desk = Desk()
    desk.commit(7)
    desk.run(7 * DAY_MS - 700_000)
    assert desk.committed() == 7
    desk.run(700_000)
    assert desk.committed() == -1
    assert facts.OffsetsForgotten("g", (tea(0),), "expired") in desk.told
    assert "g" not in desk.shard.book.groups, "nothing is left of it"


def test_an_empty_group_keeps_its_offsets_from_the_day_it_became_empty():
    desk = Desk()
    (member,) = desk.stable(session=1_800_000)
    desk.commit(7, member, 1)
    for _ in range(8 * 48 + 1):
        desk.run(1_790_000)
        desk.beat(member, 1)
    assert desk.committed() == 7, "Stable, and subscribed"
    desk.leave(member)
    desk.run(6 * DAY_MS)
    assert desk.committed() == 7
    desk.run(DAY_MS + 700_000)
    assert desk.committed() == -1


@pytest.mark.parametrize(
    ("arguments", "expired"),
    [
        ((100, None, False, 200, 100), True),
        ((100, None, False, 199, 100), False),
        ((100, None, True, 900, 100), False),
        ((100, 150, False, 200, 100), False),
        ((100, 150, False, 250, 100), True),
    ],
)
def test_when_an_offset_expires(arguments, expired):
    assert offsets.is_expired(*arguments) is expired


def test_nothing_expires_under_an_open_transaction():
    desk = Desk()
    desk.commit(3)
    transaction(desk, 7)
    desk.run(8 * DAY_MS)
    assert desk.committed() == 3


def test_a_stable_group_forgets_topics_it_no_longer_reads():
    desk = Desk()
    desk.commit(5)
    (member,) = desk.stable(protocols=(("range", subscribe("milk")),), session=1_800_000)
    for _ in range(8 * 48 + 1):
        desk.run(1_790_000)
        desk.beat(member, 1)
    assert desk.committed() == -1


# --- deleting ---


def test_delete_a_group_and_its_offsets():
    desk = Desk()
    desk.commit(7)
    assert desk.say(DeleteGroupsRequest(("g",))).groups == (("g", NONE),)
    assert desk.committed() == -1
    gone = desk.say(DescribeGroupsRequest(("g",))).groups[0]
    assert (gone.error, gone.state) == (ErrorCode.GROUP_ID_NOT_FOUND, "Dead")
    assert desk.failover().shard.book.groups == {}


def test_a_group_with_members_is_not_deleted():
    desk = Desk()
    desk.stable()
    assert desk.say(DeleteGroupsRequest(("g",))).groups == (("g", ErrorCode.NON_EMPTY_GROUP),)
    assert desk.say(DeleteGroupsRequest(("nobody",))).groups == (("nobody", ErrorCode.GROUP_ID_NOT_FOUND),)


def test_delete_offsets_of_topics_that_nobody_reads():
    desk = Desk()
    assert desk.say(OffsetDeleteRequest("nobody", (tea(0),))).error == ErrorCode.GROUP_ID_NOT_FOUND
    milk = TopicPartition("milk", 0)
    desk.commit(7)
    desk.stable(protocols=(("range", subscribe("milk")),))
    answer = desk.say(OffsetDeleteRequest("g", (tea(0), milk)))
    assert answer.partitions == ((tea(0), NONE), (milk, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC))
    assert desk.committed() == -1


# --- looking ---


def test_list_groups_by_state_and_kind():
    desk = Desk()
    desk.stable()

    def names(**filters):
        return [one.group for one in desk.say(ListGroupsRequest(**filters)).groups]

    assert names() == names(states=("stable",)) == names(types=("Classic",)) == ["g"]
    assert names(states=("NoSuchState",)) == names(types=("nosuchtype",)) == []


def test_describe_shows_the_protocol_of_a_stable_group_only():
    desk = Desk()
    (member,) = desk.stable()
    group = desk.say(DescribeGroupsRequest(("g",))).groups[0]
    assert (group.state, group.protocol, len(group.members)) == ("Stable", "range", 1)
    desk.leave(member)
    group = desk.say(DescribeGroupsRequest(("g",))).groups[0]
    assert (group.state, group.protocol, group.protocol_type, group.members) == ("Empty", "", "consumer", ())
