"""How fast the player is in a headless Chromium: first picture, stepping, scrubbing, memory.

Two real runs of three brokers and one producer, of at least 5,000 and 50,000 events, with a crash in the middle. A step
is timed from the call to a page that is laid out again, for 400 steps far from each other (scrubbing) and 400 in a row.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured
from minikafka import Cluster, Producer
from minikafka.admin import AdminClient, NewTopic
from minikafka.stage.page import page
from minikafka.trace.trace import Trace

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

STAGE = "document.querySelector('.mk-stage').mkStage.stage"
WATCH = """
new MutationObserver((_, watcher) => {
  if (!document.querySelector('.mk-picture')) return;
  watcher.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.firstPicture = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
TIMED = """(steps) => {
  const stage = document.querySelector('.mk-stage').mkStage.stage;
  const took = steps.map((step) => {
    const began = performance.now();
    stage.go(step);
    void document.body.offsetHeight;
    return performance.now() - began;
  });
  return took.sort((a, b) => a - b)[Math.floor(took.length * 0.95)];
}"""


def measure() -> Iterator[Measured]:
    """Needs Chromium and Playwright; without them there is nothing to measure."""
    import screenshots

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return
    with tempfile.TemporaryDirectory() as folder, screenshots.browser(chromium) as running:
        for events, goal_ms in ((5_000, 16), (50_000, 50)):
            file = Path(folder) / "run.html"
            file.write_text(page(run_of(events)), encoding="utf-8")
            yield from measured(running, file, f"{events:,} events", goal_ms)


def run_of(events: int) -> Trace:
    """A loaded cluster, with a crash in the middle."""
    cluster = Cluster(brokers=3, seed=7)
    AdminClient({"bootstrap.servers": cluster}).create_topics([NewTopic("orders", 1, 3)])
    producer = Producer({"bootstrap.servers": cluster, "acks": "all"})
    is_crashed = False
    while cluster.step < events:
        producer.produce("orders", value=b"tea")
        producer.flush(30)
        if cluster.step > events // 2 and not is_crashed:
            cluster.crash(1)
            is_crashed = True
    return cluster.trace(title="A long run", scenario="bench")


def measured(running: Any, file: Path, what: str, goal_ms: int) -> Iterator[Measured]:
    """The figures of one page."""
    view = running.new_page(viewport={"width": 1440, "height": 900})
    view.add_init_script(WATCH)
    view.goto(file.as_uri())
    view.wait_for_function("window.firstPicture")
    is_small = goal_ms == 16
    yield Measured(f"first picture, {what}", view.evaluate("window.firstPicture"), "ms", 1000 if is_small else None)
    last = view.evaluate(f"{STAGE}.run.last")
    scattered = [1 + step * 7919 % last for step in range(400)]
    for name in view.evaluate(f"{STAGE}.views.map((each) => each.id)"):
        view.evaluate(f"(id) => {STAGE}.set({{ view: {STAGE}.views.find((each) => each.id === id) }})", name)
        yield Measured(f"scrub p95, {name}, {what}", view.evaluate(TIMED, scattered), "ms", goal_ms)
        in_a_row = list(range(last // 2, last // 2 + 400))
        yield Measured(f"step p95, {name}, {what}", view.evaluate(TIMED, in_a_row), "ms", goal_ms)
    yield Measured(f"memory of the page's scripts, {what}", memory(view), "MB", 60 if is_small else None)
    view.close()


def memory(view: Any) -> float:
    """What is still reachable, in MB."""
    session = view.context.new_cdp_session(view)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6
