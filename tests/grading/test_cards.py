"""Recall cards: they stand in the lessons, come back 1, 3 and 7 completed lessons later, and ask in a notebook."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from grading_kit import ROOT

from minikafka.grading import cards, deck, progress, recall
from minikafka.grading.cards import Card

LESSONS = cards.lesson_files(ROOT)
NAMES = [lesson.name[:2] for lesson in LESSONS]


@pytest.fixture
def course(checkout):
    shutil.copytree(ROOT / "lessons", checkout / "lessons")
    return checkout


def pass_lesson(root, lesson, when):
    kept = progress.read(root)
    for grader in root.glob(f"exercises/{lesson}_*/*/grader.py"):
        kept[f"{lesson}/{grader.parent.name}"] = {"passed": when, "answer": "0"}
    progress.file_of(root).parent.mkdir(exist_ok=True)
    progress.file_of(root).write_text(json.dumps(kept), encoding="utf-8")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_every_lesson_has_four_cards_that_ask_and_answer(lesson):
    found = cards.cards_of(lesson)
    assert len(found) == 4
    text = "".join("".join(cell["source"]) for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"])
    recalled = text.partition("## Recall")[2].partition("\n## ")[0]
    assert recalled.count("<details>") == 4, "no card is overlooked"
    for card in found:
        assert card.question.startswith("Why ") and card.question.endswith("?"), card.question
        assert card.answer.endswith(".") and 20 < len(card.answer) < 320, card.answer
        markdown = re.findall(r"[*`\]]", card.question + card.answer)
        assert not markdown, f"a card is HTML, and holds no links: {card.answer}"


def test_a_lesson_is_called_by_its_plain_title():
    titles = {lesson.name[:2]: cards.title_of(lesson) for lesson in LESSONS}
    assert titles["05"] == "What acks=all promises"
    assert not any(title.startswith(("#", "Lesson")) for title in titles.values())


# Lessons completed one after the other; how often the card of the first one is asked, all known, none looked at late.
ASKED = {0: 0, 1: 1, 2: 0, 3: 1, 4: 0, 5: 0, 6: 0, 7: 1, 8: 0, 20: 0}
CARD = Card("01", 1, "Why?", "So.")


def lessons_later(number, state=None):
    names = ["01", *(f"{10 + one}" for one in range(number))]
    return {"completed": names, "cards": (state or {"cards": {}})["cards"]}


@pytest.mark.parametrize("number", range(21))
def test_a_card_comes_back_after_one_three_and_seven_lessons(number):
    state = lessons_later(0)
    for later in range(number):
        state = lessons_later(later, state)
        if cards.due(state, [CARD]):
            state = cards.answered(state, CARD, knew=True)
    assert bool(cards.due(lessons_later(number, state), [CARD])) == bool(ASKED.get(number, 0))


def test_whoever_comes_late_is_asked_once():
    state = lessons_later(4)
    assert cards.due(state, [CARD]) == [CARD]
    state = cards.answered(state, CARD, knew=True)
    assert cards.due(state, [CARD]) == [] and cards.comes_back(state, CARD) == 3
    assert cards.due(lessons_later(7, state), [CARD]) == [CARD]
    assert cards.comes_back(cards.answered(lessons_later(7, state), CARD, knew=True), CARD) is None


def test_not_yet_begins_anew():
    state = cards.answered(lessons_later(3), CARD, knew=False)
    assert cards.due(state, [CARD]) == [] and cards.comes_back(state, CARD) == 1
    state = cards.answered(lessons_later(4, state), CARD, knew=True)
    assert cards.comes_back(state, CARD) == 2
    assert cards.due(lessons_later(6, state), [CARD]) == [CARD]


def test_a_card_of_a_lesson_that_is_not_completed_is_not_asked():
    assert cards.due({"completed": ["04", "05"], "cards": {}}, [CARD]) == []


def test_a_lesson_is_completed_when_all_its_exercises_have_passed(course):
    assert cards.completed(course) == []
    pass_lesson(course, "05", "2026-01-02")
    pass_lesson(course, "01", "2026-01-03")
    assert cards.completed(course) == ["05", "01"], "in the order in which they were completed"
    kept = progress.read(course)
    del kept["05/ack_decision"]
    progress.file_of(course).write_text(json.dumps(kept), encoding="utf-8")
    assert cards.completed(course) == ["01"]


def test_grading_again_does_not_change_the_order(course):
    pass_lesson(course, "01", "2026-01-01")
    pass_lesson(course, "04", "2026-01-02")
    cards.write(course, cards.read(course))
    pass_lesson(course, "01", "2026-01-03")
    assert cards.read(course)["completed"] == ["01", "04"]


@pytest.mark.parametrize("text", ["[", "{}", '{"completed": 1, "cards": {}}', '{"completed": [], "cards": {"1": 3}}'])
def test_a_damaged_file_is_no_trouble(course, text):
    cards.write(course, {"completed": [], "cards": {}})
    cards.file_of(course).write_text(text, encoding="utf-8")
    assert cards.read(course) == {"completed": [], "cards": {}}


def test_the_notebook_asks_what_is_due_and_keeps_what_was_known(course, need):
    need.module("ipywidgets")
    pass_lesson(course, "01", "2026-01-01")
    assert str(recall()) == deck.NONE_DUE and deck.NONE_DUE in recall()._repr_html_()
    pass_lesson(course, "04", "2026-01-02")
    now = recall()
    assert [card.id for card in now.due] == ["01.1", "01.2", "01.3", "01.4"]
    assert str(now).startswith("4 cards are due, from lesson 1.")
    assert "application/vnd.jupyter.widget-view+json" in now._repr_mimebundle_()
    shown = deck.Deck(now)
    for name, sentence, left in (("I knew it", "after 2 more", 3), ("Not yet", "after 1 more", 2)):
        row = shown.box.children[1]
        assert len(row.children) == 2, "first the question alone"
        row.children[1].click()
        [pressed] = [button for button in row.children[2].children if button.description == name]
        pressed.click()
        assert sentence in shown.says.value
        assert len(shown.box.children) == 1 + left
    assert [card.id for card in recall().due] == ["01.3", "01.4"], "another session knows"


def test_without_widgets_a_list_and_a_text_hold_the_answers(course, monkeypatch):
    monkeypatch.setattr("minikafka.grading.notebook.has_widgets", lambda: False)
    pass_lesson(course, "01", "2026-01-01")
    pass_lesson(course, "05", "2026-01-02")
    now = recall()
    assert now._repr_mimebundle_() == {"text/plain": str(now)}
    assert now._repr_html_().count("<details>") == 4
    assert "A position is the reader's own number." in str(now)
    assert "<" not in str(now)


def test_outside_a_checkout_nothing_is_due(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("minikafka.grading.exercise.__file__", str(tmp_path / "a" / "b" / "c" / "exercise.py"))
    assert str(recall()) == deck.NONE_DUE


@pytest.mark.parametrize("lesson", LESSONS[1:], ids=lambda lesson: lesson.stem)
def test_a_notebook_begins_with_the_cards_that_are_due(lesson):
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    assert cells[1]["source"] == ["from minikafka.grading import recall\n", "\n", "recall()"]
    assert cells[1]["metadata"]["tags"] == ["notebook-only"]
