"""`serve --stage`: the run of a living cluster, as one trace and as a page with buttons."""

from __future__ import annotations

import json
import socket
import sys
import urllib.error
import urllib.request
from copy import deepcopy
from typing import Any

import pytest
from filmed import CREATE_TOPICS, NODES, PRODUCE, QUICK, Filmed, page_of
from server_under_test import eventually

from minikafka.effects import Observe, Send
from minikafka.protocol.facts import HighWatermarkMoved
from minikafka.protocol.messages import Envelope, MetadataRequest, MetadataResponse
from minikafka.server import reel as reels
from minikafka.server.reel import Reel
from minikafka.server.serve import serve
from minikafka.server.stage_page import StagePage
from minikafka.server.tape import Tape
from minikafka.trace import fold, labels
from minikafka.trace.trace import Trace
from minikafka.types import NO_OFFSET, TopicPartition

FETCH = 1

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


def test_requests_about_nothing_are_told_like_others() -> None:
    nothing = {"acks": -1, "timeout_ms": 1_000, "topic_data": [], "topics": [], "forgotten_topics_data": []}
    nothing |= {"max_wait_ms": 0, "min_bytes": 0}
    with Filmed(brokers=1, config=QUICK) as running, running.connect() as wire:
        assert wire.ask(PRODUCE, 9, nothing)["responses"] == []
        assert wire.ask(FETCH, 12, nothing)["responses"] == []
        assert wire.ask(CREATE_TOPICS, 5, nothing)["topics"] == []


def test_labels_are_made_of_what_is_told_only(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    label_of = labels.label_of
    monkeypatch.setattr(labels, "label_of", lambda envelope: (made.append(envelope), label_of(envelope))[1])
    kept: list[Any] = []
    tape = Tape(kept.append, lambda _: None)
    question = Envelope("broker-2", "broker-1", MetadataRequest(()), 1)
    answer = question.reply(MetadataResponse((), ()))
    tape.step("broker-1", question, [Send(answer)])
    assert made == []
    tape.step("broker-1", question, [Send(answer), Observe(HighWatermarkMoved(TopicPartition("t", 0), 1, True))])
    assert made == [answer, question]


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

        assert "whole" in running.wait_for(first_word(Origin=origin))
        for foreign in ("http://evil.example", f"http://127.0.0.1:{page.port + 1}"):
            with pytest.raises(HTTPClientError, match="403"):
                running.wait_for(first_word(Origin=foreign))


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
