"""The checkers of groups on planted facts: what each must find, and what it must leave alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from minikafka.protocol import facts
from minikafka.sim.checkers.groups import AtLeastOnce, FencedCommit, NoDoubleOwnership
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.profiles import STACK
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.trace.trace import Told
from minikafka.types import TopicPartition

P0, P1 = TopicPartition("orders", 0), TopicPartition("orders", 1)
NOBODY = SimpleNamespace(machines={})


def shown(checker, *told):
    return checker.look(NOBODY, [Told(1, "broker-1", fact) for fact in told])


def given(member, epoch, *partitions):
    return facts.AssignmentGiven("g", member, epoch, partitions)


def commit(member, epoch, partition=P0, pending=False):
    return facts.OffsetCommitted("g", partition, 5, member, epoch, pending)


def test_two_owners_in_one_generation_are_found():
    checker = NoDoubleOwnership(Ledger())
    assert shown(checker, given("a", 1, P0), given("b", 1, P1), given("b", 2, P0)) is None
    assert "both own orders-0 in generation 2" in shown(checker, given("a", 2, P0))


@pytest.mark.parametrize("pending", [False, True])
def test_a_commit_of_an_old_generation_is_found_in_a_transaction_too(pending):
    """I26: TxnOffsetCommit is checked like any other."""
    began = facts.GroupChanged("g", "CompletingRebalance", 2, "range", "a", ("a",))
    assert shown(FencedCommit(Ledger()), began, commit("a", 2, pending=pending)) is None
    assert "was in generation 1; now it is 2" in shown(FencedCommit(Ledger()), began, commit("a", 1, pending=pending))


def test_a_commit_of_an_old_member_epoch_counts_only_for_what_was_kept():
    """KIP-1251: the partition has been the member's own since that epoch."""
    given_twice = given("a", 3, P0), given("a", 5, P0, P1)
    assert shown(FencedCommit(Ledger()), *given_twice, commit("a", 3, P0)) is None
    assert "was in member epoch 4; now it is 5" in shown(FencedCommit(Ledger()), *given_twice, commit("a", 4, P1))


def test_a_removed_member_that_commits_is_found():
    removed = facts.MemberRemoved("g", "a", "session timeout")
    assert "(session timeout)" in shown(FencedCommit(Ledger()), removed, commit("a", 1))


def test_each_coordinator_is_held_to_its_own_word():
    """Who is deposed and removes a member has no say any more, except over its own commits."""
    checker = FencedCommit(Ledger())
    removed = facts.MemberRemoved("g", "a", "session timeout")
    loaded = facts.CoordinatorLoaded(TopicPartition("__consumer_offsets", 0), 1)
    assert checker.look(NOBODY, [Told(1, "broker-2", loaded), Told(2, "broker-1", removed)]) is None
    assert checker.look(NOBODY, [Told(3, "broker-2", commit("a", 1))]) is None
    assert "(session timeout)" in checker.look(NOBODY, [Told(4, "broker-1", commit("a", 1))])
    assert "(session timeout)" in checker.look(
        NOBODY, [Told(5, "broker-2", removed), Told(6, "broker-2", commit("a", 1))]
    )


def test_who_is_in_a_group_only_its_newest_coordinator_says():
    """A deposed one that goes on for a while neither takes members out nor brings them back."""
    checker, zero, one = NoDoubleOwnership(Ledger()), *(TopicPartition("__consumer_offsets", n) for n in (0, 1))
    for partition in (zero, one):
        checker.ledger.histories[partition] = SimpleNamespace(beyond=False)
    names = {checker._partition_of(name): name for name in "abcdefgh"}

    def says(broker, fact):
        assert checker.look(NOBODY, [Told(1, broker, fact)]) is None

    def has(group, *members):
        return facts.GroupChanged(group, "Stable", 3, "range", "m", members)

    says("broker-1", facts.CoordinatorLoaded(zero, 1))
    says("broker-1", facts.CoordinatorLoaded(one, 1))
    says("broker-1", has(names[zero], "m", "n"))
    says("broker-1", has(names[one], "o"))
    says("broker-2", facts.CoordinatorLoaded(zero, 2))
    assert checker._members == {names[one]: {"o"}}, "what lies in the other partition is still coordinated"
    says("broker-2", has(names[zero], "m"))
    says("broker-1", has(names[zero], "m", "n"))
    says("broker-1", facts.MemberRemoved(names[zero], "m", "session timeout"))
    says("broker-1", facts.CoordinatorLoaded(zero, 1))
    assert checker._members == {names[one]: {"o"}, names[zero]: {"m"}}
    says("broker-2", facts.MemberRemoved(names[zero], "m", "left"))
    assert checker._members[names[zero]] == set()


def play_a_group(*members):
    lines = schedule(*((0, "join", name, {"protocol": "consumer"}) for name in members), (9_000, "send", "a"))
    checkers = [NoDoubleOwnership(book := Ledger()), AtLeastOnce(book)]
    run = play(Setup(settings=STACK, partitions=2), lines, checkers)
    assert run.violation is None
    return run, *checkers


def test_what_a_current_member_has_not_given_up_may_nobody_take():
    run, checker, _ = play_a_group("K1", "K2")
    owner, taker = sorted(run.consumers.values(), key=lambda one: P0 not in one.assigned)
    current = {one.membership.member_id for one in (owner, taker)}
    assert checker._members["consumer"] == current
    assert checker._taken(run.sim, taker.id, "consumer", (P0,)).endswith("has not given it up.")
    for expelled in (owner, taker):
        checker._members["consumer"] = current - {expelled.membership.member_id}
        assert checker._taken(run.sim, taker.id, "consumer", (P0,)) is None, "it was expelled"


def test_a_committed_offset_that_no_log_remembers_is_found():
    run, _, checker = play_a_group("K1")
    assert checker._committed, "the premise"
    checker._committed[("another", P0)] = 0
    assert "has not got that in its log" in checker.finish(run.sim)
