"""Recall cards on the built site: completed by a button, back after 1, 3 and 7 lessons, with the keyboard, in any look.

And without scripts, under another path, and together with what was completed in the notebooks.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from minikafka.grading import cards

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import screenshots

LESSONS = cards.lesson_files(ROOT)
PAGES = {lesson.name[:2]: f"lessons/{lesson.stem}/" for lesson in LESSONS}
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
FINDINGS = """() => axe.run('.mk-recall, .mk-completed', {resultTypes: ['violations']}).then(found =>
  found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 200)}`)))"""
KEY = "minikafka.recall"


@pytest.fixture
def course(need, tmp_path):
    """The built site in a course of its own, where nobody has passed anything."""
    need.path("site/recall.json")
    (tmp_path / "site").symlink_to(ROOT / "site")
    (tmp_path / "exercises").symlink_to(ROOT / "exercises")
    with screenshots.served(tmp_path) as address:
        yield tmp_path, address


@pytest.fixture
def reader(chromium, course):
    """`reader()` is a browser of its own; its `visit("05")` opens a lesson. Nothing may be complained about."""
    _, top = course
    contexts, trouble, asked = [], [], []

    def come(**look):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **look})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: said.type in ("error", "warning") and trouble.append(said.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        made = Reader(page, top)
        page.on("request", lambda request: asked.append(request.url.removeprefix(made.top)))
        return made

    yield come
    for context in contexts:
        context.close()
    assert trouble == []
    assert [url for url in asked if ":" in url and not url.startswith(("data:", "blob:"))] == []


class Reader:
    def __init__(self, page, top) -> None:
        self.page, self.top = page, top

    def visit(self, lesson):
        self.page.goto(self.top + PAGES[lesson])
        self.page.locator(".mk-completed button").wait_for()
        return self

    def complete(self, *lessons):
        for lesson in lessons:
            self.visit(lesson).page.locator(".mk-completed button").click()
        return self

    def remembers(self, state):
        """Begin with what some earlier visits have left."""
        text = json.dumps(json.dumps(state))
        self.page.add_init_script(f"localStorage.getItem('{KEY}') ?? localStorage.setItem('{KEY}', {text})")
        return self

    @property
    def kept(self):
        return json.loads(self.page.evaluate(f"localStorage.getItem('{KEY}')"))

    @property
    def asked(self):
        return self.page.locator(".mk-recall-card summary").all_inner_texts()

    def answer(self, name):
        """The first card, by mouse."""
        card = self.page.locator(".mk-recall-card").first
        card.locator("summary").click()
        card.get_by_role("button", name=name).click()


def questions(lesson):
    return [card.question for card in cards.cards_of(next(one for one in LESSONS if one.name.startswith(lesson)))]


def test_nothing_is_asked_before_something_is_completed(reader):
    assert reader().visit("05").asked == []


def test_cards_come_back_after_one_more_lesson_and_not_at_once(reader):
    me = reader().complete("01")
    assert me.page.locator(".mk-completed").inner_text().endswith("Its cards come back after 1, 3 and 7 more lessons.")
    assert me.visit("04").asked == []
    me.complete("04")
    assert me.visit("05").asked == questions("01")
    for name in ("I knew it", "Not yet", "I knew it", "I knew it"):
        me.answer(name)
    says = me.page.locator(".mk-recall-says").inner_text()
    assert says == "It comes back after 2 more completed lessons. That was the last one for now."
    assert me.visit("05").asked == []
    assert me.kept["completed"] == ["01", "04"]
    assert me.kept["cards"] == {"01.1": [1, 1], "01.2": [2, 0], "01.3": [1, 1], "01.4": [1, 1]}


@pytest.mark.parametrize("number", [2, 4, 8])
def test_the_page_asks_what_the_notebook_asks(reader, number):
    """One rule in two languages: the same answers lead to the same cards, whatever was completed."""
    order = ["01", "04", "05", "06", "07", "12", "14", "90", "91"][: number + 1]
    every = cards.all_cards(LESSONS)
    state = {"completed": [], "cards": {}}
    for lesson in order:
        state = {**state, "completed": [*state["completed"], lesson]}
        for card in cards.due(state, every):
            state = cards.answered(state, card, knew=(card.number + len(state["completed"])) % 3 != 0)
    state["completed"].append("92")
    me = reader().remembers(state).visit("01")
    due = cards.due(state, every)
    assert me.asked == [card.question for card in due[:4]]
    for card in due:
        knew = card.number % 2 == 0
        me.answer("I knew it" if knew else "Not yet")
        state = cards.answered(state, card, knew)
    assert me.kept == json.loads(json.dumps(state))


def test_completing_can_be_taken_back(reader):
    me = reader().complete("01", "04")
    button = me.page.locator(".mk-completed button")
    assert (button.inner_text(), button.get_attribute("aria-pressed")) == ("Completed", "true")
    button.click()
    assert (button.inner_text(), button.get_attribute("aria-pressed")) == ("I have completed this lesson", "false")
    assert me.kept["completed"] == ["01"]
    assert me.visit("05").asked == []


def test_the_keyboard_is_enough(reader):
    me = reader().complete("01")
    me.visit("04").page.locator(".mk-completed button").focus()
    me.page.keyboard.press("Enter")
    me.visit("05").page.locator(".mk-recall-card summary").first.focus()
    for key in ("Enter", "Tab", "Enter", "Enter", "Tab", "Tab", "Space"):
        me.page.keyboard.press(key)
    assert me.kept["cards"] == {"01.1": [1, 1], "01.2": [2, 0]}
    assert me.page.evaluate("document.activeElement.textContent") == me.asked[0] == questions("01")[2]
    for _ in range(2):
        for key in ("Enter", "Tab", "Enter"):
            me.page.keyboard.press(key)
    assert me.asked == []
    assert me.page.evaluate("document.activeElement.matches('.mk-recall-says')"), "the focus is not lost"


def test_four_are_shown_and_the_next_ones_follow(reader):
    me = reader().remembers({"completed": ["01", "04", "05", "06"], "cards": {}}).visit("07")
    assert me.page.locator(".mk-recall-says").inner_text().startswith("12 cards from earlier lessons.")
    assert me.asked == questions("01")
    me.answer("I knew it")
    assert me.asked == [*questions("01")[1:], questions("04")[0]]
    link = me.page.locator(".mk-recall-card a").first
    assert me.page.evaluate("(link) => link.href", link.element_handle()) == me.top + PAGES["01"]


def test_under_another_path_it_is_the_same(reader, tmp_path):
    (tmp_path / "host" / "site").mkdir(parents=True)
    (tmp_path / "host" / "site" / "kafka").symlink_to(ROOT / "site")
    me = reader()
    with screenshots.served(tmp_path / "host") as host:
        me.top = f"{host}kafka/"
        me.remembers({"completed": ["01", "04"], "cards": {}}).visit("05")
        assert me.asked == questions("01")
        link = me.page.locator(".mk-recall-card a").first.element_handle()
        assert me.page.evaluate("(link) => link.href", link) == me.top + PAGES["01"]


def test_what_the_notebooks_have_completed_counts_here(reader, course):
    root, _ = course
    passed = [f"{one.parent.parent.name[:2]}/{one.parent.name}" for one in ROOT.glob("exercises/0[14]_*/*/grader.py")]
    (root / ".minikafka").mkdir()
    kept = {one: {"passed": f"2026-01-{one[:2]}", "answer": ""} for one in passed}
    (root / ".minikafka" / "progress.json").write_text(json.dumps(kept), encoding="utf-8")
    me = reader().visit("04")
    assert me.asked == questions("01")
    assert me.page.locator(".mk-completed button").is_disabled()
    assert me.page.locator(".mk-completed").text_content().startswith("CompletedAll its exercises have passed.")
    assert me.kept["completed"] == ["01", "04"]


@pytest.mark.parametrize("kept", ["[", "null", '{"completed": 3, "cards": {}}', '{"completed": [], "cards": {"1": 1}}'])
def test_what_is_damaged_is_forgotten(reader, kept):
    me = reader()
    me.page.add_init_script(f"localStorage.setItem('{KEY}', {json.dumps(kept)})")
    assert me.visit("05").asked == []
    me.page.locator(".mk-completed button").click()
    assert me.kept == {"completed": ["05"], "cards": {}}


def test_without_scripts_the_cards_are_a_list_with_folded_answers(reader):
    me = reader(java_script_enabled=False)
    me.page.goto(me.top + PAGES["06"])
    start = me.page.locator(".mk-recall > noscript > details")
    found = start.locator("details summary")
    assert found.all_text_contents() == [*questions("05"), *questions("01")], "1 and 3 lessons before"
    heights = []
    for summary in (None, start.locator("> summary"), found.first):
        if summary is not None:
            summary.click()
        heights.append(start.bounding_box()["height"])
    assert heights[0] + 100 < heights[1] < heights[2], "folded, and in it the answers are folded again"
    assert me.page.locator(".mk-completed button").count() == 0


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing(reader, axe, scheme, width):
    me = reader(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    me.remembers({"completed": ["01", "04"], "cards": {}}).visit("05")
    me.page.locator(".mk-recall-card summary").first.click()
    me.page.evaluate(axe)
    assert me.page.evaluate(FINDINGS) == []
    assert me.page.evaluate("document.documentElement.scrollWidth") <= width
    me.page.locator(".mk-completed button").click()
    assert me.page.evaluate(FINDINGS) == []


def test_the_search_finds_a_card_in_its_own_lesson_only():
    found = json.loads((ROOT / "site" / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    answer = "All means all that are in the ISR"
    pages = {entry["location"].partition("#")[0] for entry in found if answer in entry["text"]}
    assert pages == {PAGES["05"]}
