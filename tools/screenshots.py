"""Pictures of the built site, to be looked at: each page, light and dark, wide and narrow, into build/screenshots.

    .venv/bin/python tools/screenshots.py [page ...]        a page is its address below the site: lessons/06_who_leads/
    .venv/bin/python tools/screenshots.py --moments         those of docs/decisions/six-pictures.md, into its folder
"""

from __future__ import annotations

import io
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import serve_course

ROOT = Path(__file__).resolve().parent.parent
# Nothing but the page itself: no sandbox as root, no calls home.
CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --force-color-profile=srgb"
).split()
SIZES = {"1440": (1440, 900), "390": (390, 844)}
MOMENTS = {
    "1-cluster": "05_acks_one_is_lost/#scene-4&view=cluster",
    "2-log": "07_three_histories/#scene-7&view=log",
    "3-isr": "05_one_copy/#scene-7&view=isr",
    "4-groups": "13_handover/#scene-4&view=groups",
    "5-transactions": "15_aborted_in_the_log/#scene-4&view=transactions",
    "6-cluster": "06_two_leaders/#scene-8&view=cluster",
}
"""The six pictures that were read: a run, a place in it, a view."""


@contextmanager
def served(root: Path, lab_link: str = "") -> Iterator[str]:
    """The site of a tree on a free port; its address."""
    server = serve_course.make_server(0, root, lab_link)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def browser(chromium: str) -> Iterator[Any]:
    """A headless Chromium that is already on this machine; nothing is downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        try:
            yield running
        finally:
            running.close()


def shoot(running: Any, address: str, target: Path, *, width: int, height: int, scheme: str) -> None:
    """One picture of a whole page."""
    page = running.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=str(target), full_page=True)
    page.close()


def shoot_moment(running: Any, address: str, target: Path) -> None:
    """The picture of a run and the sentence under it, in few colours: six of them must not weigh a page down."""
    from PIL import Image

    page = running.new_page(viewport={"width": 1180, "height": 2400}, color_scheme="light")
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(500)  # a step's motion takes 250 ms
    top = page.locator(".mk-picture-card").first.bounding_box()
    under = page.locator(".mk-now-panel").first.bounding_box()
    clip = {**top, "height": under["y"] + under["height"] - top["y"]}
    raw = page.screenshot(clip=clip, full_page=True)
    page.close()
    whole = Image.open(io.BytesIO(raw)).convert("RGB")
    few = whole.quantize(32, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(target, optimize=True)


def main(pages: list[str]) -> int:
    """Every asked page in every look."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("screenshots: Chromium is not installed; `minikafka doctor` says how to mend it", file=sys.stderr)
        return 1
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with served(ROOT) as top, browser(chromium) as running:
        if pages == ["--moments"]:
            for name, place in MOMENTS.items():
                shoot_moment(running, f"{top}runs/{place}", ROOT / "docs" / "decisions" / "pictures" / f"{name}.png")
            return 0
        for page in pages or [""]:
            for name, (width, height) in SIZES.items():
                for scheme in ("light", "dark"):
                    target = folder / f"{page.strip('/').replace('/', '_') or 'index'}-{name}-{scheme}.png"
                    shoot(running, top + page, target, width=width, height=height, scheme=scheme)
                    print(target.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
