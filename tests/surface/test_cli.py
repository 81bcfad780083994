"""The commands: one sentence and exit code 2 for what is wrong, the story for what is right."""

from __future__ import annotations

import json

import pytest

from minikafka.cli import main
from minikafka.scenarios import all_scenarios


def run(capsys, *words: str) -> tuple[int, str, str]:
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr()
    return code, said.out, said.err


def test_run_tells_the_story_and_writes_the_trace(capsys, tmp_path):
    file = tmp_path / "run.json"
    code, out, _ = run(capsys, "run", "00_first_crash", "--trace", str(file))
    assert code == 0
    assert "Broker 1 crashes" in out
    assert json.loads(file.read_text())["scenario"] == "00_first_crash"
    code, told, _ = run(capsys, "trace", str(file))
    assert code == 0
    assert "Broker 1 crashes" in told


def test_run_list_gives_each_scenario_a_line(capsys):
    code, out, _ = run(capsys, "run", "--list")
    assert code == 0
    listed = [line.split()[0] for line in out.splitlines()]
    assert listed == [one.id for one in all_scenarios()] and "06_two_leaders" in listed


def test_another_seed_is_another_run(capsys):
    _, one, _ = run(capsys, "run", "00_first_crash", "--seed", "1")
    _, two, _ = run(capsys, "run", "00_first_crash", "--seed", "2")
    assert one != two


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "06_two_leader"), "Did you mean '06_two_leaders'"),
        (("run",), ""),
        (("rnu",), "invalid choice"),
        (("trace", "/nowhere/run.json"), "No such file"),
        (("serve", "--config", "nonsense"), "nonsense"),
        ((), ""),
    ],
)
def test_what_is_wrong_is_one_sentence_and_exit_code_2(capsys, words, sentence):
    code, _, err = run(capsys, *words)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 1


def test_a_file_that_is_no_trace(capsys, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert run(capsys, "trace", str(broken))[0] == 2
    broken.write_text("[]")
    code, _, err = run(capsys, "trace", str(broken))
    assert code == 2
    assert "not a minikafka trace" in err
