"""The decisions of the quorum, one by one, in Kafka's words."""

from __future__ import annotations

import json

import pytest

from minikafka.controller import quorum
from minikafka.controller.quorum import VALID_PREVIOUS_STATES, LogEnd, QuorumState, Standing, State
from minikafka.disk import MemoryDisk
from minikafka.protocol.quorum_messages import VoteRequest

ME, ONE, OTHER = 3001, 3002, 3003


def standing(state=State.UNATTACHED, leader=-1, voted_for=-1, has_fetched=False, end=(2, 10)):
    return Standing(state, leader, voted_for, has_fetched, LogEnd(*end))


def ballot(pre_vote=False, candidate=ONE, end=(2, 10), epoch=3):
    return VoteRequest(candidate, epoch, *end, pre_vote=pre_vote)


# --- grant_vote ---


@pytest.mark.parametrize(
    ("end", "granted"),
    [((2, 10), True), ((2, 11), True), ((2, 9), False), ((1, 99), False), ((3, 1), True)],
)
@pytest.mark.parametrize("pre_vote", [False, True])
def test_a_vote_goes_to_a_log_that_is_not_behind_ones_own(end, granted, pre_vote):
    assert quorum.grant_vote(standing(), ballot(pre_vote, end=end)) is granted


def test_there_is_one_vote_in_an_epoch_and_whoever_has_it_may_ask_again():
    assert quorum.grant_vote(standing(voted_for=ONE), ballot())
    assert not quorum.grant_vote(standing(voted_for=OTHER), ballot())


def test_a_vote_given_away_does_not_bind_a_pre_vote():
    assert quorum.grant_vote(standing(voted_for=OTHER), ballot(pre_vote=True))


def test_who_knows_the_leader_of_an_epoch_has_no_vote_in_it():
    assert not quorum.grant_vote(standing(State.FOLLOWER, leader=OTHER), ballot())
    assert not quorum.grant_vote(standing(State.PROSPECTIVE, leader=OTHER), ballot())


def test_a_follower_that_has_fetched_gives_no_pre_vote_and_one_that_has_not_does():
    assert not quorum.grant_vote(standing(State.FOLLOWER, leader=OTHER, has_fetched=True), ballot(pre_vote=True))
    assert quorum.grant_vote(standing(State.FOLLOWER, leader=OTHER), ballot(pre_vote=True))


@pytest.mark.parametrize("state", [State.PROSPECTIVE, State.CANDIDATE, State.RESIGNED, State.UNATTACHED])
def test_who_looks_for_a_leader_gives_pre_votes(state):
    assert quorum.grant_vote(standing(state), ballot(pre_vote=True))


@pytest.mark.parametrize("pre_vote", [False, True])
def test_a_leader_votes_for_nobody(pre_vote):
    assert not quorum.grant_vote(standing(State.LEADER, leader=ME, voted_for=ME), ballot(pre_vote))


def test_a_candidate_has_voted_for_itself():
    assert not quorum.grant_vote(standing(State.CANDIDATE, voted_for=ME), ballot())


# --- the high watermark, timeouts, successors ---


@pytest.mark.parametrize(
    ("ends", "start", "mark"),
    [((7, 7, 5), 5, 7), ((7, 5, 5), 5, 3), ((9, 7, 4), 5, 7), ((9,), 8, 9), ((9, 9, 8, 7, 1), 5, 8)],
)
def test_the_high_watermark_is_on_a_majority_and_beyond_the_start_of_the_leaders_epoch(ends, start, mark):
    assert quorum.majority_high_watermark(3, ends, start) == mark


def test_the_high_watermark_of_the_quorum_does_not_fall():
    assert quorum.majority_high_watermark(8, (9, 6, 6), 5) == 8


def test_an_election_timeout_lies_between_the_setting_and_twice_the_setting():
    assert [quorum.election_timeout_ms(drawn, 1_000) for drawn in (0.0, 0.5, 0.9999)] == [1_000, 1_500, 1_999]


