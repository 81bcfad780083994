"""Assignors: Kafka's own examples, and what must hold for any group."""

from __future__ import annotations

from random import Random

import pytest

from minikafka import assignors
from minikafka.types import TopicPartition


def names(text):
    return tuple(
        TopicPartition(topic, int(number)) for topic, _, number in (one.rpartition("-") for one in text.split())
    )


def readable(assignment):
    return {member: " ".join(map(str, partitions)) for member, partitions in assignment.items()}


def test_range_cuts_each_topic_into_runs_and_the_first_members_get_one_more():
    assignment = assignors.assign_range({"C1": ["t"], "C0": ["t"]}, {"t": 3})
    assert readable(assignment) == {"C0": "t-0 t-1", "C1": "t-2"}


def test_range_over_many_topics_overloads_the_first_members():
    topics = [f"t{number}" for number in range(6)]
    assignment = assignors.assign_range({"C0": topics, "C1": topics}, dict.fromkeys(topics, 3))
    assert {member: len(partitions) for member, partitions in assignment.items()} == {"C0": 12, "C1": 6}


def test_range_keeps_equal_topics_together_so_that_they_can_be_joined():
    both = ["a", "b"]
    assignment = assignors.assign_range({"C0": both, "C1": both, "C2": both}, {"a": 3, "b": 3})
    assert readable(assignment) == {"C0": "a-0 b-0", "C1": "a-1 b-1", "C2": "a-2 b-2"}


def test_round_robin_deals_all_partitions_in_turn():
    both = ["t0", "t1"]
    assignment = assignors.assign_round_robin({"C0": both, "C1": both}, {"t0": 3, "t1": 3})
    assert readable(assignment) == {"C0": "t0-0 t0-2 t1-1", "C1": "t0-1 t1-0 t1-2"}


def test_round_robin_passes_over_members_that_do_not_subscribe():
    """The example of its documentation, which is not balanced."""
    subscriptions = {"C0": ["t0"], "C1": ["t0", "t1"], "C2": ["t0", "t1", "t2"]}
    assignment = assignors.assign_round_robin(subscriptions, {"t0": 1, "t1": 2, "t2": 3})
    assert readable(assignment) == {"C0": "t0-0", "C1": "t1-0", "C2": "t1-1 t2-0 t2-1 t2-2"}


def test_sticky_deals_like_round_robin_and_moves_only_what_a_dead_member_had():
    """First example of the sticky assignor's documentation."""
    topics = ["t0", "t1", "t2", "t3"]
    counts = dict.fromkeys(topics, 2)
    first = assignors.assign_sticky({"C0": topics, "C1": topics, "C2": topics}, counts, {})
    assert readable(first) == {"C0": "t0-0 t1-1 t3-0", "C1": "t0-1 t2-0 t3-1", "C2": "t1-0 t2-1"}
    del first["C1"]
    second = assignors.assign_sticky({"C0": topics, "C2": topics}, counts, first)
    assert readable(second) == {"C0": "t0-0 t1-1 t2-0 t3-0", "C2": "t0-1 t1-0 t2-1 t3-1"}


def test_sticky_balances_members_with_different_subscriptions():
    """Second example of the sticky assignor's documentation."""
    subscriptions = {"C0": ["t0"], "C1": ["t0", "t1"], "C2": ["t0", "t1", "t2"]}
    counts = {"t0": 1, "t1": 2, "t2": 3}
    first = assignors.assign_sticky(subscriptions, counts, {})
    assert readable(first) == {"C0": "t0-0", "C1": "t1-0 t1-1", "C2": "t2-0 t2-1 t2-2"}
    del subscriptions["C0"], first["C0"]
    second = assignors.assign_sticky(subscriptions, counts, first)
    assert readable(second) == {"C1": "t0-0 t1-0 t1-1", "C2": "t2-0 t2-1 t2-2"}


def test_of_two_claims_the_newer_generation_wins_and_equal_ones_cancel():
    both = {"C0": ["t"], "C1": ["t"]}
    owned = {"C0": names("t-0"), "C1": names("t-0")}
    assert assignors.keep_owned(both, {"t": 2}, owned, {"C0": 4, "C1": 5}) == {"C0": [], "C1": list(names("t-0"))}
    assert assignors.keep_owned(both, {"t": 2}, owned, {"C0": 5, "C1": 5}) == {"C0": [], "C1": []}


def test_cooperative_gives_what_changes_hands_to_nobody_until_it_was_given_up():
    group = {"C0": ["t"], "C1": ["t"]}
    owned = {"C0": names("t-0 t-1 t-2 t-3"), "C1": ()}
    first = assignors.assign_cooperative_sticky(group, {"t": 4}, owned)
    assert readable(first) == {"C0": "t-0 t-1", "C1": ""}
    second = assignors.assign_cooperative_sticky(group, {"t": 4}, first)
    assert readable(second) == {"C0": "t-0 t-1", "C1": "t-2 t-3"}


