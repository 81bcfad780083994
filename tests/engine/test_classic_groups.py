"""Classic groups in Kafka's words: generations, members that come, go and fall silent, and who is fenced."""

from __future__ import annotations

import pytest
from group_desk import TEA, Desk, assignment, subscribe, tea

from minikafka.coordinator import group as rules
from minikafka.coordinator.group import VALID_PREVIOUS_STATES, ClassicGroup, GroupState, Member
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    JoinGroupRequest,
    LeaveGroupRequest,
    LeavingMember,
    SyncGroupRequest,
)

NONE = ErrorCode.NONE
UNKNOWN_MEMBER_ID = ErrorCode.UNKNOWN_MEMBER_ID
REBALANCE_IN_PROGRESS = ErrorCode.REBALANCE_IN_PROGRESS
ILLEGAL_GENERATION = ErrorCode.ILLEGAL_GENERATION


# --- joining ---


def test_a_newcomer_is_given_an_id_first():
    desk = Desk()
    answer = desk.answers[desk.join()]
    assert (answer.error, answer.member_id) == (ErrorCode.MEMBER_ID_REQUIRED, "client-0.1")
    assert desk.beat("client-0.1", -1) == UNKNOWN_MEMBER_ID, "an id is no membership"


def test_old_clients_join_without_an_id():
    desk = Desk()
    number = desk.join(known=False)
    desk.run(3_000)
    answer = desk.answers[number]
    assert (answer.error, answer.generation, answer.leader) == (NONE, 1, answer.member_id)
    assert (answer.protocol_name, answer.skip_assignment) == ("range", False)


def test_an_id_that_nobody_comes_back_with_is_forgotten():
    desk = Desk()
    desk.join(session=6_000)
    desk.run(6_000)
    assert desk.group.pending == {}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"group": ""}, ErrorCode.INVALID_GROUP_ID),
        ({"group": "", "session_timeout_ms": 1}, ErrorCode.INVALID_GROUP_ID),
        ({"session_timeout_ms": 5_999}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"session_timeout_ms": 1_800_001}, ErrorCode.INVALID_SESSION_TIMEOUT),
        ({"protocol_type": ""}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocols": ()}, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ({"member_id": "nobody"}, UNKNOWN_MEMBER_ID),
    ],
)
def test_who_cannot_join(changes, error):
    fields = {"group": "g", "session_timeout_ms": 45_000, "rebalance_timeout_ms": 60_000}
    fields |= {"protocols": (("range", TEA),)}
    assert Desk().say(JoinGroupRequest(**fields | changes)).error == error


def test_a_member_shares_a_protocol_with_everybody():
    desk = Desk()
    desk.stable()
    assert desk.answers[desk.join(protocols=(("sticky", TEA),))].error == ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_an_empty_group_waits_for_more_members():
    desk = Desk()
    first, _ = desk.enter()
    desk.run(2_000)
    second, _ = desk.enter()
    desk.run(1_000)
    assert first not in desk.answers, "somebody came: wait once more"
    desk.run(3_000)
    assert desk.answers[first].generation == desk.answers[second].generation == 1


def test_the_initial_delay_ends_with_the_rebalance_timeout():
    desk = Desk(group_initial_rebalance_delay_ms=25_000)
    first, _ = desk.enter()
    for _ in range(3):
        desk.run(20_000)
        desk.enter()
    assert desk.answers[first].generation == 1, "60 s are over"


def test_the_first_to_join_leads_and_is_told_who_is_in():
    desk = Desk()
    (first, leader), (second, follower) = desk.enter(), desk.enter()
    desk.run(6_000)
    assert [one.member_id for one in desk.answers[first].members] == [leader, follower]
    assert (desk.answers[second].leader, desk.answers[second].members) == (leader, ())


def test_most_votes_decide_the_protocol():
    def member(*names: str) -> Member:
        return Member("", None, "", "", 0, 0, tuple((name, b"") for name in names))

    assert rules.vote_protocol([member("range", "sticky"), member("sticky", "range"), member("sticky")]) == "sticky"
    assert rules.vote_protocol([member("b", "a"), member("a", "b")]) == "a"


