"""The built site in a real browser: quiet, private, light, and readable without scripts."""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import screenshots

# With all a lesson's page loads, but its traces and the search index.
PAGE_BYTES = 200_000
TRACE_BYTES = 100_000


def lesson_pages():
    return [f"lessons/{path.stem}/" for path in sorted((ROOT / "lessons").glob("*.ipynb"))]


PAGES = ["", "install/", "fidelity/", *lesson_pages()]
# A recorded run is what these are for; a page that has none is a mistake.
MUST_PLAY = ["", "lessons/06_who_leads/"]


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

    def compressed(self, wanted):
        """Bytes of the answers whose path is wanted, each as a compressing server would send it."""
        bodies = (answer.body() for answer in self.got if answer.ok and wanted(urlsplit(answer.url).path))
        return sum(len(gzip.compress(body, 9)) for body in bodies)


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
def seen(request, chromium, top):
    """Each page, opened once, on a desk and on a phone."""
    visited = Visit(chromium, viewport={"width": 1440, "height": 900}).open(top + request.param)
    visited.name = request.param
    visited.overhang = {}
    for width in (1440, 390):
        visited.page.set_viewport_size({"width": width, "height": 844})
        visited.overhang[width] = visited.page.evaluate("document.documentElement.scrollWidth") - width
    yield visited
    visited.page.close()


def test_a_page_is_quiet(seen):
    assert seen.trouble == []
    assert [answer.url for answer in seen.got if answer.status >= 400] == []


def test_a_page_asks_nobody_else(seen, top):
    assert [url for url in seen.asked if not url.startswith((top, "data:", "blob:" + top))] == []


def test_a_page_is_never_wider_than_the_window(seen):
    assert max(seen.overhang.values()) <= 0, seen.overhang


def test_a_page_is_light(seen):
    weight = seen.compressed(lambda path: not re.search(r"/traces/|search_index\.json$", path))
    assert weight <= PAGE_BYTES, f"{weight} bytes compressed"


def test_the_player_is_mounted_wherever_a_page_asks_for_it(seen, need):
    need.path("minikafka/stage/stage.mjs")
    stages = seen.page.locator(".mk-stage")
    assert stages.count() > 0 or seen.name not in MUST_PLAY
    for number in range(stages.count()):
        stages.nth(number).scroll_into_view_if_needed()
        stages.nth(number).locator("button:visible").first.wait_for(timeout=10_000)
    assert seen.trouble == []


def test_every_trace_is_light(need):
    need.path("site/index.html")
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in (ROOT / "site" / "traces").glob("*.json")}
    assert {name: size for name, size in sizes.items() if size > TRACE_BYTES} == {}


@pytest.mark.parametrize("page", MUST_PLAY)
def test_without_scripts_the_story_is_there_as_text(chromium, top, page, need):
    need.path("site/traces")
    context = chromium.new_context(java_script_enabled=False)
    try:
        plain = context.new_page()
        plain.goto(top + page)
        stories = plain.locator(".mk-stage details")
        assert stories.count() == plain.locator(".mk-stage").count() > 0
        stories.first.locator("summary").click()
        assert len(stories.first.locator("li").first.inner_text()) > 10
    finally:
        context.close()


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
        for page in MUST_PLAY:
            seen = Visit(chromium).open(f"{top}courses/{page}")
            missing = [answer.url for answer in seen.got if answer.status >= 400]
            seen.page.close()
            assert (missing, seen.trouble) == ([], [])
