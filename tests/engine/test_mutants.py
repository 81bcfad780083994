"""Every planted fault is found by the checker of its promise, in its own words; the engine as it is passes.

Those that random schedules have found (`tools/proof.py`, which writes `found_by_chance.json`) are found again by
playing just that schedule.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minikafka.scenarios import all_scenarios
from minikafka.sim import explorer, mutants, profiles
from minikafka.sim.checkers import all_checkers, by_promise
from minikafka.sim.mutants import MUTANTS
from minikafka.sim.schedule import play
from minikafka.sim.substitute import substituted

FOUND = json.loads((Path(__file__).parent / "found_by_chance.json").read_text(encoding="utf-8"))
WITH_SCHEDULES = [one for one in MUTANTS if one.schedules]


def first_violation(mutant):
    """(schedule, violation) of the first of its schedules that breaks its promise."""
    for lines in mutant.schedules:
        with substituted(mutant.replaces):
            run = play(mutant.setup, lines, by_promise(mutant.promise))
        if run.violation is not None:
            return lines, run.violation
    return mutant.schedules[0], None


@pytest.mark.parametrize("mutant", WITH_SCHEDULES, ids=lambda mutant: mutant.name)
def test_it_is_found_by_its_checker_and_only_because_of_the_fault(mutant):
    lines, violation = first_violation(mutant)
    assert violation is not None, f"{mutant.promise} did not see it"
    assert violation.promise == mutant.promise
    assert mutant.says in violation.sentence, violation.sentence
    assert play(mutant.setup, lines, all_checkers()).violation is None


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row["fault"])
def test_the_random_schedule_that_found_it_finds_it_again(row):
    profile, replaced = profiles.profile(row["profile"]), mutants.mutant(row["fault"]).replaces
    (outcome,) = explorer.play_numbers(profile, row["seed"], [row["number"]], replaced)
    assert outcome.violation is not None, f"nothing broke; {row['promise']} should: look for it anew"
    assert outcome.violation.promise == row["promise"], outcome.violation.sentence


BY_CHANCE = {row["fault"] for row in FOUND}
SEEN_BY_OTHERS = {"I7": {"exact_epoch_only"}}
"""Where logs part has no checker of its own (KIP-279): records are dropped, or replicas never agree again."""


def test_every_fault_is_found_by_chance_or_has_a_schedule_of_its_own():
    assert [one.name for one in MUTANTS if one.name not in BY_CHANCE and not one.schedules] == []


@pytest.mark.parametrize("promise", [f"I{number}" for number in range(1, 30)])
def test_every_promise_has_a_fault_that_is_found_or_a_scenario_that_breaks_it(promise):
    planted = {one.name for one in MUTANTS if one.promise == promise} | SEEN_BY_OTHERS.get(promise, set())
    planted |= {row["fault"] for row in FOUND if row["promise"] == promise}
    found = planted & (BY_CHANCE | {one.name for one in WITH_SCHEDULES})
    assert found or [one.id for one in all_scenarios() if promise in breaks_of(one)]


def breaks_of(scenario):
    return {scenario.breaks, *(branch.breaks for branch in scenario.branches)}


def test_both_halves_of_i4_have_a_fault():
    assert {mutant.says for mutant in MUTANTS if "RECOVERING" in mutant.says}
    assert {mutant.says for mutant in MUTANTS if "but its ISR is" in mutant.says}


def test_names_are_unique_and_every_fault_has_a_belief():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.belief and mutant.replaces for mutant in MUTANTS)


def test_the_engine_is_whole_again_afterwards():
    from minikafka.controller import election
    from minikafka.sim.mutants.elections import elect_any_live

    assert election.elect_leader is not elect_any_live
