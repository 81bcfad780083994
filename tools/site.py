"""Builds the site: stages plain Markdown and its files in build/docs, then lets mkdocs turn them into site/.

All that is ours happens before mkdocs, which sees ordinary pages and no plugin of ours: another generator can take
its place. Lessons are executed here, once for each state of notebook and `minikafka/`; a cell that fails stops the
build and is shown.

    python tools/site.py [--force]        --force: build even if nothing has changed
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import gallery
import glossary
import notebook_page
import recall_page
import reference
import source_quote

CELL_SECONDS = 120
SCENARIO = re.compile(r'<div class="mk-stage" data-scenario="(?P<name>[\w-]+)"(?P<rest>[^>]*)>\s*</div>')
# A relative link of Markdown; what stands in code is matched first, and left alone.
LINK = re.compile(
    r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[`~]*$|`[^`\n]+`"
    r"|\]\((?P<target>(?![a-z]+:|[#/])[^)\s#]+)(?P<anchor>#[^)\s]*)?\)",
    re.M | re.S,
)
NAV = (
    ("", ("index.md", "install.md", "your-client.md")),
    ("Lessons", ("lessons/*.md",)),
    ("Look it up", ("runs/index.md", "glossary.md", "reference/*.md")),
    (
        "Is it true?",
        (
            "article.md", "fidelity.md", "agreement.md", "proof.md", "kill-matrix.md", "performance.md", "clients.md",
            "client-defaults.md",
        ),
    ),
    ("Behind it", ("scenarios.md", "trace-format.md", "*.md")),
    ("Decisions", ("decisions/*.md",)),
)
"""The parts of the navigation, by the pages that exist; `*.md` takes those that no part has named."""


SCENARIOS = "minikafka/scenarios/"


class SiteError(Exception):
    """The site cannot be built; the text says where and why."""


@dataclass(frozen=True)
class Tree:
    """The folders of one build. Tests give it a small tree of their own."""

    root: Path
    run_scenario: tuple[str, ...] = (sys.executable, "-m", "minikafka", "run")
    """The command that records a scenario; the name, `--trace` and a file are added to it."""

    @property
    def build(self) -> Path:
        """All that is made on the way; git ignores it."""
        return self.root / "build"

    @property
    def docs(self) -> Path:
        """The staged pages, what mkdocs reads."""
        return self.build / "docs"

    @property
    def cache(self) -> Path:
        """Executed notebooks and recorded traces, by the hash of all they depend on."""
        return self.build / "cache"


# --- what has changed ---------------------------------------------------------------------------------------------


def digest(paths: Iterable[Path], *more: str) -> str:
    """One hash for the names and contents of files, and folders' files below them."""
    total = hashlib.sha256("\0".join(more).encode())
    for path in sorted(each for given in paths for each in files_under(given)):
        total.update(path.as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:20]


def files_under(path: Path) -> list[Path]:
    """The file itself, or all files of a folder but for Python's leftovers and a learner's answers."""
    if path.is_dir():
        files = (each for each in path.rglob("*") if each.is_file() and each.name != "answer.py")
        return [each for each in files if "__pycache__" not in each.parts]
    return [path] if path.exists() else []


def engine_digest(tree: Tree) -> str:
    """What an executed lesson and a recorded trace depend on besides themselves."""
    python = f"{sys.version_info[:2]}"
    return digest([tree.root / "minikafka", tree.root / "solutions", tree.root / "exercises"], python)


def site_digest(tree: Tree) -> str:
    """Everything the site is made of."""
    parts = ("docs", "lessons", "minikafka", "exercises", "solutions", "tools", "mkdocs.yml", "locks/start.txt")
    return digest([tree.root / part for part in parts])


# --- staging ------------------------------------------------------------------------------------------------------


def stage(tree: Tree) -> None:
    """Write build/docs afresh."""
    shutil.rmtree(tree.docs, ignore_errors=True)
    shutil.copytree(tree.root / "docs", tree.docs, ignore=shutil.ignore_patterns("*.toml"))
    stage_player(tree)
    stage_exercises(tree)
    for notebook in sorted((tree.root / "lessons").glob("*.ipynb")):
        stage_lesson(tree, notebook)
    recall_page.stage(tree.root, tree.docs)
    stage_gallery(tree)
    reference.stage(tree.root, tree.docs)
    for page in sorted(tree.docs.rglob("*.md")):
        if page.parent.name != "notebook":  # made for the site, with addresses of the site
            stage_page(tree, page)


