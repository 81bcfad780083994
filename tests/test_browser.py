"""The built site in a real browser: every page quiet, private, light, accessible, and readable without scripts.

Each page is opened once, and everything is asked of that visit. Pages of source code are all made alike, and so are
those of hints, of exercises and of decisions; and a run has a page like all others, its views are looked at by
`stage/test_scenarios.py`. So some of each are opened, others with each commit; PAGES=all opens all of them.
"""

from __future__ import annotations

import gzip
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "grading")]

import screenshots
from grading_kit import commit_of

# With all a lesson's page loads, but its traces and the search index.
PAGE_BYTES = 200_000
TRACE_BYTES = 100_000

ALIKE = {r"code/": 20, r".*/hints/$": 10, r"exercises/.*(?<!/hints/)$": 3, r"decisions/": 4, r"runs/\d": 6}
"""Pages made alike, and how many there are for each that is opened."""

FINDINGS = """options => axe.run(document, {resultTypes: ["violations"], ...options}).then(found =>
  found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 200)}`)))"""


def built_pages():
    """The address of every page; of those that are made alike only those whose turn it is."""
    found = {path.parent.relative_to(ROOT / "site").as_posix() for path in (ROOT / "site").rglob("index.html")}
    pages = sorted("" if page == "." else f"{page}/" for page in found)
    if os.environ.get("PAGES") == "all":
        return pages
    commit, waiting = commit_of(ROOT), set()
    for kind, turns in ALIKE.items():
        alike = [page for page in pages if re.match(kind, page)]
        waiting |= {page for number, page in enumerate(alike) if number % turns != commit % turns}
    return [page for page in pages if page not in waiting]


def run_pages():
    return [f"runs/{path.name}/" for path in sorted((ROOT / "site" / "runs").glob("[0-9]*"))]


PAGES = built_pages() or [""]
# A recorded run is what these are for; a page that has none is a mistake.
MUST_PLAY = ["", "lessons/06_who_leads/", *run_pages()]


@pytest.fixture(scope="module")
def top(need):
    need.path("site/index.html")
    with screenshots.served(ROOT) as address:
        yield address


class Visit:
    """A page that was opened, and all that happened meanwhile."""

    def __init__(self, chromium, **look):
        self.page = chromium.new_page(**look)
        self.trouble, self.asked, self.got = [], [], []
        self.page.on("console", lambda said: self.trouble.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("response", lambda answer: self.got.append(answer))

    def open(self, address):
        self.page.goto(address, wait_until="networkidle")
        return self

    def scroll_through(self):
        """To the end of the page, a window at a time."""
        for top in range(0, self.page.evaluate("document.documentElement.scrollHeight"), 800):
            self.page.evaluate(f"scrollTo(0, {top})")
        self.page.wait_for_load_state("networkidle")

    def compressed(self, wanted):
        """Bytes of the answers whose path is wanted, each as a compressing server would send it."""
        answers = {answer.url: answer for answer in self.got if answer.ok and wanted(urlsplit(answer.url).path)}
        return sum(SIZES.get(url) or SIZES.setdefault(url, compressed(answers[url].body())) for url in answers)

    def wait_for_players(self):
        """Every player is there, with its buttons."""
        stages = self.page.locator(".mk-stage")
        for number in range(stages.count()):
            stages.nth(number).scroll_into_view_if_needed()
            stages.nth(number).locator("button:visible").first.wait_for(timeout=10_000)


def compressed(body):
    return len(gzip.compress(body, 9))


SIZES = {}
STILL = "document.getAnimations().every((one) => one.playState !== 'running')"
"""A colour on its way from one to another is none that a reader has to read."""


@pytest.fixture
def visit(chromium):
    """Opens pages, and closes them."""
    visits = []

    def opened(address, **look):
        visits.append(Visit(chromium, **look))
        return visits[-1].open(address)

    yield opened
    for each in visits:
        each.page.close()


@pytest.fixture(scope="module", params=PAGES, ids=lambda page: page or "front")
def seen(request, chromium, top, axe):
    """Each page, opened once: on a desk, light and dark, and on a phone."""
    visited = Visit(chromium, viewport={"width": 1440, "height": 900}, color_scheme="light").open(top + request.param)
    visited.name = request.param
    visited.wait_for_players()
    page = visited.page
    page.evaluate(axe)
    page.wait_for_function(STILL)
    visited.found = {"light": page.evaluate(FINDINGS, {})}
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    page.wait_for_function(STILL)
    visited.found["dark"] = page.evaluate(FINDINGS, {"runOnly": ["color-contrast"]})  # all else is as in the light
    visited.dark = page.locator("body").get_attribute("data-md-color-scheme") == "slate"
    visited.overhang = {}
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        visited.overhang[width] = page.evaluate("document.documentElement.scrollWidth") - width
    yield visited
    page.close()


def test_axe_finds_nothing_light_or_dark(seen):
    assert seen.found == {"light": [], "dark": []}
    assert seen.dark


def test_a_page_is_quiet(seen):
    assert seen.trouble == []
    assert [answer.url for answer in seen.got if answer.status >= 400] == []


def test_a_page_asks_nobody_else(seen, top):
    assert [url for url in seen.asked if not url.startswith((top, "data:", "blob:" + top))] == []


def test_a_page_is_never_wider_than_the_window(seen):
    assert max(seen.overhang.values()) <= 0, seen.overhang


def test_a_page_is_light(seen):
    seen.scroll_through()  # pictures further down are loaded when they come into sight
    weight = seen.compressed(lambda path: not re.search(r"/traces/|search_index\.json$", path))
    assert weight <= PAGE_BYTES, f"{weight} bytes compressed"


def test_the_player_is_there_wherever_a_page_is_about_a_run(seen):
    assert seen.page.locator(".mk-stage .mk-root").count() == seen.page.locator(".mk-stage").count()
    assert seen.page.locator(".mk-stage").count() > 0 or seen.name not in MUST_PLAY
    assert seen.trouble == []


def test_every_trace_is_light(need):
    need.path("site/index.html")
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in (ROOT / "site" / "traces").glob("*.json")}
    assert {name: size for name, size in sizes.items() if size > TRACE_BYTES} == {}


