"""The article's table: every claim has a verdict and a home, every home exists, and the page is what the data gives."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = ["The run", "Predict", "How it works", "Exercises", "Break it yourself", "Recall", "On real Kafka"]
SIX = "06_who_leads"
ROWS_OF_SIX = ["30", "31", "33", "76", "77", "81", "W3"]


def load_tool() -> ModuleType:
    """tools/ is a folder of scripts, not a package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("article_tool", ROOT / "tools" / "article.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["article_tool"] = module
    spec.loader.exec_module(module)
    return module


tool = load_tool()


@pytest.fixture(scope="module")
def article():
    return tool.read()


def write_notebook(folder: Path, name: str, markdown: list[str]) -> None:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in markdown]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")


@pytest.fixture
def lessons(tmp_path, article):
    """A lessons folder in which every lesson that rows call home is written in the shape of a lesson, and no other."""
    for name in sorted({claim.lesson for claim in article.claims if claim.lesson}):
        write_notebook(tmp_path / "lessons", name, ["# A lesson", *(f"## {title}\n\ntext" for title in SECTIONS)])
    return tmp_path / "lessons"


@pytest.fixture
def with_row(article):
    """A copy of the data in which one row differs."""

    def change(row: str, **fields: object):
        claims = tuple(claim._replace(**fields) if claim.id == row else claim for claim in article.claims)
        return article._replace(claims=claims)

    return change


# --- the data as it stands


def test_every_row_is_there_once_and_in_order(article):
    assert [claim.id for claim in article.claims] == tool.expected_ids()
    assert tool.id_faults(article) == []


def test_every_verdict_is_legal(article):
    assert {claim.verdict for claim in article.claims} == set(tool.VERDICTS)
    assert tool.data_faults(article) == []


def test_the_course_has_23_lessons_and_every_part_has_rows(article):
    assert sorted(article.lessons) == list(range(1, 24))
    assert list(dict.fromkeys(claim.part for claim in article.claims)) == list(article.parts)


def test_every_home_exists_or_is_planned(article):
    """Red while a lesson that rows call home is missing: the row is wrong, or the lesson still has to land."""
    found = tool.faults(article)
    assert not found, "\n".join(found)


def test_lesson_six_is_home_to_its_rows(article):
    assert [claim.id for claim in article.claims if claim.lesson == SIX] == ROWS_OF_SIX


def test_only_adverts_have_no_home(article):
    assert {claim.id for claim in article.claims if claim.home} == {"34", "35", "123", "167"}


# --- the page


def test_the_page_is_not_stale(article):
    assert not tool.is_stale(article), "run `python tools/article.py` and commit docs/article.md"


def test_the_counts_on_the_page_are_those_of_its_rows(article):
    page = tool.PAGE.read_text(encoding="utf-8")
    told = {word: int(count) for word, count in re.findall(r"^- \S \*\*(\w+)\*\*, (\d+):", page, re.MULTILINE)}
    shown = Counter(re.findall(r"^  \S \*\*(\w+)\*\* · ", page, re.MULTILINE))
    assert told == shown == Counter(claim.verdict for claim in article.claims)
    assert sum(told.values()) == len(tool.expected_ids())


def test_every_row_has_an_anchor_of_its_own():
    anchors = re.findall(r'<a id="row-(\w+)"></a>', tool.PAGE.read_text(encoding="utf-8"))
    assert anchors == [row.lower() for row in tool.expected_ids()]


def test_a_written_home_is_a_link_and_a_planned_one_is_words(article):
    rows = {claim.id: tool.row_text(claim, article) for claim in article.claims}
    assert f"](lessons/{SIX}.md#the-run)" in rows["33"]
    assert "planned: lesson 23, Game day\n" in rows["1"]
    assert "no lesson: " in rows["34"]


def test_check_says_in_one_sentence_that_the_page_is_stale(tmp_path, capsys):
    page = tmp_path / "article.md"
    assert tool.main(["--check"], page=page) == 1
    assert capsys.readouterr().out.count("\n") == 1
    assert tool.main([], page=page) == 0
    assert tool.main(["--check"], page=page) == 0
    page.write_text(page.read_text(encoding="utf-8").replace("74", "75", 1), encoding="utf-8")
    assert tool.main(["--check"], page=page) == 1
    assert "run `python tools/article.py`" in capsys.readouterr().out


