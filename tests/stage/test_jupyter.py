"""A real JupyterLab: crash the leader, step to the election, go back before it, and forward by another schedule."""

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


@pytest.fixture
def lab(need, root, tmp_path):
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


def test_crash_step_back_and_go_on_otherwise(chromium, lab, need):
    page = chromium.new_page(viewport={"width": 1440, "height": 1300})
    page.set_default_timeout(LONG_MS)
    page.goto(f"{lab}/tree/live.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    run_cell(page, need)
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
    page.close()
