"""The explorer draws the same schedules twice, finds what is wrong, leaves alone what is right, and shrinks well."""

from __future__ import annotations

import subprocess
from random import Random

import pytest

from minikafka.sim import faults
from minikafka.sim.checkers import all_checkers
from minikafka.sim.explorer import explore, random_schedule, shrink, tell
from minikafka.sim.mutants import MUTANTS
from minikafka.sim.schedule import Setup, play, schedule
from minikafka.sim.substitute import substituted


def seed_of_this_commit(root) -> int:
    """Another corner of the space with each commit; the same one for everybody who looks at that commit."""
    done = subprocess.run(
        ["git", "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True, check=False, cwd=root
    )
    return int(done.stdout.strip() or "0", 16) if done.returncode == 0 else 0


@pytest.mark.parametrize(
    ("setup", "schedules"),
    [
        (Setup(), 100),
        (Setup(min_isr=1, unclean=True), 15),
        (Setup(brokers=4, replicas=(4, 2, 3), min_isr=3), 15),
    ],
    ids=["usual", "careless", "strict"],
)
def test_the_engine_breaks_no_promise(root, setup, schedules):
    seed = seed_of_this_commit(root)
    found = explore(setup, schedules, seed)
    assert found.failing is None, f"seed {seed}: {found.run.violation} by {tell(found.failing)}"
    assert found.schedules == schedules
    assert found.faults > schedules, "on average more than one fault in each"
    if schedules >= 40:
        assert {promise for promise, count in found.premises.items() if not count} == set(), (
            "all had something to judge"
        )


def test_what_is_drawn_is_what_was_asked_for():
    for seed in range(200):
        lines = random_schedule(Random(f"x/{seed}"), Setup(), 5, 4)
        assert sum(entry.verb == "send" for entry in lines) == 5
        assert sum(entry.verb in faults.FAULTS for entry in lines) == 4
        assert list(lines) == sorted(lines, key=lambda entry: entry.at_ms)
        assert len({entry.arguments for entry in lines if entry.verb == "power_loss"}) <= 1, "min.insync.replicas - 1"


def test_no_power_is_lost_where_none_may_be():
    drawn = [random_schedule(Random(seed), Setup(min_isr=1), 2, 8) for seed in range(100)]
    assert not any(entry.verb == "power_loss" for lines in drawn for entry in lines)


def test_the_same_seed_is_the_same_exploration():
    mutant = next(one for one in MUTANTS if one.name == "elect_the_same")
    with substituted(mutant.replaces):
        one, other = explore(Setup(), 20, 5), explore(Setup(), 20, 5)
    assert (one.failing, one.setup, one.events) == (other.failing, other.setup, other.events)
    assert one.failing is not None
    assert one.run.violation == other.run.violation


def test_a_judge_decides_what_counts_as_failing():
    found = explore(Setup(), 3, 1, judge=lambda run: len(run.skipped) >= 0)
    assert found.schedules == 1 and found.failing is not None


# --- Shrinking ---


def needs(*values):
    """Fails exactly with all of these sends."""
    return lambda lines: set(values) <= {entry.arguments[0] for entry in lines if entry.verb == "send"}


def test_shrinking_keeps_what_is_needed_and_nothing_else():
    lines = schedule(*((number * 777, "send", f"v{number}") for number in range(40)))
    small = shrink(lines, needs("v3", "v17", "v39"))
    assert [str(entry) for entry in small] == ["send('v3')", "send('v17')", "send('v39')"]
    assert [entry.at_ms for entry in small] == [0, 0, 0]


def test_a_wait_that_matters_becomes_a_round_one():
    lines = schedule((1_234, "crash", 1), (48_321, "send", "x"))
    small = shrink(lines, lambda candidate: len(candidate) == 2 and candidate[1].at_ms - candidate[0].at_ms > 9_000)
    assert [entry.at_ms for entry in small] == [0, 10_000]


def test_the_limit_holds_and_something_failing_is_returned():
    asked = []

    def still_fails(lines):
        asked.append(lines)
        return needs("v3", "v17", "v39")(lines)

    lines = schedule(*((number, "send", f"v{number}") for number in range(40)))
    small = shrink(lines, still_fails, limit=7)
    assert len(asked) == 7
    assert needs("v3", "v17", "v39")(small)


@pytest.mark.parametrize("name", ["elect_any_live", "join_at_once", "elect_the_same"])
def test_a_found_fault_shrinks_to_a_minimal_story(name):
    mutant = next(one for one in MUTANTS if one.name == name)
    with substituted(mutant.replaces):
        found = explore(mutant.setup, 60, 2026)
        assert found.failing is not None
        promise = found.run.violation.promise

        def still_fails(lines):
            violation = play(found.setup, lines, all_checkers()).violation
            return violation is not None and violation.promise == promise

        small = shrink(found.failing, still_fails, limit=120)
        assert still_fails(small)
        assert len(small) <= 15
        for number in range(len(small)):
            assert not still_fails(small[:number] + small[number + 1 :]), f"{small[number]} is not needed"