def stage_player(tree: Tree) -> None:
    """The player lives in the package, where notebooks find it; the site gets a copy."""
    for suffix in ("*.mjs", "*.css"):
        for file in (tree.root / "minikafka" / "stage").glob(suffix):
            shutil.copyfile(file, tree.docs / "assets" / file.name)


def stage_exercises(tree: Tree) -> None:
    """Each exercise's pages stand at their own paths, so a lesson links to the file and to the page alike.

    Hints are kept out of the search: nobody should meet one by accident.
    """
    for path in (tree.root / "exercises").rglob("*.md"):
        unsearched = "---\nsearch:\n  exclude: true\n---\n" if path.name == "hints.md" else ""
        write(tree.docs / path.relative_to(tree.root), unsearched + path.read_text(encoding="utf-8"))


def stage_lesson(tree: Tree, path: Path) -> None:
    """A lesson's page, the notebook for download, and the page that says how to open it."""
    page = notebook_page.Page(tree.docs, PurePosixPath("lessons") / f"{path.stem}.md")
    executed = execute(tree, path)
    text = notebook_page.markdown_of(executed, page, lambda source: quoted(tree, path, source))
    heading, _, rest = text.partition("\n")
    if not heading.startswith("# "):
        raise SiteError(f"{path.name}: the first cell must begin with the lesson's title, `# ...`")
    link = f'<p class="mk-open"><a href="{page.up()}notebook/{path.stem}/">Open as a notebook</a></p>'
    write(tree.docs / page.path, f"{heading}\n\n{link}\n{rest}")
    write(tree.docs / "notebook" / f"{path.stem}.md", how_to_open(path, heading[2:]))
    shutil.copyfile(path, tree.docs / "notebook" / path.name)


def how_to_open(path: Path, title: str) -> str:
    """Shown where the course was not started on this machine; `start` answers this address with JupyterLab."""
    return (
        f"# {title}: as a notebook\n\n"
        "This lesson is a notebook too, with a live cluster in it. It runs on your own machine. "
        "In a clone of the course, type\n\n"
        "```sh\nmake start\n```\n\n"
        "or, where there is no `make`, `python tools/course.py start`. Open the link it prints, come back to the "
        "lesson there and choose *Open as a notebook* again.\n\n"
        f'<p><a href="../{path.name}" download>Download {path.name}</a> · '
        f'<a href="../../lessons/{path.stem}/">Back to the lesson</a></p>\n'
    )


def stage_gallery(tree: Tree) -> None:
    """A page for each scenario, and one for all of them. The runs are played in one process, once for each engine."""
    rows = recorded_scenarios(tree)
    if not rows:
        return
    page = notebook_page.Page(tree.docs, PurePosixPath("runs/index.md"))
    traces = {row["id"]: notebook_page.trace_file(recorded(tree, row["id"]), page, row["id"]) for row in rows}
    kept = {name: Path(address).name for name, address in traces.items()}  # so that an address opens on any page
    write(tree.docs / "traces" / "runs.json", json.dumps(kept))
    lessons = {int(path.name[:2]): f"lessons/{path.stem}.md" for path in (tree.root / "lessons").glob("[0-9]*.ipynb")}
    titles = lesson_titles(tree)
    with (tree.docs / page.path).open("a", encoding="utf-8") as file:
        file.write("\n" + gallery.listed(rows, titles, lessons, traces))
    for before, row, after in zip([None, *rows], rows, [*rows[1:], None], strict=False):
        write(tree.docs / "runs" / f"{row['id']}.md", gallery.run_page(row, before, after))
        code_page(tree, row["file"])


def lesson_titles(tree: Tree) -> dict[int, str]:
    """What the lessons are called, those included that are still to come."""
    data = tree.root / "docs" / "article.toml"
    titles = tomllib.loads(data.read_text(encoding="utf-8"))["lessons"] if data.exists() else {}
    return {int(number): title for number, title in titles.items()}


