"""Each known mistake is exposed by its own schedule inside the running cluster, with the examples off."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from grading_kit import ANSWERS, JUDGED, by_id, decisions, lint

from minikafka.grading.exercise import find
from minikafka.grading.transplant import RUNAWAY, Transplant

WRITTEN = decisions()
DIRECTED = [
    pytest.param(exercise, directed, id=f"{exercise.name}-{directed.name}")
    for exercise in WRITTEN
    if exercise in JUDGED
    for directed in exercise.kind.directed
]


def opened(checkout, exercise_id, file):
    exercise = find(exercise_id, checkout)
    return exercise.kind.open(exercise, file)


def wrong_answer(exercise, mistake):
    return ANSWERS / exercise.folder.parent.name / exercise.name / "wrong" / f"{mistake}.py"


@pytest.mark.parametrize(("exercise", "directed"), DIRECTED)
def test_its_own_schedule_exposes_the_mistake(shared_checkout, exercise, directed):
    with opened(shared_checkout, exercise.id, wrong_answer(exercise, directed.mistake)) as grading:
        verdict = grading.run(directed.name)
        assert not verdict.passed
        assert verdict.mistake == directed.mistake
        assert not lint(verdict), f"{lint(verdict)}\n{verdict}"
        if directed.promise:
            assert verdict.promise == directed.promise
        mistake = next(one for one in grading.write.mistakes if one.name == directed.mistake)
        assert verdict.requirement == mistake.requirement
        the_steps_it_names_are_those_of_the_run(verdict)
        taking_any_entry_away_keeps_the_promise(grading.transplant, directed, verdict)


def the_steps_it_names_are_those_of_the_run(verdict):
    """What line four quotes really is the sentence of that step."""
    trace_text = verdict.page.read_text(encoding="utf-8")
    found = re.match(r"Step (\d+): (.*?\.) ", verdict.look + " ")
    if found is not None:
        sentence = found[2].replace('"', '\\"')
        assert sentence in trace_text
        assert int(found[1]) <= verdict.step
    else:
        assert re.match(r"Step \d+\. ", verdict.look), verdict.look
    assert verdict.story[-1].startswith(f"Step {verdict.step}: ")


def taking_any_entry_away_keeps_the_promise(transplant: Transplant, directed, verdict):
    """1-minimal: what line three names does not happen without any one of the entries."""
    kept = [line for line in directed.lines if f"{line.at_ms / 1000:>7.1f} s  {line}" in verdict.schedule]
    assert len(kept) == len(verdict.schedule)
    assert transplant.watch(directed.setup, tuple(kept), verdict.promise).violation.promise == verdict.promise
    for line in kept:
        without = tuple(other for other in kept if other is not line)
        seen = transplant.watch(directed.setup, without, directed.promise, mend=False)
        same = seen.violation is not None and seen.symptom[:2] == (verdict.promise, verdict.mistake)
        honest = same and not any(entry.verb == "ask" for entry in without)
        assert not honest, f"{line} could go"


def ill_shown(kind):
    """Mistakes with neither a schedule that exposes them nor a reason why there is none, or with both."""
    exposed = {directed.mistake for directed in kind.directed}
    return [mistake.name for mistake in kind.mistakes if (mistake.name in exposed) == bool(mistake.only_asked)]


@by_id(WRITTEN)
def test_every_misconception_has_a_schedule_or_a_reason_why_it_has_none(exercise):
    kind = exercise.kind
    assert not ill_shown(kind)
    assert {directed.mistake for directed in kind.directed} <= {mistake.name for mistake in kind.mistakes}


def test_a_mistake_with_a_schedule_and_a_reason_is_refused_and_so_is_one_with_neither():
    kind = find("06/elect_leader").kind
    asked, exposed = (next(one for one in kind.mistakes if bool(one.only_asked) == only) for only in (True, False))
    both = replace(kind, mistakes=(asked, replace(exposed, only_asked="there is no room for it")))
    neither = replace(kind, mistakes=(replace(asked, only_asked=""), exposed))
    assert ill_shown(both) == [exposed.name]
    assert ill_shown(neither) == [asked.name]


@by_id(WRITTEN)
def test_the_reference_keeps_every_promise_in_every_schedule_and_is_really_asked(shared_checkout, exercise):
    with opened(shared_checkout, exercise.id, exercise.solution) as grading:
        for directed in grading.write.directed:
            seen = grading.transplant.watch(directed.setup, directed.lines)
            assert seen.violation is None, f"{directed.name}: {seen.violation}"
            assert not seen.run.skipped, f"{directed.name}: {seen.run.skipped} was impossible"
            assert seen.witness.premises, f"{directed.name}: the learner's function was never asked"


def test_explored_runs_alone_find_a_leader_out_of_sync(shared_checkout):
    elect = find("06/elect_leader")
    with opened(shared_checkout, elect.id, wrong_answer(elect, "any_live")) as grading:
        found = [grading.run(check) for check in grading.write.checks() if check.startswith("explored")]
    assert any(not verdict.passed for verdict in found)
    assert all(not lint(verdict) for verdict in found if not verdict.passed)
    assert all(len(verdict.schedule) <= 15 for verdict in found)


def test_a_decision_that_is_wrong_again_and_again_ends_its_run(shared_checkout):
    """A follower that never cuts asks the same question for ever, every few ms: the run need not go on to its end."""
    truncation = find("07/truncation_step")
    with opened(shared_checkout, truncation.id, wrong_answer(truncation, "never")) as grading:
        directed = next(one for one in grading.write.directed if one.mistake == "never")
        seen = grading.transplant.watch(directed.setup, directed.lines, directed.promise)
    assert seen.violation.promise == "R2"
    assert RUNAWAY <= len(seen.witness.wrong) < 2 * RUNAWAY
    assert seen.run.sim.recorder.step < 5_000
