"""The glossary's terms, and the links that lessons get to them.

`docs/glossary.md` has a heading for each term, and under it perhaps a line `*also: HW, watermark*`. In each lesson
the first mention of a term becomes a link; code, headings, links and HTML are left alone. No lesson has to remember.
"""

from __future__ import annotations

import re
from pathlib import Path

ENTRY = re.compile(r"^## (?P<term>.+?) *\n+(?:\*also: (?P<also>[^*\n]+)\*\n)?", re.M)
# What must not be touched is matched first: fences, headings, HTML, quoted code, links and pictures.
SPARED = (
    r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[`~]*$|^(?:[#<|]|!!!|\?\?\?)[^\n]*$"
    r"|`[^`\n]+`|!?\[[^\]]*\]\([^)]*\)|<[^>\n]+>"
)


def terms(root: Path) -> dict[str, str]:
    """Every name a term goes by, in small letters, with the anchor of its heading."""
    page = root / "docs" / "glossary.md"
    if not page.exists():
        return {}
    found = {}
    for match in ENTRY.finditer(page.read_text(encoding="utf-8")):
        names = [match["term"], *(match["also"] or "").split(",")]
        found |= {name.strip().lower(): anchor(match["term"]) for name in names if name.strip()}
    return found


def anchor(term: str) -> str:
    """The anchor the site gives to a heading of plain words."""
    return re.sub(r"[^\w]+", "-", term.lower()).strip("-")


def linked(text: str, names: dict[str, str], up: str) -> str:
    """The page with a link at the first mention of each term; `up` leads to the top of the site."""
    if not names:
        return text
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"{SPARED}|\b(?P<term>(?:{longest_first})s?)\b", re.M | re.S | re.I)
    done: set[str] = set()

    def link(match: re.Match[str]) -> str:
        said = match["term"]
        if said is None:
            return match[0]
        goal = names.get(said.lower()) or names.get(said.lower().removesuffix("s"), "")
        if not goal or goal in done:
            return said
        done.add(goal)
        return f'<a class="mk-term" href="{up}glossary/#{goal}">{said}</a>'

    return pattern.sub(link, text)
