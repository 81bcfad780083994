"""`minikafka run --with exercises/` and `serve --with exercises/`: the learner's functions in place of ours."""

from __future__ import annotations

import subprocess
import sys

import pytest
from grading_kit import ANSWERS, LESSON, ROOT

from minikafka import cli
from minikafka.controller import election
from minikafka.grading.exercise import find
from minikafka.grading.in_place import begun_in, in_place

SCENARIO = "06_two_leaders"
OURS = election.elect_leader


def answer(name, file):
    find(f"06/{name}").answer.write_bytes(file.read_bytes())


def wrong(name, mistake):
    return ANSWERS / LESSON / name / "wrong" / f"{mistake}.py"


def run_with(capsys, *words, folder="exercises"):
    code = cli.main(["run", SCENARIO, "--with", folder, *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out


def test_right_functions_play_the_scenario_as_it_is(checkout, capsys):
    for name in ("elect_leader", "check_leader_epoch"):
        answer(name, ROOT / "solutions" / LESSON / f"{name}.py")
    code, out = run_with(capsys)
    assert code == 0
    assert out.splitlines()[0] == "With your own functions: 06/elect_leader, 06/check_leader_epoch."
    assert cli.main(["run", SCENARIO]) == 0
    told = capsys.readouterr().out
    assert told in out, "the same story, step by step"
    assert "Your elect_leader was asked" in out and out.count("and answered as the requirements say.") == 2
    assert election.elect_leader is OURS, "and afterwards ours is there again"


def test_the_failover_that_broke_kip101_is_told_the_same_with_both_halves_of_its_successor(checkout, capsys):
    """What the page of lesson 7 tells its reader to run."""
    for name in ("end_of_epoch", "truncation_step"):
        exercise = find(f"07/{name}")
        exercise.answer.write_bytes(exercise.solution.read_bytes())
    assert cli.main(["run", "07_double_failover", "--with", "exercises"]) == 0
    out = capsys.readouterr().out
    assert out.count("and answered as the requirements say.") == 2
    assert cli.main(["run", "07_double_failover"]) == 0
    assert capsys.readouterr().out in out, "the same story, step by step"


def test_a_wrong_function_is_named_with_its_first_difference(checkout, capsys):
    answer("check_leader_epoch", wrong("check_leader_epoch", "no_check"))
    code, out = run_with(capsys)
    assert code == 1
    assert "Your check_leader_epoch answered" in out
    assert "otherwise than the requirements say; the first: check_leader_epoch(request_epoch=" in out
    assert "`minikafka grade 06/check_leader_epoch` says more." in out
    assert "elect_leader" not in out.splitlines()[0], "what has not been begun is ours"


def test_a_run_that_cannot_go_on_says_why(checkout, capsys):
    """Nobody ever leads: the producer waits in vain, and the scenario stops."""
    answer("elect_leader", wrong("elect_leader", "constant"))
    code, out = run_with(capsys)
    assert code == 1
    assert "Your elect_leader answered" in out


@pytest.mark.parametrize(
    ("mistake", "begins"),
    [
        ("raises", "Your elect_leader raised IndexError: "), ("syntax_error", "Python cannot read your file: "),
        ("loops", "Your elect_leader gave no answer within 1 s"),
    ],
)  # fmt: skip
def test_a_function_that_fails_is_one_sentence(checkout, capsys, mistake, begins):
    answer("elect_leader", wrong("elect_leader", mistake))
    code, out = run_with(capsys)
    assert code == 1
    assert out.splitlines()[-1].startswith(begins)
    assert out.endswith(" `minikafka grade 06/elect_leader` says more.\n")
    assert election.elect_leader is OURS


def test_where_there_is_nothing_of_the_learners_one_sentence_says_so(checkout, capsys):
    assert run_with(capsys) == (2, "No function of yours is in exercises yet: `minikafka next` says where to begin.\n")
    assert find("06/elect_leader").begin()
    assert run_with(capsys)[0] == 2, "the stub is not theirs"
    code, out = run_with(capsys, folder="elsewhere")
    assert code == 2 and out == "elsewhere is no folder of exercises: go into your clone, and say --with exercises/.\n"


def test_in_a_server_a_function_that_fails_is_relieved_once_and_it_is_said(checkout):
    answer("elect_leader", wrong("elect_leader", "raises"))
    told = []
    with in_place(begun_in(checkout / "exercises"), told.append):
        for _ in range(2):
            two = frozenset({2})
            assert election.elect_leader((1, 2, 3), None, two, frozenset(), None, two, False)[0] == 2
    assert len(told) == 1
    assert told[0].startswith("Your elect_leader raised IndexError: ")
    assert told[0].endswith("; ours stands in from here on.")


def test_a_server_with_the_learners_functions_serves(checkout, need):
    kafka = need.module("confluent_kafka")
    answer("elect_leader", ROOT / "solutions" / LESSON / "elect_leader.py")
    command = [sys.executable, "-m", "minikafka", "serve", "--port", "0", "--with", "exercises/"]
    server = subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        servers = server.stdout.readline().strip().partition("=")[2]
        producer = kafka.Producer({"bootstrap.servers": servers})
        heard = []
        producer.produce("tea", b"x", on_delivery=lambda error, message: heard.append((error, message.offset())))
        producer.flush(30)
        assert heard == [(None, 0)]
    finally:
        server.terminate()
        _, said = server.communicate(timeout=30)
    assert said.splitlines()[0] == "With your own functions: 06/elect_leader."
    assert "Your elect_leader was asked" in said and "answered as the requirements say" in said


def test_with_processes_it_is_refused(capsys):
    assert cli.main(["serve", "--processes", "--with", "exercises/"]) == 2
    assert "leave --processes out" in capsys.readouterr().err


def test_a_function_that_only_an_application_asks_stands_nowhere(checkout):
    answer("elect_leader", ROOT / "solutions" / LESSON / "elect_leader.py")
    pool = find("12/safe_watermark")
    pool.answer.write_bytes(pool.solution.read_bytes())
    assert [exercise.id for exercise in begun_in(checkout / "exercises")] == ["06/elect_leader"]