def test_a_newcomer_begins_a_rebalance():
    desk = Desk()
    (old,) = desk.stable()
    new, _ = desk.enter()
    assert desk.group.state is GroupState.PREPARING_REBALANCE
    assert desk.beat(old, 1) == REBALANCE_IN_PROGRESS
    again = desk.join(old)
    assert desk.answers[again].generation == desk.answers[new].generation == 2


def test_who_does_not_come_to_a_rebalance_is_taken_out():
    desk = Desk()
    (old,) = desk.stable()
    new, newcomer = desk.enter()
    for _ in range(4):
        desk.run(15_000)
        desk.beat(old, 1)
    assert (desk.answers[new].generation, desk.answers[new].leader) == (2, newcomer)
    assert list(desk.group.members) == [newcomer]
    assert facts.MemberRemoved("g", old, "rebalance timeout") in desk.told


def test_a_follower_with_nothing_new_is_told_the_current_generation():
    desk = Desk()
    _, follower = desk.stable(2)
    assert desk.answers[desk.join(follower)].generation == 1
    desk.join(follower, protocols=(("range", subscribe("tea", "milk")),))
    assert desk.group.state is GroupState.PREPARING_REBALANCE


def test_a_leader_that_joins_again_wants_a_new_generation():
    desk = Desk()
    (leader,) = desk.stable()
    assert desk.answers[desk.join(leader)].generation == 2


def test_a_lost_answer_to_a_join_is_given_again():
    desk = Desk()
    _, member = desk.enter()
    desk.run(3_000)
    answer = desk.answers[desk.join(member)]
    assert (answer.error, answer.generation, len(answer.members)) == (NONE, 1, 1)


def test_becoming_empty_costs_a_generation():
    desk = Desk()
    (member,) = desk.stable()
    desk.leave(member)
    assert (desk.group.state, desk.group.generation) == (GroupState.EMPTY, 2)
    number, _ = desk.enter()
    desk.run(3_000)
    assert desk.answers[number].generation == 3


def test_a_full_group_takes_nobody():
    desk = Desk(group_max_size=1)
    desk.stable()
    assert desk.answers[desk.join()].error == ErrorCode.GROUP_MAX_SIZE_REACHED


# --- syncing ---


def test_followers_wait_for_the_leader_and_get_their_part():
    desk = Desk()
    (_, leader), (_, follower) = desk.enter(), desk.enter()
    desk.run(6_000)
    waits = desk.sync(follower, 1)
    assert waits not in desk.answers
    desk.spread(leader, 1, {leader: assignment(0), follower: assignment(1)})
    assert desk.answers[waits].assignment == assignment(1)
    assert (desk.answers[waits].protocol_type, desk.answers[waits].protocol_name) == ("consumer", "range")
    assert facts.AssignmentGiven("g", follower, 1, (tea(1),)) in desk.told


def test_a_member_left_out_gets_nothing():
    desk = Desk()
    (_, leader), (_, follower) = desk.enter(), desk.enter()
    desk.run(6_000)
    desk.spread(leader, 1, {leader: assignment(0)})
    assert desk.answers[desk.sync(follower, 1)].assignment == b""


def test_sync_in_a_stable_group_answers_what_is_stored():
    desk = Desk()
    (member,) = desk.stable()
    assert desk.answers[desk.spread(member, 1, {member: assignment(7)})].assignment == assignment(0)


def test_who_cannot_sync():
    desk = Desk()
    (member,) = desk.stable()
    wrong = SyncGroupRequest("g", 1, member, None, "consumer", "sticky")
    assert desk.say(wrong).error == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    nameless = SyncGroupRequest("g", 1, member, requires_protocol=True)
    assert desk.say(nameless).error == ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert desk.answers[desk.sync(member, 2)].error == ILLEGAL_GENERATION
    assert desk.answers[desk.sync("nobody", 1)].error == UNKNOWN_MEMBER_ID
    assert desk.say(SyncGroupRequest("other", 1, member)).error == UNKNOWN_MEMBER_ID
    desk.enter()
    assert desk.answers[desk.sync(member, 1)].error == REBALANCE_IN_PROGRESS


