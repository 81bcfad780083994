"""What three backends answered to one script, as tables: for docs/agreement.md, and for the lessons that quote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BACKENDS = ("simulation", "serve", "Apache Kafka")
ORACLE = "Apache Kafka"
LONG = 160


class AgreementError(Exception):
    """There is no such script; the text says which there are."""


def kept_of(root: Path, name: str) -> dict[str, Any]:
    """What is kept of a script. Raises `AgreementError`."""
    folder = root / "docs" / "agreement"
    path = folder / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in folder.glob("*.json")))
        raise AgreementError(f"there is no docs/agreement/{name}.json; there are {known}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def asked(kept: Mapping[str, Any]) -> str:
    """When, and in which versions."""
    versions = ", ".join(f"{name} {version}" for name, version in kept["versions"].items())
    dates = ", ".join(f"{name} {kept['recorded'][name]}" for name in BACKENDS)
    return f"Asked: {dates}. {versions}.\n\n"


def tables(kept: Mapping[str, Any]) -> str:
    """First what is the same, then what is not, and why."""
    answers, unlike = kept["answers"], kept["unlike"]
    parts = ["| all three | answer |\n| --- | --- |\n"]
    parts += [f"| {name} | {shown(answers[ORACLE][name])} |\n" for name in answers[ORACLE] if name not in unlike]
    if unlike:
        parts.append("\n| differs | simulation | serve | Apache Kafka | why |\n| --- | --- | --- | --- | --- |\n")
        for name, why in unlike.items():
            cells = " | ".join(shown(answers[backend].get(name)) for backend in BACKENDS)
            parts.append(f"| {name} | {cells} | {why} |\n")
    return "".join(parts)


def shown(answer: Any) -> str:
    """An answer in a cell."""
    text = json.dumps(answer, ensure_ascii=False)
    return f"`{text if len(text) <= LONG else text[: LONG - 1] + '…'}`".replace("|", "\\|")
