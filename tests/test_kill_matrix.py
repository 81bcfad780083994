"""The mutation tool makes what it says, arguments are about mutants that exist, the page shows every exercise whole."""

from __future__ import annotations

import ast
import sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "grading")]

import matrix
import matrix_page
import matrix_work
import mutate
from grading_kit import EXERCISES, by_id

from minikafka.grading.exercise import find
from minikafka.grading.grader import judge

WRITTEN = [exercise for exercise in EXERCISES if exercise.kind.letter in "WS"]

# what stands in a file, and what one of its mutants makes of it
MADE = [
    ("a < b", "a <= b"), ("a < b", "a != b"), ("a == b", "a > b"), ("a is b", "a is not b"), ("a in b", "a not in b"),
    ("a < b < c", "b < c"), ("a < b < c", "a < b"),
    ("a and b", "a or b"), ("a and b", "b"), ("not a", "a"), ("-a", "a"),
    ("a + b", "a - b"), ("a + b", "a ** b"), ("a & b", "a | b"), ("x += a", "x -= a"), ("x += a", "x = a"),
    ("x = 7", "x = 8"), ("x = 7", "x = 6"), ("x = True", "x = False"), ("x = a", "x = None"), ("x = a", "pass"),
    ("x = 'ab'", "x = ''"), ("x = b'ab'", "x = b''"),
    ("min(a, b)", "max(a, b)"), ("any(a)", "all(a)"), ("a.find(b)", "a.rfind(b)"),
    ("f(a, b)", "f(b, a)"), ("f(a, b)", "f(b)"), ("f(a, b)", "f(None, b)"), ("f(a, k=b)", "f(a)"),
    ("a[b:c]", "a[:c]"), ("a[b:c]", "a[b:]"), ("a[-1]", "a[-2]"), ("lambda: a", "lambda: None"),
    ("x = a if b else c", "x = a if True else c"), ("[a for a in b if c]", "[a for a in b if not c]"),
    ("[a for a in b]", "[a for a in []]"),
    ("if a:\n    f()\nelse:\n    g()", "if False:\n    f()\nelse:\n    g()"),
    ("if a:\n    f()\nelse:\n    g()", "if a:\n    f()"),
    ("if a:\n    f()", "pass"), ("if a:\n    f()", "if not a:\n    f()"),
    ("while a:\n    break", "while a:\n    continue"), ("while a:\n    continue", "while a:\n    return"),
    ("for a in b:\n    f()", "for a in []:\n    f()"), ("def f():\n    return a", "def f():\n    return True"),
    ("match a:\n    case 1:\n        f()\n    case 2:\n        g()", "match a:\n    case 2:\n        g()"),
    ("@d\ndef f():\n    g()", "def f():\n    g()"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), MADE)
def test_a_mistake_is_made(before, after):
    assert ast.unparse(ast.parse(after)) in {one.source for one in mutate.mutants(before)}


def test_what_decides_nothing_is_left_alone():
    text = '"""A text."""\nPairs = tuple[int, ...]\n\ndef f(a: Pairs=None) -> Pairs:\n    """Another."""\n    pass'
    assert [one.name for one in mutate.mutants(text)] == [
        "def f(a: Pairs=None) -> Pairs:  ->  def f(a: Pairs='') -> Pairs:"
    ]
    assert "max(b, a)" not in {one.source for one in mutate.mutants("max(a, b)")}


def test_no_two_mutants_are_the_same_and_each_can_be_named():
    for exercise in WRITTEN:
        made = matrix.mutants_of(exercise)
        assert len({one.source for one in made}) == len(made) > 20
        assert len({one[:3] for one in made}) == len(made)
        assert ast.unparse(ast.parse(exercise.solution.read_text(encoding="utf-8"))) not in {one.source for one in made}


@by_id(WRITTEN)
def test_each_argument_is_about_a_mutant_that_there_is(exercise):
    assert matrix.unknown_arguments(exercise) == []


# --- what is a fault ---

ARGUED = find("07/end_of_epoch", ROOT)
SURVIVES, DIES = matrix_work.Fate(), matrix_work.Fate("example 1", "R2", counts=True)


def faults(fate_of):
    """Those of an exercise whose mutants have this fate."""
    piece = matrix.Piece(ARGUED, matrix.mutants_of(ARGUED))
    for one in piece.mutants:
        piece.fates.append(Future())
        piece.fates[-1].set_result(fate_of(one))
    piece.look_at_mutants()
    return piece.faults


def test_a_mutant_without_a_reason_must_die_and_one_with_a_reason_must_not():
    reasons = {one[:3] for one in matrix.argued(ARGUED)}
    assert reasons
    assert faults(lambda one: SURVIVES if one[:3] in reasons else DIES) == []
    assert len(faults(lambda one: SURVIVES)) == len(matrix.mutants_of(ARGUED)) - len(reasons)
    failed = faults(lambda one: matrix_work.Fate(fault="KeyError: 7"))
    assert len(failed) == len(matrix.mutants_of(ARGUED))
    assert failed[0].startswith("the grader failed (KeyError: 7): ")
    dead = faults(lambda one: DIES)
    assert ["argued to be equivalent" in one for one in dead] == [True] * len(reasons)


