"""Every answer that was ever thought of is judged rightly: no wrong one passes, no right one is refused."""

from __future__ import annotations

import pytest
from grading_kit import (
    ANSWERS,
    EXERCISES,
    LESSON,
    STANDARD_WRONG,
    answers,
    by_id,
    chosen,
    complaints,
    decisions,
    kept,
)

from minikafka.grading.verdict import PASSED


def test_three_commits_judge_every_answer_there_is():
    thirds = [chosen(EXERCISES, commit) for commit in (7, 8, 9)]
    assert sorted(one.id for third in thirds for one in third) == sorted(one.id for one in EXERCISES)
    assert all(len(third) >= len(EXERCISES) // 3 for third in thirds)


@pytest.mark.parametrize(("exercise", "file"), answers("right"))
def test_a_right_answer_passes(judged, exercise, file):
    verdict = judged(exercise.id, file)
    assert verdict.outcome == PASSED, str(verdict)
    assert verdict.exit_code == 0


@by_id(EXERCISES)
def test_the_reference_passes(judged, exercise):
    verdict = judged(exercise.id, exercise.solution)
    assert verdict.passed, str(verdict)


@pytest.mark.parametrize(("exercise", "file"), answers("wrong"))
def test_a_wrong_answer_is_told_what_is_wrong(judged, exercise, file):
    verdict = judged(exercise.id, file)
    assert not complaints(exercise, file, verdict), f"{complaints(exercise, file, verdict)}\n{verdict}"


@by_id(decisions())
def test_every_written_exercise_has_the_standard_wrong_answers_and_its_misconceptions(exercise):
    wrong = {file.stem for file in kept(exercise, "wrong")}
    assert wrong >= STANDARD_WRONG
    mistakes = {mistake.name for mistake in exercise.kind.mistakes}
    assert mistakes <= wrong, "each known mistake has an answer that makes it"
    assert len(mistakes) >= 5


# Of each kind: so many wrong and right answers at least, besides the reference. Of an attack two different ones count.
FEWEST = {"W": (5, 3), "S": (5, 3), "A": (5, 2), "P": (3, 1), "D": (3, 1), "O": (3, 1)}


@by_id(EXERCISES)
def test_every_exercise_has_answers_that_prove_its_grader(exercise):
    wrong, right = FEWEST[exercise.kind.letter]
    assert len(kept(exercise, "wrong")) >= wrong
    assert len({file.read_text(encoding="utf-8") for file in kept(exercise, "right")}) >= right
    assert {"do_nothing", "exits"} <= {file.stem for file in kept(exercise, "wrong")}


def test_no_answers_are_kept_for_an_exercise_that_is_not_there():
    known = {(exercise.folder.parent.name, exercise.name) for exercise in EXERCISES}
    assert {(folder.parent.name, folder.name) for folder in ANSWERS.glob("[0-9]*/[a-z]*")} <= known


def test_the_learners_own_line_is_shown(judged):
    verdict = judged("06/elect_leader", ANSWERS / LESSON / "elect_leader" / "wrong" / "raises.py")
    assert 'return answers[len("no such thing")]' in verdict.got
    assert "IndexError" in verdict.got
    assert "expected Election(leader=1, unclean=False)" in verdict.got


def test_the_same_answer_gets_the_same_verdict_to_the_byte(judged):
    file = ANSWERS / LESSON / "elect_leader" / "wrong" / "any_live.py"
    first = judged("06/elect_leader", file)
    page = first.page.read_bytes()
    second = judged("06/elect_leader", file)
    assert str(first) == str(second)
    assert second.page.read_bytes() == page


def test_a_notebook_shows_the_four_lines_and_the_link(judged):
    verdict = judged("06/elect_leader", ANSWERS / LESSON / "elect_leader" / "wrong" / "lowest_id.py")
    shown = verdict._repr_html_()
    for name, text in verdict.lines:
        assert name in shown
        assert text.split("'")[0].split("&")[0].split("<")[0].split(">")[0] in shown
    assert f'href="{verdict.link}"' in shown