@pytest.fixture(scope="module")
def plain(chromium):
    """A browser window with scripts off."""
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", MUST_PLAY)
def test_without_scripts_the_story_is_there_as_text(plain, top, page):
    plain.goto(top + page)
    stories = plain.locator(".mk-stage details")
    assert stories.count() == plain.locator(".mk-stage").count() > 0
    stories.first.locator("summary").click()
    assert len(stories.first.locator("li").first.inner_text()) > 10


def test_without_scripts_a_link_to_a_scene_leads_to_its_place_in_the_story(plain, top):
    plain.goto(top + "glossary/")
    plain.locator("a[href*='#scene-']").first.click()
    scene = plain.locator(plain.url[plain.url.index("#scene-"):])
    assert scene.count() == 1 and scene.inner_text(timeout=2_000).startswith("Scene ")


def test_without_scripts_the_gallery_leads_to_every_run(plain, top):
    plain.goto(top + "runs/")
    cards = plain.locator(".mk-run h3 a")
    assert [f"runs/{cards.nth(number).get_attribute('href')}" for number in range(cards.count())] == run_pages()


# --- the gallery and the glossary ---------------------------------------------------------------------------------


def test_the_gallery_has_one_player_at_a_time_and_only_when_asked(visit, top):
    seen = visit(top + "runs/")
    page, cards = seen.page, seen.page.locator(".mk-run")
    assert page.locator(".mk-stage").count() == 0 and not any("/traces/" in url for url in seen.asked)
    for number in (2, 5):
        cards.nth(number).locator("details[data-run] > summary").click()
        cards.nth(number).locator(".mk-stage button:visible").first.wait_for(timeout=10_000)
        assert page.locator(".mk-stage").count() == 1
    cards.nth(5).locator("details[data-run] > summary").click()
    page.wait_for_function("!document.querySelector('.mk-stage')")
    assert seen.trouble == []


def test_a_word_of_the_glossary_opens_the_stage_where_it_is_seen(visit, top):
    seen = visit(top + "glossary/")
    seen.page.locator("a[href*='06_two_leaders/#scene-4']").first.click()
    seen.page.wait_for_function("document.querySelector('.mk-stage')?.mkStage")
    assert "broker 2 leads" in seen.page.locator("[data-part=sentence]").inner_text()
    assert seen.page.locator(".mk-picture-card").bounding_box()["y"] < 400, "the picture is what one came for"


def test_a_lesson_links_each_word_of_the_glossary_once(visit, top):
    links = visit(top + "lessons/06_who_leads/").page.locator("a.mk-term")
    goals = [links.nth(number).get_attribute("href") for number in range(links.count())]
    assert len(goals) > 5 and len(goals) == len(set(goals))


def test_the_first_screen_is_a_failover_one_can_scrub(visit, top):
    page = visit(top, viewport={"width": 1440, "height": 900}).page
    page.locator(".mk-stage button:visible").first.wait_for(timeout=10_000)
    button = page.locator("[data-part=forward]").first.bounding_box()
    assert button["y"] + button["height"] < 900
    assert page.locator(".mk-door").count() == 3
    before = page.locator("[data-part=sentence]").inner_text()
    page.locator("[data-part=forward]").first.click()
    assert page.locator("[data-part=sentence]").inner_text() != before


# --- the theme ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(251, 250, 246)"), ("dark", "rgb(20, 23, 31)")])
def test_the_page_follows_the_systems_light_and_dark(visit, top, scheme, paper):
    seen = visit(top, color_scheme=scheme)
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


def test_light_and_dark_can_be_chosen(visit, top):
    seen = visit(top, color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    papers = []
    for _ in range(3):
        seen.page.locator("form[data-md-component=palette] label:visible").click()
        papers.append(seen.page.evaluate(paper))
    assert "rgb(20, 23, 31)" in papers and "rgb(251, 250, 246)" in papers


def test_what_is_looked_for_is_found(visit, top):
    seen = visit(top)
    seen.page.locator(".md-search__input").click()
    seen.page.keyboard.type("fidelity")
    seen.page.locator(".md-search-result__item").first.wait_for(timeout=10_000)
    assert seen.trouble == []


def test_the_site_works_below_a_path(chromium, tmp_path):
    """As on a server where the course is one of many things."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "courses").symlink_to(ROOT / "site", target_is_directory=True)
    with screenshots.served(tmp_path) as top:
        for page in ["", "runs/", "runs/06_two_leaders/", "glossary/", "lessons/06_who_leads/"]:
            seen = Visit(chromium).open(f"{top}courses/{page}")
            missing = [answer.url for answer in seen.got if answer.status >= 400]
            seen.page.close()
            assert (missing, seen.trouble) == ([], [])
