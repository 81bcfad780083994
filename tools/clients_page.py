#!/usr/bin/env python3
"""docs/clients.md: which features of which client the tests show, made from the tests themselves.

    python tools/clients_page.py            writes the page; `--check` says whether it is up to date

A test says what it shows: `@pytest.mark.shows("seek", "commit", clients=("kcat",))`. What no test shows has its reason
here; a feature that has neither, or both, is refused.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "clients.md"
TESTS = ROOT / "tests" / "server"
CLIENTS = ("confluent-kafka", "kafka-python", "aiokafka", "kcat", "Java", "franz-go")
FEATURES = (
    "produce and consume", "compression: gzip, snappy, lz4, zstd",
    "groups: range", "groups: cooperative-sticky", "groups: static", "groups: KIP-848",
    "seek", "commit", "transactions", "zombies", "read_committed", "offsets in transactions", "admin",
    "a leader killed",
)  # fmt: skip
PACKED = "gzip is tested; the others need a package of their own (`cramjam`), and pass through us unopened"
REASONS = {
    ("kafka-python", "compression: gzip, snappy, lz4, zstd"): PACKED,
    ("aiokafka", "compression: gzip, snappy, lz4, zstd"): PACKED,
    ("kafka-python", "groups: KIP-848"): "kafka-python knows the classic protocol only",
    ("aiokafka", "groups: KIP-848"): "aiokafka knows the classic protocol only",
    ("aiokafka", "groups: cooperative-sticky"): "aiokafka's assignors are all eager",
    ("kcat", "groups: cooperative-sticky"): "librdkafka: as confluent-kafka",
    ("kcat", "groups: static"): "librdkafka: as confluent-kafka",
    ("kcat", "groups: KIP-848"): "Debian's kcat 1.7.1 is built on librdkafka 2.0.2: the classic protocol only",
    ("kcat", "offsets in transactions"): (
        "kcat writes in one transaction, from its start to the end of its input, and commits no offsets in it"
    ),
    ("kcat", "admin"): "kcat only lists",
}
"""(client, feature): why no test shows it."""
HEAD = """# Clients, and what the tests show of them

Each client runs unmodified against a fresh `minikafka serve`, and again against one with `--processes`. A ✓ is a test
that `make test` runs; the page is made from the tests by `python tools/clients_page.py`. How each one connects:
[your client](your-client.md); what their defaults do differently: [client defaults](client-defaults.md).

"""


class Collector:
    """Asks pytest what the tests say of themselves."""

    def __init__(self) -> None:
        self.shown: dict[tuple[str, str], list[str]] = defaultdict(list)

    def pytest_collection_finish(self, session: Any) -> None:
        """Every collected test and its marks."""
        for item in session.items:
            for mark in item.iter_markers("shows"):
                for client in mark.kwargs["clients"]:
                    for feature in mark.args:
                        self.shown[client, feature].append(item.nodeid)


def shown() -> dict[tuple[str, str], list[str]]:
    """(client, feature): the tests that show it."""
    import pytest

    found = Collector()
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(["--collect-only", "-q", str(TESTS)], plugins=[found])
    assert code == 0, f"the tests could not be collected: exit code {code}"
    return dict(found.shown)


def faults(tests: dict[tuple[str, str], list[str]]) -> list[str]:
    """What keeps the table from being whole."""
    cells = [(client, feature) for client in CLIENTS for feature in FEATURES]
    unknown = [f"{client}, {feature}: no such cell" for client, feature in {*tests, *REASONS} - set(cells)]
    empty = [
        f"{client}, {feature}: no test and no reason"
        for client, feature in cells
        if (client, feature) not in {*tests, *REASONS}
    ]
    both = [
        f"{client}, {feature}: a test, and a reason why there is none" for client, feature in set(tests) & set(REASONS)
    ]
    return sorted(unknown + empty + both)


def page(tests: dict[tuple[str, str], list[str]]) -> str:
    """The text of the page."""
    reasons = list(dict.fromkeys(REASONS.values()))
    lines = [f"| feature | {' | '.join(CLIENTS)} |", f"| --- |{' :-: |' * len(CLIENTS)}"]
    for feature in FEATURES:
        cells = [
            "✓" if (client, feature) in tests else f"[^{reasons.index(REASONS[client, feature]) + 1}]"
            for client in CLIENTS
        ]
        lines.append(f"| {feature} | {' | '.join(cells)} |")
    notes = [f"[^{number}]: {reason}." for number, reason in enumerate(reasons, 1)]
    return HEAD + "\n".join(lines) + "\n\n" + "\n".join(notes) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or compare."""
    tests = shown()
    wrong = faults(tests)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    text = page(tests)
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != text:
        print("docs/clients.md is out of date: run `python tools/clients_page.py`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
