"""The player's fold in JavaScript and the trace's fold in Python say the same at every step, forwards and backwards."""

from __future__ import annotations

import importlib
import json
import subprocess

import pytest
import synthetic

from minikafka.scenarios import all_scenarios
from minikafka.stage import build
from minikafka.world import play


def folded_by_player(need, trace, folder, direction, which="all"):
    """{step: state} as the player has it."""
    file = folder / "trace.json"
    file.write_text(json.dumps(trace), encoding="utf-8")
    script = need.path("tests/stage/fold_of.mjs")
    command = [need.tool("node"), str(script), str(build.MODULE), str(file), direction, which]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(map(json.loads, done.stdout.splitlines()))


RUNS = [synthetic.two_leaders, lambda: synthetic.long_run(600)]


@pytest.mark.parametrize("run", RUNS)
def test_going_back_gives_what_going_forward_gave(need, tmp_path, run):
    forward = folded_by_player(need, run(), tmp_path, "forward")
    assert forward == folded_by_player(need, run(), tmp_path, "back")
    assert len(forward) == len(run()["steps"])


def assert_folds_agree(need, trace, folder):
    fold = importlib.import_module("minikafka.trace.fold")
    from minikafka.trace.trace import Trace

    player = folded_by_player(need, trace, folder, "back", "told")
    for step, state in fold.states(Trace.from_json(trace)):
        seen = json.loads(json.dumps(state))
        del seen["facts"]  # the Python fold's own count of facts
        assert seen == player[step], f"step {step}"


@pytest.mark.parametrize("run", RUNS)
def test_both_folds_agree(need, tmp_path, run):
    assert_folds_agree(need, run(), tmp_path)


@pytest.mark.parametrize("name", [one.id for one in all_scenarios()])
def test_both_folds_agree_on_every_scenario(need, tmp_path, name):
    trace = play(name).to_json()
    for each in [trace, *(branch["trace"] for branch in trace["branches"])]:
        assert_folds_agree(need, each, tmp_path)
