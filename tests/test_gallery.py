"""The gallery is made from the scenarios' files, the glossary names each word once, and lessons are linked to it."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import gallery
import glossary
import notebook_page
import reference

from minikafka import admin, scenarios

ROWS = [gallery.row_of(one) | {"file": "minikafka/scenarios/x.py", "steps": 1} for one in scenarios.all_scenarios()]
SCENE = re.compile(r"\((\S+/scenarios/(\w+)\.py)#scene-(\d+)\)")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_scenario_has_a_moral_of_one_line_and_a_promise_it_is_held_against(row):
    assert row["moral"].endswith(".") and "\n" not in row["moral"] and len(row["moral"]) <= 120
    assert row["promises"], "say in the scenario's `promises` what it is held against"
    assert gallery.verdict(row) in gallery.badge(row)


def test_a_run_opens_in_the_view_it_is_about():
    opened = {row["lesson"]: html.unescape(gallery.options(row)) for row in ROWS}
    assert opened[13] == '{"scene":1,"view":"groups"}' and opened[6] == '{"scene":1}'


def test_every_scenario_is_in_the_list_under_its_lesson():
    text = gallery.listed(ROWS, {6: "Who leads?"}, {6: "lessons/06_x.md"}, {row["id"]: "t.json" for row in ROWS})
    assert re.findall(r'<li class="mk-run" id="(\w+)">', text) == [row["id"] for row in ROWS]
    assert "## 6. Who leads?\n\n[The lesson](../lessons/06_x.md)" in text


def test_a_broken_promise_is_said_in_words_and_with_a_mark():
    row = next(row for row in ROWS if row["breaks"])
    assert "✕ broken on purpose" in gallery.badge(row)
    assert "✕ **broken, on purpose**" in gallery.run_page(row, None, None)
    elsewhere = next(row for row in ROWS if any(branch["breaks"] for branch in row["branches"]))
    assert "another future" in gallery.badge(elsewhere) and "✕ **breaks" in gallery.run_page(elsewhere, None, None)


# --- the story as text --------------------------------------------------------------------------------------------


def test_the_story_as_text_has_its_scenes_and_its_steps():
    facts = [[3, 0, "A", {}, "It began.", 1], [7, 0, "B", {}, "Hushed.", 0], [9, 0, "C", {}, "It <ended>.", 2]]
    told = notebook_page.story_in_scenes({"bookmarks": [[3, "First", ""], [9, "Last", ""]], "facts": facts})
    assert told.index('<p id="scene-1">') < told.index("It began.") < told.index('<p id="scene-2">')
    assert '<li value="9">It &lt;ended&gt;.</li>' in told and "Hushed" not in told


def test_only_the_first_player_of_a_page_is_what_its_links_to_scenes_mean():
    twice = '<p id="scene-1">a</p><p id="scene-1">b</p>'
    assert notebook_page.without_second_scenes(twice) == '<p id="scene-1">a</p><p>b</p>'


# --- the glossary -------------------------------------------------------------------------------------------------


def entries():
    parts = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: part for part in parts}


def test_each_term_stands_once_in_the_order_of_the_alphabet():
    names = [part.partition("\n")[0] for part in (ROOT / "docs/glossary.md").read_text().split("\n## ")[1:]]
    assert names == sorted(set(names), key=str.lower) and len(names) > 40
    others = [found[1] for part in entries().values() if (found := re.search(r"^\*also: (.+)\*$", part, re.M))]
    also = [name.strip().lower() for names_of_one in others for name in names_of_one.split(",")]
    assert len(also) == len(set(also)) and not set(also) & {name.lower() for name in names}


@pytest.mark.parametrize("term", entries())
def test_a_term_is_seen_in_a_scene_that_exists(term):
    (found,) = SCENE.findall(entries()[term])
    file = ROOT / "minikafka" / "scenarios" / f"{found[1]}.py"
    assert 1 <= int(found[2]) <= len(scenarios.by_file()[file].scenes)


def test_the_first_mention_is_linked_and_nothing_that_is_not_prose():
    names = {"leader": "leader", "high watermark": "high-watermark", "hw": "high-watermark"}
    spared = "# The leader\n\n```\nleader\n```\n\n`leader` [leader](x) "
    text = spared + "Leaders lead.\nA leader's HW, the high watermark.\n"
    assert glossary.linked(text, names, "../../") == text.replace(
        "Leaders", '<a class="mk-term" href="../../glossary/#leader">Leaders</a>'
    ).replace("HW", '<a class="mk-term" href="../../glossary/#high-watermark">HW</a>')


# --- the reference ------------------------------------------------------------------------------------------------


def test_the_reference_names_everything_that_is_imported_from_the_top():
    import minikafka

    page = reference.surface_page(ROOT)
    missing = [name for name in minikafka.__all__ if not re.search(rf"^::: \S+\.{name}$", page, re.M)]
    assert missing == [name for name in admin.__all__ if f"::: minikafka.admin.{name}\n" not in page] == []


def test_every_room_and_module_says_what_it_is():
    page = reference.rooms_page(ROOT / "minikafka")
    rooms = {path.parent.name for path in (ROOT / "minikafka").glob("*/__init__.py")} - {"scenarios"}
    assert rooms == {room for room in reference.ROOMS if room}
    assert "### `log/partition_log.py`" in page and "How true is it?" not in page
