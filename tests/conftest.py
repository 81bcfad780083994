"""What every test may ask for: a tool that may be missing on a reader's machine, but not in CI."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
AXE = "axe-core@4.14.1"
AXE_HOME = ROOT / "build" / "axe"
OTHER_NAMES = {"chromium": ("chromium", "chromium-browser", "google-chrome", "chrome")}


class Need:
    """Skips the test when something is missing; under `CI=true` that is a failure, so nothing is skipped unseen."""

    def tool(self, name: str) -> str:
        """The path of a program, by the first of its usual names that is on the PATH."""
        found = next(filter(None, map(shutil.which, OTHER_NAMES.get(name, (name,)))), None)
        return found or self.missing(f"`{name}` is not installed; `minikafka doctor` says how to mend it")

    def module(self, name: str) -> ModuleType:
        """An importable module, such as one of an extra."""
        try:
            return importlib.import_module(name)
        except ImportError as error:
            return self.missing(f"cannot import `{name}` ({error}); `make test` installs the test extra")

    def path(self, relative: str) -> Path:
        """A file or folder of this tree."""
        return ROOT / relative if (ROOT / relative).exists() else self.missing(f"there is no {relative} yet")

    def missing(self, reason: str):
        """Skip with the reason, or fail with it where a skipped test would go unnoticed."""
        if os.environ.get("CI"):
            pytest.fail(f"CI must have it: {reason}", pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def need() -> Need:
    """`need.tool("node")`, `need.module("confluent_kafka")`: what a test cannot do without."""
    return Need()


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the tree."""
    return ROOT


@pytest.fixture(scope="session")
def chromium(need):
    """One headless browser for all tests: Playwright runs once in a process."""
    need.module("playwright.sync_api")
    sys.path.insert(0, str(ROOT / "tools"))
    import screenshots

    with screenshots.browser(need.tool("chromium")) as running:
        yield running


@pytest.fixture(scope="session")
def axe(need):
    """The source of axe-core, fetched once by npm."""
    script = AXE_HOME / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        AXE_HOME.mkdir(parents=True, exist_ok=True)
        command = [need.tool("npm"), "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(AXE_HOME), AXE]
        subprocess.run(command, check=True, capture_output=True)
    return script.read_text(encoding="utf-8")
