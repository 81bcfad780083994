"""A small world is looked at whole: what is found there plays again as a schedule; what is not found is not there."""

from __future__ import annotations

from minikafka.sim import checkers, exhaustive, mutants
from minikafka.sim.checkers.data import LeaderCompleteness
from minikafka.sim.digest import digest
from minikafka.sim.exhaustive import STEP_PROMISES, Scope
from minikafka.sim.schedule import Setup, go_on_until, play, start
from minikafka.sim.substitute import substituted
from minikafka.sim.workload import send

ONE_AND_ONE = Scope(sends=1, faults=1, restarts=False)


def test_one_send_and_one_crash_break_nothing_and_the_answer_says_what_was_looked_at():
    found = exhaustive.search(ONE_AND_ONE)
    assert found.complete and found.violation is None
    assert found.states > 100
    assert str(found).startswith(
        "3 replicas, min.insync.replicas=2, at most 1 sends (acks all) and 1 faults (crash), no restarts"
    )
    assert str(found).endswith("no promise is broken")
    again = exhaustive.search(ONE_AND_ONE)
    assert (again.states, again.moves) == (found.states, found.moves)


def test_the_rule_before_kip_101_breaks_with_one_send_and_one_crash():
    """A leader crashes before its follower has heard of the high watermark; the follower cuts a committed record."""
    with substituted(mutants.mutant("cut_to_mark_when_following").replaces):
        found = exhaustive.search(ONE_AND_ONE)
        assert found.violation is not None and found.violation.promise == "I6"
        assert [entry.verb for entry in found.failing] == ["send", "crash"]
        run = play(ONE_AND_ONE.setup, found.failing, checkers.fresh(STEP_PROMISES))
        assert run.violation.sentence == found.violation.sentence, "it plays the same as a schedule"


def test_one_cut_and_one_power_loss_take_what_is_in_one_page_cache_only():
    """Lesson 5's attack, found by looking: with two needed in sync `make proof` looks at the same world whole."""
    alone = Setup(brokers=2, replicas=(1, 2), min_isr=1)
    scope = Scope(alone, sends=1, faults=2, verbs=("cut_brokers", "power_loss"), each_once=True, losses=True)
    found = exhaustive.search(scope, [LeaderCompleteness])
    assert found.violation is not None and found.violation.promise == exhaustive.BEYOND
    assert [entry.verb for entry in found.failing] == ["send", "cut", "power_loss", "restart"]
    assert "2 faults (cut_brokers, power_loss, each once)" in str(found) and "a record is lost: Record m0" in str(found)


def test_a_limit_of_states_is_no_completeness():
    found = exhaustive.search(Scope(sends=1, faults=1, most_states=20))
    assert not found.complete and found.violation is None
    assert "not complete" in str(found)


def test_a_digest_tells_apart_what_matters_and_forgets_when_it_was():
    one, later, other = start(Setup()), start(Setup()), start(Setup())
    go_on_until(later, later.sim.now + 10_000)
    send(other, "x")
    go_on_until(other, other.sim.now + 10)
    names = []
    for run in (one, later, other):
        watching = checkers.fresh(STEP_PROMISES)
        watching[0].begin(run.sim)
        names.append(digest(run.sim, watching[0].ledger))
    assert names[0] != names[2]
    assert len(set(names)) >= 2
