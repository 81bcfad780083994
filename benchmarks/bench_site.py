"""What a reader's browser has to fetch, compressed as a server would."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measured import Measured

SITE = Path(__file__).resolve().parent.parent / "site"


def measure() -> Iterator[Measured]:
    """Files of the built site; the browser test weighs whole pages. Build it first: `make site`."""
    for pattern, goal in (("lessons/*/index.html", None), ("assets/stage.mjs", None), ("traces/*.json", 100)):
        for path in sorted(SITE.glob(pattern)):
            kilobytes = len(gzip.compress(path.read_bytes(), 9)) / 1000
            name = path.relative_to(SITE).as_posix()
            yield Measured(name, kilobytes, "kB gz", goal, depends_on_machine=False)
