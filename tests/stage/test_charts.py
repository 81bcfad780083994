"""Curves and graphs: the numbers are the run's, and the page has the same ones as Python."""

from __future__ import annotations

import json
import subprocess

import pytest
import synthetic

from minikafka import play
from minikafka.stage import build
from minikafka.stage.chart import chart, graph
from minikafka.stage.series import series


@pytest.fixture(scope="module")
def crash():
    return play("00_first_crash")


@pytest.mark.parametrize("name", ["00_first_crash", "06_two_leaders", "14_lag_that_healed", "synthetic"])
def test_the_page_draws_the_series_that_python_counts(need, tmp_path, name):
    trace = synthetic.two_leaders() if name == "synthetic" else play(name).to_json()
    file = tmp_path / "trace.json"
    file.write_text(json.dumps(trace), encoding="utf-8")
    command = [need.tool("node"), str(need.path("tests/stage/series_of.mjs")), str(build.PLAYER), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(series(trace)))


def test_the_isr_shrinks_and_grows_again(crash):
    assert [count for _, count in series(crash)["in-sync replicas"]["isr"]][-3:] == [3, 2, 3]


def test_a_crashed_replica_lags_until_it_has_caught_up(crash):
    lag = [missing for _, missing in series(crash)["lag in records"]["broker-1"]]
    assert max(lag) == 1
    assert lag[-1] == 0


def test_a_failover_is_seen_in_the_latency_of_the_record_that_met_it(crash):
    waits = [wait for _, wait in series(crash)["latency in ms"]["latency"]]
    assert min(waits) < 50 < 5000 < max(waits)


def test_every_acknowledged_record_is_counted_once(crash):
    told = [fact for fact in crash.to_json()["facts"] if fact[2] == "ProduceAcknowledged"]
    stored = series(crash)["records stored per second"]["stored"]
    assert sum(count for _, count in stored) == sum(len(fact[3]["values"]) for fact in told)


def test_a_chart_has_the_series_asked_for(need, crash):
    need.module("matplotlib")
    assert len(chart(crash).axes) == 4
    lag, isr = chart(crash, "lag", "in-sync", step=150).axes
    assert (lag.get_title(loc="left"), isr.get_title(loc="left")) == ("lag in records", "in-sync replicas")
    with pytest.raises(ValueError, match="there are: lag in records"):
        chart(crash, "happiness")


def test_the_graph_of_causes_leads_from_the_election_to_the_new_leader(need, crash):
    networkx = need.module("networkx")
    made = graph(crash)
    assert networkx.is_directed_acyclic_graph(made)
    [elected] = [step for step, data in made.nodes(data=True) if data["kind"] == "BrokerFenced"]
    followed = {made.nodes[step]["sentence"] for step in networkx.descendants(made, elected)}
    assert any("Broker 2 reads that it leads" in sentence for sentence in followed)


def test_the_graph_of_messages_says_who_talks_to_whom(need, crash):
    need.module("networkx")
    made = graph(crash, "messages")
    assert made.edges["producer-A", "broker-1"]["count"] >= 1
    assert not made.has_edge("producer-A", "controller-1")
    with pytest.raises(ValueError, match="causes, messages"):
        graph(crash, "friends")
