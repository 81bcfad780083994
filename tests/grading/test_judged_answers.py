"""Every answer that was ever thought of is judged rightly: no wrong one passes, no right one is refused."""

from __future__ import annotations

import html
import json
import re

import pytest
from grading_kit import ANSWERS, LESSON, ROOT, answers, lint

from minikafka.grading.exercise import find
from minikafka.grading.verdict import NOT_YET, PASSED

WRITTEN = ("elect_leader", "check_leader_epoch")

# What each of the standard wrong ones must be told, by the kind of failure; several where it depends on the machine.
STANDARD = {
    "do_nothing": {"type"}, "raises": {"raised"}, "loops": {"slow"}, "exits": {"exited"}, "exits_hard": {"died"},
    "prints_flood": {"flood"}, "wrong_type": {"type"}, "syntax_error": {"syntax"}, "recursion": {"recursion"},
    "allocates": {"memory", "slow", "died"}, "catches_everything": {"slow"}, "imports_reference": {"refused"},
    "reads_solution": {"refused"}, "forges_replies": {"garbled"}, "kills_the_grader": {"refused"},
    "closes_the_pipe": {"died"}, "other_name": {"missing"},
}  # fmt: skip


@pytest.mark.parametrize(("exercise_id", "file"), answers("right"))
def test_a_right_answer_passes(judged, exercise_id, file):
    verdict = judged(exercise_id, file)
    assert verdict.outcome == PASSED, str(verdict)
    assert verdict.exit_code == 0


@pytest.mark.parametrize("name", WRITTEN)
def test_the_reference_passes(judged, name):
    verdict = judged(f"06/{name}", ROOT / "solutions" / LESSON / f"{name}.py")
    assert verdict.passed, str(verdict)


@pytest.mark.parametrize(("exercise_id", "file"), answers("wrong"))
def test_a_wrong_answer_is_told_what_is_wrong(judged, exercise_id, file):
    verdict = judged(exercise_id, file)
    assert verdict.outcome == NOT_YET, str(verdict)
    assert verdict.exit_code == 1
    assert not lint(verdict), f"{lint(verdict)}\n{verdict}"
    kind = find(exercise_id).kind
    if file.stem in {mistake.name for mistake in getattr(kind, "mistakes", ())}:
        assert verdict.mistake == file.stem, f"it gets the reply written for {verdict.mistake or 'nobody'}\n{verdict}"
    elif kind.letter == "W" and file.stem in STANDARD:
        assert verdict.mistake in STANDARD[file.stem], str(verdict)
        assert verdict.requirement == "R0"
    if verdict.page is not None:
        text = verdict.page.read_text(encoding="utf-8")
        options = json.loads(html.unescape(re.search(r'data-options="([^"]*)"', text)[1]))
        assert options["step"] == verdict.step
        assert "http://" not in text.replace("http://www.w3.org", ""), "the page must not ask for anything"


@pytest.mark.parametrize("name", WRITTEN)
def test_every_exercise_has_the_standard_wrong_answers_and_its_misconceptions(name):
    wrong = {path.stem for path in (ANSWERS / LESSON / name / "wrong").glob("*.py")}
    wanted = {*STANDARD, "constant", "hard_coded_example", "patches_minikafka", "changes_its_mind", "self_made_equal"}
    assert wanted <= wrong
    kind = find(f"06/{name}").kind
    assert {mistake.name for mistake in kind.mistakes} <= wrong, "each known mistake has an answer that makes it"
    assert len({mistake.name for mistake in kind.mistakes}) >= 5
    assert len(list((ANSWERS / LESSON / name / "right").glob("*.py"))) >= 2


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
