"""What every test may ask for: a tool that may be missing on a reader's machine, but not in CI."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
AXE = "axe-core@4.14.1"
AXE_HOME = ROOT / "build" / "axe"
# These fill the same folders of Maven and Go, and start Apache Kafka, which wants the machine for itself.
WITH_JARS = {"test_agreement", "test_apache_kafka", "test_java_and_go", "test_your_client"}
OTHER_NAMES = {"chromium": ("chromium", "chromium-browser", "google-chrome", "chrome")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side, a file stays in one process: its module fixtures are made once."""
    for item in items:
        group = "jars" if item.path.stem in WITH_JARS else item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


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

    def from_npm(self, package: str, home: Path) -> Path:
        """The `node_modules` of an npm package, fetched once; whoever else fetches it at the same time does no harm."""
        if not (home / "node_modules").exists():
            home.parent.mkdir(parents=True, exist_ok=True)
            fetched = Path(tempfile.mkdtemp(dir=home.parent, prefix=f"{home.name}-"))
            command = [self.tool("npm"), "install", "--silent", "--no-audit", "--no-fund", "--prefix", fetched, package]
            subprocess.run(command, check=True, capture_output=True)
            try:
                fetched.rename(home)
            except OSError:  # another process was quicker
                shutil.rmtree(fetched)
        return home / "node_modules"

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


@pytest.fixture(scope="module")
def chromium(need):
    """One headless browser for a file. Playwright's event loop runs in this thread, and ends before the next file."""
    need.module("playwright.sync_api")
    sys.path.insert(0, str(ROOT / "tools"))
    import screenshots

    with screenshots.browser(need.tool("chromium")) as running:
        yield running


@pytest.fixture(scope="session")
def axe(need):
    """The source of axe-core, fetched once by npm."""
    script = need.from_npm(AXE, AXE_HOME) / "axe-core" / "axe.min.js"
    return script.read_text(encoding="utf-8")
