"""The house rules that a machine can hold. Each check takes the top of a tree and returns complaints, one a line.

    python tools/tidy.py        all complaints about this tree

tests/test_tidy.py runs them, and proves each on a small tree with the fault planted.
"""

from __future__ import annotations

import ast
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PACKAGE = "minikafka"

# A room may import itself and the rooms above it.
ROOMS = (
    "root", "protocol", "effects", "metadata", "log", "coordinator", "controller", "client", "broker",
    "trace", "sim", "scenarios", "stage", "server", "grading", "surface",
)  # fmt: skip
ROOT_FILES = {"types", "config", "settings", "disk", "assignors"}
SURFACE_FILES = {
    "__init__", "__main__", "api", "admin", "admin_groups", "admin_types", "cli", "cluster", "consumer", "doctor",
    "live", "producer", "proving", "world",
}  # fmt: skip

# Rooms that stand above and still are none of its business; `room` or `room.file`.
KNOWS_NOTHING_OF = {
    "log": ("effects", "protocol.messages", "metadata"),
    "coordinator": ("log", "effects"),
    "client": ("metadata", "log", "coordinator", "controller"),
    "broker": ("controller", "client"),
    "server": ("sim", "scenarios"),
    "stage": tuple(room for room in ROOMS if room not in ("root", "trace", "stage")),
    "grading": ("server",),
}

# Only these touch the world: a clock, a socket, another process. All others must run the same twice, and in a browser.
WORLDLY_ROOMS = {"server", "stage", "grading"}
WORLDLY_FILES = {"cli", "doctor", "proving", "__main__"}
WORLDLY_MODULES = {
    "asyncio", "concurrent", "ctypes", "datetime", "multiprocessing", "secrets", "select", "selectors", "signal",
    "socket", "ssl", "subprocess", "threading", "time", "urllib", "uuid",
}  # fmt: skip

# What stands around the engine: a change there changes no run of it.
AROUND_THE_ENGINE = {"scenarios", "server", "stage", "grading", "surface"}

# Rooms whose lowercase functions are decisions: called through their module, so that another can be put in place.
DECISION_ROOMS = {"log", "coordinator", "controller", "client", "broker"}
DECISION_FILES = {"assignors"}

MOST_FILE_LINES = 450
MOST_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 10