def test_cooperative_gives_free_partitions_at_once():
    first = assignors.assign_cooperative_sticky({"C0": ["t"], "C1": ["t"]}, {"t": 3}, {"C0": names("t-0"), "C1": ()})
    assert readable(first) == {"C0": "t-0 t-2", "C1": "t-1"}


def test_static_members_come_in_the_order_of_their_instance_ids():
    group = {"a-9": ["t"], "z-1": ["t"], "b-5": ["t"]}
    order = assignors.in_order(group, {"z-1": "one", "b-5": "two"})
    assert order == ["z-1", "b-5", "a-9"]
    restarted = assignors.assign_range(
        {"a-9": ["t"], "q-7": ["t"], "b-5": ["t"]}, {"t": 3}, {"q-7": "one", "b-5": "two"}
    )
    assert restarted["q-7"] == assignors.assign_range(group, {"t": 3}, {"z-1": "one", "b-5": "two"})["z-1"]


# --- any group ---


def drawn(seed):
    dice = Random(f"{seed}/assignors")
    counts = {f"t{number}": dice.randint(0, 7) for number in range(dice.randint(1, 4))}
    same = dice.random() < 0.5
    everything = sorted(counts)
    subscriptions = {}
    for number in range(dice.randint(1, 6)):
        subscriptions[f"C{number}"] = everything if same else dice.sample(everything, dice.randint(1, len(everything)))
    owned = {}
    free = assignors.wanted_partitions(subscriptions, counts)
    dice.shuffle(free)
    for member in subscriptions:
        owned[member] = tuple(free.pop() for _ in range(dice.randint(0, len(free))))
    return dice, subscriptions, counts, owned, same


def check_all_given_once(assignment, subscriptions, counts):
    given = [partition for partitions in assignment.values() for partition in partitions]
    assert sorted(given) == assignors.wanted_partitions(subscriptions, counts)
    for member, partitions in assignment.items():
        assert all(partition.topic in subscriptions[member] for partition in partitions)
    assert set(assignment) == set(subscriptions)


@pytest.mark.parametrize("seed", range(150))
def test_every_partition_goes_to_exactly_one_who_subscribes(seed):
    _, subscriptions, counts, owned, _ = drawn(seed)
    for assign in (assignors.assign_range, assignors.assign_round_robin):
        check_all_given_once(assign(subscriptions, counts), subscriptions, counts)
    check_all_given_once(assignors.assign_sticky(subscriptions, counts, owned), subscriptions, counts)


@pytest.mark.parametrize("seed", range(150))
def test_sticky_is_balanced_and_moves_no_more_than_balance_needs(seed):
    _, subscriptions, counts, owned, same = drawn(seed)
    kept = assignors.keep_owned(subscriptions, counts, owned, {})
    assignment = assignors.assign_sticky(subscriptions, counts, owned)
    assert assignors.next_move(assignment, sorted(subscriptions), subscriptions, owned) is None
    assert assignors.assign_sticky(subscriptions, counts, assignment) == assignment, "a balanced group moves nothing"
    if not same:
        return
    sizes = sorted(len(partitions) for partitions in assignment.values())
    assert sizes[-1] - sizes[0] <= 1
    moved = sum(len(set(kept[member]) - set(assignment[member])) for member in kept)
    assert moved == fewest_moves(sorted((len(one) for one in kept.values()), reverse=True), sum(sizes))


def fewest_moves(kept, total):
    """Those who keep most may keep one more than the others; what is above that has to move."""
    low, extra = divmod(total, len(kept))
    return sum(max(0, count - low - (place < extra)) for place, count in enumerate(kept))


@pytest.mark.parametrize("seed", range(150))
def test_cooperative_never_takes_and_gives_at_once_and_ends_where_sticky_does(seed):
    _, subscriptions, counts, owned, _ = drawn(seed)
    first = assignors.assign_cooperative_sticky(subscriptions, counts, owned)
    owner = {partition: member for member, partitions in owned.items() for partition in partitions}
    for member, partitions in first.items():
        assert all(owner.get(partition, member) == member for partition in partitions)
    second = assignors.assign_cooperative_sticky(subscriptions, counts, first)
    check_all_given_once(second, subscriptions, counts)
    assert all(set(first[member]) <= set(second[member]) for member in first)


@pytest.mark.parametrize("seed", range(30))
def test_the_order_in_which_members_are_named_changes_nothing(seed):
    dice, subscriptions, counts, owned, _ = drawn(seed)
    shuffled = list(subscriptions)
    dice.shuffle(shuffled)
    again = {member: subscriptions[member] for member in shuffled}
    assert assignors.assign_sticky(again, counts, owned) == assignors.assign_sticky(subscriptions, counts, owned)
    assert assignors.assign_range(again, counts) == assignors.assign_range(subscriptions, counts)
    assert assignors.assign_round_robin(again, counts) == assignors.assign_round_robin(subscriptions, counts)
