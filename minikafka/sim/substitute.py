"""Put another function in place of one of the core's, by module and name, and put the old one back.

Decisions are called through their module (`election.elect_leader(…)`), so one assignment reaches every caller. Mutants
of the engine and functions of learners come in through this same door; no line of the core knows of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def substituted(replacements: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Within the block, each `"package.module:name"` is the given function."""
    originals: list[tuple[Any, str, Any]] = []
    try:
        for place, replacement in replacements.items():
            module, _, name = place.partition(":")
            home: Any = importlib.import_module(module)
            *path, last = name.split(".")
            for step in path:
                home = getattr(home, step)
            originals.append((home, last, getattr(home, last)))
            setattr(home, last, replacement)
        yield
    finally:
        for home, name, original in reversed(originals):
            setattr(home, name, original)