def test_the_command_agrees_with_the_committed_page():
    command = [sys.executable, str(ROOT / "tools" / "article.py"), "--check"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


# --- the check itself: planted faults are reported


def test_with_the_lessons_in_place_nothing_is_reported(article, lessons):
    assert tool.faults(article, lessons) == []


@pytest.mark.parametrize(
    ("row", "fields", "said"),
    [
        ("33", {"section": "the-rum"}, "Row 33: lessons/06_who_leads.ipynb has no heading `the-rum`."),
        ("33", {"section": ""}, "Row 33: lessons/06_who_leads.ipynb has no heading ``."),
        ("33", {"lesson": "06_who_votes"}, "Row 33: its home lessons/06_who_votes.ipynb does not exist."),
        ("33", {"lesson": "who_leads"}, "Row 33: `who_leads` does not begin with the number of a lesson."),
        ("7", {"planned": 6}, "Row 7: lesson 6 is written (06_who_leads.ipynb): name it and one of its sections."),
        ("7", {"planned": 24}, "Row 7: lesson 24 is planned, and the course has lessons 1 to 23."),
        ("7", {"planned": 0}, "Row 7: it has 0 homes; give it a lesson and section"),
        ("33", {"planned": 9}, "Row 33: it has 2 homes; give it a lesson and section"),
        ("7", {"planned": 0, "home": "none", "reason": "x"}, 'Row 7: home = "none" is for adverts, and'),
        ("34", {"home": "", "planned": 5}, 'Row 34: home = "none" is for adverts, and for nothing else.'),
        ("34", {"reason": " "}, 'Row 34: an advert says home = "none" and gives its reason.'),
        ("7", {"verdict": "fine"}, "Row 7: `fine` is not a verdict; choose from"),
        ("7", {"verdict": "missing"}, "Row 7: `missing` is the verdict of part W, and of no other part."),
        ("7", {"part": "Z"}, "Row 7: there is no part Z."),
        ("7", {"truth": ""}, "Row 7: the claim or the truth is empty."),
        ("7", {"id": "3"}, "Row 7 is missing."),
        ("7", {"id": "3"}, "Row 3 is there 2 times."),
        ("7", {"id": "168"}, "Row 168 is not a row of the article."),
    ],
)
def test_a_planted_fault_is_reported(with_row, lessons, row, fields, said):
    assert any(fault.startswith(said) for fault in tool.faults(with_row(row, **fields), lessons))


def test_without_the_notebook_every_row_that_lives_in_it_is_reported(article, tmp_path):
    reported = tool.faults(article, tmp_path)
    homes = [(claim.id, claim.lesson) for claim in article.claims if claim.lesson]
    assert [row for row, lesson in homes if lesson == SIX] == ROWS_OF_SIX
    assert reported == [f"Row {row}: its home lessons/{lesson}.ipynb does not exist." for row, lesson in homes]


def test_faulty_data_gives_a_sentence_and_no_page(tmp_path, capsys):
    data, page = tmp_path / "article.toml", tmp_path / "article.md"
    text = tool.DATA.read_text(encoding="utf-8")
    data.write_text(text.replace('verdict = "dated"', 'verdict = "old"', 1), encoding="utf-8")
    assert tool.main([], data=data, page=page) == 1
    assert "Row 28: `old` is not a verdict" in capsys.readouterr().out
    assert not page.exists()


def test_rows_out_of_order_are_reported(article):
    assert tool.id_faults(article._replace(claims=article.claims[::-1])) == ["The rows are not in order."]


def test_headings_are_read_as_the_site_reads_them(tmp_path):
    fence = "```python\n# not a heading\n```\n"
    write_notebook(tmp_path, "01_x", ["# What `acks=all` promises\n" + fence, "text\n\n### How it works ##\n"])
    assert tool.headings(tmp_path / "01_x.ipynb") == {"what-acksall-promises", "how-it-works"}