UNIT_FIRST = re.compile(r"^_?(ms|millis|milliseconds|seconds|secs|us|ns|kb|mb|percent)_[a-z]")
MARKDOWN_LINK = re.compile(r"!?\[[^\]\n]*\]\(\s*<?(?P<target>[^)\s>]+)>?[^)]*\)")
HTML_LINK = re.compile(r'\b(?:href|src)="(?P<target>[^"]+)"')
FENCE = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1`*$", re.M | re.S)
# Written in pieces, since this file is looked at too.
MACHINE_WORDS = re.compile(
    "|".join(("/wor" + "k/", "/roo" + "t/", "/opt/" + "wheels", "pypi" + r"\.org", "python" + "hosted", "r-" + "seed"))
)
TEXT_SUFFIXES = {
    "", ".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".mjs", ".js", ".css", ".html", ".svg", ".ipynb", ".golden",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One Python file of the package."""

    path: Path
    """Relative to the top of the tree."""

    name: str
    """`minikafka.controller.election`"""

    room: str
    """Its room, or the empty string when the table has no place for it."""

    tree: ast.Module
    lines: int

    @property
    def file(self) -> str:
        """The last part of the path without its suffix."""
        return self.path.stem


@lru_cache(maxsize=4)
def modules(root: Path) -> tuple[Module, ...]:
    """Every Python file of the package, parsed."""
    found = []
    for path in sorted((root / PACKAGE).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        inner = path.relative_to(root)
        name = ".".join(inner.with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(inner, name, room_of(name), ast.parse(source), len(source.splitlines())))
    return tuple(found)


def room_of(name: str) -> str:
    """The room of a dotted module name."""
    parts = name.split(".")
    if len(parts) == 1:
        return "surface"
    first = parts[1]
    if first in ROOMS and first not in ("root", "surface"):
        return first
    return "root" if first in ROOT_FILES else "surface" if first in SURFACE_FILES else ""


def imports(module: Module) -> Iterator[tuple[int, str, str]]:
    """Each import, wherever it stands: line, module, and the name taken from it (empty for a plain import)."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(module, node)
            yield from ((node.lineno, source, alias.name) for alias in node.names)


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """The full name of what a `from` names, dots at its front resolved."""
    if not node.level:
        return node.module or ""
    package = module.name.split(".") if module.file == "__init__" else module.name.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def own_imports(root: Path) -> Iterator[tuple[Module, int, str]]:
    """Each import of one of our modules by another, named as far as it is a module."""
    known = {module.name for module in modules(root)}
    for module in modules(root):
        for line, source, name in imports(module):
            if source.split(".")[0] != PACKAGE:
                continue
            full = f"{source}.{name}"
            yield module, line, full if full in known or (source == PACKAGE and room_of(full)) else source


# --- the checks ---------------------------------------------------------------------------------------------------


def rooms_have_a_place(root: Path) -> list[str]:
    """Every file belongs to a room of the table."""
    return [
        f"{module.path}: no room of tools/tidy.py has a place for it; put it into a room, or add one with its reason"
        for module in modules(root)
        if not module.room
    ]


def imports_go_upwards(root: Path) -> list[str]:
    """A room imports only rooms above it, and none that is not its business. `TYPE_CHECKING` counts too."""
    complaints = []
    for module, line, target in own_imports(root):
        room, there = module.room, room_of(target)
        if not room or not there or room == there:
            continue
        if ROOMS.index(there) > ROOMS.index(room):
            complaints.append(f"{module.path}:{line}: {room} imports {target}, which lies below it")
        elif any(f"{target}.".startswith(f"{PACKAGE}.{other}.") for other in KNOWS_NOTHING_OF.get(room, ())):
            complaints.append(f"{module.path}:{line}: {room} is to know nothing of {target}")
    return complaints


def core_stays_pure(root: Path) -> list[str]:
    """No clock, socket, thread, process or unseeded chance outside the rooms that face the world."""
    complaints = []
    for module in modules(root):
        if module.room in WORLDLY_ROOMS or (module.room == "surface" and module.file in WORLDLY_FILES):
            continue
        for line, source, name in imports(module):
            if source.split(".")[0] in WORLDLY_MODULES:
                complaints.append(f"{module.path}:{line}: imports {source}; the core has no {source.split('.')[0]}")
            if source == "random" and name not in ("", "Random"):
                complaints.append(f"{module.path}:{line}: takes {name} from random; use a Random(seed) of its own")
        complaints += [f"{module.path}:{line}: {what}" for line, what in impure_calls(module.tree)]
    return complaints


def impure_calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Calls whose answer differs from run to run."""
    # A seeded stream may well be called `random` where the module of that name is not imported.
    imported = any(isinstance(node, ast.Import) and node.names[0].name == "random" for node in ast.walk(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id="random"), attr=name) if imported and name != "Random":
                yield node.lineno, f"random.{name} draws from the global stream; use a Random(seed) of its own"
            case ast.Attribute(value=ast.Name(id="os"), attr="urandom" | "getpid" | "getenv" as name):
                yield node.lineno, f"os.{name} differs from run to run"
            case ast.Name(id="Random") | ast.Attribute(attr="Random") if not node.args:
                yield node.lineno, "Random() without a seed"
            case ast.Name(id="hash" | "id" as name):
                yield node.lineno, f"{name}() differs from run to run"


def decisions_are_called_through_their_module(root: Path) -> list[str]:
    """`election.elect_leader(...)`, never `from ...election import elect_leader`."""
    known = {module.name for module in modules(root)}
    complaints = []
    for module in modules(root):
        for line, source, name in imports(module):
            deciding = room_of(source) in DECISION_ROOMS or source.rpartition(".")[2] in DECISION_FILES
            ours = source.startswith(f"{PACKAGE}.") and f"{source}.{name}" not in known
            if ours and deciding and name and name.islower():
                file = source.rpartition(".")[2]
                complaints.append(
                    f"{module.path}:{line}: call it as {file}.{name}, through its module, so that another can be put "
                    f"in its place"
                )
    return complaints


def files_fit_a_page(root: Path) -> list[str]:
    """No file above 450 lines: when one outgrows its page, that is a conversation, not a bigger number."""
    return [
        f"{module.path}: {module.lines} lines, at most {MOST_FILE_LINES}"
        for module in modules(root)
        if module.lines > MOST_FILE_LINES
    ]


def functions_are_short(root: Path) -> list[str]:
    """No function above 60 lines, and half of them under 10, docstrings not counted."""
    lengths = {
        f"{module.path}:{node.lineno}: {node.name}": code_lines(node)
        for module in modules(root)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    complaints = [
        f"{where}: {lines} lines, at most {MOST_FUNCTION_LINES}"
        for where, lines in lengths.items()
        if lines > MOST_FUNCTION_LINES
    ]
    if lengths and (median := statistics.median(lengths.values())) >= MEDIAN_FUNCTION_LINES:
        complaints.append(f"{PACKAGE}/: the median function has {median} lines, it should be under 10")
    return complaints


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its `def`, without its docstring."""
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return whole
    return whole - ((first.end_lineno or first.lineno) - first.lineno + 1)


def public_names_are_documented(root: Path) -> list[str]:
    """A docstring on every public module, class and function."""
    return [
        f"{module.path}:{line}: {name} has no docstring"
        for module in modules(root)
        for line, name in undocumented(module.tree, module.name)
    ]


def undocumented(node: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    """The public definitions at and below a node that lack a docstring; what is inside a function is its own affair."""
    if not ast.get_docstring(node):  # type: ignore[arg-type]
        yield getattr(node, "lineno", 1), name
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in getattr(node, "body", []):
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and not child.name.startswith("_") and not is_overload(child):
            yield from undocumented(child, child.name)


def is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """One of several signatures of a function, or the setter of a documented property."""
    names = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
    return bool(names & {"overload", "setter"})


def units_come_last(root: Path) -> list[str]:
    """`linger_ms`, never `ms_linger`."""
    return [
        f"{module.path}:{line}: {name}: the unit comes last"
        for module in modules(root)
        for line, name in sorted(set(given_names(module.tree)))
        if UNIT_FIRST.match(name.lower())
    ]


def given_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name the file itself gives."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name


# --- pages and notebooks ------------------------------------------------------------------------------------------


def links_resolve(root: Path) -> list[str]:
    """A link between our own files leads somewhere."""
    return [
        f"{path}: {target} leads nowhere"
        for path, text in written_pages(root)
        for target in link_targets(text)
        if not leads_somewhere(root, path, target)
    ]


def written_pages(root: Path) -> Iterator[tuple[Path, str]]:
    """Each Markdown file and each notebook's Markdown, by its path from the top."""
    for path in tracked(root):
        if path.suffix == ".md":
            yield path, (root / path).read_text(encoding="utf-8")
        elif path.suffix == ".ipynb":
            cells = json.loads((root / path).read_text(encoding="utf-8"))["cells"]
            yield path, "\n\n".join("".join(each["source"]) for each in cells if each["cell_type"] == "markdown")


def link_targets(text: str) -> Iterator[str]:
    """What a page links to on this site; other sites and places within the page are left to mkdocs."""
    prose = re.sub(r"`[^`\n]+`", "", FENCE.sub("", text))
    for pattern in (MARKDOWN_LINK, HTML_LINK):
        for match in pattern.finditer(prose):
            target = match["target"].partition("#")[0]
            if target and not re.match(r"[a-z]+:", target):
                yield target


def leads_somewhere(root: Path, page: Path, target: str) -> bool:
    """Whether a file, or the page the site will have at that address, exists."""
    top = root / "docs" if page.parts[0] == "docs" else root
    here = (root / page).parent
    for folder in (here, root / here.relative_to(top)):
        goal = folder / target
        candidates = (goal, goal.with_suffix(".ipynb"), goal.parent / f"{goal.name}.md")
        if any(each.exists() for each in (*candidates, goal.parent / f"{goal.name}.ipynb")):
            return True
    return False


def notebooks_are_bare(root: Path) -> list[str]:
    """Lessons are committed without outputs: the build makes them, and a diff shows what a person wrote."""
    complaints = []
    for path in tracked(root):
        if path.suffix != ".ipynb":
            continue
        notebook = json.loads((root / path).read_text(encoding="utf-8"))
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        if any(cell["outputs"] or cell["execution_count"] is not None for cell in code):
            complaints.append(f"{path}: holds outputs; clear them all before you commit")
        if "widgets" in notebook["metadata"]:
            complaints.append(f"{path}: holds the state of widgets; clear it before you commit")
    return complaints


def nothing_names_a_machine(root: Path) -> list[str]:
    """No path of somebody's machine and no host of a package index: the course is everybody's."""
    complaints = []
    for path in tracked(root):
        if path.suffix not in TEXT_SUFFIXES:
            continue
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if found := MACHINE_WORDS.search(line):
                complaints.append(f"{path}:{number}: names {found[0]}")
    return complaints


@lru_cache(maxsize=4)
def tracked(root: Path) -> tuple[Path, ...]:
    """The files that belong to the project: those git knows or would take; without git, all."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return tuple(sorted(Path(each) for each in listed if each and (root / each).is_file()))


CHECKS: tuple[Callable[[Path], list[str]], ...] = (
    rooms_have_a_place,
    imports_go_upwards,
    core_stays_pure,
    decisions_are_called_through_their_module,
    files_fit_a_page,
    functions_are_short,
    public_names_are_documented,
    units_come_last,
    links_resolve,
    notebooks_are_bare,
    nothing_names_a_machine,
)


def main() -> int:
    """Print every complaint about this tree."""
    root = Path(__file__).resolve().parent.parent
    complaints = [complaint for check in CHECKS for complaint in check(root)]
    print("\n".join(complaints) or "tidy")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
