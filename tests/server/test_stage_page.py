"""`serve --stage`: the run of a living cluster, as one trace and as a page with buttons."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Self

import pytest
from server_under_test import Running, eventually

from minikafka.protocol.records import build_batch
from minikafka.server import reel as reels
from minikafka.server.processes import Processes
from minikafka.server.reel import Reel
from minikafka.server.serve import serve
from minikafka.server.stage_page import StagePage
from minikafka.server.tape import Tape
from minikafka.trace import fold
from minikafka.trace.trace import Trace
from minikafka.types import NO_OFFSET

PRODUCE, CREATE_TOPICS = 0, 19
NODES = ("controller-1", "broker-1", "broker-2", "broker-3")
QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300, "default.replication.factor": 3}
STAGE = "document.querySelector('.mk-stage').mkStage.stage"
QUESTION = ("broker-2", "broker-1", 7, False)
ANSWER = ("broker-1", "broker-2", 7, True)


def entry(at: int, number: int, node: str = "broker-1", **more: Any) -> dict[str, Any]:
    told = [
        [node, "HighWatermarkMoved", {"partition": "t-0", "high_watermark": number}, f"{node} {number}.", 1, NO_OFFSET]
    ]
    plain = {"from": 0, "kind": "timer", "label": "tick", "told": told, "came": None, "sent": []}
    return {"at": at, "id": number, "node": node, **plain, **more}


def sentences(reel: Reel) -> list[str]:
    return [fact[4] for fact in reel.whole()["facts"]]


# --- one order for what several processes tell ---


def test_what_processes_tell_is_put_in_the_order_in_which_it_happened() -> None:
    reel = Reel(NODES, "", {})
    now = reel._began
    reel.hear("a", [entry(now + 10, 1), entry(now + 30, 2)], now + 40)
    reel.hear("b", [], now + 5)
    reel.settle()
    assert sentences(reel) == [], "b may still tell what it did before"
    reel.hear("b", [entry(now + 20, 9, "broker-2")], now + 25)
    reel.settle()
    assert sentences(reel) == ["broker-1 1.", "broker-2 9."]
    reel.gone("b")
    reel.settle()
    assert sentences(reel) == ["broker-1 1.", "broker-2 9.", "broker-1 2."]


def test_who_says_nothing_for_a_second_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reel = Reel(NODES, "", {})
    now = reel._began
    reel.hear("a", [entry(now + 1, 1)], now + reels.PATIENCE_NS * 5)
    reel.hear("b", [], now)
    monkeypatch.setattr(reels.time, "monotonic_ns", lambda: now + reels.PATIENCE_NS)
    reel.settle()
    assert sentences(reel) == []
    monkeypatch.setattr(reels.time, "monotonic_ns", lambda: now + reels.PATIENCE_NS + 1)
    reel.settle()
    assert sentences(reel) == ["broker-1 1."]


def test_an_answer_comes_of_its_question_in_another_process() -> None:
    reel = Reel(NODES, "", {})
    reel.add("b", entry(1, 5, "broker-2", sent=[[*QUESTION, "Fetch 0"]]))
    assert reel.whole()["messages"] == [[2, 1, 1, 0, reel.labels.index("Fetch 0"), 0, 7]], "it is on its way"
    reel.add("a", entry(2, 5, came=list(QUESTION), kind="deliver", label="Fetch 0"))
    _, kind, node, parent, message = reel.whole()["steps"][1]
    assert (kind, node, parent, message) == ("deliver", 1, 1, 0)
    assert reel.whole()["messages"][0][3] == 2


def test_a_step_that_tells_nothing_hands_its_cause_on() -> None:
    reel = Reel(NODES, "", {})
    reel.add("a", entry(1, 1))
    reel.add("a", entry(2, 2, told=[], **{"from": 1}))
    reel.add("a", entry(3, 3, **{"from": 2}))
    assert [step[3] for step in reel.whole()["steps"]] == [0, 1]


def test_a_message_that_arrives_quietly_or_is_lost_is_not_on_its_way_any_more() -> None:
    reel = Reel(NODES, "", {})
    reel.add("b", entry(1, 1, "broker-2", sent=[[*QUESTION, "Fetch 0"], [*ANSWER, "Fetch"]]))
    reel.add("a", {"at": 2, "came": list(QUESTION)})
    reel.add("a", {"at": 3, "came": None, "lost": ["broker-2", "broker-1"]})
    quiet, lost = reel.whole()["messages"]
    assert (reel.labels[quiet[4]], quiet[3], quiet[5]) == ("~Fetch 0", 1, 0)
    assert (lost[3], lost[5]) == (1, 1)


def test_what_a_record_of_the_metadata_log_says_is_said_once() -> None:
    reel = Reel(NODES, "", {})
    fact = ["controller-1", "QuorumLeaderElected", {"epoch": 1}, "so it is", 1, 12]
    reel.add("c1", entry(1, 1, told=[fact, fact]))
    reel.add("c2", entry(2, 1, told=[fact]))
    assert sentences(reel) == ["so it is", "so it is"]


# --- a real run, recorded ---


class Filmed(Running):
    """A server whose run is recorded from the beginning."""

    def __enter__(self) -> Self:
        self.reel = Reel(NODES, "A living cluster", {})
        self.server.record(self.reel)
        super().__enter__()
        return self

    def create(self, topic: str = "orders", replicas: tuple[int, ...] = (1, 2, 3)) -> None:
        placed = [{"partition_index": 0, "broker_ids": list(replicas)}]
        new = {"name": topic, "num_partitions": -1, "replication_factor": -1, "assignments": placed, "configs": []}
        with self.connect() as wire:
            made = wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})
        assert made["topics"][0]["error_code"] == 0

    def send(self, *values: bytes, broker: int = 1, topic: str = "orders") -> dict[str, Any]:
        records = build_batch([(0, None, value, ()) for value in values]).data
        data = [{"name": topic, "partition_data": [{"index": 0, "records": records}]}]
        with self.connect(broker) as wire:
            asked = {"transactional_id": None, "acks": -1, "timeout_ms": 20_000, "topic_data": data}
            return wire.ask(PRODUCE, 9, asked)["responses"][0]["partition_responses"][0]

    def told(self) -> list[str]:
        return [fact[4] for fact in self.call(lambda: deepcopy(self.reel.whole()))["facts"]]


def test_the_story_of_a_record_is_told_as_in_a_lesson() -> None:
    with Filmed(brokers=3, config=QUICK) as running:
        running.create()
        eventually(lambda: running.send(b"tea")["error_code"] == 0, "it is stored")
        eventually(
            lambda: any("Broker 3 learns that the high watermark is 1" in said for said in running.told()), "all know"
        )
        trace = Trace(running.call(lambda: deepcopy(running.reel.whole())))
        steps = trace.document["steps"]
        wanted = [
            "sends tea to broker 1",
            "Broker 1 appends tea",
            "Broker 2 copies tea",
            "is told: tea stored at offset 0",
        ]
        found = [next(fact for fact in trace.facts() if words in fact[4]) for words in wanted]
        assert [fact[0] for fact in found] == sorted(fact[0] for fact in found)
        causes, step = [], found[2][0]
        while step:
            causes.append(step)
            step = steps[step - 1][3]
        assert found[1][0] in causes, "broker 2 copies tea because broker 1 has appended it"
        replicas = fold.fold(trace)["replicas"]["orders-0"]
        assert {broker: (one["role"], one["high_watermark"]) for broker, one in replicas.items()} == {
            "broker-1": ("leader", 1), "broker-2": ("follower", 1), "broker-3": ("follower", 1),
        }  # fmt: skip
        assert fold.fold(trace)["told"]["orders-0"], "that it was told stored is drawn"


def test_a_quiet_cluster_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    step = Tape.step
    monkeypatch.setattr(Tape, "step", lambda tape, *what: (called.append(what[0]), step(tape, *what)))
    with Filmed(brokers=3, config=QUICK) as running:
        running.create()
        eventually(lambda: any("leads orders-0" in said for said in running.told()), "it has begun")
        called.clear()
        eventually(lambda: len(called) > 100, "all that follows has happened")
        before = running.call(lambda: running.reel.step)
        called.clear()
        eventually(lambda: len(called) > 100, "heartbeats and idle fetches go on")
        assert running.call(lambda: running.reel.step) == before


def test_a_large_append_is_told_by_its_count() -> None:
    with Filmed(brokers=3, config=QUICK) as running:
        running.create()
        eventually(lambda: running.send(*[b"x"] * 500)["error_code"] == 0, "it is stored")
        said = running.told()
        assert any("sends 500 records to broker 1 with acks=all" in one for one in said)
        assert "Broker 1 appends 500 records to orders-0 at offset 0 on, in epoch 0." in said
        assert any("is told: 500 records stored from offset 0 on" in one for one in said)


def test_after_the_past_is_folded_the_picture_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reels, "LONGEST", 10_000)
    with Filmed(brokers=3, config=QUICK) as running:
        running.create()
        for value in (b"a", b"b", b"c"):
            eventually(lambda value=value: running.send(value)["error_code"] == 0, "it is stored")
        running.crash(3)
        eventually(lambda: any("fences it" in said for said in running.told()), "broker 3 is fenced")
        reel = running.call(lambda: deepcopy(running.reel))
    whole = fold.fold(Trace(reel.whole()))
    last, generation, facts = reel.step, reel.mark()[0], reel.whole()["facts"]
    mark = reel.mark()
    for _ in range(3):
        reel._forget(len(reel.steps) // 2)
    short = fold.fold(Trace(reel.whole()))
    for state in (whole, short):
        for client in state["clients"].values():
            client["last"] = -1
    assert short == whole
    assert reel.step == last, "steps keep their numbers"
    assert reel.mark()[0] == generation + 3
    assert reel.more(mark) is None, "who looked on begins again"
    assert 0 < len(reel.whole()["facts"]) < len(facts)
    steps, messages = reel.whole()["steps"], reel.whole()["messages"]
    assert all(step[4] < len(messages) for step in steps if step[1] == "deliver")


def test_a_page_that_puts_the_news_together_has_the_whole() -> None:
    with Filmed(brokers=3, config=QUICK) as running:
        reel = running.reel
        mine, mark = running.call(lambda: (deepcopy(reel.whole()), reel.mark()))
        running.create()
        eventually(lambda: running.send(b"tea")["error_code"] == 0, "it is stored")
        more, whole = running.call(lambda: (deepcopy(reel.more(mark)), deepcopy(reel.whole())))
    for index, message in more["changed"]:
        mine["messages"][index] = message
    for part in ("steps", "messages", "facts", "labels"):
        mine[part] += more[part]
    assert mine | {"nodes": more["nodes"], "partitions": more["partitions"]} == whole


# --- the page ---


@contextmanager
def page_of(running: Any) -> Iterator[tuple[StagePage, str]]:
    page = StagePage(running.server, running.reel)
    address = running.wait_for(page.open(0))
    yield page, address
    running.call(page.close)


@contextmanager
def looking(need: Any, address: str) -> Iterator[Any]:
    """A reader's browser with the page open; whatever it complains about is a failure."""
    need.module("playwright")
    from playwright.sync_api import sync_playwright

    chromium = need.tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        view, complaints = browser.new_page(viewport={"width": 1440, "height": 900}), []
        view.set_default_timeout(30_000)
        view.on("console", lambda one: one.type in ("error", "warning") and complaints.append(one.text))
        view.on("pageerror", lambda error: complaints.append(str(error)))
        view.goto(address)
        view.wait_for_selector(".mk-picture")
        yield view
        browser.close()
        assert complaints == []


