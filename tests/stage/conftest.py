"""A headless browser that may ask nobody for anything, and the hand-written run to try the player on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import synthetic

from minikafka.stage.page import page

STAGE = "document.querySelector('.mk-stage').mkStage"


class Player:
    """One open page with the player in it. Everything it complains about is kept in `complaints`."""

    def __init__(self, browser, file: Path, fragment: str = "", **context) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context})
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri() + fragment)

    @property
    def step(self) -> int:
        return self.page.evaluate(f"{STAGE}.step")

    def go(self, step: int) -> None:
        self.page.evaluate(f"{STAGE}.go({step})")

    def scene(self, number: int) -> None:
        self.page.evaluate(f"{STAGE}.scene({number})")

    def part(self, name: str):
        return self.page.locator(f"[data-part={name}]")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def sentence(self) -> str:
        return self.part("sentence").inner_text()


@pytest.fixture(scope="session")
def run():
    return synthetic.two_leaders()


@pytest.fixture(scope="session")
def run_file(run, tmp_path_factory):
    file = tmp_path_factory.mktemp("stage") / "run.html"
    file.write_text(page(run), encoding="utf-8")
    return file


@pytest.fixture
def open_player(chromium):
    """`open_player(file, "#step=8", width=390)`; at the end nothing may have been complained about or fetched."""
    opened: list[Player] = []

    def open_it(file: Path, fragment: str = "", **context) -> Player:
        opened.append(Player(chromium, file, fragment, **context))
        return opened[-1]

    yield open_it
    for player in opened:
        player.context.close()
        assert player.complaints == []
        assert [url for url in player.requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.fixture
def player(open_player, run_file):
    return open_player(run_file)


@pytest.fixture
def write_page(tmp_path):
    """Writes any JSON as a page, also one that Python would refuse."""

    def write(trace) -> Path:
        whole = page(synthetic.two_leaders(branches=False))
        start = whole.index(">", whole.index("id=\"trace\"")) + 1
        file = tmp_path / "broken.html"
        text = trace if isinstance(trace, str) else json.dumps(trace)
        file.write_text(whole[:start] + text + whole[whole.index("</script>", start):], encoding="utf-8")
        return file

    return write
