"""Milestones: a published failure, with the functions of a learner who is right, wrong in one place, or not done."""

from __future__ import annotations

import pytest
from grading_kit import ANSWERS

from minikafka import cli
from minikafka.grading.exercise import CannotGrade, all_exercises, find
from minikafka.grading.milestone import after, play_milestone
from minikafka.grading.write import Write
from minikafka.sim.checkers import all_checkers
from minikafka.sim.schedule import play
from minikafka.stage import page

LESSONS = (6, 12)
ASKED = {
    6: {"advance_high_watermark", "ack_decision", "to_remove", "may_join", "elect_leader", "check_leader_epoch"},
    12: {"end_of_epoch", "truncation_step", "safe_watermark", "hand_over"},
}
"""What a milestone must not do without."""


def write_all(root, until):
    """The answers of somebody who has done every lesson so far, and well."""
    for exercise in all_exercises(root):
        if int(exercise.id[:2]) <= until and exercise.kind.letter == "W":
            exercise.answer.write_bytes(exercise.solution.read_bytes())


def write_wrong(exercise_id, mistake):
    exercise = find(exercise_id)
    wrong = ANSWERS / exercise.folder.parent.name / exercise.name / "wrong" / f"{mistake}.py"
    exercise.answer.write_bytes(wrong.read_bytes())


def milestone(capsys, lesson):
    code = cli.main(["milestone", str(lesson)])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and err == ""
    return code, out


@pytest.mark.parametrize("lesson", LESSONS)
def test_with_our_own_functions_nothing_breaks_and_no_line_is_skipped(lesson):
    one = after(lesson)
    run = play(one.setup, one.lines, [*all_checkers(), *(beside(one.setup) for beside in one.beside)])
    assert (run.violation, run.skipped) == (None, [])


@pytest.mark.parametrize("lesson", LESSONS)
def test_whoever_has_all_of_it_right_plays_our_run_to_the_byte(checkout, capsys, lesson):
    write_all(checkout, lesson)
    code, out = milestone(capsys, lesson)
    assert code == 0
    assert "Nothing broke." in out and after(lesson).moral in out
    for function in ASKED[lesson]:
        assert f"Your {function} was asked " in out
    assert "Ours stand in" not in out
    one = after(lesson)
    ours = play(one.setup, one.lines, [*all_checkers(), *(beside(one.setup) for beside in one.beside)])
    trace = play_milestone(lesson, checkout).trace
    about = {"title": trace.document["title"], "moral": trace.document["moral"]}
    assert trace.digest() == ours.trace(**about).digest()


WRONG = [
    (6, "06/elect_leader", "any_live", "I2", "R2"),
    (6, "06/check_leader_epoch", "no_check", "I8", "R2"),
    (6, "05/ack_decision", "off_by_one", "I11", "R5"),
    (6, "05/isr_join", "fetches_so_in_sync", "I9", ""),
    (6, "04/advance_high_watermark", "majority", "I3", ""),
    (12, "07/end_of_epoch", "offset_only", "I5", "R2"),
    (12, "07/truncation_step", "whole_epoch", "I6", ""),
    (12, "12/safe_watermark", "highest_done", "I29", "R1"),
    (12, "12/commit_on_revoke", "commit_position", "I29", ""),
]


@pytest.mark.parametrize(("lesson", "exercise", "mistake", "promise", "requirement"), WRONG)
def test_one_wrong_function_breaks_it_again_and_is_named(
    checkout, capsys, lesson, exercise, mistake, promise, requirement
):
    write_all(checkout, lesson)
    write_wrong(exercise, mistake)
    code, out = milestone(capsys, lesson)
    function = find(exercise).kind.function
    assert code == 1
    assert "It broke." in out and f"({promise}): " in out
    assert f"your {function} had decided against {requirement}" in out
    assert f"Your {function} answered " in out and f"`minikafka grade {exercise}` says more." in out
    assert out.count("answered as the requirements say.") >= 5, "the others are not blamed"
    file = checkout / ".minikafka" / "milestones" / f"{lesson:02}.html"
    trace, options = page.content(file.read_text(encoding="utf-8"))
    shown = [fact[4] for fact in trace["facts"] if fact[0] == options["step"]]
    assert any(sentence.startswith(f"Promise broken ({promise}") for sentence in shown), "it opens where it broke"
    assert any(fact[4].startswith(f"Your {function} says") for fact in trace["facts"])


