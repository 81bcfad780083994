"""The gallery: a page for each scenario, made from its file, and one that lists them all by lesson.

    python tools/gallery.py FOLDER MARK      what the site's build runs in a process of its own: plays every
                                             scenario once, writes FOLDER/<id>-MARK.json and FOLDER/all-MARK.json

What stands on a page is what the scenario says of itself: its moral, the promises held against it and whether one
is broken, its settings, scenes and other futures. Nothing about a run is written by hand here.
"""

from __future__ import annotations

import html
import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

WIDE = "---\nhide:\n  - navigation\n  - toc\n---\n"
"""A picture needs the room that lists of pages and headings would take."""

VIEWS = {13: "groups", 15: "transactions", 16: "transactions", 17: "transactions"}
"""The view that a lesson's runs open in, where that is not the cluster: it has something to show from scene 1 on."""

Row = dict[str, Any]
"""What one scenario says of itself, as JSON."""

KEPT, BROKEN, ELSEWHERE = "kept", "broken", "elsewhere"
MARKS = {KEPT: "✓", BROKEN: "✕", ELSEWHERE: "◐"}


# --- recording (in a process of its own, which imports the engine) ------------------------------------------------


def record_all(folder: Path, mark: str) -> None:
    """Play every scenario, and write down its run and what it says of itself."""
    from minikafka import scenarios
    from minikafka.world import run_scenario

    rows = []
    for file, scenario in scenarios.by_file().items():
        run = run_scenario(scenario).to_json()
        text = json.dumps(run, separators=(",", ":"))
        (folder / f"{scenario.id}-{mark}.json").write_text(text, encoding="utf-8")
        rows.append({**row_of(scenario), "file": f"minikafka/scenarios/{file.name}", "steps": len(run["steps"])})
    rows.sort(key=lambda row: row["id"])
    (folder / f"all-{mark}.json").write_text(json.dumps(rows), encoding="utf-8")


def row_of(scenario: Any) -> Row:
    """What a scenario says of itself; a scenario with no lesson of its own belongs to the one its number names."""
    about = dict.fromkeys((*scenario.promises, *filter(None, [scenario.breaks])))
    return {
        "id": scenario.id,
        "lesson": scenario.lesson if scenario.lesson is not None else int(scenario.id[:2]),
        "title": scenario.title,
        "moral": scenario.moral,
        "brokers": scenario.brokers,
        "controllers": scenario.controllers,
        "seed": scenario.seed,
        "settings": dict(scenario.settings),
        "mutant": scenario.mutant,
        "breaks": scenario.breaks,
        "promises": [promise for number in about for promise in promise_of(number)],
        "scenes": [scene.name for scene in scenario.scenes],
        "questions": len(scenario.questions),
        "branches": [{"name": branch.name, "breaks": branch.breaks} for branch in scenario.branches],
    }


def promise_of(number: str) -> list[Row]:
    """A promise in words: its number, its name, and the sentence its checker begins with; none if nobody checks it."""
    from minikafka.sim.checkers import by_promise

    checker = next(iter(by_promise(number)), None)
    if checker is None:
        return []
    sentence = " ".join((type(checker).__doc__ or "").split("\n\n")[0].split())
    return [{"number": number, "name": checker.name, "says": sentence.removeprefix(f"{number}: ")}]


# --- pages --------------------------------------------------------------------------------------------------------


def verdict(row: Row) -> str:
    """Is the promise kept in this run, broken in it, or broken only in another future of it?"""
    if row["breaks"]:
        return BROKEN
    return ELSEWHERE if any(branch["breaks"] for branch in row["branches"]) else KEPT


def badge(row: Row) -> str:
    """The verdict in words and with a mark: never by colour alone."""
    kind = verdict(row)
    names = {promise["number"]: promise["name"] for promise in row["promises"]}
    broken = row["breaks"] or next((branch["breaks"] for branch in row["branches"] if branch["breaks"]), "")
    said = {
        KEPT: "kept: " + ", ".join(names.values()),
        BROKEN: f"broken on purpose: {names.get(broken, broken)}",
        ELSEWHERE: f"kept here, broken in another future: {names.get(broken, broken)}",
    }[kind]
    return f'<span class="mk-verdict" data-verdict="{kind}">{MARKS[kind]} {html.escape(said)}</span>'


def options(row: Row) -> str:
    """How its player opens: at its first scene, in the view it is about."""
    view = {"view": VIEWS[row["lesson"]]} if row["lesson"] in VIEWS else {}
    return html.escape(json.dumps({"scene": 1, **view}, separators=(",", ":")))


