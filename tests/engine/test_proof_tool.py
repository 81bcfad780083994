"""The long share of the proof goes on where it was, and its page says no more than was played."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

from minikafka.sim import mutants, profiles


@pytest.fixture(scope="module")
def tool(root):
    sys.path.insert(0, str(root / "tools"))
    import proof

    return proof


@pytest.fixture(scope="module")
def paper(tool):
    return tool.proof_page


class AtOnce:
    """An executor that does everything when it is asked for."""

    def submit(self, function, *arguments):
        return SimpleNamespace(result=lambda: function(*arguments))


def a_state(paper, path, goal, done=()):
    conditions = {"seed": 1, "date": "a day", "python": "CPython", "jobs": 1, "cores": 1}
    return paper.State(path, "engine", goal, conditions, dict(done))


def test_a_part_goes_on_only_for_the_same_engine_and_the_same_goal(paper, tmp_path):
    path, goal = tmp_path / "part.json", {"seed": 1}
    paper.State.open(path, "engine", goal, {}).keep("first", 7)
    assert paper.State.open(path, "engine", goal, {}).done == {"first": 7}
    assert paper.State.open(path, "another", goal, {}).done == {}
    assert paper.State.open(path, "engine", {"seed": 2}, {}).done == {}


def test_a_figure_is_about_the_rooms_that_an_exploration_plays_in(paper, tmp_path):
    for name in ("sim/explorer.py", "types.py", "server/tcp.py", "cli.py", "stage/page.py"):
        (tmp_path / "minikafka" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "minikafka" / name).write_text("a = 1\n")
    before = paper.source_digest(tmp_path)
    for name in ("server/tcp.py", "cli.py", "stage/page.py"):
        (tmp_path / "minikafka" / name).write_text("a = 2\n")
    assert paper.source_digest(tmp_path) == before
    for name in ("sim/explorer.py", "types.py"):
        (tmp_path / "minikafka" / name).write_text("a = 2\n")
        assert paper.source_digest(tmp_path) != before
        before = paper.source_digest(tmp_path)


def test_nothing_new_is_taken_up_after_the_deadline(tool, paper, tmp_path):
    state = a_state(paper, tmp_path / "part.json", {})
    units = [(str(number), int, (number,)) for number in range(5)]
    tool.go_through(state, units, AtOnce(), 2, deadline=0)
    assert state.done == {}
    tool.go_through(state, units, AtOnce(), 2, deadline=float("inf"))
    assert json.loads(state.path.read_text())["done"] == {str(number): number for number in range(5)}


def test_every_schedule_up_to_the_limit_is_in_exactly_one_turn(tool):
    for limit in (10, 60, 400):
        for profile in profiles.PROFILES:
            numbers = [number for name, turn in tool.turns(limit) if name == profile.name for number in turn]
            assert numbers == list(range(limit))


def test_a_search_that_was_stopped_goes_on_with_the_same_answer(tool):
    whole = tool.look_for("ack_on_append", 2026, 25, None, float("inf"), 25)
    assert whole["profile"] == "replication"
    stopped = tool.look_for("ack_on_append", 2026, 25, None, 0, 25)
    assert (stopped["profile"], stopped["complete"], stopped["turns"]) == ("", False, 0)
    assert tool.look_for("ack_on_append", 2026, 25, stopped, float("inf"), 25) == whole


def test_a_search_goes_no_further_than_its_stage(tool, monkeypatch):
    monkeypatch.setattr(tool.explorer, "play_numbers", lambda *_: [SimpleNamespace(violation=None)] * 25)
    first = tool.look_for("ack_on_append", 2026, 400, None, float("inf"), 25)
    assert (first["played"], first["complete"]) == (25 * len(profiles.PROFILES), False)
    second = tool.look_for("ack_on_append", 2026, 400, first, float("inf"), 100)
    assert (second["played"], second["complete"]) == (100 * len(profiles.PROFILES), False)
    assert tool.look_for("ack_on_append", 2026, 400, second, float("inf"), 400)["complete"]


def test_turns_add_up_to_a_row(tool, paper, tmp_path):
    turns = {f"replication/{first}": tool.play_turn("replication", 2026, first, first + 2) for first in (0, 2)}
    state = a_state(paper, tmp_path, {"schedules": 4, "seed": 2026}, turns.items())
    (row,) = [line for line in paper.false_alarms(state) if line.startswith("| replication")]
    assert row.startswith("| replication | 4 | ")
    broken = {"promise": "I1", "name": "", "sentence": "", "step": 1}
    turns["replication/2"] |= {"broken": broken, "failing": 3}
    state = a_state(paper, tmp_path, {"schedules": 4, "seed": 2026}, turns.items())
    assert "schedule 3: I1" in "\n".join(paper.false_alarms(state))
    assert tool.broken_in(state, "replication")
    assert not tool.broken_in(state, "full")


def test_what_was_not_looked_at_is_said(paper, tmp_path):
    names = [one.name for one in mutants.MUTANTS]
    row = {"fault": names[0], "profile": "", "complete": False, "turns": 3, "played": 75}
    text = "\n".join(paper.planted_faults(a_state(paper, tmp_path, {"limit": 1_000}, {names[0]: row}.items())))
    assert "being looked for | not in 75 yet" in text
    assert f"{len(names)} not looked for to the end" in text
    assert paper.page({}).count("Not run yet.") == len(paper.SECTIONS)


def test_two_places_are_compared_only_where_both_were_looked_at(paper, tmp_path):
    piece = {"version": "3.11.7", "digests": ["a", "b"]}
    other = {"version": "3.11.7", "digests": ["a", "x"]}
    state = a_state(paper, tmp_path, {"seeds": 4}, {"1/0": piece, "4242/0": other, "1/2": piece}.items())
    (said,) = paper.same_bytes(state)
    assert said.startswith("1 of 2 traces are the same")
    assert "the goal is 4" in said


def test_what_another_machine_has_found_stays_on_the_page(paper, tmp_path):
    killed = a_state(paper, tmp_path, {"kills": 1}, {"0": {"processes": False, "kills": 1, "acknowledged": 7}}.items())
    before = paper.page({"killed": killed})
    assert before.count("Not run yet.") == len(paper.SECTIONS) - 1
    assert paper.page({}, before) == before
    killed.done["0"]["acknowledged"] = 8
    assert paper.page({"killed": killed}, before) == before.replace("all of 7 ack", "all of 8 ack")
    assert paper.page({}).count("Not run yet.") == len(paper.SECTIONS)


def test_a_figure_of_a_server_is_about_the_server_too(paper, tmp_path):
    for name in ("types.py", "server/tcp.py", "cli.py"):
        (tmp_path / "minikafka" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "minikafka" / name).write_text("a = 1\n")
    before = paper.source_digest(tmp_path, with_server=True)
    (tmp_path / "minikafka" / "cli.py").write_text("a = 2\n")
    assert paper.source_digest(tmp_path, with_server=True) == before
    (tmp_path / "minikafka" / "server" / "tcp.py").write_text("a = 2\n")
    assert paper.source_digest(tmp_path, with_server=True) != before


def test_storms_and_fuzzing_add_up_to_their_sentences(paper, tmp_path):
    storm = {"frames": 3, "processes": True, "others": 2, "longest_ms": 40, "grown_mib": 1.5}
    storm["came"] = {"cut short": {"closed": 1, "answered": 1}, "64 MB, packed": {"answered": 1}}
    other = {**storm, "longest_ms": 50, "processes": False}
    state = a_state(paper, tmp_path, {"frames": 6}, {"0": storm, "1": other}.items())
    said = "\n".join(paper.malformed(state))
    assert "| cut short | 4 | 2 | 2 | 0 |" in said
    assert "6 frames, to 2 servers, 1 of them with `--processes`" in said
    assert "within 50 ms" in said
    run = {"executions": 5, "coverage": 7, "kept": 2}
    state = a_state(paper, tmp_path, {"executions": 10}, {"0": run, "1": {**run, "coverage": 9}}.items())
    assert "10 inputs from 2 seeds" in "\n".join(paper.fuzzed(state))
    assert "reached 9 branches" in "\n".join(paper.fuzzed(state))