def test_the_pause_after_a_lost_election_grows_up_to_its_bound():
    assert [quorum.election_backoff_ms(0.999, lost, 1_000) for lost in (1, 2, 3, 4, 5)] == [199, 399, 799, 1_000, 1_000]


def test_a_leader_needs_a_majority_that_fetches_within_one_and_a_half_fetch_timeouts():
    timeout = quorum.check_quorum_timeout_ms(2_000)
    assert timeout == 3_000
    assert quorum.check_quorum((7_500, 0), 10_000, timeout)
    assert not quorum.check_quorum((7_000, 0), 10_000, timeout)
    assert not quorum.check_quorum((9_000, 0, 0, 0), 10_000, timeout)
    assert quorum.check_quorum((), 10_000, timeout), "a single voter is a majority"


def test_the_most_advanced_follower_stands_first():
    assert quorum.next_leader_candidates({3001: 5, 3003: 9, 3002: 9}) == (3002, 3003, 3001)


# --- the table of states ---


def memory(disk=None, **stored):
    disk = disk or MemoryDisk()
    if stored:
        disk.replace(quorum.STATE_PATH, json.dumps(stored).encode())
    return QuorumState(disk, ME)


def enter(state: QuorumState, to: State):
    match to:
        case State.UNATTACHED:
            return state.become_unattached(state.epoch + 1)
        case State.PROSPECTIVE:
            return state.become_prospective()
        case State.CANDIDATE:
            return state.become_candidate()
        case State.LEADER:
            return state.become_leader()
        case State.FOLLOWER:
            return state.become_follower(state.epoch + 1, OTHER)
        case State.RESIGNED:
            return state.become_resigned()


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_a_state_is_reached_only_from_those_that_the_table_names(before, after):
    state = memory()
    state.state = before
    if before in VALID_PREVIOUS_STATES[after]:
        assert enter(state, after)[0].state == after.value
    else:
        with pytest.raises(AssertionError, match="no way from"):
            enter(state, after)


def test_every_way_has_its_trigger():
    assert all(trigger for ways in VALID_PREVIOUS_STATES.values() for trigger in ways.values())


def test_standing_raises_the_epoch_and_pre_voting_does_not():
    state = memory()
    state.become_prospective()
    assert state.epoch == 0
    state.become_candidate()
    assert (state.epoch, state.voted_for) == (1, ME)


def test_epoch_and_vote_are_on_disk_in_kafkas_names():
    disk = MemoryDisk()
    state = QuorumState(disk, ME)
    state.become_unattached(4)
    state.vote_for(ONE)
    stored = json.loads(bytes(disk.files[quorum.STATE_PATH]))
    assert stored == {"leaderId": -1, "leaderEpoch": 4, "votedId": ONE, "data_version": 1}
    again = QuorumState(disk, ME)
    assert (again.state, again.epoch, again.voted_for) == (State.UNATTACHED, 4, ONE)


def test_a_leader_that_restarts_does_not_lead_its_epoch_again():
    assert memory(leaderId=ME, leaderEpoch=4, votedId=ME).state is State.RESIGNED


def test_a_follower_that_restarts_follows_and_a_candidate_stands():
    assert memory(leaderId=ONE, leaderEpoch=4, votedId=-1).state is State.FOLLOWER
    assert memory(leaderId=-1, leaderEpoch=4, votedId=ME).state is State.CANDIDATE


def test_the_epoch_never_falls():
    state = memory(leaderId=-1, leaderEpoch=4, votedId=-1)
    with pytest.raises(AssertionError, match="would fall"):
        state.become_unattached(3)


def test_two_leaders_in_one_epoch_are_a_bug():
    state = memory(leaderId=ONE, leaderEpoch=4, votedId=-1)
    with pytest.raises(AssertionError, match="two leaders in quorum epoch 4"):
        state.become_follower(4, OTHER)
