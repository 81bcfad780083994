"""Write docs/article.md, the article claim by claim, from docs/article.toml.

    python tools/article.py           write the page
    python tools/article.py --check   exit 1, with one sentence, when the committed page is stale

The page depends on the data alone, never on which lessons happen to be there. Whether each claim's home exists is a
separate question, `home_faults`, and tests/test_article.py asks it: a fresh page can still point at a missing lesson.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "docs" / "article.toml"
PAGE = ROOT / "docs" / "article.md"
LESSONS = ROOT / "lessons"

LAST_ROW = 167
LAST_LEFT_OUT = 19
LEFT_OUT_PART = "W"

VERDICTS = {
    "right": ("✓", "holds as the article says it; what is added makes it exact"),
    "imprecise": ("≈", "holds under conditions that the article leaves out"),
    "wrong": ("✗", "does not hold, and a run or a rule shows it"),
    "dated": ("†", "was true, or was the default, in an older Kafka"),
    "advert": ("∅", "has nothing to do with Kafka, so no lesson takes it up"),
    "missing": ("⊕", "is not in the article; the course adds it"),
}
"""Each verdict's mark and meaning. The mark stands beside the word, so that no row depends on colour.
No mark is one that Markdown would read as a list's."""


class Claim(NamedTuple):
    """One row of the data file. A home is a lesson with a section, a planned lesson, or none with a reason."""

    id: str
    part: str
    claim: str
    verdict: str
    truth: str
    lesson: str = ""
    section: str = ""
    planned: int = 0
    home: str = ""
    reason: str = ""


class Article(NamedTuple):
    """The whole data file: the article's title, the titles of lessons and parts, and every claim in page order."""

    title: str
    lessons: dict[int, str]
    parts: dict[str, str]
    claims: tuple[Claim, ...]


def read(path: Path = DATA) -> Article:
    """The data file as an Article; a key that no Claim has is refused by Python with its name."""
    return parse(tomllib.loads(path.read_text(encoding="utf-8")))


def parse(data: dict[str, Any]) -> Article:
    """An Article from the tables of the data file; TOML has text keys only, hence the int()."""
    lessons = {int(number): title for number, title in data["lessons"].items()}
    return Article(data["article"]["title"], lessons, data["parts"], tuple(Claim(**row) for row in data["claim"]))


def expected_ids() -> list[str]:
    """1 to 167 for what the article says, then W1 to W19 for what it leaves out."""
    left_out = [f"{LEFT_OUT_PART}{number}" for number in range(1, LAST_LEFT_OUT + 1)]
    return [str(number) for number in range(1, LAST_ROW + 1)] + left_out


# --- the lessons on disk


def slug(heading: str) -> str:
    """The anchor that the site gives a heading: the rule of Python-Markdown's `toc` extension."""
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^\w\s-]", "", plain).strip().lower()
    return re.sub(r"[-\s]+", "-", words)


def headings(notebook: Path) -> set[str]:
    """The slugs of all headings in a notebook's Markdown cells; a `#` inside a code fence is no heading."""
    found = set()
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            # A cell's source is a list of lines or one string: the notebook format allows both.
            text = re.sub(r"^```.*?^```", "", "".join(cell["source"]), flags=re.MULTILINE | re.DOTALL)
            found |= {slug(heading) for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, flags=re.MULTILINE)}
    return found


def written(lessons: Path = LESSONS) -> dict[int, Path]:
    """The notebooks that exist, by lesson number."""
    return {int(path.name[:2]): path for path in sorted(lessons.glob("[0-9][0-9]_*.ipynb"))}


# --- what may be wrong with the data


def faults(article: Article, lessons: Path = LESSONS) -> list[str]:
    """Every fault, a sentence each: those of the data first, then homes that the lessons on disk do not have."""
    return data_faults(article) or home_faults(article, lessons)


def data_faults(article: Article) -> list[str]:
    """What is wrong with the data whatever lessons there are; a page is written only when nothing is."""
    found = id_faults(article)
    for claim in article.claims:
        fault = row_fault(claim, article) or home_kind_fault(claim, article)
        if fault:
            found.append(f"Row {claim.id}: {fault}")
    return found


def home_faults(article: Article, lessons: Path = LESSONS) -> list[str]:
    """Homes that do not exist, and plans for a lesson that does."""
    notebooks = written(lessons)
    found = []
    for claim in article.claims:
        if claim.home:
            continue
        fault = lesson_fault(claim, lessons) if claim.lesson else planned_fault(claim.planned, notebooks)
        if fault:
            found.append(f"Row {claim.id}: {fault}")
    return found


def id_faults(article: Article) -> list[str]:
    """Rows that are missing, twice there, or not known; then, if none is, rows out of order."""
    ids = Counter(claim.id for claim in article.claims)
    expected = expected_ids()
    missing = [f"Row {row} is missing." for row in expected if row not in ids]
    twice = [f"Row {row} is there {times} times." for row, times in ids.items() if times > 1]
    unknown = [f"Row {row} is not a row of the article." for row in ids if row not in expected]
    found = missing + twice + unknown
    if not found and list(ids) != expected:
        found.append("The rows are not in order.")
    return found