def test_a_waiting_sync_is_called_off_by_the_next_rebalance():
    desk = Desk()
    desk.enter()
    _, follower = desk.enter()
    desk.run(6_000)
    waits = desk.sync(follower, 1)
    desk.enter()
    assert desk.answers[waits].error == REBALANCE_IN_PROGRESS


def test_who_never_asks_for_its_assignment_is_taken_out():
    desk = Desk()
    leader, late = desk.stable(2)
    desk.join(leader)
    desk.join(late)
    desk.spread(leader, 2, {leader: assignment(0, 1)})
    for _ in range(4):
        desk.run(15_000)
        desk.beat(leader, 2)
        desk.beat(late, 2)
    assert late not in desk.group.members


# --- life and silence ---


def test_heartbeats_by_state():
    desk = Desk()
    assert desk.beat("nobody", 0) == UNKNOWN_MEMBER_ID
    _, member = desk.enter()
    desk.run(3_000)
    assert desk.group.state is GroupState.COMPLETING_REBALANCE
    assert desk.beat(member, 1) == NONE
    desk.spread(member, 1, {member: assignment(0)})
    assert (desk.beat(member, 1), desk.beat(member, 0)) == (NONE, ILLEGAL_GENERATION)
    assert desk.beat("nobody", 1) == UNKNOWN_MEMBER_ID
    desk.leave(member)
    assert desk.beat(member, 1) == UNKNOWN_MEMBER_ID


def test_a_silent_member_is_taken_out():
    desk = Desk()
    _, member = desk.enter(session=6_000)
    desk.run(3_000)
    desk.spread(member, 1, {member: assignment(0)})
    desk.run(5_000)
    assert desk.beat(member, 1) == NONE
    desk.run(5_999)
    assert member in desk.group.members
    desk.run(1)
    assert desk.group.state is GroupState.EMPTY
    assert facts.MemberRemoved("g", member, "session timeout") in desk.told


def test_whoever_waits_for_the_coordinator_is_not_silent():
    desk = Desk()
    old, _ = desk.stable(2)
    again = desk.join(old)
    desk.run(50_000)
    assert again in desk.answers, "the other one was silent"
    assert list(desk.group.members) == [old]


def test_leaving_does_not_wait_for_a_timeout():
    desk = Desk()
    one, other = desk.stable(2)
    answer = desk.say(LeaveGroupRequest("g", (LeavingMember("made-up"), LeavingMember(other))))
    assert answer.members == (("made-up", None, UNKNOWN_MEMBER_ID), (other, None, NONE))
    assert desk.beat(one, 1) == REBALANCE_IN_PROGRESS
    unknown = desk.say(LeaveGroupRequest("nowhere", (LeavingMember("x"),)))
    assert (unknown.error, unknown.members) == (NONE, (("x", None, UNKNOWN_MEMBER_ID),))


def test_one_rebalance_for_all_who_leave_together():
    desk = Desk()
    one, two, three = desk.stable(3)
    desk.leave(two, three)
    desk.join(one)
    assert desk.group.generation == 2


# --- static members ---


def static_group() -> tuple[Desk, str]:
    desk = Desk()
    number = desk.join(instance="i")
    desk.run(3_000)
    member = desk.answers[number].member_id
    desk.ask(SyncGroupRequest("g", 1, member, "i", "consumer", "range", ((member, assignment(0)),)))
    return desk, member


def test_a_static_member_joins_at_once():
    _, member = static_group()
    assert member.startswith("i-")


def test_a_static_restart_moves_nothing():
    desk, old = static_group()
    answer = desk.answers[desk.join(instance="i")]
    assert (answer.error, answer.generation, answer.skip_assignment) == (NONE, 1, True)
    assert answer.member_id != old
    assert desk.group.state is GroupState.STABLE
    assert desk.answers[desk.sync(answer.member_id, 1, "i")].assignment == assignment(0)
    assert list(desk.failover().group.members) == [answer.member_id], "it is written down"


def test_old_clients_are_told_that_somebody_else_leads():
    desk, _ = static_group()
    answer = desk.answers[desk.join(instance="i", supports_skip_assignment=False)]
    assert (answer.members, answer.skip_assignment) == ((), False)
    assert answer.leader != answer.member_id


