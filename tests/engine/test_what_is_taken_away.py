"""Records deleted and compacted, replicas moved: the promises hold with them, and the checkers ask for no more."""

from __future__ import annotations

import pytest

from minikafka.log.producer_state import ProducerStates
from minikafka.protocol import facts
from minikafka.protocol.records import build_batch
from minikafka.sim.checkers import copies, fresh
from minikafka.sim.checkers.copies import Copy
from minikafka.sim.checkers.producers import ProducerStateRecovery, forgotten
from minikafka.sim.profiles import SHRINKING, profile
from minikafka.sim.schedule import Setup, play, schedule

ALL = profile("administration").checkers


def batch(at, *values, key=b"k"):
    return build_batch([(0, key, value.encode(), ()) for value in values], base_offset=at, leader_epoch=0)


def written(*batches):
    """(names, a copy with these batches)"""
    names, copy = {}, Copy()
    for one in batches:
        copies.add(names, copy, one)
    return names, copy


def told(run, kind):
    return [one.fact for one in run.sim.recorder.told if isinstance(one.fact, kind)]


# --- Copies ---


def test_what_compaction_took_away_keeps_its_place():
    _, copy = written(batch(0, "a"), batch(1, "b"), batch(2, "c"))
    committed = list(copy.cells)
    copies.rewrite(copy, [batch(1, "b")], below=2)
    assert [len(cell.data) > 0 for cell in copy.cells] == [False, True, True]
    copies.extend_agreement(committed, copy)
    assert copy.agreed_end == 3


def test_a_late_copy_takes_what_is_left_and_nothing_else():
    _, first = written(batch(0, "a"), batch(1, "b"), batch(2, "c"))
    late = Copy()
    assert not copies.take_late(first.cells, late, batch(2, "other"))
    assert copies.take_late(first.cells, late, batch(2, "c"))
    assert (late.agreed_end, [cell.data != b"" for cell in late.cells]) == (3, [False, False, True])


def test_a_copy_may_begin_in_the_middle_of_a_batch():
    _, first = written(batch(0, "a"), batch(1, "b", "c"), batch(3, "d"))
    late = Copy()
    copies.begin_at(first.cells, late, 2)
    assert (late.end, late.agreed_end) == (2, 2), "its log begins and ends where it was told to begin"
    assert copies.take_late(first.cells, late, batch(1, "b", "c"))
    assert late.agreed_end == 3


def test_a_copy_that_is_cut_below_where_it_began_begins_and_ends_there():
    _, first = written(batch(0, "a"), batch(1, "b"), batch(2, "c"))
    late = Copy()
    copies.begin_at(first.cells, late, 2)
    late.cut(1)
    assert (late.begins, late.end, late.agreed_end) == (1, 1, 1)


def test_a_producer_may_be_forgotten_only_with_all_its_records():
    _, copy = written(
        build_batch([(0, None, b"a", ())], base_offset=0, producer_id=7, producer_epoch=0, base_sequence=0)
    )
    assert forgotten(ProducerStates(), copy, start=1) == ""
    assert "its batches say (0, 0, -1)" in forgotten(ProducerStates(), copy, start=0)


# --- Whole runs ---

SENDS = tuple((200 * n, "send", f"v{n}", {"idempotent": True, "key": f"k{n % 2}"}) for n in range(1, 16))


@pytest.mark.parametrize("policy", ["delete", "compact"])
def test_a_broker_that_was_away_meanwhile_comes_back_to_less(policy):
    lines = schedule(
        *SENDS, (700, "crash", 3), (4_000, "delete_records", 9), (9_000, "restart", 3), (12_000, "crash", 1),
        (13_000, "send", "last", {"idempotent": True, "key": "k1"}),
    )  # fmt: skip
    setup = Setup(settings=(*SHRINKING, ("log.cleanup.policy", policy)))
    run = play(setup, lines, fresh(ALL))
    assert run.violation is None
    assert told(run, facts.LogCompacted if policy == "compact" else facts.LogStartMoved), "the premise"


def test_a_log_may_begin_in_the_middle_of_a_batch_at_a_follower_too():
    """`UnexpectedAppendOffsetException` in Kafka: the follower begins with the whole batch."""
    together = [(50_000, "send", f"v{n}", {"idempotent": True}) for n in range(4)]
    lines = schedule(
        (0, "send", "first", {"idempotent": True}), (1_000, "crash", 3), *together, (52_000, "delete_records", 3),
        (60_000, "restart", 3),
    )  # fmt: skip
    run = play(Setup(settings=SHRINKING), lines, fresh(ALL))
    assert run.violation is None
    moved = [fact.log_start_offset for fact in told(run, facts.LogStartMoved)]
    assert 3 in moved, "the premise"


def test_replicas_that_move_take_everything_with_them():
    lines = schedule(*SENDS, (1_000, "reassign", 2, 3, 4), (8_000, "send", "w"), (20_000, "reassign", 1, 4, 2))
    run = play(Setup(settings=SHRINKING, brokers=4), lines, fresh(ALL))
    assert run.violation is None
    assert len(told(run, facts.ReplicaDeleted)) >= 2, "the premise: copies were given away"


def test_refusing_a_number_that_follows_is_found():
    checker = ProducerStateRecovery(fresh(ALL)[0].ledger)
    run = play(Setup(settings=SHRINKING), schedule(*SENDS[:3]), [checker])
    partition = run.setup.partition
    known = next(iter(checker.ledger.copy_of(1, partition).batches()))
    refused = facts.BatchRefused(partition, known.producer_id, known.producer_epoch, 3, 45)
    assert "the last that was written there is 2" in checker._refused(1, refused)
    assert checker._refused(1, refused._replace(first_sequence=5)) is None
