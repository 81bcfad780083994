"""Joins the player's readable files into the two modules that pages and notebooks load.

    stage.mjs        the player and the view of the cluster: all that the first picture needs
    stage-more.mjs   the other views; a page loads it after the first picture, a notebook or a file has it inside

`python -m minikafka.stage.build` writes both; `--check` only says whether they are up to date. There is no bundler: the
files use plain `import { name } from "./file.mjs"` and `export` before a declaration, so taking these words away and
setting the files one after the other, in the order of their imports, gives the same program. Comments stay behind in
the readable files.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLAYER = HERE / "player"
MODULE, MORE = HERE / "stage.mjs", HERE / "stage-more.mjs"
ENTRY, MORE_ENTRY = "index.mjs", "more.mjs"

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.mjs)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
COMMENT = re.compile(r"^ *(?://|/\*\*).*\n(?: +\*.*\n)*", re.MULTILINE)
HEADER = "// minikafka's player. Made from minikafka/stage/player/ by `python -m minikafka.stage.build`: edit there.\n"


def in_order(name: str, folder: Path = PLAYER) -> list[str]:
    """Every file that `name` needs, each after those it imports, and last itself."""
    found: list[str] = []

    def visit(each: str, path: tuple[str, ...]) -> None:
        assert each not in path, f"{' → '.join([*path, each])}: these files import each other in a circle"
        if each in found:
            return
        for needed in IMPORT.findall((folder / each).read_text(encoding="utf-8")):
            visit(needed[1], (*path, each))
        found.append(each)

    visit(name, ())
    return found


def names_for_more(folder: Path = PLAYER) -> list[str]:
    """What the files of the second module take from those of the first."""
    core = in_order(ENTRY, folder)
    texts = [(folder / name).read_text(encoding="utf-8") for name in files_of_more(folder)]
    taken = [names for text in texts for names, source in IMPORT.findall(text) if source in core]
    return sorted({name.strip() for names in taken for name in names.split(",") if name.strip()})


def files_of_more(folder: Path = PLAYER) -> list[str]:
    """The files of the second module: what its entry needs and the first does not have."""
    core = in_order(ENTRY, folder)
    return [name for name in in_order(MORE_ENTRY, folder) if name not in core] if (folder / MORE_ENTRY).exists() else []


def joined(folder: Path = PLAYER) -> str:
    """The text of the first module; the entry's exports stay exports, and those that the second module takes."""
    kept = names_for_more(folder)
    parts = [HEADER]
    for name in in_order(ENTRY, folder):
        parts.append(part(name, folder, None if name == ENTRY else kept))
    return "".join(parts)


def joined_more(folder: Path = PLAYER) -> str:
    """The text of the second module: one import, then its files."""
    head = f'import {{ {", ".join(names_for_more(folder))} }} from "./{MODULE.name}";\n'
    return HEADER + head + "".join(part(name, folder, []) for name in files_of_more(folder))


def part(name: str, folder: Path, exported: list[str] | None) -> str:
    """One file without its imports and comments; of its exports only these stay (None: all)."""
    source = COMMENT.sub("", IMPORT.sub("", (folder / name).read_text(encoding="utf-8")))
    if exported is not None:
        source = EXPORT.sub(lambda found: found[0] if found[2] in exported else found[1], source)
    return f"\n// {name}\n" + re.sub(r"\n\n+", "\n\n", source.strip()) + "\n"


def whole() -> str:
    """Both modules as one text, for whoever has no place to load the second from: a file, a notebook."""
    more = re.sub(r"^import .*\n", "", MORE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return MODULE.read_text(encoding="utf-8") + more


def main(arguments: list[str]) -> int:
    """Writes the modules, or with `--check` compares them; 1 when one is out of date."""
    for module, wanted in ((MODULE, joined()), (MORE, joined_more())):
        if "--check" not in arguments:
            module.write_text(wanted, encoding="utf-8")
            sys.stdout.write(f"{module.name}: {len(wanted.encode()):,} bytes\n")
        elif not module.exists() or module.read_text(encoding="utf-8") != wanted:
            sys.stdout.write(f"{module.name} is out of date: run `python -m minikafka.stage.build`\n")
            return 1
    sys.stdout.write("up to date\n" if "--check" in arguments else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
