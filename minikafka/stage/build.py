"""Joins the player's readable files into the one module that pages and notebooks load.

`python -m minikafka.stage.build` writes `stage.mjs`; `--check` only says whether it is up to date. There is no bundler:
the files use plain `import { name } from "./file.mjs"` and `export` before a declaration, so taking these words away
and setting the files one after the other, in the order of their imports, gives the same program.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLAYER = HERE / "player"
MODULE = HERE / "stage.mjs"
ENTRY = "index.mjs"

IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.mjs)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
HEADER = "// minikafka's player. Made from minikafka/stage/player/ by `python -m minikafka.stage.build`: edit there.\n"


def in_order(name: str, folder: Path = PLAYER) -> list[str]:
    """Every file that `name` needs, each after those it imports, and last itself."""
    found: list[str] = []

    def visit(each: str, path: tuple[str, ...]) -> None:
        assert each not in path, f"{' → '.join([*path, each])}: these files import each other in a circle"
        if each in found:
            return
        for needed in IMPORT.findall((folder / each).read_text(encoding="utf-8")):
            visit(needed, (*path, each))
        found.append(each)

    visit(name, ())
    return found


def joined(folder: Path = PLAYER) -> str:
    """The text of the one module; only the entry's exports stay exports."""
    parts = [HEADER]
    for name in in_order(ENTRY, folder):
        source = IMPORT.sub("", (folder / name).read_text(encoding="utf-8"))
        parts.append(f"\n// ---- {name} ----\n\n{(source if name == ENTRY else EXPORT.sub('', source)).strip()}\n")
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Writes the module, or with `--check` compares it; 1 when it is out of date."""
    wanted = joined()
    if "--check" in arguments:
        fresh = MODULE.exists() and MODULE.read_text(encoding="utf-8") == wanted
        stale = "stage.mjs is out of date: run `python -m minikafka.stage.build`\n"
        sys.stdout.write("up to date\n" if fresh else stale)
        return 0 if fresh else 1
    MODULE.write_text(wanted, encoding="utf-8")
    sys.stdout.write(f"{MODULE.name}: {len(wanted.encode()):,} bytes from {len(in_order(ENTRY))} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