def listed(rows: list[Row], titles: dict[int, str], written: dict[int, str], traces: dict[str, str]) -> str:
    """The list of the gallery. `traces` says where each run's file is, as this page writes it."""
    parts = [counted(rows)]
    for lesson, group in groupby(rows, key=lambda row: row["lesson"]):
        parts.append(f"## {lesson_heading(lesson, titles)}")
        if lesson in written:
            parts.append(f"[The lesson](../{written[lesson]})")
        parts.append("\n".join(["<ul class='mk-runs'>", *(card(row, traces[row["id"]]) for row in group), "</ul>"]))
    return "\n\n".join(parts) + "\n"


def counted(rows: list[Row]) -> str:
    """How many there are of each kind: a legend, with numbers."""
    kinds = [verdict(row) for row in rows]
    return (
        f"{len(rows)} runs. {MARKS[KEPT]} {kinds.count(KEPT)} keep every promise held against them. "
        f"{MARKS[BROKEN]} {kinds.count(BROKEN)} break one on purpose. "
        f"{MARKS[ELSEWHERE]} {kinds.count(ELSEWHERE)} keep it, and have another future that does not."
    )


def lesson_heading(number: int, titles: dict[int, str]) -> str:
    """The heading of a group."""
    return f"{number}. {titles[number]}" if number in titles else "Before the first lesson"


def card(row: Row, trace: str) -> str:
    """One scenario in the gallery: its player comes when it is asked for, and goes when another one is."""
    name, title = html.escape(row["id"]), html.escape(row["title"])
    return (
        f'<li class="mk-run" id="{name}"><h3><a href="{name}/">{title}</a></h3>'
        f"<p>{html.escape(row['moral'])}</p><p>{badge(row)}</p>"
        f'<details name="mk-run" data-run="{html.escape(trace)}" data-options="{options(row)}">'
        "<summary>Play it here</summary>"
        f'<p class="mk-later"><a href="{name}/">{title}, with its story in words</a></p></details></li>'
    )


def run_page(row: Row, before: Row | None, after: Row | None) -> str:
    """A scenario's own page, at an address of its own."""
    neighbours = [f"[{sign} {one['title']}]({one['id']}.md)" for sign, one in (("←", before), ("→", after)) if one]
    return "\n\n".join(
        (
            WIDE + f"# {row['title']}",
            f'<p class="mk-lead">{html.escape(row["moral"])}</p>',
            f'<p class="mk-back"><a href="../">All runs</a> · {badge(row)}</p>',
            f'<div class="mk-titled"><div class="mk-stage" data-scenario="{row["id"]}" '
            f'data-options="{options(row)}"></div></div>',
            *about_promises(row),
            *about_futures(row),
            *about_settings(row),
            *play_it_yourself(row),
            " · ".join(["[All runs](index.md)", *neighbours]),
        )
    ) + "\n"


def about_promises(row: Row) -> list[str]:
    """What this run is held against, and how it ends."""
    lines = []
    for promise in row["promises"]:
        broken = promise["number"] == row["breaks"]
        word = "✕ **broken, on purpose**" if broken else "✓ **kept**"
        lines.append(f"- {word}: *{promise['name']}* ({promise['number']}): {promise['says']}")
    return ["## What is promised", "\n".join(lines)] if lines else []


def about_futures(row: Row) -> list[str]:
    """The branches: the same seed, one decision taken otherwise."""
    lines = [
        f"- {branch['name']}" + (f": ✕ **breaks {branch['breaks']}**, on purpose" if branch["breaks"] else "")
        for branch in row["branches"]
    ]
    told = "The same seed, one decision taken otherwise. The player shows the fork on its time line."
    return ["## Other futures", told, "\n".join(lines)] if lines else []


def about_settings(row: Row) -> list[str]:
    """Under which conditions it happened."""
    conditions = [f"{row['brokers']} brokers, {row['controllers']} controller{'s' * (row['controllers'] != 1)}"]
    conditions += [f"seed {row['seed']}", f"{row['steps']} steps"]
    lines = [f"- `{name}={value}`" for name, value in row["settings"].items()]
    if row["mutant"]:
        lines.append(f"- a planted rule takes the place of Kafka's own: `{row['mutant']}`")
    return ["## Under which conditions", ", ".join(conditions) + ".", "\n".join(lines)]


def play_it_yourself(row: Row) -> list[str]:
    """Where it lies, and the line that plays it."""
    return [
        "## Play it yourself",
        f"[The scenario's file](../code/{row['file'].removesuffix('.py')}.md) is written to be read. "
        f"In a clone of the course:\n\n```sh\nminikafka run {row['id']}\n```\n\nand in a notebook:\n\n"
        f'```python\nfrom minikafka import play, show\n\nshow(play("{row["id"]}"))\n```',
    ]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    record_all(Path(sys.argv[1]), sys.argv[2])
