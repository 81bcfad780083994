"""A real JupyterLab: crash the leader, step to the election, go back before it, and forward by another schedule.

And every button of a broker, clicked. And a function in a cell, graded: red with its run, mended, green.
"""

from __future__ import annotations

import json
import os
import re
import shutil
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
EXERCISE = "05_acks_all/ack_decision"
GRADED = """\
{function}

from minikafka.grading import grade
grade("05/ack_decision", ack_decision)
"""


def notebook(*sources):
    blank = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cells = [{**blank, "id": f"cell-{number}", "source": source} for number, source in enumerate(sources)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


def graded_notebook(root):
    """A wrong function with its grade, and a cell with the right one."""
    wrong = (root / "tests" / "answers" / EXERCISE / "wrong" / "off_by_one.py").read_text(encoding="utf-8")
    right = (root / "solutions" / f"{EXERCISE}.py").read_text(encoding="utf-8")
    return notebook(GRADED.format(function=wrong), right)


@pytest.fixture(scope="module")
def lab(need, root, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("lab")
    need.module("jupyterlab")
    need.module("anywidget")
    work = tmp_path / "work"
    (work / "solutions").mkdir(parents=True)
    no_answers = shutil.ignore_patterns("answer.py", "__pycache__")
    shutil.copytree(root / "exercises" / EXERCISE, work / "exercises" / EXERCISE, ignore=no_answers)
    (work / "live.ipynb").write_text(notebook(CELL), encoding="utf-8")
    (work / "graded.ipynb").write_text(graded_notebook(root), encoding="utf-8")
    own = {"PYTHONPATH": str(root), "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "HOME": str(tmp_path),
           "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "IPYTHONDIR": str(tmp_path / "ipython")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
               "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={work}"]
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
def opened(chromium, lab, need):
    """`opened("live.ipynb")`: a notebook whose first cell has been run, and shows a player."""
    pages = []

    def open_it(name):
        page = chromium.new_page(viewport={"width": 1440, "height": 1300})
        pages.append(page)
        page.set_default_timeout(LONG_MS)
        page.goto(f"{lab}/tree/{name}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        run_cell(page, need)
        return page

    yield open_it
    for page in pages:
        page.close()


@pytest.fixture
def page(opened):
    """A cluster with buttons."""
    return opened("live.ipynb")


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


def test_a_function_is_graded_in_its_cell_mended_and_graded_by_the_button(opened):
    page = opened("graded.ipynb")
    verdict = page.locator("[role=status]")
    assert "05/ack_decision: not yet" in verdict.inner_text()
    step = page.evaluate(f"{STAGE}.step")
    assert "Record x was acknowledged at offset 0" in page.locator(".mk-sentences").inner_text()
    page.locator("[data-part=back]").first.click()
    assert page.evaluate(f"{STAGE}.step") < step, "the run is played right there"

    page.locator(".jp-Notebook .jp-Cell .cm-content").nth(1).click()
    page.keyboard.press("Shift+Enter")
    page.locator(".jupyter-button", has_text="Grade").click()
    page.get_by_text("05/ack_decision: passed").wait_for()
    assert page.locator(".mk-root").count() == 0
