"""Lesson 14's program: each known mistake meets its own reply; a right one loses nothing and keeps the order."""

from __future__ import annotations

import pytest
from grading_kit import ANSWERS, ROOT, kept

from minikafka.grading import sandbox
from minikafka.grading.exercise import find
from minikafka.grading.program import Processes

LETTERS = find("14/dead_letters", ROOT)
FOLDER = ANSWERS / "14_lag_stories" / "dead_letters"
REQUIREMENT = {
    "skip_one": "R1", "forgets_the_rest": "R1", "empty_is_none": "R1", "do_nothing": "R1", "park_when_down": "R2",
    "never_gives_up": "R2", "leaps_over": "R2", "gives_up_at_once": "R2", "crash_loop": "R3", "log_and_drop": "R3",
    "null_blocks": "R3", "parks_first": "R3", "no_address": "R3", "keeps_a_set_of_its_own": "R3", "ignore_dead": "R4",
    "offset_not_next": "R5", "counts": "R5", "raises": "R0", "loops": "R0",
}  # fmt: skip


@pytest.mark.parametrize("name", REQUIREMENT)
def test_each_requirement_is_held(judged, name):
    verdict = judged("14/dead_letters", FOLDER / "wrong" / f"{name}.py")
    assert verdict.requirement == REQUIREMENT[name], str(verdict)
    if name in {slip.name for slip in LETTERS.kind.mistakes}:
        assert verdict.mistake == name


def test_where_there_are_no_processes_it_is_judged_alike(judged, monkeypatch):
    monkeypatch.setattr(sandbox, "has_processes", lambda: False)
    assert judged("14/dead_letters", LETTERS.solution).passed
    for name in ("skip_one", "parks_first", "park_when_down", "ignore_dead"):
        assert judged("14/dead_letters", FOLDER / "wrong" / f"{name}.py").mistake == name


@pytest.mark.parametrize("case", LETTERS.kind.cases)
@pytest.mark.parametrize("file", [LETTERS.solution, *kept(LETTERS, "right")], ids=lambda file: file.stem)
def test_every_record_is_handled_or_parked_and_each_key_in_order(case, file):
    """Read from the topic at the end, not from what the judge believes."""
    life, program = LETTERS.kind.cases[case](), Processes(file, "handle_batch")
    life.live(program)
    program.kill()
    letters = life.letters_there()
    parked = {int(headers["offset"]) for _, value, headers in letters if (b"", value) not in life.case.parked}
    first_parked = {}
    for key, _, headers in letters:
        assert set(headers) >= {"partition", "offset", "reason"}
        if key is not None:
            first_parked.setdefault(key, -1 if key in dict(life.case.parked) else int(headers["offset"]))
    assert set(life.handled) | parked >= set(range(len(life.case.sends)))
    assert life.case.dies or len(set(life.handled)) == len(life.handled), "only who dies does a thing twice"
    for offset in life.handled:
        key, _ = life.case.sends[offset]
        assert key is None or offset < first_parked.get(key, 99), "nothing overtakes what is parked"