def test_a_requirement_for_which_nobody_is_refused_is_a_fault():
    piece = matrix.Piece(ARGUED, [])
    for number in ("R0", "R1", "R2", "R3"):
        piece.fates.append(Future())
        piece.fates[-1].set_result(matrix_work.Fate("example 1", number, counts=number != "R1"))
    piece.look_at_requirements()
    missing = [number for number in ARGUED.kind.requirements if number not in ("R2", "R3")]
    assert piece.faults == [f"no answer is refused for {number}" for number in missing]


def test_an_argument_about_nothing_is_a_fault(monkeypatch):
    (known, *_) = matrix.argued(ARGUED)
    told = [known, known, known._replace(line="x = 1"), known._replace(number=7), known._replace(reason="so")]
    monkeypatch.setattr(matrix, "argued", lambda exercise: told)
    said = " ".join(matrix.unknown_arguments(ARGUED))
    assert said.count("no mutant is") == 2
    assert "is argued twice" in said
    assert "has no reason" in said


def test_a_check_that_pytest_does_not_collect_is_a_fault(tmp_path):
    more = replace(ARGUED, kind=replace(ARGUED.kind, explored=(*ARGUED.kind.explored, ARGUED.kind.explored[0])))
    declared = len(ARGUED.kind.checks())
    assert matrix.collected([ARGUED, more], tmp_path) == [
        f"07/end_of_epoch: {declared + 1} checks are declared, and {declared} collected"
    ]


# --- how they are judged ---


@pytest.fixture
def here(tmp_path, monkeypatch):
    """This process as one of the matrix's."""
    monkeypatch.setattr(matrix_work, "HERE", [])
    matrix_work.exercise.cache_clear()
    matrix_work.begin(str(tmp_path))
    yield matrix_work.HERE[-1]
    matrix_work.exercise.cache_clear()


def test_a_mutant_has_the_fate_of_an_answer(here):
    """The same outcome with the telling and without."""
    exercise = find("05/isr_join", here)
    for one in mutate.mutants(exercise.solution.read_text(encoding="utf-8"))[15::9]:
        file = here / "one.py"
        file.write_text(one.source, encoding="utf-8")
        is_refused = bool(matrix_work.judge_mutant(exercise.id, one.source).check)
        assert is_refused != judge(exercise.id, file, here, record=False).passed


def test_what_answers_as_the_reference_survives_and_what_loops_does_not(here):
    exercise = find("06/check_leader_epoch", here)
    text = exercise.solution.read_text(encoding="utf-8")
    assert matrix_work.judge_mutant(exercise.id, f"{text}\nx = 1\n") == SURVIVES
    looping = text.replace("    if 0", "    while leader_only: pass\n    if 0")
    assert matrix_work.judge_mutant(exercise.id, looping) == matrix_work.Fate("example 1", "R0", counts=False)


def test_a_check_that_refuses_only_what_decides_nothing_refuses_nothing(here):
    text = find("06/check_leader_epoch", here).solution.read_text(encoding="utf-8")
    check = ("06/check_leader_epoch", "example 1")
    assert not matrix_work.refuses_any(*check, [text, "", text.replace("if 0", "if nothing <")])
    assert matrix_work.refuses_any(*check, [text, text.replace("<", ">")])


# --- the page ---

SAMPLE = matrix_page.Row(
    "06/elect_leader", "W", (9, 9), (22, 22), (128, 129), 2, (4, 4), 0, 14, 0.25, 1.5, 5.5, "2026-11-28, here",
    "0123456789ab",
)  # fmt: skip


def test_a_row_can_be_read_again():
    other = replace(SAMPLE, exercise="07/break_kip101", kind="A", mutants=(0, 0), equivalent=0, run="another run")
    rows = matrix_page.rows_of(matrix_page.page([SAMPLE, other], {}))
    assert rows == [SAMPLE, other]
    assert [row.is_whole for row in rows] == [False, True]


def test_what_has_not_been_judged_is_named():
    text = matrix_page.page([SAMPLE], {"06/elect_leader": [], "06/zombie": [], "07/break_kip101": []})
    assert matrix_page.not_judged(text) == ["06/zombie", "07/break_kip101"]
    assert matrix_page.not_judged(matrix_page.page([SAMPLE], {"06/elect_leader": []})) == []


def test_the_page_names_every_exercise_and_shows_no_survivor():
    """Whether the sources are still those that it was run on is not asked: it would be red at each commit."""
    text = matrix_page.PAGE.read_text(encoding="utf-8")
    rows = matrix_page.rows_of(text)
    named = sorted([*(row.exercise for row in rows), *matrix_page.not_judged(text)])
    assert named == sorted(exercise.id for exercise in EXERCISES), "run `make matrix ARGS=ID` for a new exercise"
    for row in rows:
        assert row.is_whole, row
        assert row.mutants[1] > 20 or row.kind not in "WS"
