"""Lesson 12: the cells of the crash table say what the runs say."""

from __future__ import annotations

import re

import pytest

from minikafka.grading.exercise import find

TABLE = find("12/crash_table")
LEFT = TABLE.kind.record.__globals__["LEFT"]
RUNS = TABLE.kind.record()
CELLS = pytest.mark.parametrize(("how", "moment"), LEFT, ids=[f"{how}-{moment}" for how, moment in LEFT])
MEANS = {
    "a": {2: 1, 3: 1}, "b": {2: 1, 3: 0}, "c": {2: 0, 3: 0}, "d": {2: 2, 3: 1}, "e": {2: 2, 3: 2},
}  # fmt: skip
"""How often r2 and r3 are charged."""


def notes(how: str, moment: str) -> list[str]:
    return [content["text"] for _, _, kind, content, _, _ in RUNS[f"{how}, {moment}"].facts() if kind == "Note"]


@CELLS
def test_what_a_run_leaves_behind_is_what_the_table_says(how, moment):
    said = notes(how, moment)
    again = said.index("The application is started again.")
    done = [int(number) for one in said[:again] for number in re.findall(r"r(\d) is charged", one)]
    assert tuple(number for number in done if number >= 2) == LEFT[(how, moment)].done
    assert said[again + 1] == f"The next run goes on at {LEFT[(how, moment)].committed}."


@CELLS
def test_the_right_letter_is_what_became_of_the_records(how, moment):
    said = notes(how, moment)
    charged = {number: said.count(f"r{number} is charged.") for number in (2, 3)}
    assert charged == MEANS[LEFT[(how, moment)].letter]
    assert said.count("r0 is charged.") == said.count("r1 is charged.") == 1


def test_every_question_stands_in_the_text_and_every_reply_is_its_own():
    text = (TABLE.folder / "README.md").read_text(encoding="utf-8")
    for question in TABLE.kind.questions:
        assert question.name.rpartition("_")[0] in text or question.name in text
        for letter, choice in question.choices.items():
            assert f"- `{letter}` {choice.text}" in text
        replies = [choice.reply for choice in question.choices.values()]
        assert len(set(replies)) == len(replies)


def test_the_run_is_opened_where_it_goes_on():
    with TABLE.kind.open(TABLE, TABLE.stub) as grading:
        for question in TABLE.kind.questions[:-1]:
            shown = question.choices[question.right].shown
            sentences = [sentence for at, sentence in RUNS[shown.run].story(0) if at == grading.step(shown)]
            assert any(sentence.startswith("The next run goes on at") for sentence in sentences)
