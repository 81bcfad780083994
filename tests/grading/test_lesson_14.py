"""Lesson 14: the numbers on the page are those of the runs, and each wrong diagnosis meets the scene against it."""

from __future__ import annotations

import pytest
from grading_kit import ROOT, judge_every_letter

from minikafka.grading.exercise import find
from minikafka.stage.lag import behind
from minikafka.trace.fold import fold

TRACES = find("14/five_traces", ROOT)
GRADER = TRACES.kind.record.__globals__
NAMES = [question.name for question in TRACES.kind.questions]
LONG_AFTER = 10_000


@pytest.fixture(scope="module")
def runs():
    return TRACES.kind.record()


def test_the_text_shows_the_numbers_of_the_runs_and_every_choice(runs):
    text = (TRACES.folder / "README.md").read_text(encoding="utf-8")
    assert GRADER["numbers"](runs) in text
    for question in TRACES.kind.questions:
        assert f"`{question.name}`: {question.ask}" in text
        for letter, choice in question.choices.items():
            assert f"- `{letter}` {choice.text}" in text
        replies = [choice.reply for choice in question.choices.values()]
        assert len(set(replies)) == len(replies)


def test_each_wrong_letter_gets_its_own_reply_and_its_step(runs, tmp_path):
    judge_every_letter(TRACES, runs, tmp_path / "answer.py")


@pytest.mark.parametrize("name", list("ABCDE"))
def test_the_numbers_agree_with_what_the_stage_shows(runs, name):
    """Counted twice: fact by fact for the curves, and folded for the picture."""
    trace = runs[f"trace {name}"]
    told = GRADER["RUNS"][name]
    members = tuple(f"consumer-{member}" for member in told.members)
    ((partitions, group),) = behind(trace, "shop", members, "orders", (LONG_AFTER,))
    state = fold(trace)
    for one in partitions:
        replica = state["replicas"][one.partition]["broker-1"]
        assert one.high_watermark == replica["high_watermark"]
        assert one.log_start == max(replica["log_start"], 0)
        assert one.last_stable == (replica["stable"] if replica["stable"] >= 0 else replica["high_watermark"])
        assert one.committed == state["groups"]["shop"]["committed"][one.partition][0]
    assert group.generation == state["groups"]["shop"]["generation"]


def test_the_five_stories_are_really_told_by_their_numbers(runs):
    def last(name, second, **how):
        members = tuple(f"consumer-m{number}" for number in range(1, 6))
        return behind(runs[f"trace {name}"], "shop", members, "orders", (second,), **how)[0]

    (free, stuck), _ = last("A", 39, committed_only=True)
    assert (stuck.last_stable, stuck.committed, stuck.client_lag, stuck.lag) == (20, 20, 0, 59)
    assert free.lag == 2
    partitions, _ = last("B", 35)
    assert [one.lag > 300 for one in partitions] == [False, False, True, False]
    (only,), _ = last("C", 150)
    assert (only.lag, only.committed - 55 - (only.handled - 55)) == (1, 85)
    partitions, group = last("D", 59)
    assert group.failed == 6
    assert all(one.handled - one.committed > 70 for one in partitions)
    partitions, group = last("E", 41)
    assert group.failed == 0
    assert all(one.lag >= 33 for one in partitions)
