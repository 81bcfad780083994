"""Checkers claim what Kafka promises, no more: the fault budget, and what lies beyond it."""

from __future__ import annotations

import pytest

from minikafka.protocol import facts
from minikafka.protocol.records import build_batch
from minikafka.sim.checkers import all_checkers, by_promise, copies
from minikafka.sim.checkers.copies import Copy
from minikafka.sim.checkers.ledger import History, PowerLoss
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)


def history(minimum=2):
    state = facts.PartitionChanged(ORDERS, (1, 2, 3), 1, 0, (1, 2, 3), (), -1, 0, -1, -1, (), (), False, 0)
    return History(ORDERS, state, minimum, False, {broker: Copy() for broker in (1, 2, 3)})


def add(book, broker, *values, epoch=0):
    copy = book.copies[broker]
    for value in values:
        batch = build_batch([(0, None, value.encode(), ())], base_offset=copy.end, leader_epoch=epoch)
        copies.add(book.names, copy, batch)
    copies.extend_agreement(book.committed, copy)
    return copy


# --- The ledger ---


def test_logs_agree_as_far_as_everything_before_agrees():
    book = history()
    book.committed += add(book, 1, "a", "b", "c").cells
    assert add(book, 2, "a", "b").agreed_end == 2
    assert add(book, 3, "a", "x", "c").agreed_end == 1, "the c after x is not the c after b"
    assert book.copies[3].cut(1)[0].base_offset == 1
    assert add(book, 3, "b").agreed_end == 2


def test_the_same_value_of_another_epoch_is_another_record():
    book = history()
    book.committed += add(book, 1, "a").cells
    assert add(book, 2, "a", epoch=1).agreed_end == 0


@pytest.mark.parametrize(
    ("minimum", "losses", "beyond"),
    [
        (2, [], False),
        (2, [PowerLoss(1, 0, 9)], False),
        (2, [PowerLoss(1, 0, 9), PowerLoss(1, 0, 9)], False),
        (2, [PowerLoss(1, 0, 9), PowerLoss(2, 0, 9)], True),
        (2, [PowerLoss(1, 0, 9), PowerLoss(2, 6, 9)], False),
        (2, [PowerLoss(1, 0, 5), PowerLoss(2, 0, 9)], False),
        (1, [PowerLoss(1, 0, 9)], True),
        (1, [PowerLoss(1, 6, 9)], True),
        (3, [PowerLoss(1, 0, 9), PowerLoss(2, 0, 9)], False),
    ],
)
def test_the_fault_budget(minimum, losses, beyond):
    """For the record at offset 5: who lost power since all in-sync replicas had it on disk."""
    book = history(minimum)
    book.power_losses += losses
    assert (book.why_beyond(5) is not None) is beyond


def test_an_unclean_election_is_beyond_whatever_the_power_did():
    book = history()
    book.unclean = "broker 3 was elected"
    assert book.why_beyond(0) == "broker 3 was elected"


# --- Whole runs ---


def beyond(run):
    return [told.fact.sentence for told in run.sim.recorder.told if isinstance(told.fact, facts.LossBeyondPromise)]


LOSE_ONE = schedule(
    (0, "cut", 1, "brokers"), (100, "send", "w", {"acks": "1"}), (50_000, "send", "x"), (50_500, "power_loss", 1),
    (60_000, "heal"), (60_000, "restart", 1),
)  # fmt: skip


def test_a_minimum_of_one_covers_no_power_loss_and_that_is_said_once():
    run = play(Setup(min_isr=1), LOSE_ONE, all_checkers())
    assert run.violation is None
    (sentence,) = beyond(run)
    assert "is gone; that is beyond what Kafka promises" in sentence


def test_a_minimum_of_two_refuses_instead():
    run = play(Setup(min_isr=2), LOSE_ONE, all_checkers())
    assert (run.violation, beyond(run)) == (None, [])


def test_two_of_three_without_power_are_too_many_for_a_minimum_of_two():
    lines = schedule(
        (0, "cut", 3, "brokers"), (100, "send", "w", {"acks": "1"}), (50_000, "send", "x"), (50_200, "power_loss", 2),
        (50_210, "power_loss", 1), (70_000, "restart", 1), (75_000, "restart", 2), (90_000, "heal"),
    )  # fmt: skip
    run = play(Setup(), lines, all_checkers())
    assert run.violation is None
    assert len(beyond(run)) == 1


def test_one_of_three_without_power_is_covered():
    for broker in (1, 2, 3):
        run = play(
            Setup(), schedule((0, "send", "x"), (20, "power_loss", broker), (40, "restart", broker)), all_checkers()
        )
        assert (run.violation, beyond(run)) == (None, [])


def test_an_allowed_unclean_election_that_loses_is_told_and_blamed_on_nobody():
    lines = schedule(
        (0, "cut", 3, "brokers"), (100, "send", "w"), (50_000, "send", "x"), (50_500, "crash", 2), (50_600, "crash", 1),
        (65_000, "heal"),
    )  # fmt: skip
    run = play(Setup(unclean=True), lines, all_checkers())
    assert run.violation is None
    assert "unclean elections are allowed, and broker 3 was elected" in beyond(run)[0]


def test_a_zombie_harms_nobody():
    """The hook of lesson 6: a deposed leader takes acks=1 records, and they are gone after it returns."""
    lines = schedule(
        (0, "send", "a"), (100, "cut", 1, "controllers"), (11_000, "send", "c", {"acks": "1"}),
        (11_500, "send", "e", {"producer": "N", "to": 2}), (12_000, "read"), (40_000, "heal"),
    )  # fmt: skip
    checkers = all_checkers()
    run = play(Setup(), lines, checkers)
    assert (run.violation, beyond(run)) == (None, [])
    assert next(one for one in checkers if one.promise == "I6").premises == 1, "broker 1 cut c off"


def test_checkers_can_be_chosen_and_are_fresh():
    first, second = by_promise("I2"), by_promise("I2")
    assert [one.name for one in first] == ["leader completeness"]
    assert first[0] is not second[0]
    assert [one.name for one in by_promise("I4")] == ["leader in ISR", "unclean leaders are marked"]


def test_a_run_stops_at_the_violation_and_the_trace_says_so():
    from minikafka.sim.mutants import MUTANTS
    from minikafka.sim.substitute import substituted

    mutant = next(one for one in MUTANTS if one.name == "elect_any_live")
    with substituted(mutant.replaces):
        run = play(mutant.setup, mutant.schedules[0], all_checkers())
    assert run.violation.step == run.sim.recorder.step
    last = run.sim.recorder.told[-1]
    assert isinstance(last.fact, facts.PromiseBroken) and last.fact.sentence == run.violation.sentence
    assert "broker 3, which leads now in epoch" in run.violation.sentence