def stage_page(tree: Tree, path: Path) -> None:
    """Expand a page's quotations, record the runs it shows, and give the source files it links to a page each."""
    page = notebook_page.Page(tree.docs, PurePosixPath(path.relative_to(tree.docs).as_posix()))
    before = path.read_text(encoding="utf-8")
    text = before if page.path.parts[0] == "lessons" else quoted(tree, path, before)
    text = SCENARIO.sub(lambda match: scenario_block(tree, page, match["name"], match["rest"]), text)
    text = LINK.sub(lambda match: site_link(tree, page, match), text)
    text = notebook_page.player_links(text)
    if page.path.parts[0] == "lessons":
        text = glossary.linked(text, glossary.terms(tree.root), page.up())
        text = recall_page.framed(text, tree.root, tree.root / "lessons" / f"{page.path.stem}.ipynb")
    text = notebook_page.without_second_scenes(text)
    if text != before:
        write(path, text)


def quoted(tree: Tree, path: Path, text: str) -> str:
    """The text with its macros expanded; a bad one names the file it stands in."""
    try:
        return source_quote.expand(text, tree.root)
    except source_quote.QuoteError as error:
        raise SiteError(f"{path.name}: {error}") from None


def site_link(tree: Tree, page: notebook_page.Page, match: re.Match[str]) -> str:
    """A link as it works in the repository becomes the link between the pages of the site."""
    if match["target"] is None:
        return match[0]
    here = page.path if page.path.parts[0] in ("lessons", "exercises") else PurePosixPath("docs") / page.path
    goal = posixpath.normpath(posixpath.join(here.parent.as_posix(), match["target"]))
    scene = (match["anchor"] or "").startswith(("#scene-", "#step="))
    if goal.startswith(SCENARIOS) and scene:
        place = f"runs/{scenario_id(tree, goal)}.md"
    elif goal.endswith(".py"):
        place = code_page(tree, goal)
    elif goal.startswith("lessons/") and goal.endswith(".ipynb"):
        place = goal.removesuffix(".ipynb") + ".md"
    else:
        place = goal.removeprefix("docs/")
    return f"]({posixpath.relpath(place, page.path.parent.as_posix())}{match['anchor'] or ''})"


def scenario_id(tree: Tree, file: str) -> str:
    """The scenario that lies in a file."""
    for row in recorded_scenarios(tree):
        if row["file"] == file:
            return str(row["id"])
    raise SiteError(f"a page links to a scene of {file}, which is no scenario")


def code_page(tree: Tree, file: str) -> str:
    """A page that shows a source file, for whoever follows a link to it; its place on the site."""
    source = tree.root / file
    if not source.is_file():
        raise SiteError(f"a page links to {file}, which does not exist")
    code = notebook_page.fence(source.read_text(encoding="utf-8").rstrip(), "python")
    place = f"code/{file.removesuffix('.py')}.md"
    unsearched = "---\nsearch:\n  exclude: true\n---\n"  # whoever looks for a word wants the page that explains it
    write(tree.docs / place, f"{unsearched}# {file}\n\n{code}\n")
    return place