def row_fault(claim: Claim, article: Article) -> str:
    """What is wrong with a row apart from its home, or nothing."""
    if claim.part not in article.parts:
        return f"there is no part {claim.part}."
    if claim.verdict not in VERDICTS:
        return f"`{claim.verdict}` is not a verdict; choose from {', '.join(VERDICTS)}."
    if (claim.part == LEFT_OUT_PART) != (claim.verdict == "missing"):
        return f"`missing` is the verdict of part {LEFT_OUT_PART}, and of no other part."
    if not (claim.claim.strip() and claim.truth.strip()):
        return "the claim or the truth is empty."
    return ""


def home_kind_fault(claim: Claim, article: Article) -> str:
    """What is wrong with the kind of home that a row has, or nothing."""
    homes = sum(map(bool, (claim.lesson, claim.planned, claim.home)))
    if homes != 1:
        return f"it has {homes} homes; give it a lesson and section, a planned lesson, or (adverts) none."
    if (claim.verdict == "advert") != bool(claim.home):
        return 'home = "none" is for adverts, and for nothing else.'
    if claim.home and not (claim.home == "none" and claim.reason.strip()):
        return 'an advert says home = "none" and gives its reason.'
    if claim.planned and claim.planned not in article.lessons:
        return f"lesson {claim.planned} is planned, and the course has lessons 1 to {max(article.lessons)}."
    if claim.lesson and lesson_number(claim.lesson) not in article.lessons:
        return f"`{claim.lesson}` does not begin with the number of a lesson."
    return ""


def planned_fault(number: int, notebooks: dict[int, Path]) -> str:
    """A plan ends when its lesson is written: from then on the row names a section."""
    if number in notebooks:
        return f"lesson {number} is written ({notebooks[number].name}): name it and one of its sections."
    return ""


def lesson_fault(claim: Claim, lessons: Path) -> str:
    """A home's notebook has to exist, and to have the heading."""
    notebook = lessons / f"{claim.lesson}.ipynb"
    if not notebook.is_file():
        return f"its home lessons/{claim.lesson}.ipynb does not exist."
    if claim.section not in headings(notebook):
        return f"lessons/{claim.lesson}.ipynb has no heading `{claim.section}`."
    return ""


def lesson_number(lesson: str) -> int:
    """6 for `06_who_leads`, and 0 for a name without a number."""
    match = re.match(r"(\d\d)_", lesson)
    return int(match[1]) if match else 0


# --- the page


def render(article: Article) -> str:
    """The whole page."""
    parts = [part_text(article, part) for part in article.parts]
    return "\n".join([introduction(article), *parts])


def introduction(article: Article) -> str:
    """What the page is, how many rows have which verdict, and how to read a row."""
    counts = Counter(claim.verdict for claim in article.claims)
    left_out = counts["missing"]
    verdicts = "\n".join(
        f"- {mark} **{verdict}**, {counts[verdict]}: {meaning}" for verdict, (mark, meaning) in VERDICTS.items()
    )
    return f"""\
<!-- Written by `python tools/article.py` from docs/article.toml: change that file, then run it again. -->

# The article, claim by claim

This course answers an article, *{article.title}*.
Here are the {len(article.claims) - left_out} things it says, in our words, each with a verdict and with what Apache
Kafka 4 does. The {left_out} topics that it leaves out stand at the end.

{verdicts}

A row is read from top to bottom: its number and the claim, the verdict and what is true, the lesson that shows it.
"Planned" means that this lesson is still to come. A number such as 9 s is Apache Kafka's default, unless a condition
stands beside it.
"""


def part_text(article: Article, part: str) -> str:
    """One part of the article: its heading, then its rows."""
    rows = [row_text(claim, article) for claim in article.claims if claim.part == part]
    return "\n".join([f"## {part}. {article.parts[part]}\n", *rows])


def row_text(claim: Claim, article: Article) -> str:
    """One row: a list item of three lines, which a phone shows as well as a wide screen does.

    The lines end in `<br>`, since editors strip the two blanks that Markdown would want, and the anchor lets a lesson
    link to `article.md#row-30`.
    """
    mark, _ = VERDICTS[claim.verdict]
    return f"""\
- <a id="row-{claim.id.lower()}"></a>**{claim.id}** {claim.claim}<br>
  {mark} **{claim.verdict}** · {claim.truth}<br>
  {home_text(claim, article)}
"""


def home_text(claim: Claim, article: Article) -> str:
    """Where the course shows it: a link, a plan in words, or the reason why nowhere."""
    if claim.home:
        return f"no lesson: {claim.reason}"
    if claim.planned:
        return f"planned: lesson {claim.planned}, {article.lessons[claim.planned]}"
    number = lesson_number(claim.lesson)
    return f"[lesson {number}, {article.lessons[number]}](lessons/{claim.lesson}.md#{claim.section})"


def is_stale(article: Article, page: Path = PAGE) -> bool:
    """Whether the page is missing, or is not what the data gives."""
    return not page.is_file() or page.read_text(encoding="utf-8") != render(article)


def main(arguments: list[str] | None = None, data: Path = DATA, page: Path = PAGE) -> int:
    """Write the page, or with --check say whether it is stale."""
    parser = argparse.ArgumentParser(description="Write docs/article.md from docs/article.toml.")
    parser.add_argument("--check", action="store_true", help="exit 1 when the committed page is stale")
    check = parser.parse_args(arguments).check
    article = read(data)
    if found := data_faults(article):
        print(f"{data.name} gives no page. {found[0]}")
        return 1
    if not check:
        page.write_text(render(article), encoding="utf-8", newline="\n")
    elif is_stale(article, page):
        print(f"{page.name} is not what {data.name} gives: run `python tools/article.py` and commit the page.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
