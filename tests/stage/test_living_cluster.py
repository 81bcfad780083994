"""`serve --stage` in a browser: the page of a living cluster, its buttons, and its past."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "server"))

from filmed import QUICK, Filmed, page_of
from server_under_test import eventually

from minikafka.server import reel as reels
from minikafka.server.processes import Processes
from minikafka.trace import fold
from minikafka.trace.trace import Trace

STAGE = "document.querySelector('.mk-stage').mkStage.stage"


@contextmanager
def looking(chromium: Any, address: str, width: int = 1440, **look: Any) -> Iterator[Any]:
    """A reader's browser with the page open; whatever it complains about is a failure."""
    view, complaints = chromium.new_page(viewport={"width": width, "height": 900}, **look), []
    view.set_default_timeout(30_000)
    view.on("console", lambda one: one.type in ("error", "warning") and complaints.append(one.text))
    view.on("pageerror", lambda error: complaints.append(str(error)))
    view.goto(address)
    view.wait_for_selector(".mk-picture")
    yield view
    view.close()
    assert complaints == []


LOOKS = [("light", 1280), ("dark", 1280), ("light", 390)]
FINDINGS = """() => axe.run({resultTypes: ['violations']}).then(found =>
  found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 200)}`)))"""


def has_told(view: Any, words: str) -> None:
    view.wait_for_function(f"(words) => {STAGE}.run.trace.facts.some((fact) => fact[4].includes(words))", arg=words)


def press(view: Any, act: str, broker: int) -> None:
    view.get_by_role("button", name=f"{act} broker {broker}", exact=True).click()


def test_the_leader_is_crashed_on_the_page_and_comes_back(chromium: Any) -> None:
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        eventually(lambda: running.send(b"tea")["error_code"] == 0, "it is stored")
        with looking(chromium, address) as view:
            has_told(view, "tea stored at offset 0")
            early = view.evaluate(f"{STAGE}.run.last")
            press(view, "crash", 1)
            view.wait_for_function("document.getElementById('words').innerText === 'crash: broker 1 is down.'")
            has_told(view, "fences it")
            has_told(view, "leads orders-0 in epoch 1")
            assert view.evaluate(f"{STAGE}.step === {STAGE}.run.last"), "who looks at the end goes on with the run"
            view.evaluate(f"{STAGE}.go({early})")
            press(view, "crash", 1)  # the button of an earlier step: now it makes no sense, and that is said
            view.wait_for_function("document.getElementById('words').innerText.includes('so crash makes no sense')")
            view.evaluate(f"{STAGE}.go({STAGE}.run.last)")
            press(view, "restart", 1)
            has_told(view, "Broker 1 starts again")
            view.evaluate(f"{STAGE}.go({early})")
            eventually(lambda: running.send(b"rum", broker=2)["error_code"] == 0, "the new leader stores it")
            has_told(view, "rum stored at offset 1")
            assert view.evaluate(f"{STAGE}.step") == early, "who looks at the past stays there"
            for name in view.evaluate(f"{STAGE}.views.map((each) => each.id)"):
                view.locator(f"[data-part=view-{name}]").click()
                assert view.locator(".mk-picture, .mk-sheet").first.is_visible(), name


def test_a_run_whose_past_was_folded_is_shown_as_it_is(chromium: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reels, "LONGEST", 60)
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        for value in range(12):
            eventually(lambda value=value: running.send(b"%d" % value)["error_code"] == 0, "it is stored")
        with looking(chromium, address) as view:
            running.send(b"last")
            has_told(view, "last stored at offset 12")
            view.wait_for_function(
                f"{STAGE}.run.stateAt({STAGE}.run.last).replicas['orders-0']['broker-3'].high_watermark === 13"
            )
            whole = running.call(lambda: deepcopy(running.reel.whole()))
            assert whole["start"]["step"] > 0
            shown = view.evaluate(f"JSON.parse(JSON.stringify({STAGE}.run.stateAt({STAGE}.run.last)))")
            assert shown == fold.fold(Trace(whole))
            view.evaluate(f"{STAGE}.go(1)")
            assert view.locator(".mk-picture").is_visible()
            times = view.evaluate(f"[...{STAGE}.run.times]")
            passed_ms = whole["start"]["ms"] + sum(step[0] for step in whole["steps"])
            assert times[-1] == passed_ms


def test_a_broker_is_paused_and_cut_off_on_the_page(chromium: Any) -> None:
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        with looking(chromium, address) as view:
            for act, after in [("cut", "cut off"), ("heal", "up"), ("pause", "paused"), ("resume", "up")]:
                press(view, act, 2)
                eventually(
                    lambda after=after: (
                        {one.node: one.state for one in running.call(running.server.standings)}["broker-2"] == after
                    ),
                    f"{act}: broker 2 is {after}",
                )
                view.wait_for_function(f"document.getElementById('words').innerText.startsWith('{act}')")


def test_the_page_can_be_used_by_everybody(chromium: Any, axe: str) -> None:
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        eventually(lambda: running.send(b"tea")["error_code"] == 0, "it is stored")
        for scheme, width in LOOKS:
            with looking(chromium, address, width, color_scheme=scheme, reduced_motion="reduce") as view:
                has_told(view, "tea stored at offset 0")
                view.evaluate(axe)
                assert view.evaluate(FINDINGS) == [], (scheme, width)
                press(view, "pause", 2)
                view.wait_for_function("document.getElementById('words').innerText.startsWith('pause')")
                view.wait_for_selector("[aria-label='resume broker 2']")
                assert view.evaluate(FINDINGS) == [], (scheme, width)
                press(view, "resume", 2)
                view.wait_for_selector("[aria-label='pause broker 2']")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_buttons_can_be_pressed_with_a_key_and_nothing_else_happens_then(chromium: Any, key: str) -> None:
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        with looking(chromium, address) as view:
            has_told(view, "leads orders-0")
            early = view.evaluate(f"{STAGE}.go(1), {STAGE}.step")
            view.get_by_role("button", name="pause broker 2", exact=True).focus()
            view.keyboard.press(key)
            view.wait_for_function("document.getElementById('words').innerText.startsWith('pause')")
            assert view.evaluate(f"[{STAGE}.step, {STAGE}.playing]") == [early, False]
            view.locator("[data-part=slider]").focus()
            view.keyboard.press("Space")
            assert view.evaluate(f"{STAGE}.playing"), "elsewhere the space bar plays"


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="--processes needs a port that can be shared")
def test_processes_are_one_story_and_kill_9_is_part_of_it(chromium: Any) -> None:
    with Filmed(Processes, brokers=3, config=QUICK) as running, page_of(running) as (page, address):
        assert page.acts == ("crash", "restart", "pause", "resume")
        with looking(chromium, address) as view:
            has_told(view, "counts broker 3 as alive")
            pid = running.server.nodes["broker-2"].pid
            os.kill(pid, signal.SIGKILL)
            has_told(view, "Broker 2 crashes")
            has_told(view, "has heard nothing of broker 2")
            press(view, "restart", 2)
            has_told(view, "Broker 2 starts again")
            trace = view.evaluate(f"{STAGE}.run.trace")
    sent = [(message[2], message[3]) for message in trace["messages"] if message[3]]
    assert all(begun <= ended for begun, ended in sent), "nothing arrives before it was sent"
    crossing = [step for step in trace["steps"] if step[1] == "deliver" and step[3] > 0]
    assert len(crossing) > 10, "what one process does follows from what another has sent"
