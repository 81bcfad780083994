"""`grade()` in a notebook: the function of a cell, the button, the run in the player, and text without widgets."""

from __future__ import annotations

import linecache
import sys

import pytest
from grading_kit import ANSWERS, ROOT

from minikafka.grading import cell, grade, notebook, progress
from minikafka.grading.exercise import find
from minikafka.stage import page

ACK = "05/ack_decision"
WRONG = (ANSWERS / "05_acks_all" / "ack_decision" / "wrong" / "off_by_one.py").read_text(encoding="utf-8")
RIGHT = (ROOT / "solutions" / "05_acks_all" / "ack_decision.py").read_text(encoding="utf-8")
CLASSES, _, FUNCTION = RIGHT.partition("def ack_decision")
FUNCTION = f"def ack_decision{FUNCTION}"


class Notebook(dict):
    """A kernel's names: each cell is run in them, and its source can be seen, as IPython arranges it."""

    def __init__(self) -> None:
        super().__init__(In=[""], __name__="__main__")

    def run(self, source):
        name = f"<cell {id(self)} {len(self['In'])}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        self["In"].append(source)
        exec(compile(source, name, "exec", dont_inherit=True), self)


@pytest.fixture
def kernel(checkout):
    return Notebook()


@pytest.fixture
def widgets(need):
    need.module("anywidget")
    need.module("ipywidgets")


def parts(desk):
    return [type(child).__name__ for child in desk.box.children]


def test_the_function_of_a_cell_is_judged_and_kept_as_the_answer(kernel, checkout):
    kernel.run(RIGHT)
    assert grade(ACK, kernel["ack_decision"]).passed
    exercise = find(ACK)
    assert exercise.answer.read_text(encoding="utf-8").startswith(cell.MARK)
    assert progress.is_passed(exercise, progress.read(checkout)), "the file and the note of the pass agree"


def test_what_it_names_comes_along_from_other_cells(kernel):
    kernel.run("from typing import NamedTuple\n" + CLASSES.partition("\n")[2])
    kernel.run("NOBODY = 'an older one'")
    kernel["In"].append("%time is no Python")
    kernel.run("NOBODY = None\nprint('not in the file')\n")
    kernel.run("def is_first(p):\n    return p.last_offset is NOBODY\n")
    kernel.run("show = 1\n\n" + FUNCTION.replace("p.last_offset is None", "is_first(p)"))
    assert grade(ACK, kernel["ack_decision"]).passed
    text = find(ACK).answer.read_text(encoding="utf-8")
    assert "NOBODY = None" in text
    assert "print(" not in text and "older" not in text and "show" not in text


def test_a_line_is_named_as_it_stands_in_the_cell(kernel):
    kernel.run(CLASSES)
    kernel.run("# a try\n\ndef ack_decision(p, v):\n    worse = 1\n    return worse / 0\n")
    verdict = grade(ACK, kernel["ack_decision"])
    assert "at line 5 of the cell: `return worse / 0`" in verdict.got


def test_what_no_cell_defines_is_missing_in_the_verdict_too(kernel):
    kernel.run("def ack_decision(p, v):\n    return later(p)\n")
    assert "NameError: name 'later' is not defined at line 2 of the cell" in grade(ACK, kernel["ack_decision"]).got


def test_an_answer_of_the_learners_own_is_left_alone(kernel, checkout):
    exercise = find(ACK)
    exercise.answer.write_text("# mine\n", encoding="utf-8")
    kernel.run("def ack_decision(p, v):\n    return 1 / 0\n")
    assert "ZeroDivisionError" in grade(ACK, kernel["ack_decision"]).got
    assert exercise.answer.read_text(encoding="utf-8") == "# mine\n"
    assert (checkout / ".minikafka" / "cells" / "05-ack_decision.py").read_text(encoding="utf-8").startswith(cell.MARK)


@pytest.mark.parametrize(
    ("exercise", "function", "said"),
    [
        ("05/lose_one", len, "05/lose_one asks for no function: write answer.py, and grade that."),
        (ACK, len, "No cell defines 'len' with def"),
        ("05/ack_decisoin", len, "05/ack_decision"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(checkout, exercise, function, said):
    verdict = grade(exercise, function)
    assert verdict.exit_code == 2
    assert said in verdict.did


def test_a_folders_name_is_an_id_too(checkout):
    assert grade("05_acks_all/ack_decision").exercise == ACK


def test_the_button_grades_the_function_as_it_is_by_then(kernel, widgets):
    kernel.run(WRONG)
    desk = notebook.Desk(grade(ACK, kernel["ack_decision"]))
    assert parts(desk) == ["Button", "HTML", "StageWidget"]
    assert "not yet" in desk.says.value and "Broken" in desk.says.value
    player = desk.box.children[2]
    assert player.step == desk.verdict.step
    assert any(fact[4].startswith("Your ack_decision says") for fact in player.trace["facts"])
    kernel.run(RIGHT)
    desk.button.click()
    assert desk.verdict.passed
    assert parts(desk) == ["Button", "HTML"], "a run that was mended is not shown any more"
    assert "passed" in desk.says.value
    kernel.run(WRONG)
    desk.button.click()
    assert parts(desk) == ["Button", "HTML", "StageWidget"]
    assert not desk.button.disabled


def test_the_button_grades_the_file_as_it_is_by_then(checkout, widgets):
    desk = notebook.Desk(grade(ACK))
    assert "still the stub" in desk.says.value
    find(ACK).answer.write_text(RIGHT, encoding="utf-8")
    desk.button.click()
    assert desk.verdict.passed


def test_a_notebook_gets_widget_table_and_text(kernel, widgets):
    kernel.run(WRONG)
    verdict = grade(ACK, kernel["ack_decision"])
    data = verdict._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == str(verdict)
    table = verdict._repr_html_()
    assert verdict.schedule
    for word in ("<th", "Broken", "The shortest run that shows it", "Its story"):
        assert word in table


def test_without_widgets_table_and_text_remain(kernel, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setattr(notebook.importlib.util, "find_spec", lambda name: None)
    kernel.run(WRONG)
    verdict = grade(ACK, kernel["ack_decision"])
    assert verdict._repr_mimebundle_() == {"text/plain": str(verdict)}
    assert "<table>" in verdict._repr_html_()


def test_what_a_learner_prints_or_names_is_no_html(checkout):
    find(ACK).answer.write_text("print('<script>')\ndef ack_decision(p, v):\n    return '<b>'\n", encoding="utf-8")
    table = grade(ACK).table()
    assert "<script>" not in table and "<b>" not in table
    assert "&lt;script&gt;" in table


def test_a_page_gives_its_run_back():
    trace = {"schema": "minikafka-trace/1.0", "title": "</script> & <b>", "steps": [[0, "call", None]], "facts": []}
    assert page.content(page.page(trace, step=1)) == (trace, {"step": 1})
    with pytest.raises(ValueError, match="holds no run"):
        page.content("<html></html>")
