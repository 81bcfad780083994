"""How small a recorded run is: what a reader's browser has to fetch, for each event."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

from benchmarks.measured import Measured
from minikafka.scenarios import all_scenarios
from minikafka.world import run_scenario


def measure() -> Iterator[Measured]:
    """Every scenario with its other futures, compressed as a server would."""
    sizes = [(size(document), events(document)) for document in map(recorded, all_scenarios())]
    total = sum(each for each, _ in sizes) / sum(count for _, count in sizes)
    yield Measured("trace, all scenarios, an event", total, "bytes gz", 40, depends_on_machine=False)
    worst = max(each / count for each, count in sizes)
    yield Measured("trace, the dearest scenario, an event", worst, "bytes gz", 40, depends_on_machine=False)


def recorded(scenario: Any) -> dict[str, Any]:
    """The document that the site serves."""
    return run_scenario(scenario).to_json()


def size(document: dict[str, Any]) -> int:
    """Bytes after gzip."""
    return len(gzip.compress(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), 9))


def events(document: dict[str, Any]) -> int:
    """Steps of the run and of its other futures."""
    return len(document["steps"]) + sum(events(branch["trace"]) for branch in document["branches"])
