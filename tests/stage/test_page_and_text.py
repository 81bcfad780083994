"""A run as one file and as plain text."""

from __future__ import annotations

import copy
import json
import re

import pytest
import synthetic

from minikafka.stage import reading
from minikafka.stage.page import page
from minikafka.stage.text import text


def test_a_page_names_no_other_address(run):
    addresses = set(re.findall(r"(?:src|href)\s*=\s*[\"']([^\"']+)", page(run)))
    assert addresses == {"data:,"}


def test_what_a_record_says_cannot_end_the_script(run, open_player, tmp_path):
    nasty = copy.deepcopy(run)
    words = "</script><script>alert(1)</script> @trace@ <!-- <b>"
    nasty["title"] = words
    for fact in nasty["facts"]:
        if fact[2] == "RecordsAppended":
            fact[4] = words
    text_of_page = page(nasty)
    assert text_of_page.lower().count("</script>") == 2, "the page's own two scripts and no more"
    file = tmp_path / "nasty.html"
    file.write_text(text_of_page, encoding="utf-8")
    player = open_player(file, "#scene=5")
    assert player.page.locator("h2").inner_text() == words


def test_a_page_has_the_story_in_words(run):
    assert "Scene 15: 1 drops c and d" in page(run)


@pytest.mark.parametrize("draw", [page, text])
@pytest.mark.parametrize(("where", "words"), [
    ({"step": 0}, "steps 1 to"), ({"step": 10_000}, "steps 1 to"), ({"scene": 99}, "17 scenes"),
])
def test_what_is_not_there_is_named(run, draw, where, words):
    with pytest.raises(ValueError, match=words):
        draw(run, **where)


@pytest.mark.parametrize(
    ("schema", "words"), [("minikafka-trace/2.0", "newer minikafka"), ("other/1", "not a recorded run")])
def test_a_foreign_or_newer_run_is_refused(run, schema, words):
    with pytest.raises(ValueError, match=words):
        reading.trace_json({**run, "schema": schema})


def test_text_shows_who_leads_and_what_is_doomed(run):
    drawn = text(run, scene=9).splitlines()
    one = next(line for line in drawn if line.startswith("broker 1"))
    assert "☆" in one
    assert "c/0 ! d/0 !" in one
    assert "in its own eyes" in one
    assert any("c is stored: it is on 1" in line for line in drawn)
    assert "c is stored: it is NOWHERE" in text(run, scene=17)


def test_text_of_a_long_log_keeps_the_newest_offsets():
    drawn = text(synthetic.long_run(600), step=600).splitlines()
    assert max(map(len, drawn)) < 130


def test_the_story_is_the_same_everywhere(run):
    told = [fact[4] for fact in run["facts"] if fact[5] > 0 and fact[4]]
    story = [line.split("  ", 1)[1].strip() for line in reading.story(run) if not line.startswith("Scene")]
    assert [line.split("  ")[-1] for line in story] == told
    assert json.dumps(reading.story(run))
