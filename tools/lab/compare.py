"""What three backends answered, kept in `docs/agreement/` and set side by side in `docs/agreement.md`.

A difference is either mended or explained: a script names each answer that differs, with the sentence that says why,
and a sentence without a difference is as wrong as a difference without a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import agreement_table
from agreement_table import BACKENDS, ORACLE

from lab.base import Script

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "agreement"
PAGE = ROOT / "docs" / "agreement.md"

HEAD = """# The same lab on three backends

Each script below was run unchanged in the simulation, on `minikafka serve`, and on Apache Kafka: the same calls, the
same faults. This page shows what each answered. It is made from the files in `docs/agreement/` by `python
tools/agreement.py --page`; the scripts are in `tools/lab/`, and `make test` runs them again in the simulation and on
`serve`, compares with what Apache Kafka answered when it was last asked, and asks it some of them again.

"""


def path_of(script: Script) -> Path:
    """The file of one script."""
    return FOLDER / f"{script.id}.json"


def recorded(script: Script) -> dict[str, Any]:
    """What was kept of one script; empty if nothing was."""
    path = path_of(script)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def keep(script: Script, backend: str, answers: Mapping[str, Any], date: str, versions: Mapping[str, str]) -> None:
    """Keep what one backend answered."""
    kept = recorded(script)
    everybody = kept.get("answers", {}) | {backend: dict(answers)}
    kept = {
        "id": script.id,
        "title": script.title,
        "faults": list(script.faults),
        "unlike": dict(script.unlike),
        "recorded": kept.get("recorded", {}) | {backend: date},
        "versions": dict(versions),
        "answers": {name: everybody[name] for name in BACKENDS if name in everybody},
    }
    FOLDER.mkdir(exist_ok=True)
    path_of(script).write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def plain(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they are after a journey through JSON."""
    return dict(json.loads(json.dumps(answers)))


def differences(script: Script, answers: Mapping[str, Any], oracle: Mapping[str, Any]) -> list[str]:
    """One sentence for each answer that is unlike Apache Kafka's without a reason."""
    names = [*oracle, *(name for name in answers if name not in oracle)]
    return [
        f"{script.id}: {name}: {answers.get(name)!r}, and Apache Kafka answered {oracle.get(name)!r}"
        for name in names
        if name not in script.unlike and answers.get(name) != oracle.get(name)
    ]


def complaints(script: Script) -> list[str]:
    """What is wrong with the kept answers of one script."""
    kept = recorded(script)
    missing = [name for name in BACKENDS if name not in kept.get("answers", {})]
    if missing:
        return [f"{script.id}: nothing is kept of {', '.join(missing)}."]
    oracle = kept["answers"][ORACLE]
    found = [one for name in BACKENDS for one in differences(script, kept["answers"][name], oracle)]
    for name in script.unlike:
        if all(kept["answers"][backend].get(name) == oracle.get(name) for backend in BACKENDS):
            found.append(f"{script.id}: {name} is said to differ, and does not.")
    return found


def page(scripts: tuple[Script, ...]) -> str:
    """The whole page."""
    parts = [HEAD, *summary(scripts)]
    for script in scripts:
        parts += section(script, recorded(script))
    return "".join(parts)


def summary(scripts: tuple[Script, ...]) -> list[str]:
    """One line for each script."""
    lines = ["| script | faults | answers | alike | explained |\n| --- | --- | --- | --- | --- |\n"]
    for script in scripts:
        kept = recorded(script)["answers"][ORACLE]
        faults = ", ".join(script.faults) or "none"
        alike = len(kept) - len(script.unlike)
        lines.append(f"| [{script.title}](#{script.id}) | {faults} | {len(kept)} | {alike} | {len(script.unlike)} |\n")
    return lines


def section(script: Script, kept: Mapping[str, Any]) -> list[str]:
    """One script, with what it does."""
    what = " ".join((script.play.__doc__ or "").split())
    head = f"\n## {script.title} {{ #{script.id} }}\n\n{what}\n\n"
    return [head, agreement_table.asked(kept), agreement_table.tables(kept | {"unlike": dict(script.unlike)})]
