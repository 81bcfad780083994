"""One voter at a time, asked and answered by hand: every way into and out of its states, and what is on disk then."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from minikafka.config import ServerConfig
from minikafka.controller import quorum
from minikafka.controller.quorum import State
from minikafka.controller.quorum_voter import Voter
from minikafka.disk import MemoryDisk, StorageError
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartition, FetchPartitionResult, FetchRequest
from minikafka.protocol.quorum_messages import (
    BeginQuorumEpochRequest,
    EndQuorumEpochRequest,
    VoteRequest,
    VoteResponse,
)
from minikafka.protocol.records import build_batch
from minikafka.types import METADATA_PARTITION

ONE, TWO, THREE = VOTERS = (3001, 3002, 3003)
CONFIG = ServerConfig()


def voter(local_id=ONE, voters=VOTERS, disk=None, drawn=0.0, now=0):
    made = Voter(local_id, voters, CONFIG, disk or MemoryDisk(), lambda: drawn)
    made.start(now)
    return made


def on_disk(disk):
    return json.loads(bytes(disk.files[quorum.STATE_PATH]))


def answer(who, peer, granted, now, epoch=None, leader=-1):
    """Let `peer` answer the vote request that `who` has for it now."""
    asked = dict(who.requests(now))[peer]
    return who.take_vote(peer, asked, VoteResponse(ErrorCode.NONE, epoch or who.epoch, leader, granted), now)


def elected(drawn=0.0, disk=None, now=1_000):
    who = voter(drawn=drawn, disk=disk)
    who.tick(now)
    answer(who, TWO, True, now)
    answer(who, TWO, True, now)
    assert who.is_leader
    return who


def record(text="x"):
    return build_batch([(0, None, text.encode(), ())])


def ask(offset, epoch, last, replica=TWO):
    return FetchRequest(replica, (FetchPartition(METADATA_PARTITION, offset, epoch, last),), cluster_voter=True)


def copied(leader, follower, now=1_000):
    """One fetch of a follower, answered by the leader."""
    (_, asked) = follower.requests(now)[0]
    result = leader.log.read(asked.partitions[0], leader.epoch, leader.local_id)
    if result.diverging_epoch < 0:
        leader.record_fetch(asked, now)
        result = replace(result, high_watermark=leader.log.high_watermark)
    follower.take_fetch(asked, result, now)


# --- from waiting to leading ---


def test_an_unattached_voter_waits_for_the_election_timeout_and_asks_before_it_stands():
    who = voter(drawn=0.5)
    who.tick(1_499)
    assert who.state is State.UNATTACHED
    who.tick(1_500)
    assert (who.state, who.epoch) == (State.PROSPECTIVE, 0)
    asked = who.requests(1_500)
    assert [peer for peer, _ in asked] == [TWO, THREE]
    assert all(request.pre_vote and request.epoch == 0 for _, request in asked)


def test_a_majority_of_pre_votes_makes_a_candidate_with_its_own_vote_on_disk():
    disk = MemoryDisk()
    who = voter(disk=disk)
    who.tick(1_000)
    answer(who, TWO, True, 1_000)
    assert (who.state, who.epoch) == (State.CANDIDATE, 1)
    assert on_disk(disk)["votedId"] == ONE
    assert on_disk(disk)["leaderEpoch"] == 1


def test_a_majority_of_votes_makes_a_leader_whose_first_record_names_it():
    disk = MemoryDisk()
    who = elected(disk=disk)
    assert (who.epoch, on_disk(disk)["leaderId"]) == (1, ONE)
    assert [batch.is_control for batch in who.log.log.batches()] == [True]
    assert who.log.high_watermark == 0, "nobody else has it yet"


def test_a_single_voter_leads_at_once():
    who = voter(voters=(ONE,))
    assert who.is_leader
    assert who.log.high_watermark == 1


def test_a_pre_vote_that_is_lost_leads_back_to_waiting():
    who = voter()
    who.tick(1_000)
    answer(who, TWO, False, 1_000)
    assert who.state is State.PROSPECTIVE
    answer(who, THREE, False, 1_000)
    assert (who.state, who.epoch) == (State.UNATTACHED, 0)


def test_a_split_vote_ends_in_a_rest_and_another_pre_vote():
    who = voter(drawn=0.5)
    who.tick(1_500)
    answer(who, TWO, True, 1_500)
    answer(who, TWO, False, 1_500)
    answer(who, THREE, False, 1_500)
    assert (who.state, who.resting) == (State.CANDIDATE, True)
    assert who.requests(1_500) == []
    who.tick(who.election_due_ms)
    assert (who.state, who.epoch) == (State.PROSPECTIVE, 1)


def test_a_candidate_that_hears_nothing_rests_too():
    who = voter()
    who.tick(1_000)
    answer(who, TWO, True, 1_000)
    who.tick(who.election_due_ms)
    assert who.resting


def test_answers_from_another_election_do_not_count():
    who = voter()
    who.tick(1_000)
    asked = dict(who.requests(1_000))[TWO]
    answer(who, THREE, True, 1_000)
    assert who.state is State.CANDIDATE
    who.take_vote(TWO, asked, VoteResponse(ErrorCode.NONE, 1, -1, True), 1_000)
    assert who.state is State.CANDIDATE, "a pre-vote is not a vote"


def test_the_higher_epoch_wins_in_whatever_answer_it_comes():
    who = voter()
    who.tick(1_000)
    answer(who, TWO, False, 1_000, epoch=7)
    assert (who.state, who.epoch) == (State.UNATTACHED, 7)
    who.tick(3_000)
    answer(who, TWO, False, 3_000, epoch=8, leader=THREE)
    assert (who.state, who.epoch, who.quorum.leader) == (State.FOLLOWER, 8, THREE)


# --- votes and the disk ---


def test_a_vote_is_on_disk_before_it_is_sent():
    disk = MemoryDisk()
    response, _ = voter(disk=disk).vote(VoteRequest(TWO, 3, 0, 0), 10)
    assert response.granted
    assert on_disk(disk) == {"leaderId": -1, "leaderEpoch": 3, "votedId": TWO, "data_version": 1}


def test_a_voter_that_crashes_after_its_vote_does_not_vote_for_another_in_that_epoch():
    disk = MemoryDisk()
    assert voter(disk=disk).vote(VoteRequest(TWO, 3, 0, 0), 10)[0].granted
    again = voter(disk=disk)
    assert not again.vote(VoteRequest(THREE, 3, 0, 0), 20)[0].granted
    assert again.vote(VoteRequest(TWO, 3, 0, 0), 20)[0].granted


def test_a_vote_that_cannot_be_written_is_not_given():
    class FullDisk(MemoryDisk):
        def replace(self, path, data):
            """Nothing fits."""

    who = voter(disk=FullDisk())
    with pytest.raises(StorageError):
        who.vote(VoteRequest(TWO, 3, 0, 0), 10)
    assert (who.epoch, who.quorum.voted_for) == (0, -1)


def test_a_request_of_an_older_epoch_is_fenced():
    who = voter()
    who.begin_epoch(BeginQuorumEpochRequest(TWO, 4), 0)
    assert who.vote(VoteRequest(THREE, 3, 0, 0), 0)[0].error == ErrorCode.FENCED_LEADER_EPOCH
    assert who.begin_epoch(BeginQuorumEpochRequest(THREE, 3), 0)[0].error == ErrorCode.FENCED_LEADER_EPOCH
    assert who.end_epoch(EndQuorumEpochRequest(THREE, 3), 0)[0].error == ErrorCode.FENCED_LEADER_EPOCH
    assert who.quorum.leader == TWO


def test_giving_a_vote_begins_the_wait_anew():
    who = voter()
    who.vote(VoteRequest(TWO, 1, 0, 0), 900)
    who.tick(1_899)
    assert who.state is State.UNATTACHED
    who.tick(1_900)
    assert who.state is State.PROSPECTIVE


# --- following ---


def test_a_follower_without_a_good_fetch_for_the_fetch_timeout_asks_for_votes_and_goes_back_if_it_loses():
    who = voter()
    who.begin_epoch(BeginQuorumEpochRequest(TWO, 4), 0)
    who.tick(1_999)
    assert who.state is State.FOLLOWER
    who.tick(2_000)
    assert (who.state, who.epoch) == (State.PROSPECTIVE, 4)
    answer(who, TWO, False, 2_000)
    answer(who, THREE, False, 2_000)
    assert (who.state, who.quorum.leader) == (State.FOLLOWER, TWO)


def test_a_follower_copies_flushes_and_learns_what_is_committed():
    leader, follower = elected(), voter(TWO)
    follower.begin_epoch(BeginQuorumEpochRequest(ONE, 1), 1_000)
    copied(leader, follower)
    assert follower.log.log_end_offset == 1
    copied(leader, follower)
    assert leader.log.high_watermark == 1
    assert follower.log.high_watermark == 1


def test_a_refusal_does_not_count_as_a_good_fetch():
    who = voter()
    who.begin_epoch(BeginQuorumEpochRequest(TWO, 4), 0)
    (_, asked) = who.requests(0)[0]
    refusal = FetchPartitionResult(METADATA_PARTITION, ErrorCode.NOT_LEADER_OR_FOLLOWER, current_leader_epoch=4)
    who.take_fetch(asked, refusal, 1_500)
    assert not who.has_fetched
    who.tick(2_000)
    assert who.state is State.PROSPECTIVE


def test_a_follower_cuts_what_its_leader_never_had():
    old, new = elected(), voter(TWO)
    new.begin_epoch(BeginQuorumEpochRequest(ONE, 1), 1_000)
    copied(old, new)
    old.append(record("never copied"))
    new.tick(4_000)
    answer(new, THREE, True, 4_000)
    answer(new, THREE, True, 4_000)
    assert (new.is_leader, new.epoch) == (True, 2)
    new.append(record("of the new leader"))
    old.begin_epoch(BeginQuorumEpochRequest(TWO, 2), 4_000)
    for _ in range(3):
        copied(new, old, 4_000)
    assert [batch.data for batch in old.log.log.batches()] == [batch.data for batch in new.log.log.batches()]


def test_cutting_below_what_is_committed_is_a_bug():
    leader = elected()
    leader.record_fetch(ask(1, 1, 1), 1_000)
    assert leader.log.high_watermark == 1
    leader.begin_epoch(BeginQuorumEpochRequest(THREE, 2), 1_000)
    (_, asked) = leader.requests(1_000)[0]
    lie = FetchPartitionResult(
        METADATA_PARTITION, ErrorCode.NONE, 0, diverging_epoch=0, diverging_end_offset=0, current_leader=THREE,
        current_leader_epoch=2,
    )  # fmt: skip
    with pytest.raises(AssertionError, match="was committed"):
        leader.take_fetch(asked, lie, 1_000)


# --- leading ---


def test_a_leader_tells_voters_that_it_leads_until_they_fetch():
    who = elected()
    assert [peer for peer, _ in who.requests(1_000)] == [TWO, THREE]
    who.record_fetch(ask(1, 1, 1), 1_001)
    assert [peer for peer, _ in who.requests(1_001)] == [THREE]
    assert [peer for peer, _ in who.requests(2_001)] == [TWO, THREE], "silent for half a fetch timeout"


def test_a_leader_without_a_majority_that_fetches_resigns_and_then_leaves_its_epoch():
    who = elected()
    who.record_fetch(ask(1, 1, 1), 2_000)
    who.tick(4_999)
    assert who.is_leader
    who.tick(5_000)
    assert (who.state, who.epoch) == (State.RESIGNED, 1)
    assert {request.epoch for _, request in who.requests(5_000)} == {1}
    who.tick(6_000)
    assert (who.state, who.epoch) == (State.UNATTACHED, 2)


def test_a_leader_that_resigns_names_the_most_advanced_first_and_does_not_send_others_to_itself():
    who = elected()
    who.append(record())
    who.record_fetch(ask(1, 1, 1, TWO), 1_000)
    who.record_fetch(ask(2, 1, 1, THREE), 1_000)
    who.resign(1_000)
    assert [request.successors for _, request in who.requests(1_000)] == [(THREE, TWO)] * 2
    assert (who.leader_hint, who.refusal(1)) == (-1, ErrorCode.NOT_LEADER_OR_FOLLOWER)


def test_the_first_successor_stands_at_once_and_the_next_a_little_later():
    for local, wait in ((THREE, 0), (TWO, 100)):
        who = voter(local)
        who.begin_epoch(BeginQuorumEpochRequest(ONE, 1), 0)
        who.end_epoch(EndQuorumEpochRequest(ONE, 1, (THREE, TWO)), 50)
        assert who.fetch_due_ms == 50 + wait


def test_a_leader_says_who_asks_in_the_wrong_epoch():
    who = elected()
    assert [who.refusal(epoch) for epoch in (-1, 0, 1, 2)] == [
        ErrorCode.NONE, ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.NONE, ErrorCode.UNKNOWN_LEADER_EPOCH,
    ]  # fmt: skip


def test_a_restarted_leader_does_not_go_on_leading():
    disk = MemoryDisk()
    elected(disk=disk)
    again = voter(disk=disk)
    assert (again.state, again.epoch) == (State.RESIGNED, 1)
    assert again.log.high_watermark == 0, "what is committed must be learned anew"


def test_a_record_of_an_older_epoch_is_not_committed_by_counting_copies():
    """Figure 8 of the Raft paper: an old record on a majority may still be overwritten, so it does not count yet."""
    one, two, three, four, five = everybody = (3001, 3002, 3003, 3004, 3005)
    cluster = {number: voter(number, everybody) for number in everybody}

    def elect(number, *friends, now):
        who = cluster[number]
        who.tick(now)
        for friend in friends:
            answer(who, friend, True, now)
        for friend in friends:
            asked = dict(who.requests(now))[friend]
            response, _ = cluster[friend].vote(asked, now)
            assert response.granted
            who.take_vote(friend, asked, response, now)
        assert who.is_leader

    def follow(number, leader, fetches):
        cluster[number].begin_epoch(BeginQuorumEpochRequest(leader, cluster[leader].epoch), 0)
        for _ in range(fetches):
            copied(cluster[leader], cluster[number])

    # (a) 1 leads epoch 1 and writes a record that only 2 copies, besides the first one of its epoch.
    elect(one, two, three, now=2_000)
    cluster[one].append(record("epoch 1"))
    follow(two, one, 2)
    # (b) 5 leads epoch 2, voted for by 3 and 4, writes, and is gone.
    cluster[five].begin_epoch(BeginQuorumEpochRequest(one, 1), 2_000)
    elect(five, three, four, now=4_000)
    cluster[five].append(record("epoch 2"))
    # (c) 1 leads again, epoch 3, and copies its old records to 3: they are on a majority, and not committed.
    cluster[one].vote(VoteRequest(five, 2, 0, 0), 5_000)
    elect(one, two, three, now=cluster[one].election_due_ms + 1_000)
    assert cluster[one].epoch == 3
    own = cluster[one].leadership.epoch_start_offset
    for number in (two, three):
        cluster[one].record_fetch(ask(own, 3, 1, number), 9_000)
    assert cluster[one].log.high_watermark < own, "old records on three of five voters"
    # (e) as soon as a record of its own epoch is there, all before it is committed too.
    for number in (two, three):
        cluster[one].record_fetch(ask(own + 1, 3, 3, number), 9_100)
    assert cluster[one].log.high_watermark == own + 1
