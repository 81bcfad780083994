"""What the shrinker gives back is 1-minimal, entry by entry: without any one of them the promise holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minikafka.sim import checkers, explorer, mutants, profiles
from minikafka.sim.substitute import substituted

ROWS = json.loads((Path(__file__).parent / "found_by_chance.json").read_text(encoding="utf-8"))
ROOMS = ["elect_the_same", "ack_on_append", "every_batch_is_new", "wait_for_the_producer", "range_rounded_up"]
"""Of the controller, the leader, a log, the transaction coordinator, a group."""


@pytest.mark.parametrize("name", ROOMS)
def test_no_entry_of_a_shrunk_schedule_can_go(name):
    row = next(row for row in ROWS if row["fault"] == name)
    profile, replaced = profiles.profile(row["profile"]), mutants.mutant(name).replaces
    (outcome,) = explorer.play_numbers(profile, row["seed"], [row["number"]], replaced)
    found = explorer.Exploration(profile, row["seed"], failing=row["number"], violation=outcome.violation)
    small, run = explorer.shortest(found, replaced)
    broken = (outcome.violation.promise, outcome.violation.name)
    assert (run.violation.promise, run.violation.name) == broken
    assert 1 <= len(small) <= 15
    with substituted(replaced):
        for place in range(len(small)):
            rest = small[:place] + small[place + 1 :]
            violation = explorer.play_quickly(run.setup, rest, checkers.fresh(profile.checkers)).violation
            assert violation is None or (violation.promise, violation.name) != broken, f"{small[place]} can go"