def test_a_wrong_function_that_breaks_nothing_is_told_and_is_no_pass(checkout, capsys):
    write_all(checkout, 6)
    write_wrong("05/isr_leave", "never")
    code, out = milestone(capsys, 6)
    assert code == 1
    assert "Nothing broke." in out and after(6).moral not in out
    assert "Your to_remove answered " in out


def test_a_wrong_decision_for_ever_ends(checkout, capsys):
    write_all(checkout, 12)
    write_wrong("07/truncation_step", "never")
    code, out = milestone(capsys, 12)
    assert code == 1
    assert "truncation_step decides the same wrong thing again and again." in out


def test_a_cluster_that_cannot_go_on_says_so(checkout, capsys):
    write_all(checkout, 12)
    write_wrong("07/end_of_epoch", "next_epoch")
    code, out = milestone(capsys, 12)
    assert code == 1
    assert "The cluster goes on (stopped): It stopped: " in out


def test_what_is_not_begun_or_fails_is_ours_and_is_named(checkout, capsys):
    for name in ("elect_leader", "check_leader_epoch"):
        exercise = find(f"06/{name}")
        exercise.answer.write_bytes(exercise.solution.read_bytes())
    write_wrong("05/ack_decision", "raises")
    write_wrong("05/isr_leave", "syntax_error")
    find("05/isr_join").begin()
    code, out = milestone(capsys, 6)
    assert code == 1, "what was begun and fails is no pass"
    assert "05/ack_decision: Your ack_decision raised " in out
    assert "; ours stands in from here on." in out
    assert "05/isr_leave: Python cannot read your file: " in out
    [ours] = [line for line in out.splitlines() if line.startswith("Ours stand in for what you have not begun: ")]
    assert "05/isr_join" in ours and "04/fetch_window" in ours
    assert "elect_leader" not in ours and "ack_decision" not in ours and "07/" not in ours
    assert "Nothing broke." in out


def test_some_functions_are_enough_to_pass_with_ours_beside_them(checkout, capsys):
    exercise = find("06/elect_leader")
    exercise.answer.write_bytes(exercise.solution.read_bytes())
    code, out = milestone(capsys, 6)
    assert code == 0
    assert "Ours stand in for what you have not begun: " in out


def test_with_nothing_written_one_sentence_says_so(checkout, capsys):
    assert milestone(capsys, 6) == (2, "No function of yours is there yet: `minikafka next` says where to begin.\n")
    said = "There is no milestone after lesson 7: there are those after lessons 6 and 12.\n"
    assert milestone(capsys, 7) == (2, said)
    with pytest.raises(CannotGrade):
        after(0)


def test_a_program_has_no_place_in_it_and_that_is_said(checkout, capsys):
    write_all(checkout, 12)
    _, out = milestone(capsys, 12)
    assert "Not in this run, since it has no place there: 12/commit_after." in out


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_function_up_to_the_lesson_is_accounted_for(checkout, lesson):
    """Asked, or said not to be: none is passed over in silence."""
    write_all(checkout, lesson)
    outcome = play_milestone(lesson, checkout)
    written = {one.id for one in all_exercises(checkout) if int(one.id[:2]) <= lesson and isinstance(one.kind, Write)}
    assert {one.exercise.id for one in outcome.cast.standing} == written
    said = " ".join(outcome.whose)
    for one in outcome.cast.standing:
        assert f"Your {one.transplant.write.function} " in said or one.exercise.id in said