def test_the_process_before_is_fenced():
    desk, old = static_group()
    desk.join(instance="i")
    assert desk.beat(old, 1, "i") == ErrorCode.FENCED_INSTANCE_ID
    assert desk.beat(old, 1) == UNKNOWN_MEMBER_ID
    assert desk.beat(old, 1, "other") == UNKNOWN_MEMBER_ID
    assert desk.commit(5, old, 1, "i") == ErrorCode.FENCED_INSTANCE_ID


def test_a_static_restart_that_changes_the_protocol_is_a_rebalance():
    desk, _ = static_group()
    number = desk.join(instance="i", protocols=(("sticky", TEA), ("range", TEA)))
    assert desk.answers[number].generation == 2


def test_a_static_member_that_does_not_come_stays():
    desk, old = static_group()
    new, newcomer = desk.enter()
    for _ in range(5):
        desk.run(12_000)
        desk.beat(old, 1, "i")
    assert desk.answers[new].generation == 2
    assert list(desk.group.members) == [old, newcomer]


def test_an_admin_removes_a_static_member_by_its_instance_id():
    desk, _ = static_group()
    answer = desk.say(LeaveGroupRequest("g", (LeavingMember("", "i"),)))
    assert (answer.members[0][2], desk.group.state) == (NONE, GroupState.EMPTY)


# --- commits ---


def test_who_may_commit():
    desk = Desk()
    (member,) = desk.stable()
    assert desk.commit(5, member, 1) == NONE
    assert desk.commit(6, member, 0) == ILLEGAL_GENERATION
    assert desk.commit(6, "nobody", 1) == UNKNOWN_MEMBER_ID
    assert desk.commit(6) == UNKNOWN_MEMBER_ID, "the group has members"
    assert desk.committed() == 5
    assert facts.CommitRefused("g", member, 0, ILLEGAL_GENERATION) in desk.told


def test_commits_by_state():
    desk = Desk()
    (member,) = desk.stable()
    desk.enter()
    assert desk.commit(7, member, 1) == NONE, "PreparingRebalance: the old generation still counts"
    desk.join(member)
    assert desk.group.state is GroupState.COMPLETING_REBALANCE
    assert desk.commit(8, member, 2) == REBALANCE_IN_PROGRESS
    assert desk.commit(8, member, 1) == ILLEGAL_GENERATION


def test_an_expelled_member_commits_nothing():
    desk = Desk()
    slow, quick = desk.stable(2)
    desk.commit(3, quick, 1)
    for _ in range(4):
        desk.run(15_000)
        desk.beat(quick, 1)
    desk.join(quick)
    desk.spread(quick, 2, {quick: assignment(0, 1)})
    desk.commit(9, quick, 2)
    assert desk.commit(4, slow, 1) == UNKNOWN_MEMBER_ID
    assert desk.committed() == 9


def test_after_the_last_has_left_anybody_may_commit():
    desk = Desk()
    (member,) = desk.stable()
    desk.leave(member)
    assert desk.commit(4) == NONE


def test_a_commit_is_a_sign_of_life():
    desk = Desk()
    (member,) = desk.stable()
    for _ in range(4):
        desk.run(40_000)
        assert desk.commit(1, member, 1) == NONE


# --- failover ---


def test_a_new_coordinator_knows_the_stable_group():
    desk = Desk()
    leader, follower = desk.stable(2)
    desk.commit(5, leader, 1)
    after = desk.failover()
    assert (after.group.state, after.group.generation, after.group.leader) == (GroupState.STABLE, 1, leader)
    assert after.beat(follower, 1) == NONE
    assert after.answers[after.sync(follower, 1)].assignment == assignment(1)
    assert after.committed() == 5


def test_a_new_coordinator_gives_everybody_a_whole_session():
    desk = Desk()
    (member,) = desk.stable()
    after = desk.failover()
    after.run(44_999)
    assert member in after.group.members
    after.run(1)
    assert after.group.state is GroupState.EMPTY


# --- states ---


def test_transitions_are_those_of_the_table():
    group = ClassicGroup("g")
    with pytest.raises(AssertionError):
        group.transition(GroupState.STABLE)
    assert all(state not in VALID_PREVIOUS_STATES[state] for state in GroupState)