def has_told(view: Any, words: str) -> None:
    view.wait_for_function(f"(words) => {STAGE}.run.trace.facts.some((fact) => fact[4].includes(words))", arg=words)


def press(view: Any, act: str, broker: int) -> None:
    view.get_by_role("button", name=f"{act} broker {broker}", exact=True).click()


def test_the_leader_is_crashed_on_the_page_and_comes_back(need: Any) -> None:
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        eventually(lambda: running.send(b"tea")["error_code"] == 0, "it is stored")
        with looking(need, address) as view:
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


def test_a_run_whose_past_was_folded_is_shown_as_it_is(need: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reels, "LONGEST", 60)
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        for value in range(12):
            eventually(lambda value=value: running.send(b"%d" % value)["error_code"] == 0, "it is stored")
        with looking(need, address) as view:
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


def test_a_broker_is_paused_and_cut_off_on_the_page(need: Any) -> None:
    with Filmed(brokers=3, config=QUICK) as running, page_of(running) as (_, address):
        running.create()
        with looking(need, address) as view:
            for act, after in [("cut", "cut off"), ("heal", "up"), ("pause", "paused"), ("resume", "up")]:
                press(view, act, 2)
                eventually(
                    lambda after=after: (
                        {one.node: one.state for one in running.call(running.server.standings)}["broker-2"] == after
                    ),
                    f"{act}: broker 2 is {after}",
                )
                view.wait_for_function(f"document.getElementById('words').innerText.startsWith('{act}')")


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="--processes needs a port that can be shared")
def test_processes_are_one_story_and_kill_9_is_part_of_it(need: Any) -> None:
    with Filmed(Processes, brokers=3, config=QUICK) as running, page_of(running) as (page, address):
        assert page.acts == ("crash", "restart", "pause", "resume")
        with looking(need, address) as view:
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


