"""Every planted fault is found by the checker of its promise, in its own words; the engine as it is passes.

Those that random schedules have found (`tools/proof.py`, which writes `found_by_chance.json`) are found again by
playing just that schedule.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minikafka.sim import explorer, mutants, profiles
from minikafka.sim.checkers import FULL, all_checkers, by_promise
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


NOT_FOUND_YET = [
    "same_broker_same_log",
    "know_the_last_only",
    "newest_book_counts",
    "markers_at_once",
    "every_marker_counts",
    "any_member_epoch",
    "any_generation",
    "begin_without_offsets",
    "commit_what_is_known",
]
"""Looked for in about 40 schedules of each profile so far; `make proof` looks on."""


def test_every_fault_is_found_by_chance_or_has_a_schedule_of_its_own():
    by_chance = {row["fault"] for row in FOUND}
    assert [one.name for one in MUTANTS if one.name not in by_chance and not one.schedules] == NOT_FOUND_YET


def test_every_promise_has_a_fault_that_breaks_it():
    promises = {checker.promise for checker in all_checkers()} - {"Jepsen"}  # sees what others see, from outside
    promises |= {kind.promise for kind in FULL} - {"Jepsen"}
    assert {mutant.promise for mutant in MUTANTS} | {row["promise"] for row in FOUND} >= promises
    assert {mutant.says for mutant in MUTANTS if "RECOVERING" in mutant.says}, "the second half of I4"


def test_names_are_unique_and_every_fault_has_a_belief():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.belief and mutant.replaces for mutant in MUTANTS)


def test_the_engine_is_whole_again_afterwards():
    from minikafka.controller import election
    from minikafka.sim.mutants.elections import elect_any_live

    assert election.elect_leader is not elect_any_live
