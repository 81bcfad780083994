"""Lesson 5's grid: each letter is what became of the record in a run, and each wrong one meets the scene against it."""

from __future__ import annotations

import pytest
from grading_kit import ROOT, judge_every_letter

from minikafka.grading.exercise import find
from minikafka.trace.fold import fold

TABLE = find("05/durability_grid", ROOT)
GRADER = TABLE.kind.record.__globals__
GRID = GRADER["GRID"]
RUNS = TABLE.kind.record()
NAMES = [question.name for question in TABLE.kind.questions]
CELLS = pytest.mark.parametrize("cell", GRID, ids=lambda cell: cell.name)
STORED, THERE = "A hears that tea is stored.", "tea is there."
MEANS = {"a": ("A hears NOT_ENOUGH_REPLICAS.", False), "b": (STORED, False), "c": (STORED, True)}


def told(cell, kind):
    return [(step, content) for step, _, one, content, _, _ in RUNS[cell.name].facts() if one == kind]


@CELLS
def test_the_right_letter_is_what_became_of_the_record(cell):
    notes = [content["text"] for _, content in told(cell, "Note")]
    assert (notes[1], notes[-1] == THERE) == MEANS[GRID[cell]]


@CELLS
def test_a_square_is_what_its_name_says(cell):
    sent = RUNS[cell.name].scene(1)
    isr = [content["isr"] for step, content in told(cell, "PartitionChanged") if step <= sent][-1]
    assert len(isr) == cell.isr
    losses = [content for _, content in told(cell, "NodeCrashed") if content["power_lost"]]
    assert [one["node"] for one in losses] == ["broker-1"]
    heard, fails = RUNS[cell.name].scene(2), RUNS[cell.name].scene(3)
    assert sent < heard <= fails


def holders(cell, scene):
    """How many logs have tea at a scene."""
    run = RUNS[cell.name]
    replicas = fold(run, run.scene(scene))["replicas"]["orders-0"]
    return sum(replica["end"] > 0 for replica in replicas.values())


@CELLS
def test_as_many_have_it_as_the_replies_say(cell):
    wanted = {"a": 0, "b": 1, "c": cell.isr}[GRID[cell]]
    assert holders(cell, 2) == wanted


def test_the_text_lists_every_choice():
    text = (TABLE.folder / "README.md").read_text(encoding="utf-8")
    for question in TABLE.kind.questions:
        listed = question.name in (cell.name for cell in GRID) or f"`{question.name}`: {question.ask}" in text
        assert listed
        for letter, choice in question.choices.items():
            assert f"- `{letter}` {choice.text}" in text
        replies = [choice.reply for choice in question.choices.values()]
        assert len(set(replies)) == len(replies)


def test_each_wrong_letter_gets_its_own_reply_and_its_step(tmp_path):
    judge_every_letter(TABLE, RUNS, tmp_path / "answer.py")
