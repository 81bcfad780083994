"""`minikafka explore` ends with one line of figures, and hands over a trace of what it finds."""

from __future__ import annotations

import json

import pytest

from minikafka import cli
from minikafka.sim.mutants import MUTANTS


def run(capsys, *words):
    code = cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


@pytest.mark.parametrize("jobs", [1, 2])
def test_it_ends_with_schedules_events_faults_violations_and_schedules_a_minute(capsys, jobs):
    code, lines, _ = run(capsys, "explore", "--schedules", 5, "--seed", 3, "--jobs", jobs)
    assert code == 0
    words = lines[-1].split(", ")
    assert [word.partition(" ")[2] for word in words] == [
        "schedules", "events", "faults", "violations", "schedules a minute"
    ]  # fmt: skip
    assert words[0] == "5 schedules" and words[3] == "0 violations"


def test_a_planted_fault_is_told_with_its_schedule_and_a_trace_of_it(capsys, tmp_path):
    file = tmp_path / "found.json"
    code, lines, _ = run(capsys, "explore", "--mutant", "elect_the_same", "--schedules", 50, "--trace", file)
    assert code == 1
    assert any(line.startswith("I4 leader in ISR, schedule ") for line in lines)
    assert "1 violations" in lines[-1]
    code, story, _ = run(capsys, "trace", file)
    assert code == 0 and "Promise broken (I4, leader in ISR)" in story[-1]
    assert json.loads(file.read_text())["title"] == "I4 leader in ISR is broken"


def test_mutants_have_a_line_each_which_begins_with_the_name(capsys):
    code, lines, _ = run(capsys, "mutants")
    assert code == 0
    assert [line.split()[0] for line in lines] == [one.name for one in MUTANTS]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--profile", "replicatoin"), "Did you mean 'replication'?"),
        (("--mutant", "elect_the_sam"), "Did you mean 'elect_the_same'?"),
        (("--schedules", 0), "must be at least 1"),
        (("--jobs", 0), "must be at least 1"),
    ],
)
def test_what_is_wrong_is_one_sentence(capsys, words, sentence):
    code, _, err = run(capsys, "explore", *words)
    assert code == 2
    assert sentence in err and len(err.splitlines()) == 1