def write(path: Path, text: str) -> None:
    """A text file, its folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


# --- runs ---------------------------------------------------------------------------------------------------------


def scenario_block(tree: Tree, page: notebook_page.Page, name: str, rest: str) -> str:
    """The player for a recorded scenario, in place of the div that asked for it."""
    options = json.loads(html.unescape(found[1])) if (found := re.search(r'data-options="([^"]*)"', rest)) else {}
    return notebook_page.stage_block({"trace": recorded(tree, name), "options": options}, page, name)


def recorded_scenarios(tree: Tree) -> list[gallery.Row]:
    """What every scenario says of itself; their runs lie in the cache beside it. Empty where there are none."""
    if not (tree.root / SCENARIOS).is_dir():
        return []
    folder, mark = tree.cache / "traces", engine_digest(tree)
    kept = folder / f"all-{mark}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        say("playing all scenarios")
        command = [sys.executable, str(tree.root / "tools" / "gallery.py"), str(folder), mark]
        result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode:
            raise SiteError(f"the scenarios could not be recorded: {(result.stderr or result.stdout).strip()}")
    rows: list[gallery.Row] = json.loads(kept.read_text(encoding="utf-8"))
    return rows


def recorded(tree: Tree, name: str) -> Any:
    """The trace of a scenario, run now unless this very engine has run it before."""
    kept = tree.cache / "traces" / f"{name}-{engine_digest(tree)}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        made = kept.with_suffix(".part")
        command = [*tree.run_scenario, name, "--trace", str(made)]
        result = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode or not made.exists():
            raise SiteError(f"scenario {name} could not be recorded: {(result.stderr or result.stdout).strip()}")
        made.replace(kept)
    return json.loads(kept.read_text(encoding="utf-8"))


def execute(tree: Tree, path: Path) -> Any:
    """The notebook with its outputs, from the cache if neither it nor the engine has changed."""
    import nbformat

    kept = tree.cache / "notebooks" / f"{path.stem}-{digest([path], engine_digest(tree))}.ipynb"
    if not kept.exists():
        notebook = run_notebook(tree, path)
        kept.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, kept)
    return nbformat.read(kept, as_version=4)


def run_notebook(tree: Tree, path: Path) -> Any:
    """Run every cell in a fresh kernel of this very Python, as a reader would from top to bottom."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    say(f"running {path.name}")
    quiet_jupyter(tree)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        return client.execute()
    except CellExecutionError as error:
        raise SiteError(f"{path.name}: a cell failed\n\n{notebook_page.ANSI.sub('', str(error)).strip()}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise SiteError(f"{path.name}: a cell did not end ({type(error).__name__}, {CELL_SECONDS} s)") from None


def quiet_jupyter(tree: Tree) -> None:
    """Neither a reader's own Jupyter nor their IPython profile may change what a lesson shows."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
    os.environ["JUPYTER_CONFIG_DIR"] = str(tree.build / "jupyter")
    os.environ["IPYTHONDIR"] = str(tree.build / "ipython")
    os.environ["PYTHONHASHSEED"] = "0"


# --- mkdocs -------------------------------------------------------------------------------------------------------


def navigation(tree: Tree) -> str:
    """The `nav:` of mkdocs, from the pages that exist, in the order of NAV."""
    lines = ["nav:"]
    for part, patterns in NAV:
        pages = [page for pattern in patterns for page in matching(tree, pattern)]
        lines += [f"  - {part}:"] * bool(part and pages)
        lines += [f"{'    ' if part else '  '}- {entry(tree, page)}" for page in pages]
    return "\n".join(lines) + "\n"


def matching(tree: Tree, pattern: str) -> list[Path]:
    """The pages of one pattern of NAV."""
    found = sorted(tree.docs.glob(pattern))
    if pattern == "*.md":
        named = {tree.docs / other for _, patterns in NAV for other in patterns}
        return [page for page in found if page not in named]
    return [page for page in found if page.name != "README.md"]


def entry(tree: Tree, page: Path) -> str:
    """A line of the navigation: a page by its first heading, the front page by a short name."""
    path = page.relative_to(tree.docs).as_posix()
    heading = re.search(r"^# +(.+?) *$", page.read_text(encoding="utf-8"), re.M)
    title = "Start" if path == "index.md" else heading[1].replace("`", "") if heading else page.stem
    return json.dumps({title: path}, ensure_ascii=False)


def mkdocs(tree: Tree) -> None:
    """Staged pages to site/, every warning an error."""
    config = "INHERIT: ../mkdocs.yml\ndocs_dir: docs\nsite_dir: ../site\n" + navigation(tree)
    write(tree.build / "mkdocs.yml", config)
    # Not --quiet: it would hide the warnings from --strict, too.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(tree.build / "mkdocs.yml")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode:
        said = [line for line in (result.stdout + result.stderr).splitlines() if not line.startswith("INFO")]
        raise SiteError("mkdocs refused the pages\n" + "\n".join(said))


def build(tree: Tree, *, force: bool = False) -> None:
    """The site, unless it stands already and nothing it is made of has changed."""
    write_article(tree)
    stamp, now = tree.build / "site.stamp", site_digest(tree)
    if not force and stamp.exists() and stamp.read_text() == now and (tree.root / "site" / "index.html").exists():
        return
    stamp.unlink(missing_ok=True)
    say("building the site")
    stage(tree)
    mkdocs(tree)
    write(stamp, now)


def write_article(tree: Tree) -> None:
    """docs/article.md comes from one data file, by a tool of its own."""
    tool = tree.root / "tools" / "article.py"
    if tool.exists():
        result = subprocess.run([sys.executable, str(tool)], cwd=tree.root, capture_output=True, text=True)
        if result.returncode:
            raise SiteError(f"tools/article.py failed: {(result.stderr or result.stdout).strip()}")


def say(text: str) -> None:
    """One line about what takes time."""
    print(f"site: {text}", flush=True)


def main(argv: list[str]) -> int:
    """Build, and say in words why not."""
    try:
        build(Tree(Path(__file__).resolve().parent.parent), force="--force" in argv)
    except SiteError as error:
        print(f"site: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
