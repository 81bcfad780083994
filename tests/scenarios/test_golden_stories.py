"""Every scenario tells the story that lies beside it, and tells it the same way every time."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.scenarios import UnknownScenario, all_scenarios, scenario
from minikafka.sim.scenario import ScenarioError, Scene, bookmarks_of
from minikafka.trace.fold import fold
from minikafka.trace.trace import Trace, TraceError
from minikafka.world import cluster_of, run_scenario

ROOT = Path(__file__).resolve().parents[2]


def _golden():
    spec = importlib.util.spec_from_file_location("golden", ROOT / "tools" / "golden.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def played() -> dict[str, Trace]:
    """Every scenario, played once."""
    return {one.id: run_scenario(one) for one in all_scenarios()}


@pytest.fixture(scope="module")
def hook(played) -> Trace:
    return played["06_two_leaders"]


def test_every_story_is_the_golden_one(played):
    for path, story in _golden().stories(played).items():
        assert path.read_text(encoding="utf-8") == story, f"{path.name}: look at it, then run python tools/golden.py"


def test_same_seed_same_bytes_under_two_hash_seeds():
    script = (
        "from minikafka.scenarios import all_scenarios\n"
        "from minikafka.world import run_scenario\n"
        "for one in all_scenarios():\n"
        "    for seed in range(2):\n"
        "        print(run_scenario(one, seed, branches=False).digest())\n"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in ("1", "2")
    ]
    outputs = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0].split())) == len(outputs[0].split()), "other seeds make other runs"


@pytest.mark.parametrize("one", all_scenarios(), ids=lambda one: one.id)
def test_a_scenario_keeps_and_breaks_the_promises_it_says(one, played):
    futures = [Trace.from_json(branch["trace"]) for branch in played[one.id].document["branches"]]
    for trace, breaks in zip(
        [played[one.id], *futures], [one.breaks, *(branch.breaks for branch in one.branches)], strict=True
    ):
        broken = {content["promise"] for _, _, kind, content, _, _ in trace.facts() if kind == "PromiseBroken"}
        assert broken == ({breaks} if breaks else set())


def test_every_promise_is_the_subject_of_a_scenario():
    told = {promise for one in all_scenarios() for promise in one.promises}
    assert {f"I{number}" for number in range(1, 31)} <= told


def test_two_scenarios_never_share_a_story(played):
    assert len(_golden().stories(played)) == len(played)


def test_the_hook_has_its_seventeen_scenes_in_order(hook):
    steps = [step for step, _, _ in hook.document["bookmarks"]]
    assert len(steps) == 17
    assert steps == sorted(steps)


def test_two_records_stand_at_offset_2_until_one_is_cut(hook):
    state = fold(hook, hook.scene(13))["replicas"]["orders-0"]
    assert [cell[3] for cell in state["broker-1"]["cells"]][:3] == ["a", "b", "c"]
    assert [cell[3] for cell in state["broker-2"]["cells"]][:3] == ["a", "b", "e"]
    end = fold(hook)["replicas"]["orders-0"]
    assert {json.dumps(end[broker]["cells"]) for broker in end} == {json.dumps(end["broker-2"]["cells"])}
    assert "c" not in [cell[3] for cell in end["broker-1"]["cells"]]


def test_both_futures_share_the_past(hook):
    for branch in hook.document["branches"]:
        other = Trace.from_json(branch["trace"])
        assert hook.document["steps"][: branch["at"]] == [
            [*step[:4], hook.document["steps"][index][4]]
            for index, step in enumerate(other.document["steps"][: branch["at"]])
        ]
        assert fold(hook, branch["at"])["replicas"] == fold(other, branch["at"])["replicas"]


def test_with_acks_all_l_is_told_nothing_false(hook):
    other = Trace.from_json(hook.document["branches"][0]["trace"])
    stored = [
        content
        for _, node, kind, content, _, _ in other.facts()
        if kind == "ProduceAcknowledged" and node == "producer-L"
    ]
    assert [content["values"] for content in stored] == [["c"]]
    end = fold(other)["replicas"]["orders-0"]["broker-2"]["cells"]
    assert end[stored[0]["base_offset"]][3] == "c"


def test_every_question_names_a_scene_in_every_reply(hook):
    for question in hook.document["questions"]:
        assert sum(choice["right"] for choice in question["choices"]) == 1
        assert all(1 <= choice["scene"] <= 17 and choice["reply"] for choice in question["choices"])


def test_a_scene_that_does_not_happen_stops_the_run(hook):
    with pytest.raises(ScenarioError, match="no scene 'Never'"):
        bookmarks_of(hook, (Scene("Never", "NodePaused"),), "06_two_leaders")


def test_unknown_scenario_names_the_nearest():
    with pytest.raises(UnknownScenario, match="Did you mean '06_two_leaders'"):
        scenario("06_two_leader")


def test_traces_fit_a_page(played):
    import gzip

    for trace in played.values():
        data = json.dumps(trace.to_json(), separators=(",", ":")).encode()
        assert len(gzip.compress(data)) <= 100_000
        assert Trace.from_json(json.loads(data)).digest() == trace.digest()


def test_a_newer_schema_is_refused_with_a_sentence():
    with pytest.raises(TraceError, match="update minikafka"):
        Trace.from_json({"schema": "minikafka-trace/2.0"})
    with pytest.raises(TraceError, match="not a minikafka trace"):
        Trace.from_json([])


def test_in_another_future_one_setting_of_the_brokers_may_differ():
    one = scenario("04_who_has_heard")
    name = "replica.fetch.wait.max.ms"
    waits = [cluster_of(one, one.seed, choices).setting(name) for choices in ({}, {name: "20"})]
    assert waits == [500, 20]
    run = run_scenario(one)
    told = [run.document["settings"], *(branch["trace"]["settings"] for branch in run.document["branches"])]
    assert [settings[name] for settings in told] == ["500", "500", "20"]
