"""The notebook's cluster: act, go back, act otherwise."""

from __future__ import annotations

import pytest

from minikafka import Cluster
from minikafka.admin import AdminClient, NewTopic
from minikafka.live import LiveCluster


@pytest.fixture
def live() -> LiveCluster:
    cluster = Cluster(brokers=3, seed=7, settings={"min.insync.replicas": "2"})
    AdminClient({"bootstrap.servers": cluster}).create_topics([NewTopic("orders", 1, 3)])["orders"].result()
    made = LiveCluster(cluster)
    made.act("run", seconds=2)
    return made


def election(live: LiveCluster) -> list[int]:
    return [step for step, sentence in live.trace().story() if "writes: broker" in sentence]


def test_crash_elect_go_back_and_forward_by_another_schedule(live):
    live.act("send", value="a", acks="all")
    live.act("crash", broker=1)
    live.act("run", seconds=12)
    elected = election(live)
    assert len(elected) == 1
    past = live.trace().document["facts"]
    live.rewind(elected[0] - 1)
    kept = live.trace().document["facts"]
    assert kept == past[: len(kept)]
    live.act("crash", broker=2)
    live.act("run", seconds=12)
    assert any("broker 3 leads" in sentence for _, sentence in live.trace().story())


def test_a_deposed_leader_can_be_asked_by_who_knew_it(live):
    live.act("send", value="a", acks="1")
    live.act("cut", broker=1, side="controllers")
    live.act("run", seconds=12)
    live.act("send", value="c", acks="1")
    live.act("heal")
    live.act("run", seconds=5)
    told = [sentence for _, sentence in live.trace().story()]
    assert any("Producer L is told: c stored at offset 1" in sentence for sentence in told)
    assert any("Broker 1 cuts offset" in sentence for sentence in told)


def test_knobs_rebuild_the_same_acts(live):
    live.act("send", value="a", acks="1")
    live.act("crash", broker=1)
    live.act("run", seconds=12)
    before = live.cluster.now_ms
    live.rebuild({"broker.session.timeout.ms": 3000, "acks": "all"})
    assert live.settings["broker.session.timeout.ms"] == 3000
    assert live.settings["acks"] == "all"
    assert live.cluster.now_ms == before
    assert any("acks=all" in sentence for _, sentence in live.trace().story())


def test_an_impossible_act_is_one_sentence(live):
    live.act("crash", broker=1)
    with pytest.raises(ValueError, match="down already"):
        live.act("crash", broker=1)
    with pytest.raises(ValueError, match="Did you mean"):
        live.act("crsh", broker=1)
    with pytest.raises(ValueError, match="longer than"):
        live.rebuild({"broker.session.timeout.ms": 100})
    assert live.settings["broker.session.timeout.ms"] == 9000
