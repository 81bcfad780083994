#!/usr/bin/env python3
"""Write `docs/fidelity.md` from what the modules say of themselves.

    python tools/fidelity.py            writes the page
    python tools/fidelity.py --check    says whether the page is what the modules say; 1 if it is not

A room's `__init__.py` lists its claims, one in each bullet, under the line `How true is it?`:

    * conforms: Followers pull. | tests/engine/test_leading.py
    * simplified: The records are JSON. | Kafka's are its own versioned binary; types and meaning are the same
    * not modelled: Quotas. | `ClientQuotaManager`

and each module ends its docstring with `What we leave out: ...`. A claim that conforms names the tests that hold it,
and those must exist; the other two say what differs, or where the real thing lives. A claim that also names
`docs/agreement/SCRIPT.json` was put to Apache Kafka itself, and the page says so: see `tools/agreement.py`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minikafka"
PAGE = ROOT / "docs" / "fidelity.md"
VERDICTS = ("conforms", "simplified", "not modelled")
ROOMS = {
    "protocol": "Records and messages",
    "log": "Logs and disks",
    "broker": "Replication and brokers",
    "controller": "Controllers",
    "metadata": "The metadata log",
    "coordinator": "Groups and transactions",
    "client": "Clients",
    "sim": "The simulated world",
    "server": "The wire",
}
MARK = "How true is it?"
BULLET = re.compile(r"\* (?P<verdict>[a-z ]+): (?P<claim>.*?) \| (?P<rest>.*)")
LEFT_OUT = re.compile(r"What\s+we\s+leave\s+out(?P<until>, until[^:]*)?:\s+(?P<what>.*)\Z", re.S)
MIRRORS = re.compile(r"Mirrors (?P<what>.*?)\.(?:\s|\Z)", re.S)
TESTS = re.compile(r"\btests/[\w/]+(?:\.py)?")
AGREEMENTS = re.compile(r"\bdocs/agreement/(?P<script>\w+)\.json")
ASKED = "Apache Kafka 4.4.0"

HEAD = """# How true is it?

A teaching broker that is wrong in silence teaches the wrong thing. So each claim about behaviour stands here, with one
of three words:

- **conforms**: does what Apache Kafka does; the test that holds it is named. *Tested against Apache Kafka 4.4.0*: a
  script asked both, and [what they answered](agreement.md) is kept.
- **simplified**: the same outcome by a shorter way; what is shorter is said.
- **not modelled**: you will not see it here; where the real thing lives is said.

The version taught is Apache Kafka 4.4. This page is made from the modules themselves (`python tools/fidelity.py`): to
change a line, change what the code says of itself.
"""


class Claim(NamedTuple):
    """One line of the ledger."""

    verdict: str
    claim: str
    rest: str


class FidelityError(ValueError):
    """A claim does not hold together; the message says which."""


def docstring_of(path: Path) -> str:
    """A module's docstring."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def one_line(text: str) -> str:
    """Text that was wrapped, unwrapped."""
    return " ".join(text.split())


def claims_of(room: str, text: str) -> list[Claim]:
    """The claims of a room. Raises `FidelityError` for one that is not in the form."""
    if MARK not in text:
        return []
    found = []
    for bullet in re.split(r"\n(?=\* )", text.partition(MARK)[2].strip()):
        match = BULLET.fullmatch(one_line(bullet))
        if match is None or match["verdict"] not in VERDICTS:
            raise FidelityError(f"{room}: {one_line(bullet)[:100]!r} is no claim: `* conforms: CLAIM | TESTS`.")
        claim = Claim(match["verdict"], one_line(match["claim"]), one_line(match["rest"]))
        tests = TESTS.findall(claim.rest)
        if claim.verdict == "conforms" and not tests:
            raise FidelityError(f"{room}: {claim.claim!r} conforms, but names no test that holds it.")
        for test in [*tests, *(match[0] for match in AGREEMENTS.finditer(claim.rest))]:
            if not (ROOT / test).exists():
                raise FidelityError(f"{room}: {claim.claim!r} is held by {test}, which does not exist.")
        found.append(claim)
    return found


def modules() -> Iterator[tuple[str, str]]:
    """(path from the top, docstring) of every module."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), docstring_of(path)


def left_out(docstring: str) -> str:
    """What a module says it leaves out; empty when it says nothing."""
    match = LEFT_OUT.search(docstring)
    return one_line(match["what"]) if match else ""


def mirrored(docstring: str) -> str:
    """Which classes of Kafka a module mirrors; empty when it names none."""
    match = MIRRORS.search(docstring)
    return one_line(match["what"]) if match else ""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for room, title in ROOMS.items():
        claims = claims_of(room, docstring_of(PACKAGE / room / "__init__.py"))
        if claims:
            parts.append(f"\n## {title}\n\n| claim | verdict | held by, or what differs |\n| --- | --- | --- |\n")
            parts += [f"| {cell(one.claim)} | {verdict_of(one)} | {cell(held(one))} |\n" for one in claims]
    parts.append("\n## What each file leaves out\n\n| file | mirrors | leaves out |\n| --- | --- | --- |\n")
    for path, docstring in modules():
        if left_out(docstring):
            parts.append(f"| `{path}` | {cell(mirrored(docstring))} | {cell(left_out(docstring))} |\n")
    return "".join(parts)


def held(claim: Claim) -> str:
    """The last column: names of tests as code, scripts as links to their answers."""
    tests = TESTS.sub(lambda match: f"`{match[0]}`", claim.rest)
    return AGREEMENTS.sub(lambda match: f"[{match['script']}](agreement.md#{match['script']})", tests)


def verdict_of(claim: Claim) -> str:
    """The word, and whether Apache Kafka itself was asked."""
    return f"{claim.verdict} (tested against {ASKED})" if AGREEMENTS.search(claim.rest) else claim.verdict


def cell(text: str) -> str:
    """Text in a table."""
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or compare."""
    try:
        made = page()
    except FidelityError as problem:
        print(f"fidelity: {problem}", file=sys.stderr)
        return 2
    if "--check" in arguments:
        same = PAGE.read_text(encoding="utf-8") == made
        print(f"docs/fidelity.md is {'what the modules say.' if same else 'old: run tools/fidelity.py.'}")
        return 0 if same else 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