# --- whose page it is ---


def test_only_the_page_itself_may_press_the_buttons(need: Any) -> None:
    need.module("tornado")
    from tornado.httpclient import HTTPClientError, HTTPRequest
    from tornado.websocket import websocket_connect

    with Filmed(brokers=1) as running, page_of(running) as (page, address):
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert b"<title>A living cluster</title>" in answer.read()
        origin = f"http://127.0.0.1:{page.port}"
        refused = [
            urllib.request.Request(f"{origin}/"),
            urllib.request.Request(f"{origin}/{page.key[:-1]}/"),
            urllib.request.Request(address, headers={"Host": f"evil.example:{page.port}"}),
        ]
        for request in refused:
            with pytest.raises(urllib.error.HTTPError, match=r"40[34]"):
                urllib.request.urlopen(request, timeout=30)

        async def first_word(**headers: str) -> dict[str, Any]:
            live = await websocket_connect(HTTPRequest(address.replace("http", "ws") + "live", headers=headers))
            said = await live.read_message()
            live.close()
            found: dict[str, Any] = json.loads(said or "{}")
            return found

        assert "whole" in asyncio.run(first_word(Origin=origin))
        for foreign in ("http://evil.example", f"http://127.0.0.1:{page.port + 1}"):
            with pytest.raises(HTTPClientError, match="403"):
                asyncio.run(first_word(Origin=foreign))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"verb": "crash"}', '{"verb": "stop", "broker": 1}', "\xff"])
def test_what_is_no_command_does_nothing(text: str) -> None:
    with Filmed(brokers=1) as running:
        page = StagePage(running.server, running.reel)
        assert running.wait_for(page.act(text)) in ("This is no command.", "There is no button 'stop'.")
        assert all(one.state == "up" for one in running.call(running.server.standings))


def test_a_port_that_is_taken_is_said_in_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert serve(brokers=1, port=0, stage=taken.getsockname()[1]) == 2
        said = capfd.readouterr().err
        assert f"Cannot listen on 127.0.0.1:{taken.getsockname()[1]}: Address already in use." in said


def test_without_tornado_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tornado.httpserver", None)
    assert serve(brokers=1, port=0, stage=0) == 2
    assert "--stage needs tornado: pip install 'minikafka-course[serve]'." in capsys.readouterr().err
