"""Kinds O and D: every order is judged by its run alone, and every wrong cause gets its own reply."""

from __future__ import annotations

import itertools

import pytest
from grading_kit import lint

from minikafka.grading.attack import acknowledged_and_gone
from minikafka.grading.diagnose import Diagnose
from minikafka.grading.exercise import Exercise
from minikafka.grading.grader import verdict_on
from minikafka.grading.ordering import Order, as_schedule
from minikafka.grading.predict import Choice, Pick, Shown
from minikafka.scenarios import scenario
from minikafka.sim.schedule import Setup
from minikafka.world import run_scenario

STEPS = {"a": "cut broker 1 off from the controllers", "b": "heal", "c": "send x to broker 1 with acks=1"}
ROWS = {"a": ("cut", 1, "controllers"), "b": ("heal",), "c": ("send", "x", {"acks": "1", "to": 1})}


@pytest.fixture
def exercise(tmp_path):
    """Builds an exercise around a kind."""
    return lambda kind: Exercise("00/tiny", tmp_path, tmp_path, kind)


def judged(one, text):
    file = one.folder / "answer.py"
    file.write_text(text, encoding="utf-8")
    return verdict_on(one, file)


def safe_order(harm=acknowledged_and_gone):
    return Order(
        order=1,
        ask="in which order is x safe?",
        steps=STEPS,
        play=as_schedule(ROWS, harm, Setup(), 12_000),
        look="Who led when x was sent, and who had read of it?",
        praise_text="Broker 1 has read who leads before it takes x.",
    )


def test_every_order_is_played_and_the_harmful_one_shows_its_harm(exercise):
    one, outcomes = exercise(safe_order()), {}
    for letters in itertools.permutations("abc"):
        verdict = judged(one, f"order = {list(letters)!r}")
        outcomes["".join(letters)] = verdict.passed
        if not verdict.passed:
            assert not lint(verdict), str(verdict)
            assert "x was acknowledged, and the newest leader does not have it" in verdict.broken
            assert verdict.mistake == "-".join(letters)
            assert verdict.page.is_file()
    assert outcomes == {"abc": True, "acb": False, "bac": False, "bca": True, "cab": True, "cba": True}


@pytest.mark.parametrize(
    "text", ["", 'order = ["a", "b"]', 'order = "abc"', "order = [[], 1, {}]", "order = [", "exit()"]
)
def test_what_is_no_order_is_told_what_is_expected(exercise, text):
    verdict = judged(exercise(safe_order()), text)
    assert verdict.mistake == "unreadable"
    assert not lint(verdict), str(verdict)


def test_a_wrong_diagnosis_is_answered_with_the_scene_that_contradicts_it(exercise):
    causes = {
        "a": Choice("broker 1 crashed", "It still answers: here it takes c.", Shown("run", 8)),
        "b": Choice("broker 1 does not hear the controllers", "Yes.", Shown("run", 2)),
    }
    kind = Diagnose(
        order=1,
        questions=(Pick("cause", "why did c vanish?", causes, right="b"),),
        record=lambda: {"run": run_scenario(scenario("06_two_leaders"))},
        praise_text="It led in its own eyes.",
    )
    one = exercise(kind)
    verdict = judged(one, 'cause = "a"')
    assert kind.letter == "D"
    assert verdict.broken == "The diagnosis cause."
    assert "Scene 8" in verdict.look
    assert "It still answers" in verdict.look
    assert not lint(verdict), str(verdict)
    assert judged(one, 'cause = "b"').passed
