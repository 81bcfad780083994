"""`minikafka new-exercise`: a skeleton that loads, is red, and overwrites nothing."""

from __future__ import annotations

import ast
import shutil

import pytest
from grading_kit import ROOT, STANDARD_WRONG, copy_checkout

from minikafka import cli
from minikafka.grading.exercise import CannotGrade, all_exercises, find
from minikafka.grading.grader import judge
from minikafka.grading.skeleton import KINDS, TO_DO, new_exercise

ACKS = "minikafka.broker.acks:ack_decision"


@pytest.fixture
def authors(tmp_path):
    """A checkout of somebody who writes exercises."""
    copy_checkout(tmp_path)
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons")
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_is_found_and_red(authors, kind):
    before = len(all_exercises(authors))
    made = new_exercise("06/brand_new", kind, ACKS if kind == "write" else "", authors)
    assert all(TO_DO in path.read_text(encoding="utf-8") for path in made if path.name in ("README.md", "grader.py"))
    assert len(all_exercises(authors)) == before + 1
    exercise = find("06/brand_new", authors)
    assert exercise.kind.letter == kind[0].upper()
    assert exercise.begin()
    verdict = judge(exercise.id, exercise.answer, authors, record=False)
    assert not verdict.passed, str(verdict)


def test_a_written_one_has_the_signature_and_the_standard_wrong_answers(authors):
    new_exercise("06/brand_new", "write", ACKS, authors)
    exercise = find("06/brand_new", authors)
    (function,) = [one for one in ast.parse(exercise.stub.read_text()).body if isinstance(one, ast.FunctionDef)]
    assert [one.arg for one in function.args.args] == ["p", "v"]
    wrong = authors / "tests" / "answers" / "06_who_leads" / "brand_new" / "wrong"
    assert {path.stem for path in wrong.glob("*.py")} >= STANDARD_WRONG
    for path in wrong.glob("*.py"):
        if path.stem != "syntax_error":
            ast.parse(path.read_text(encoding="utf-8"))
    assert "06_who_leads" in (wrong / "reads_solution.py").read_text(encoding="utf-8")


def test_nothing_is_overwritten(authors):
    new_exercise("06/brand_new", "predict", "", authors)
    stub = find("06/brand_new", authors).stub
    stub.write_text("mine", encoding="utf-8")
    with pytest.raises(CannotGrade, match="is there already: nothing was written"):
        new_exercise("06/brand_new", "predict", "", authors)
    assert stub.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("06-brand_new",), "An exercise is named lesson/name, as 05/ack_decision, not '06-brand_new'."),
        (("06/brand_new", "--kind", "wriet"), "There is no kind of exercise 'wriet'"),
        (("06/brand_new",), "Which function is to be written?"),
        (("06/brand_new", "--function", "minikafka.broker.acks:ack"), "There is no ack in minikafka.broker.acks."),
        (("06/brand_new", "--function", "minikafka.gone:ack"), "There is no ack in minikafka.gone."),
        (("77/brand_new", "--kind", "predict"), "There is no lesson 77 yet"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_sentence(authors, monkeypatch, capsys, words, said):
    monkeypatch.chdir(authors)
    monkeypatch.setattr("minikafka.grading.skeleton.checkout", lambda: authors)
    assert cli.main(["new-exercise", *words]) == 2
    output = "".join(capsys.readouterr())
    assert said in output
    assert output.count("\n") == 1


def test_the_command_says_what_comes_next(authors, monkeypatch, capsys):
    for place in ("minikafka.grading.skeleton.checkout", "minikafka.grading.commands.checkout"):
        monkeypatch.setattr(place, lambda: authors)
    assert cli.main(["new-exercise", "06/brand_new", "--kind", "attack"]) == 0
    said = capsys.readouterr().out
    assert "exercises/06_who_leads/brand_new/" in said
    assert 'make test ARGS="tests/grading -k brand_new"' in said
