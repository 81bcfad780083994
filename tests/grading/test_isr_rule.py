"""Lesson 5's checker: the text, the grader and the simulator's own promise say the same of every run."""

from __future__ import annotations

import ast
import re

import pytest
from grading_kit import ANSWERS, ROOT, kept, lint

from minikafka.grading.exercise import find
from minikafka.sim.checkers.data import StrongIsr
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.schedule import play as really_play

RULE = find("05/isr_rule", ROOT)
CLUSTERS = {cluster.name: cluster for cluster in RULE.kind.clusters}


@pytest.fixture(scope="module")
def reference():
    module: dict = {}
    exec(RULE.solution.read_text(encoding="utf-8"), module)
    return module["isr_rule"]


def value(text):
    return frozenset() if text == "{}" else ast.literal_eval(text)


def test_the_examples_of_the_text_are_right(reference):
    text = (RULE.folder / "README.md").read_text(encoding="utf-8")
    rows = [row.split(" | ") for row in re.findall(r"^\| (\(\(.*) \|$", text, re.M)]
    assert len(rows) == 4
    for replicas, isr, elr, answer in rows:
        assert reference(value(replicas), frozenset(value(isr)), frozenset(value(elr))) == value(answer)


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_is_judged_as_the_simulator_itself_judges_it(reference, name, monkeypatch):
    """The promise I3 breaks where a fault is planted, in the very step in which a moment first breaks it."""
    found = []

    def play(setup, lines, checkers, **how):
        strong = StrongIsr(Ledger())
        run = really_play(setup, lines, [*checkers, strong], **how)
        found.append((run.violation, strong.premises))
        return run

    monkeypatch.setattr("minikafka.grading.specify.play", play)
    cluster = CLUSTERS[name]
    moments = cluster.record().moments
    assert [reference(*moment.history) for moment in moments] == [moment.keeps for moment in moments]
    violation, premises = found[0]
    assert premises
    broken = [moment.step for moment in moments if not moment.keeps]
    assert (violation is None) == cluster.keeps == (not broken)
    if violation is not None:
        assert (violation.promise, violation.step) == ("I3", broken[0]), violation


def test_each_known_way_to_misjudge_has_an_answer_and_a_reply_of_its_own():
    mistakes = RULE.kind.mistakes
    assert {one.name for one in mistakes} <= {file.stem for file in kept(RULE, "wrong")}
    assert len({one.reply for one in mistakes}) == len(mistakes) >= 5


def test_who_always_says_the_same_is_shown_the_two_records_that_decide(judged):
    verdict = judged("05/isr_rule", ANSWERS / "05_acks_all" / "isr_rule" / "wrong" / "constant.py")
    assert "at offset 1 it has b of epoch 0, and broker 3, in the ISR, has nothing." in verdict.look
    assert not lint(verdict)
