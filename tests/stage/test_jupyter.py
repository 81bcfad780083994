"""A real JupyterLab: crash the leader, step to the election, go back before it, and forward by another schedule.

And every button of a broker, clicked.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

CELL = """\
from minikafka import Cluster, Producer
from minikafka.admin import AdminClient, NewTopic
cluster = Cluster(brokers=3, seed=7)
AdminClient({"bootstrap.servers": cluster}).create_topics([NewTopic("orders", 1, 3)])
producer = Producer({"bootstrap.servers": cluster, "acks": "all"})
producer.produce("orders", value=b"tea")
producer.flush(10)
cluster.show()
"""
STAGE = "document.querySelector('.mk-root').parentElement.mkStage"
LONG_MS = 60_000


def notebook():
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": CELL}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def lab(need, root, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("lab")
    need.module("jupyterlab")
    need.module("anywidget")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "live.ipynb").write_text(notebook(), encoding="utf-8")
    own = {"PYTHONPATH": str(root), "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "HOME": str(tmp_path),
           "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
               "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={tmp_path / 'work'}"]
    environment = {**os.environ, **own}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = iter(server.stderr.readline, "")
        found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+/lab", line) for line in said)), None)
        assert found, "JupyterLab did not start"
        threading.Thread(target=server.stderr.read, daemon=True).start()  # a full pipe would stop the server
        yield found[0]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def run_cell(page, need):
    """A cell that is run before the kernel listens is forgotten, not queued: then run it again."""
    for _ in range(4):
        page.click(".jp-Notebook .jp-Cell .cm-content")
        page.keyboard.press("Shift+Enter")
        try:
            page.wait_for_selector(".mk-root", timeout=LONG_MS / 3)
        except need.module("playwright.sync_api").TimeoutError:
            continue
        return
    pytest.fail(f"the cell shows no player: {page.locator('.jp-Notebook').inner_text()}")


@pytest.fixture
def page(chromium, lab, need):
    """A notebook whose cell has been run: a cluster with buttons."""
    page = chromium.new_page(viewport={"width": 1440, "height": 1300})
    page.set_default_timeout(LONG_MS)
    page.goto(f"{lab}/tree/live.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    run_cell(page, need)
    yield page
    page.close()


def test_crash_step_back_and_go_on_otherwise(page):
    story = page.locator(".mk-sentences")

    page.locator(".jupyter-button", has_text="crash").first.click()
    page.wait_for_function(f"{STAGE}.stage.run.stateAt({STAGE}.step).nodes['broker-1'].state === 'crashed'")
    page.locator(".jupyter-button", has_text="run on").click()
    story.get_by_text("writes: broker 2 leads orders-0").wait_for()

    page.locator("[data-part=slider]").focus()
    while page.evaluate(f"{STAGE}.stage.run.stateAt({STAGE}.step).nodes['broker-1'].state") == "crashed":
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="crash broker 2").click()
    page.wait_for_function(f"{STAGE}.stage.run.stateAt({STAGE}.step).nodes['broker-2'].state === 'crashed'")
    page.locator(".jupyter-button", has_text="run on").click()
    story.get_by_text("heard nothing of broker 2").wait_for()
    assert "writes: broker 2 leads" not in story.inner_text()

    page.locator("[data-part=branches]").get_by_role("button", name="crash 1").click()
    story.get_by_text("writes: broker 2 leads orders-0").wait_for()


HAPPENS = [
    ("crash", "nodes['broker-3'].state === 'crashed'", "Broker 3 crashes; what it wrote is still in"),
    ("restart", "nodes['broker-3'].state === 'up'", "Broker 3 starts again."),
    ("pause", "nodes['broker-3'].state === 'paused'", "Broker 3 stands still, and does not know it."),
    ("resume", "nodes['broker-3'].state === 'up'", "Broker 3 goes on where it stood."),
    ("cut from controllers", "cuts.length === 1", "The link between broker 3 and controller 1 is cut"),
    ("heal all", "cuts.length === 0", "The link between broker 3 and controller 1 works again."),
    ("cut from brokers", "cuts.length === 2", "The link between broker 1 and broker 3 is cut"),
    ("heal all", "cuts.length === 0", "The link between broker 2 and broker 3 works again."),
    ("fill disk", "nodes['broker-3'].disk === 'full'", "The disk of broker 3 is full."),
    ("free disk", "nodes['broker-3'].disk === ''", "The disk of broker 3 has room again."),
    ("send a record", "partitions['orders-0'] !== undefined", "sends "),
]


def test_every_button_does_to_the_run_what_it_says(page):
    """On broker 3, one after the other; each is seen in the picture's own state, and told in the story."""
    story = page.locator(".mk-sentences")
    for label, state, sentence in HAPPENS:
        before = page.evaluate(f"{STAGE}.step")
        found = page.locator(".jupyter-button").get_by_text(label, exact=True)
        (found.last if found.count() > 1 else found).click()
        page.wait_for_function(f"{STAGE}.step > {before} && {STAGE}.stage.run.stateAt({STAGE}.step).{state}")
        story.get_by_text(sentence).last.wait_for()
