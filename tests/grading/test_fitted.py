"""Where the core has no function of an exercise's form, the fitting between the two changes nothing by itself."""

from __future__ import annotations

import pytest
from grading_kit import by_id, decisions

from minikafka import play
from minikafka.scenarios import scenario
from minikafka.sim.substitute import substituted
from minikafka.world import run_scenario

FITTED = [exercise for exercise in decisions() if exercise.kind.fit is not None]
RUNS = ("01_a_log_not_a_queue", "01_newest_of_each_key", "08_torn_and_flipped", "15_aborted_in_the_log")


def counted(decide):
    """The same function, and how often it was asked."""
    asked = []

    def counting(*question):
        asked.append(question)
        return decide(*question)

    return counting, asked


@by_id(FITTED)
def test_with_the_reference_fitted_in_every_run_is_the_same_to_the_byte(exercise):
    everything = []
    for name in RUNS:
        decide, asked = counted(exercise.kind.reference)
        with substituted(exercise.kind.stand_in(decide)):
            fitted = run_scenario(scenario(name))
        everything += asked
        assert fitted.digest() == play(name).digest(), name
    assert everything, "it is asked at all"


@by_id(FITTED)
def test_and_a_wrong_one_changes_them(exercise):
    """Planted: what the core does itself is not asked of the function."""
    first = exercise.kind.examples[0].answer

    def always(*question):
        return first

    with pytest.raises(Exception), substituted(exercise.kind.stand_in(always)):  # noqa: B017 - whatever it is
        assert run_scenario(scenario(RUNS[0])).digest() == play(RUNS[0]).digest()
