"""`minikafka doctor`: what this machine has of all the course can use, and how to get the rest.

The course itself needs little: Python, and what `make start` installs. The rest serves a single lesson or the tests,
and its absence is a remark, not a fault. One line for each finding; the exit code is 1 only when the course cannot
open.

What we leave out: versions of the optional tools. A lesson that needs a certain one checks it itself.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import socket
import sys
from dataclasses import dataclass

OLDEST_PYTHON = (3, 11)
START = "run `make start`, or `python tools/course.py start`, in the course's folder"
TEST = "run `make test`, or `python tools/course.py test`, in the course's folder"

EXTRAS = (
    # extra, what it is for, needed for the course, its modules, how to get it
    ("notebook", "lessons to run", True, ("jupyterlab", "ipywidgets", "anywidget", "matplotlib", "networkx"), START),
    ("site", "building the site", True, ("mkdocs", "material", "nbclient", "nbformat"), START),
    ("fast", "faster checksums", False, ("crc32c",), START),
    ("test", "the course's own tests", False, ("pytest", "ruff", "mypy", "playwright", "confluent_kafka", "kio"), TEST),
)  # fmt: skip

TOOLS = (
    # names to look for, what it is for, its package on Debian and on Homebrew
    (("git",), "getting updates", "git", "git"),
    (("chromium", "chromium-browser", "google-chrome", "chrome"), "the browser tests", "chromium", "--cask chromium"),
    (("node",), "tests of the player and of the course in a browser", "nodejs", "node"),
    (("java",), "comparing with Apache Kafka", "default-jre-headless", "openjdk"),
    (("mvn",), "comparing with Kafka's Java client", "maven", "maven"),
    (("kcat",), "talking to `minikafka serve` from a shell", "kcat", "kcat"),
)

PORTS = ((8300, "the site"), (8400, "the notebooks"), (9092, "`minikafka serve`"))


@dataclass(frozen=True)
class Finding:
    """One thing the course can use: whether it is there, and how to mend it if not."""

    name: str
    """As a reader would look for it: `Python`, `chromium`, `port 8300`."""

    purpose: str
    """What of the course uses it."""

    ok: bool
    """It is there and can be used."""

    needed: bool
    """Without it the course does not open."""

    mend: str
    """What to do when it is not ok, in a clause."""

    trouble: str = "not there"
    """What is wrong when it is not ok."""

    def line(self) -> str:
        """The finding as the doctor prints it."""
        if self.ok:
            return f"✓ {self.name}: {self.purpose}"
        return f"{'✗' if self.needed else '·'} {self.name}: {self.trouble} ({self.purpose}) → {self.mend}"


def diagnose() -> list[Finding]:
    """Everything the doctor looks at, in the order it is printed. Changes nothing and asks no network."""
    extras = [check_extra(*extra) for extra in EXTRAS]
    tools = [check_tool(*tool) for tool in TOOLS]
    ports = [check_port(*port) for port in PORTS]
    return [check_python(), check_venv(), *extras, *tools, *ports]


def check_python() -> Finding:
    """The Python that runs this."""
    wanted = ".".join(map(str, OLDEST_PYTHON))
    ok = sys.version_info >= OLDEST_PYTHON
    name = f"Python {platform.python_version()}"
    return Finding(name, "all of it", ok, True, f"install Python {wanted} or newer", "too old")


def check_venv() -> Finding:
    """Whether this Python can make the virtual environment, or already runs in one. Debian ships it apart."""
    ok = sys.prefix != sys.base_prefix or importlib.util.find_spec("ensurepip") is not None
    return Finding("venv", "installing the course", ok, True, "on Debian or Ubuntu: apt install python3-venv")


def check_extra(name: str, purpose: str, needed: bool, modules: tuple[str, ...], mend: str) -> Finding:
    """An extra is there when each of its modules can be found; none is imported."""
    lacking = [module for module in modules if importlib.util.find_spec(module) is None]
    said = f"extra `{name}`" + (f" (without {', '.join(lacking)})" if lacking else "")
    return Finding(said, purpose, not lacking, needed, mend)


def check_tool(names: tuple[str, ...], purpose: str, debian: str, homebrew: str) -> Finding:
    """A program, under any of its names, on the PATH."""
    ok = any(shutil.which(name) for name in names)
    return Finding(names[0], purpose, ok, False, how_to_install(names[0], debian, homebrew))


def how_to_install(name: str, debian: str, homebrew: str) -> str:
    """The command of this machine's own package manager."""
    if sys.platform == "darwin":
        return f"brew install {homebrew}"
    if sys.platform == "win32":
        return f"winget search {name}"
    return f"apt install {debian}" if shutil.which("apt") else f"install {debian} with your package manager"


def check_port(port: int, purpose: str) -> Finding:
    """A busy port is no fault: the next free one is used, and named."""
    return Finding(f"port {port}", purpose, port_is_free(port), False, "the next free one will be used", "busy")


def port_is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        if os.name != "nt":
            # A port whose last connections are still closing can be listened on; a busy one cannot.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def main() -> int:
    """Print every finding; 0 when the course can open."""
    findings = diagnose()
    utf8 = (sys.stdout.encoding or "").lower().startswith("utf")
    for finding in findings:
        line = finding.line()
        print(line if utf8 else line.translate({ord("✓"): "+", ord("✗"): "X", ord("·"): "-", ord("→"): "->"}))
    missing = sum(not finding.ok and finding.needed for finding in findings)
    print("The course can open." if not missing else f"The course cannot open yet: {missing} to mend, marked above.")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
