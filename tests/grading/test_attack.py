"""Kind A: what breaks the rules is not played, what does no harm does not count, each known failure has its reply."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grading_kit import ANSWERS, EXERCISES, LESSON, ROOT, by_id, lint

from minikafka.grading.attack import Attack, acknowledged_and_gone
from minikafka.grading.exercise import find
from minikafka.grading.grader import judge
from minikafka.grading.predict import read_answers
from minikafka.sim.exhaustive import Scope
from minikafka.sim.schedule import schedule

ZOMBIE = find("06/zombie", ROOT)
WRONG = ANSWERS / LESSON / "zombie" / "wrong"


def judged_text(text, folder, checkout):
    file = folder / "answer.py"
    file.write_text(text, encoding="utf-8")
    return judge(ZOMBIE.id, file, checkout, record=False)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('(0, "crash", 7)', "expected crash with broker"),
        ('(0, "crash", True)', "expected crash with broker"),
        ('(-1, "heal")', "the ms from 0 to"),
        ('(0, "tear", 1)', "expected one of the verbs"),
        ('(0, ["cut"], 1)', "expected one of the verbs"),
        ('(0, "heal", {"late_ms": 3})', "expected no options"),
        ('(0, "send", "x", {"idempotent": True})', "expected the options acks"),
        ('(0, "send", "x", {"acks": ["1"]})', "expected the options acks"),
        ('(0, "cut", 1, "everyone")', "expected cut with broker and other"),
        ('(0, "cut", 1, [])', "expected cut with broker and other"),
        ('"heal"', "expected (ms, verb"),
    ],
)
def test_an_entry_of_another_form_is_told_which_one_is_expected(entry, said, tmp_path, shared_checkout):
    verdict = judged_text(f"attack = [{entry}]", tmp_path, shared_checkout)
    assert verdict.mistake == "rules"
    assert said in verdict.got
    assert not lint(verdict), str(verdict)


def test_one_fault_too_many_is_not_played_even_if_it_would_do_harm(tmp_path, shared_checkout):
    rows = read_answers(ZOMBIE.solution, ["attack"])["attack"]
    verdict = judged_text(f"attack = {[*rows, (30_000, 'crash', 3)]!r}", tmp_path, shared_checkout)
    assert "strikes 2 faults" in verdict.got
    assert "expected at most 1" in verdict.got


@by_id([exercise for exercise in EXERCISES if isinstance(exercise.kind, Attack)])
def test_each_attack_that_does_not_count_has_a_file_and_gets_its_own_reply(shared_checkout, exercise):
    for reply in exercise.kind.replies:
        file = ANSWERS / exercise.folder.parent.name / exercise.name / "wrong" / f"{reply.name}.py"
        verdict = judge(exercise.id, file, shared_checkout, record=False)
        assert verdict.mistake == reply.name, str(verdict)
        assert reply.text in verdict.look


def test_what_the_goal_looks_at_is_the_newest_leader():
    """The same attack without the election does nothing: the goal is not met by an acknowledgement alone."""
    attempt = ZOMBIE.kind.play(schedule((0, "send", "x", {"acks": "1", "to": 1})))
    assert acknowledged_and_gone(attempt.run).done is False
    attempt = ZOMBIE.kind.play(schedule(*read_answers(ZOMBIE.solution, ["attack"])["attack"]))
    assert acknowledged_and_gone(attempt.run).done is True


def test_who_passes_is_told_the_scope_in_which_it_is_impossible():
    said = ZOMBIE.kind.praise(ZOMBIE).did
    assert "at most 1 sends (acks all) and 1 faults (cut_controllers)" in said
    assert "no promise is broken" in said


def test_a_scope_that_was_not_looked_at_whole_is_our_fault():
    unfinished = replace(ZOMBIE.kind, impossible=replace(Scope(sends=1, faults=1), most_states=5))
    with pytest.raises(RuntimeError, match="was not shown"):
        unfinished.praise(ZOMBIE)
