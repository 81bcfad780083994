"""`minikafka grade` and `minikafka exercises`: what is printed, the exit codes, and what is written down."""

from __future__ import annotations

import json

import pytest
from grading_kit import ANSWERS, LESSON, ROOT

from minikafka.grading import commands, grade, progress
from minikafka.grading.exercise import all_exercises, find
from minikafka.grading.grader import judge

ELECT = ANSWERS / LESSON / "elect_leader"
PREDICT_RIGHT = ANSWERS / LESSON / "what_clients_hear" / "right" / "reference.py"


def test_the_answer_is_made_from_the_stub_once_and_never_overwritten(checkout, capsys):
    exercise = find("06/elect_leader")
    assert commands.grade("06/elect_leader") == 1
    assert exercise.answer.read_bytes() == exercise.stub.read_bytes()
    assert "Made exercises/06_who_leads/elect_leader/answer.py from the stub" in capsys.readouterr().out
    exercise.answer.write_text("# mine\n", encoding="utf-8")
    assert commands.grade("06/elect_leader") == 1
    assert exercise.answer.read_text(encoding="utf-8") == "# mine\n"
    said = capsys.readouterr().out
    assert "Made" not in said
    assert "defines no function elect_leader" in said


def test_another_file_can_be_judged_and_the_answer_is_left_alone(checkout, capsys):
    assert commands.grade("06/elect_leader", ELECT / "wrong" / "lowest_id.py") == 1
    assert not find("06/elect_leader").answer.exists()
    assert "Order spreads leaders" in capsys.readouterr().out


def test_an_unknown_id_names_the_nearest_one(checkout, capsys):
    assert commands.grade("06/elect_leeder") == 2
    said = capsys.readouterr().out
    assert "06/elect_leader" in said
    assert said.count("\n") == 1


def test_a_missing_file_is_one_sentence(checkout, capsys):
    assert commands.grade("06/elect_leader", checkout / "gone.py") == 2
    assert "There is no file" in capsys.readouterr().out


def test_outside_a_checkout_one_sentence_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minikafka.grading.exercise.__file__", str(tmp_path / "a" / "b" / "c" / "exercise.py"))
    assert commands.grade("06/elect_leader") == 2
    assert "go into your clone of the course" in capsys.readouterr().out
    assert commands.list_exercises() == 2


def test_a_pass_is_kept_with_its_hash_and_a_later_change_is_seen(checkout, capsys):
    exercise = find("06/what_clients_hear")
    exercise.answer.write_bytes(PREDICT_RIGHT.read_bytes())
    assert commands.grade("06/what_clients_hear") == 0
    kept = json.loads((checkout / ".minikafka" / "progress.json").read_text(encoding="utf-8"))
    assert kept["06/what_clients_hear"]["answer"] == progress.digest(exercise.answer)
    capsys.readouterr()
    assert commands.list_exercises() == 0
    listed = capsys.readouterr().out
    others = len(all_exercises()) - 1
    assert others >= 3
    assert f"1 of {others + 1} passed" in listed
    assert listed.count("not begun") == others
    exercise.answer.write_text("# something else\n", encoding="utf-8")
    assert progress.state(exercise, progress.read(checkout)) == progress.CHANGED


def test_a_damaged_progress_file_is_no_trouble(checkout):
    progress.file_of(checkout).parent.mkdir()
    progress.file_of(checkout).write_text("[", encoding="utf-8")
    assert progress.read(checkout) == {}


def test_a_fault_of_the_grader_is_reported_as_ours(checkout, monkeypatch, capsys):
    def fails(*_, **__):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("minikafka.grading.judge.open_answer", fails)
    assert commands.grade("06/elect_leader", ELECT / "wrong" / "constant.py") == 2
    said = capsys.readouterr().out
    assert "our fault" in said
    assert "Traceback" not in said


def test_a_promise_that_breaks_without_a_wrong_decision_is_our_fault(checkout, monkeypatch):
    from minikafka.sim.checkers import base

    class Grumpy:
        promise, name, premises = "I2", "leader completeness", 0

        def begin(self, sim):
            """Nothing."""

        def watch(self, sim, told):
            return None

        def finish(self, sim):
            return "it is always something"

    assert base.Checker
    monkeypatch.setattr("minikafka.grading.transplant.by_promise", lambda *_: [Grumpy()])
    assert judge("06/elect_leader", ROOT / "solutions" / LESSON / "elect_leader.py", checkout).exit_code == 2


@pytest.mark.parametrize("file", [None, str(PREDICT_RIGHT)])
def test_the_same_grade_is_there_for_notebooks(checkout, file):
    verdict = grade("06/what_clients_hear", file)
    assert verdict.passed == (file is not None)
