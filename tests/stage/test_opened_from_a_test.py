"""What `minikafka grade`, a failing pytest and `minikafka explore` hand over opens where the promise broke."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlparse

from minikafka import cli
from minikafka.grading.grader import judge

ROOT = Path(__file__).resolve().parent.parent.parent
ANY_LIVE = ROOT / "tests" / "answers" / "06_who_leads" / "elect_leader" / "wrong" / "any_live.py"


def handed_over(text):
    """(step, file) of the line that says where to look."""
    step, address = re.search(r"(?i)in the player, at step (\d+): (file://\S+)", text).groups()
    return int(step), Path(unquote(urlparse(address).path))


def test_the_page_of_a_verdict_opens_at_its_step(open_player, tmp_path):
    for name in ("exercises", "solutions"):
        (tmp_path / name).symlink_to(ROOT / name)
    verdict = judge("06/elect_leader", ANY_LIVE, tmp_path, record=False)
    step, file = handed_over(str(verdict))
    shown = open_player(file)
    assert shown.step == step == verdict.step
    assert shown.sentence.splitlines()[0] in " ".join(verdict.story)


def test_the_page_of_an_exploration_opens_where_the_promise_broke(open_player, tmp_path, capsys):
    file = tmp_path / "found.json"
    assert cli.main(["explore", "--mutant", "elect_the_same", "--schedules", "50", "--trace", str(file)]) == 1
    step, page = handed_over(capsys.readouterr().out)
    assert page == file.with_suffix(".html")
    shown = open_player(page)
    assert shown.step == step
    assert "Promise broken (I4, leader in ISR)" in shown.part("story").inner_text()
