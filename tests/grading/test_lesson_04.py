"""Lesson 4: of all orders of the right cards eighteen do no harm, and those are accepted, whichever one has in mind."""

from __future__ import annotations

import itertools

import pytest
from grading_kit import ANSWERS, by_id, of_kind

from minikafka.grading.exercise import find

ROUNDS = find("04/fetch_rounds")
LEADER = ("note_position", "advance_mark", "read", "answer")
FOLLOWER = ("append", "take_mark", "fetch_next")


def is_right(cards):
    """By the three relations that matter: what is used must have been made before."""
    needs = (("note_position", "advance_mark"), ("read", "answer"), ("append", "fetch_next"))
    return all(cards.index(first) < cards.index(then) for first, then in needs)


def test_eighteen_orders_do_no_harm_and_every_other_one_is_a_known_mistake():
    right = []
    for leader, follower in itertools.product(itertools.permutations(LEADER), itertools.permutations(FOLLOWER)):
        cards = leader + follower
        harm = ROUNDS.kind.play(cards).harm
        assert harm.done != is_right(cards), f"{cards}: {harm.sentence}"
        if harm.done:
            assert any(mistake.when(cards, harm) for mistake in ROUNDS.kind.mistakes), cards
        else:
            right.append(cards)
    assert len(right) == 18


@pytest.mark.parametrize(
    ("cards", "step_says"),
    [
        (("read", "answer", "note_what_was_sent", "advance_mark", *FOLLOWER), "gin stored at offset 1"),
        (("advance_mark", "note_position", "read", "answer", *FOLLOWER), "moves the high watermark to 1"),
        (("push_to_all", "note_position", "advance_mark", "answer", *FOLLOWER), "appends tea at offset 0"),
        ((*LEADER, "append", "take_mark", "send_ack"), "appends tea at offset 0"),
    ],
)
def test_the_step_that_is_named_shows_the_harm(cards, step_says):
    trace, harm = ROUNDS.kind.play(cards)
    assert harm.done
    assert step_says in " ".join(sentence for step, sentence in trace.story(0) if step == harm.step)


@by_id(of_kind("O"))
def test_every_known_mistake_has_an_answer_that_makes_it(exercise):
    wrong = ANSWERS / exercise.folder.parent.name / exercise.name / "wrong"
    assert {mistake.name for mistake in exercise.kind.mistakes} <= {file.stem for file in wrong.glob("*.py")}


def test_what_we_did_stands_where_it_was_done_also_when_the_cluster_stopped(judged):
    wrong = ANSWERS / "04_followers_pull" / "fetch_window" / "wrong"
    verdict = judged("04/fetch_window", wrong / "clamp_to_start.py")
    assert verdict.promise == "stopped"
    told = [line.partition(": ")[2] for line in verdict.story]
    stored = told.index("Producer A is told: b stored at offset 1.")
    assert stored < told.index("We deleted what lies below offset 2.")
    assert told[-3:] == [
        "We asked broker 1 for offset 0 in the name of epoch 0.",
        "Your fetch_window says (0, 2); expected (1, -1).",
        "The cluster stops here: 0 is below the log start 2.",
    ]


def test_a_run_that_needs_nothing_of_ours_says_so(judged):
    wrong = ANSWERS / "04_followers_pull" / "fetch_window" / "wrong"
    said = str(judged("04/fetch_window", wrong / "end_is_error.py"))
    assert "The shortest run we found that shows it. It takes no fault, no record.\n\nIts story" in said
