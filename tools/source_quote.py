"""Quotes source and answers by name, so that a lesson shows the code that runs and no second copy of it.

A line of its own in a lesson or a page:

    {{ source minikafka/controller/election.py elect_leader }}          the whole function, class or constant
    {{ source minikafka/controller/election.py elect_leader body }}     the same without its docstring
    {{ source minikafka/broker/partition.py Partition.append lines=3-9 }}   a part; line 1 is the `def`

    {{ agreement 05_min_isr }}                                          what the three backends answered to a script

More than fifteen lines at once, or a name that is gone, stops the build.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import agreement_table

MOST_LINES = 15
MACRO = re.compile(r"^\{\{ *source +(?P<file>\S+) +(?P<name>[\w.]+)(?: +(?P<part>body|lines=\d+-\d+))? *\}\}$", re.M)
AGREEMENT = re.compile(r"^\{\{ *agreement +(?P<name>\w+) *\}\}$", re.M)
ANY_MACRO = re.compile(r"\{\{[^}\n]*\}\}")


class QuoteError(Exception):
    """A quotation that cannot be made; the text says which and why."""


def expand(text: str, root: Path, *, titled: bool = True) -> str:
    """The text with every macro replaced by the source it names, as a fenced block.

    Fences with a title are for the site; a notebook has no such thing and gets the file's name in a line above.
    """

    def fenced(match: re.Match[str]) -> str:
        file, name, part = match["file"], match["name"], match["part"]
        code = quote(root, file, name, part)
        if titled:
            return f'```python title="{file} · {name}"\n{code}\n```'
        return f"`{name}` in `{file}`:\n\n```python\n{code}\n```"

    def answered(match: re.Match[str]) -> str:
        try:
            kept = agreement_table.kept_of(root, match["name"])
        except agreement_table.AgreementError as unknown:
            raise QuoteError(f"cannot quote {match['name']}: {unknown}") from None
        return f"{agreement_table.tables(kept)}\n{agreement_table.asked(kept)}".rstrip()

    expanded = AGREEMENT.sub(answered, MACRO.sub(fenced, text))
    for left in ANY_MACRO.findall(outside_fences(expanded)):
        raise QuoteError(f"`{left}` is not a macro we know; write it alone on its line, as tools/source_quote.py says")
    return expanded


def quote(root: Path, file: str, name: str, part: str | None = None) -> str:
    """The source of one name of one file, in whole or in part."""
    path = root / file
    if not path.is_file():
        raise QuoteError(f"cannot quote {name}: there is no file {file}")
    source = path.read_text(encoding="utf-8")
    node = find(ast.parse(source), name.split("."))
    if node is None:
        raise QuoteError(f"cannot quote {name}: {file} does not define it")
    lines = select(source.splitlines(), node, part)
    if len(lines) > MOST_LINES:
        raise QuoteError(
            f"{file} {name} is {len(lines)} lines long, and a lesson shows {MOST_LINES} at once: "
            f"add `body` or `lines=1-{MOST_LINES}`, or make the function shorter"
        )
    return textwrap.dedent("\n".join(lines))


def find(node: ast.AST, names: list[str]) -> ast.stmt | None:
    """The statement that defines a dotted name: a function, a class, a method or a constant."""
    for child in getattr(node, "body", []):
        if names[0] in defined_names(child):
            return child if len(names) == 1 else find(child, names[1:])
    return None


def defined_names(statement: ast.stmt) -> list[str]:
    """What a statement gives a name to."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def select(lines: list[str], node: ast.stmt, part: str | None) -> list[str]:
    """The lines of a statement, its decorators included, cut down to the part asked for."""
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
    whole = lines[first - 1 : node.end_lineno]
    if part is None:
        return whole
    if part == "body":
        return without_docstring(whole, node, first)
    start, end = map(int, part.removeprefix("lines=").split("-"))
    if not 1 <= start <= end <= len(whole):
        raise QuoteError(f"lines={start}-{end} is not within the {len(whole)} lines of {getattr(node, 'name', '')}")
    return whole[start - 1 : end]


def without_docstring(whole: list[str], node: ast.stmt, first: int) -> list[str]:
    """Signature and body; the docstring's lines are left out, with the blank line after them."""
    body = getattr(node, "body", [])
    if not (body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)):
        return whole
    start, end = body[0].lineno - first, (body[0].end_lineno or body[0].lineno) - first + 1
    rest = whole[end:]
    return whole[:start] + (rest[1:] if rest and not rest[0].strip() else rest)


def outside_fences(text: str) -> str:
    """The text without its fenced code and inline code, where two braces mean what they mean in Python."""
    without_blocks = re.sub(r"^(`{3,}|~{3,}).*?^\1`*$", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]+`", "", without_blocks)
