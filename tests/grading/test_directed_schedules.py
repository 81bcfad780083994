"""Each known mistake is exposed by its own schedule inside the running cluster, with the examples off."""

from __future__ import annotations

import re

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
# Misconceptions that no cluster of ours can show: there is no broker 0 in the simulation, every reader there asks
# leaders, nobody fetches as a replica who is none, and what is late there is delivered again before it is looked at. A
# waiting producer is answered in the very step in which the mark passes its record, so neither a shrink nor the clock
# comes between. Nobody asks about members of the ISR. Commits of one member arrive in their order.
ONLY_ASKED = {
    "broker_zero_is_none", "always_leader_only", "zero_is_missing", "zero_is_nobody", "strangers_too", "counts_them",
    "append_check_only", "clock_first", "members_too", "committed_is_last",
}  # fmt: skip
# Whoever asks has records, of an epoch that its leader has passed; below the leader's start it is told so first.
ONLY_ASKED |= {"none_is_zero", "below_is_nothing", "empty_knows_nothing"}
# Who is fenced is taken out in the same record, and no timer strikes in the very millisecond of a limit.
ONLY_ASKED |= {"at_the_limit", "dead_leave"}
# A leader refuses what is larger than a file, a fetch of ours always brings a first batch, nobody sends a tombstone or
# polls for less than there is, and closed files alone have holes, while a crash looks at the open one.
ONLY_ASKED |= {"rolls_an_empty_file", "always_one", "tombstones_are_nothing", "to_batch_end"}
ONLY_ASKED |= {"count_records", "holes_are_damage"}


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


@by_id(WRITTEN)
def test_every_misconception_has_a_schedule(exercise):
    kind = exercise.kind
    exposed = {directed.mistake for directed in kind.directed}
    assert {mistake.name for mistake in kind.mistakes} - exposed <= ONLY_ASKED
    assert exposed <= {mistake.name for mistake in kind.mistakes}


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
