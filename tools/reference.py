"""The reference: what one imports, by mkdocstrings, and what each room of the core says of itself.

The surface is read from `minikafka/__init__.py`, so a name that is added there is on the page at the next build. The
rooms' pages are the modules' own docstrings: problem, idea, picture, rules, and what we leave out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOMS = {
    "": "What all rooms share",
    "protocol": "Messages, record batches and errors",
    "metadata": "What the cluster is",
    "log": "One replica's copy",
    "coordinator": "Groups and transactions",
    "controller": "The quorum, and who decides",
    "broker": "Leaders, followers, waiting",
    "client": "Producers and consumers",
    "trace": "What happened, and its sentences",
    "sim": "Virtual time, faults, the explorer",
    "server": "Behind TCP",
    "stage": "The player",
    "grading": "The machine under the exercises",
}
"""The rooms in the order of who may import whom, and the few words that stand beside the name."""

ADMIN = "minikafka/admin.py"


def stage(root: Path, docs: Path) -> None:
    """Write the pages, if there is a surface to write about."""
    package = root / "minikafka"
    if not (package / "__init__.py").exists():
        return
    (docs / "reference").mkdir(parents=True, exist_ok=True)
    (docs / "reference" / "index.md").write_text(surface_page(root), encoding="utf-8")
    (docs / "reference" / "rooms.md").write_text(rooms_page(package), encoding="utf-8")


def surface_page(root: Path) -> str:
    """What one imports: each name with its home, in the order of `__all__`."""
    homes = constant(root / "minikafka" / "__init__.py", "_HOMES")
    parts = [
        "# What one imports",
        "The calls are those of confluent-kafka, so what works here works there: classes, methods, a dict of dotted "
        "settings. Defaults are Apache Kafka's own; [where other clients differ](../client-defaults.md).",
        "## `minikafka`",
        *(entry(f"{home}.{name}") for name, home in homes.items()),
    ]
    if (root / ADMIN).exists():
        names = [name for name in constant(root / ADMIN, "__all__") if name not in homes]
        parts += ["## `minikafka.admin`", *(entry(f"minikafka.admin.{name}") for name in names)]
    return "\n\n".join(parts) + "\n"


def entry(path: str) -> str:
    """One name, for mkdocstrings."""
    return f"::: {path}"


def constant(file: Path, name: str) -> dict[str, str]:
    """A constant of a module, without importing it: a dict, or a list as a dict of its names to nothing."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            value = ast.literal_eval(node.value)
            return dict(value) if isinstance(value, dict) else dict.fromkeys(value, "")
    return {}


def rooms_page(package: Path) -> str:
    """Every module's docstring, room by room; a module with only a line is a line."""
    parts = [
        "# The rooms, in their own words",
        "A room knows those above it and none below. Each module begins with what it is about, its rules, and what it "
        "leaves out: this page is those beginnings, read from the source.",
    ]
    for room, words in ROOMS.items():
        folder = package / room
        modules = [part for path in sorted(folder.glob("*.py")) for part in module(package, path)]
        if modules:
            parts += [f"## {f'`{room}/`' if room else '`minikafka`'}: {words}", *modules]
    return "\n\n".join(parts) + "\n"


def module(package: Path, path: Path) -> Iterator[str]:
    """A module's heading and docstring."""
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    said = (said or "").partition("How true is it?")[0].strip()  # that part is the fidelity ledger
    if not said or path.name == "__main__.py":
        return
    name = path.relative_to(package).as_posix()
    name = name.removesuffix("__init__.py") if path.name == "__init__.py" else name
    if name:
        yield f"### `{name}`"
        yield said.replace("```\n", "```text\n", 1) if "```\n" in said else said
