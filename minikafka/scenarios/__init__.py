"""Runs worth telling, one file each, with the story they must tell beside them."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from minikafka.config import unknown_name
from minikafka.sim.scenario import Scenario


class UnknownScenario(ValueError):
    """No scenario has this id; the message names the nearest."""


def by_file() -> dict[Path, Scenario]:
    """All there are, each by the file it lies in."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {Path(str(module.__file__)): module.SCENARIO for module in modules}


def all_scenarios() -> list[Scenario]:
    """All there are, by id."""
    return sorted(by_file().values(), key=lambda scenario: scenario.id)


def scenario(wanted: str) -> Scenario:
    """One by its id. Raises `UnknownScenario`."""
    known = {one.id: one for one in all_scenarios()}
    if wanted not in known:
        raise UnknownScenario(unknown_name("scenario", wanted, list(known)))
    return known[wanted]
