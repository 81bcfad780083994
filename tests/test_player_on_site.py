"""Every control of the player, driven on the built site as a reader drives it: the page of a run, and its address."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import screenshots

PAGE = "runs/06_two_leaders/"
STAGE = "document.querySelector('.mk-stage').mkStage"
LOOKS = [("light", 1280), ("dark", 1280), ("light", 390)]
FINDINGS = """() => axe.run('.mk-stage', {resultTypes: ['violations']}).then(found =>
  found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 200)}`)))"""
SHOW = """async ([stage, id]) => {
  stage.set({ view: stage.views.find((view) => view.id === id), why: true, help: true });
  stage.scene(4);
  await new Promise((done) => setTimeout(done, 400));
  return document.querySelector('.mk-picture-card').firstElementChild.getBoundingClientRect().height;
}""".replace("[stage, id]", "id").replace("stage.", f"{STAGE}.stage.")


@pytest.fixture(scope="module")
def top(need):
    need.path(f"site/{PAGE}index.html")
    with screenshots.served(ROOT) as address:
        yield address


@pytest.fixture
def visit(chromium, top):
    """Opens a page of the site; at the end nothing may have been complained about, and nobody else asked."""
    opened, trouble, asked = [], [], []

    def open_it(fragment="", page=PAGE, **look):
        made = chromium.new_page(**{"viewport": {"width": 1280, "height": 900}, **look})
        opened.append(made)
        made.set_default_timeout(10_000)
        made.on("console", lambda said: said.type in ("error", "warning") and trouble.append(said.text))
        made.on("pageerror", lambda error: trouble.append(str(error)))
        made.on("request", lambda request: asked.append(request.url))
        made.goto(top + page + fragment)
        made.wait_for_function("document.querySelector('.mk-stage [data-part=help], .mk-stage .mk-sorry')")
        return made

    yield open_it
    for page in opened:
        page.close()
    assert trouble == []
    assert [url for url in asked if not url.startswith((top, "data:", "blob:"))] == []


def step(page):
    return page.evaluate(f"{STAGE}.step")


def press(page, *keys):
    page.locator("[data-part=slider]").focus()
    for key in keys:
        page.keyboard.press(key)


def click(page, part):
    page.locator(f"[data-part={part}]").first.click()


def answered(page):
    page.evaluate(f"() => {{ {STAGE}.stage.answers = {{0: 0, 1: 0, 2: 0, 3: 0}}; {STAGE}.stage.draw(); }}")
    return page


# --- Moving ---


def test_play_step_back_speed_and_scrub(visit):
    page = visit("#step=1")
    start = step(page)
    click(page, "forward")
    assert step(page) > start
    click(page, "back")
    assert step(page) == start
    click(page, "speed")
    click(page, "play")
    page.wait_for_function(f"{STAGE}.step > {start}")
    click(page, "play")
    assert not page.evaluate(f"{STAGE}.stage.playing")
    answered(page)
    box = page.locator("[data-part=slider]").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    half = step(page)
    assert half > page.evaluate(f"{STAGE}.stage.run.last") * 0.1
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    page.mouse.up()
    assert step(page) > half


def test_the_keyboard_does_all_of_it(visit):
    page = answered(visit("#step=1"))
    press(page, "ArrowRight", "ArrowRight", "ArrowLeft")
    assert step(page) > 1
    press(page, "End")
    end = step(page)
    press(page, "E")
    assert step(page) < end
    press(page, "Home", "e")
    assert "PartitionChanged" in page.evaluate(f"{STAGE}.stage.run.factsOf({STAGE}.step).map((fact) => fact.kind)")
    press(page, "Home", "b")
    assert step(page) == page.evaluate(f"{STAGE}.stage.run.bookmarks[0].step")
    press(page, "w")
    assert page.locator(".mk-why").is_visible()
    press(page, "?")
    assert "next scene" in page.locator(".mk-help").inner_text()
    press(page, "v")
    assert page.evaluate(f"{STAGE}.stage.view.id") != "cluster"


# --- Asking, and asking why ---


def test_a_question_is_asked_before_its_answer_is_shown(visit):
    page = visit("#step=1")
    press(page, *["b"] * 6)
    for _ in range(60):
        if page.locator("[data-part=predict]").count():
            break
        click(page, "forward")
    page.locator("[data-part=predict] .mk-choice").first.click()
    assert len(page.locator(".mk-reply").inner_text()) > 20
    before = step(page)
    click(page, "reveal")
    assert step(page) > before


def test_why_walks_back_through_the_causes(visit):
    page = answered(visit("#scene=8"))
    click(page, "why")
    walked = [step(page)]
    while page.locator("[data-part=cause]").count():
        click(page, "cause")
        walked.append(step(page))
    assert len(walked) > 3
    assert walked == sorted(walked, reverse=True), "a cause lies before what it causes"
    assert "Nothing inside the run caused this" in page.locator(".mk-why").inner_text()


def test_the_story_is_filtered_by_node_and_kind(visit):
    page = answered(visit("#scene=9"))
    page.locator("[data-part=filter]").select_option("controller-1")
    told = page.locator(".mk-sentence").all_inner_texts()
    assert told and all("ontroller 1" in sentence for sentence in told)
    page.locator("[data-part=kind]").select_option("PartitionChanged")
    assert all("writes" in sentence for sentence in page.locator(".mk-sentence").all_inner_texts())


# --- Other futures ---


def test_another_decision_is_taken_and_both_futures_are_compared(visit):
    page = answered(visit("#scene=9"))
    page.locator("[data-part=branches]").get_by_role("button", name="acks=all").click()
    page.locator(".mk-other-future").wait_for()
    assert "acks=all" in page.locator("[data-part=sentence]").inner_text()
    click(page, "view-worlds")
    page.locator(".mk-differs").wait_for()
    assert "first difference" in page.locator(".mk-differs").inner_text()
    click(page, "world-0")
    page.locator(".mk-other-future").wait_for(state="detached")


# --- Addresses and files ---


def test_an_address_that_was_copied_opens_the_same_picture(visit):
    page = answered(visit("#scene=9"))
    page.evaluate("() => { navigator.clipboard.writeText = async (said) => { window.copied = said; }; }")
    for view in ("log", "space", "isr"):
        click(page, f"view-{view}")
        click(page, "link")
        address = page.wait_for_function("window.copied").json_value()
        assert len(address) <= 2000
        again = visit("#" + address.partition("#")[2])
        again.wait_for_function(f"{STAGE}.stage.view.id === '{view}'")
        assert step(again) == step(page)
        page.evaluate("() => { window.copied = ''; }")


def test_an_address_of_another_recorded_run_opens_it_here(visit):
    page = visit("#run=00_first_crash&seed=7&step=30", page="")
    page.wait_for_function(f"{STAGE}.stage.recorded.trace.scenario === '00_first_crash' && {STAGE}.step === 30")


@pytest.mark.parametrize(("fragment", "words"), [
    ("#step=99999", "There is no step 99999"),
    ("#scene=99", "There is no scene 99"),
    ("#run=06_two_leaders&seed=8&step=3", "minikafka.opened("),
    ("#run=06_two_leaders&seed=7&faults=136.crash.1&step=3", "minikafka.opened("),
])
def test_an_address_of_what_is_not_here_is_one_sentence_and_the_page_works(visit, fragment, words):
    page = visit(fragment)
    page.locator(".mk-sorry").wait_for()
    assert words in page.locator(".mk-sorry").inner_text()
    assert page.locator(".mk-stage details").first.is_visible(), "the story comes back as text"


@pytest.mark.parametrize(("body", "words"), [
    ("meow", "not JSON"),
    ('{"hello": 1}', "minikafka"),
    ('{"schema": "minikafka-trace/2.0"}', "newer"),
])
def test_a_trace_that_cannot_be_read_is_one_sentence_and_the_page_works(visit, chromium, top, body, words):
    page = chromium.new_page()
    page.route("**/traces/*.json", lambda route: route.fulfill(body=body, content_type="application/json"))
    page.goto(top + PAGE)
    said = page.locator(".mk-sorry")
    said.wait_for()
    assert words in said.inner_text()
    assert page.locator("h1").first.is_visible()
    page.close()


def test_a_picture_and_a_page_are_taken_along_and_the_page_is_opened_again(visit, tmp_path):
    page = answered(visit("#scene=9"))
    for part, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("html", b"<!doctype html>"), ("text", b"")):
        with page.expect_download() as download:
            click(page, part)
        data = download.value.path().read_bytes()
        assert data.startswith(start) and len(data) > 1000, part
        if part == "html":
            (tmp_path / "run.html").write_bytes(data)
    other = visit(page="runs/00_first_crash/")
    with other.expect_file_chooser() as chooser:
        click(other, "open")
    chooser.value.set_files(tmp_path / "run.html")
    other.wait_for_function(f"{STAGE}.stage.recorded.trace.scenario === '06_two_leaders'")


# --- For everybody ---


@pytest.mark.parametrize("name", ["06_two_leaders", "13_rebalance_storm", "15_zombie_producer"])
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_axe_finds_nothing_in_any_view(visit, axe, name, scheme, width):
    page = answered(visit(page=f"runs/{name}/", color_scheme=scheme, viewport={"width": width, "height": 900}))
    page.evaluate(axe)
    views = page.evaluate(f"{STAGE}.stage.views.map((view) => view.id)")
    assert len(views) >= 5
    for view in views:
        assert page.evaluate(SHOW, view) > 40, view
        assert page.evaluate(FINDINGS) == [], view
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view


def test_nothing_moves_for_whoever_wants_it_still(visit):
    page = visit("#scene=4", reduced_motion="reduce")
    moving = """() => [...document.querySelectorAll('.mk-root, .mk-root *')].filter((element) => {
      const { transitionDuration, animationName } = getComputedStyle(element);
      return animationName !== 'none' || transitionDuration.split(', ').some((each) => parseFloat(each) > 0.01);
    }).length"""
    assert page.evaluate(moving) == 0


def test_each_step_is_told_to_whoever_listens(visit):
    page = visit("#step=1")
    told = page.locator("[data-part=sentence]")
    assert told.get_attribute("aria-live") == "polite"
    before = told.inner_text()
    press(page, "ArrowRight")
    assert told.inner_text() != before
