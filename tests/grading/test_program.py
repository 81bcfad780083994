"""Programs are judged call by call, and each known mistake is told by its own reply."""

from __future__ import annotations

import re

import pytest
from grading_kit import ANSWERS, by_id, kept, lint, programs

from minikafka.grading import child, sandbox
from minikafka.grading.child import StandIn
from minikafka.grading.exercise import find

PROGRAMS = programs()
COMMIT_AFTER = find("12/commit_after")
FOLDER = ANSWERS / COMMIT_AFTER.folder.parent.name / COMMIT_AFTER.name


@by_id(PROGRAMS)
def test_the_text_states_the_requirements_that_are_checked(exercise):
    text = (exercise.folder / "README.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^- \*\*(R\d)\*\* (.*)$", text, re.M)) == exercise.kind.requirements


@by_id(PROGRAMS)
def test_every_mistake_has_an_answer_that_makes_it_and_a_reply_of_its_own(exercise):
    mistakes = exercise.kind.mistakes
    assert len({slip.reply for slip in mistakes}) == len(mistakes) >= 5
    assert {slip.name for slip in mistakes} <= {file.stem for file in kept(exercise, "wrong")}
    assert {slip.requirement for slip in mistakes} <= set(exercise.kind.requirements)


@pytest.mark.parametrize(
    ("name", "requirement"),
    [
        ("commit_first", "R2"), ("one_max", "R2"), ("offset_not_next", "R3"), ("every_other_poll", "R3"),
        ("stops_when_empty", "R4"), ("do_nothing", "R4"), ("finally_commit", "R5"), ("log_and_go_on", "R5"),
        ("tries_again", "R6"), ("goes_on_after_refusal", "R6"), ("backwards", "R1"), ("calls_with_nonsense", "R0"),
    ],
)  # fmt: skip
def test_each_requirement_is_held(judged, name, requirement):
    verdict = judged("12/commit_after", FOLDER / "wrong" / f"{name}.py")
    assert verdict.requirement == requirement, str(verdict)
    said = verdict.got.partition(" your consume ")[2].partition("; expected")[0]
    assert f"Your consume {said}." in verdict.page.read_text(encoding="utf-8")


def test_a_life_is_the_same_twice(judged):
    file = FOLDER / "wrong" / "commit_first.py"
    assert str(judged("12/commit_after", file)) == str(judged("12/commit_after", file))


def test_where_there_are_no_processes_a_program_is_judged_alike(judged, monkeypatch):
    monkeypatch.setattr(sandbox, "has_processes", lambda: False)
    assert judged("12/commit_after", COMMIT_AFTER.solution).passed
    for name in ("commit_first", "offset_not_next", "one_max", "finally_commit", "log_and_go_on"):
        assert judged("12/commit_after", FOLDER / "wrong" / f"{name}.py").mistake == name


@pytest.mark.parametrize("arguments", [{"list": []}, {"no": "value"}, None])
def test_what_is_no_call_is_not_served(arguments):
    with pytest.raises(sandbox.AnswerFailed):
        sandbox.served(lambda name, arguments: None, {"call": "poll", "arguments": arguments})


def test_a_stand_in_becomes_what_calls_home():
    consumer, number = child.from_question(child.to_question((StandIn("consumer"), 7)))
    assert isinstance(consumer, child.RemoteConsumer)
    assert number == 7


def test_a_set_tells_of_each_value_that_it_gets_and_of_nothing_else(monkeypatch):
    told = []
    monkeypatch.setattr(child, "CALLS", [lambda name, arguments: told.append((name, *arguments))])
    (parked,) = child.from_question(child.to_question((StandIn("parked", frozenset({b"a"})),)))
    parked.add(b"b")
    parked.update({b"c"}, [b"d"])
    parked |= {b"e"}
    assert b"f" not in parked
    assert parked == {b"a", b"b", b"c", b"d", b"e"}
    assert told == [("parked", one) for one in (b"b", b"c", b"d", b"e")]


FORGES = '''
import os
def consume(consumer, handle):
    line = b'{"n": 1, "value": {"stand_in": "consumer"}}\\n'
    for descriptor in range(3, 12):
        try:
            os.write(descriptor, line)
        except OSError:
            pass
'''
RETURNS_ONE = COMMIT_AFTER.solution.read_text(encoding="utf-8") + '''
from minikafka.grading.child import StandIn
works = consume
def consume(consumer, handle):
    works(consumer, handle)
    return StandIn("consumer")
'''


@pytest.mark.parametrize(
    ("text", "said"),
    [(FORGES, "Your consume wrote into the grader's pipe"), (RETURNS_ONE, "Your consume returned <minikafka.")],
)
def test_a_stand_in_of_ones_own_is_told_as_what_it_is(tmp_path, judged, text, said):
    file = tmp_path / "answer.py"
    file.write_text(text, encoding="utf-8")
    verdict = judged("12/commit_after", file)
    assert said in verdict.got, str(verdict)
    assert not lint(verdict)
