"""The recorded run as a file: written, read, the same again; small; newer ones refused with a sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import bench_trace
from minikafka import play
from minikafka.scenarios import all_scenarios, scenario
from minikafka.trace.trace import Trace, TraceError

FORMAT = Path(__file__).resolve().parents[2] / "docs" / "trace-format.md"
SOME = ["00_first_crash", "06_two_leaders", "13_rebalance_storm", "17_torn_transaction"]


@pytest.mark.parametrize("name", SOME)
def test_what_was_written_is_read_as_it_was(name):
    trace = play(name)
    again = Trace.from_json(json.loads(json.dumps(trace.to_json())))
    assert again.to_json() == trace.to_json()
    assert again.digest() == trace.digest()
    assert again.story() == trace.story()


@pytest.mark.parametrize("name", SOME)
def test_every_part_has_the_form_that_the_page_describes(name):
    document = play(name).to_json()
    described = FORMAT.read_text(encoding="utf-8")
    assert [part for part in document if f'"{part}"' not in described and f"**{part}**" not in described] == []
    last, nodes, labels = len(document["steps"]), len(document["nodes"]), len(document["labels"])
    for number, (ms, kind, node, parent, _) in enumerate(document["steps"], start=1):
        assert ms >= 0 and kind in ("deliver", "timer", "call", "fault") and -1 <= node < nodes and 0 <= parent < number
    for source, target, sent, ended, label, fate, *_ in document["messages"]:
        assert source < nodes and target < nodes and label < labels and fate in (0, 1)
        assert 0 <= sent <= last and (ended == 0 or sent <= ended <= last)
    assert all(0 <= fact[0] <= last and fact[5] in (0, 1, 2) for fact in document["facts"])


@pytest.mark.parametrize("name", SOME)
def test_an_event_takes_forty_bytes_at_most(name):
    document = bench_trace.recorded(scenario(name))
    assert bench_trace.size(document) / bench_trace.events(document) <= 40


def test_a_newer_major_version_is_refused_with_a_sentence():
    words = r"schema minikafka-trace/2\.0, and we read minikafka-trace/1.*update minikafka"
    with pytest.raises(TraceError, match=words):
        Trace.from_json({"schema": "minikafka-trace/2.0"})


def test_a_newer_minor_version_is_read_and_what_it_adds_is_kept():
    document = {**play("00_first_crash").to_json(), "schema": "minikafka-trace/1.99", "weather": "fine"}
    assert Trace.from_json(document).to_json()["weather"] == "fine"


@pytest.mark.parametrize("foreign", [None, [], "text", {}, {"schema": 1}, {"schema": "other/1.0"}])
def test_what_is_no_trace_is_said_to_be_none(foreign):
    with pytest.raises(TraceError, match="not a minikafka trace"):
        Trace.from_json(foreign)


def test_there_are_scenarios_to_measure():
    assert len(all_scenarios()) > 30
