#!/usr/bin/env python3
"""Every small mistake that can be made in a file of Python: one at a time, each as a whole file.

    python tools/mutate.py solutions/06_who_leads/elect_leader.py       each as the line it changes, and what it becomes

```
if current in eligible:        ──▶   if current not in eligible:      if True:      pass      if current in live: …
```

What cosmic-ray and mutmut change is changed here, too: comparisons, logic, arithmetic, numbers, texts, arguments, what
is returned or assigned, loops that end early or never begin, statements and parts of conditions left out. The text is
`ast.unparse`'s, so that a mutant differs from its original in what was changed and in nothing else.

What we leave out: annotations, base classes and docstrings, which decide nothing; `==` for `is` and back, since what it
does depends on which small numbers an interpreter keeps; mutants of mutants.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
ARITHMETIC = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift,
    ast.BitAnd, ast.BitOr, ast.BitXor,
)  # fmt: skip
FAMILIES = (ORDER, (ast.Is, ast.IsNot), (ast.In, ast.NotIn), (ast.And, ast.Or), ARITHMETIC)
"""An operator becomes each other one of its family."""
PAIRS = (
    ("min", "max"), ("any", "all"), ("lower", "upper"), ("find", "rfind"), ("index", "rindex"), ("append", "extend"),
    ("lstrip", "rstrip"), ("partition", "rpartition"), ("removeprefix", "removesuffix"), ("startswith", "endswith"),
)  # fmt: skip
SWAPPED = {**dict(PAIRS), **{second: first for first, second in PAIRS}}
IN_ANY_ORDER = ("min", "max")
DECIDES_NOTHING = ("annotation", "returns", "bases", "type_params")
"""Fields of the tree that are not gone into."""


class Mutant(NamedTuple):
    """One mistake."""

    line: str
    """What it changes; several lines are divided by ` / `."""
    becomes: str
    """What stands there then; empty if nothing does."""
    number: int
    """How many mutants before it change the same into the same: the line stands there more than once."""
    source: str
    """The whole file."""

    @property
    def name(self) -> str:
        """The difference, in one line."""
        again = f" (number {self.number + 1})" if self.number else ""
        return f"{self.line or '(nothing)'}  ->  {self.becomes or '(nothing)'}{again}"


def mutants(source: str) -> list[Mutant]:
    """All of a file, in the order of its text; none has the text of the original or of another one."""
    tree = ast.parse(source)
    plain = ast.unparse(tree)
    texts = dict.fromkeys(text for text in _texts(tree) if text != plain)
    found: list[Mutant] = []
    counted: dict[tuple[str, str], int] = {}
    for text in texts:
        changed = _difference(plain, text)
        found.append(Mutant(*changed, counted.get(changed, 0), text))
        counted[changed] = counted.get(changed, 0) + 1
    return found


def _texts(tree: ast.Module) -> Iterator[str]:
    for holder, key, node in _places(tree, _aliases(tree)):
        for other in _instead(node):
            _put(holder, key, other)
            yield ast.unparse(tree)
        _put(holder, key, node)


def _difference(before: str, after: str) -> tuple[str, str]:
    old, new = ([line.strip() for line in text.splitlines()] for text in (before, after))
    blocks = [one for one in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if one[0] != "equal"]
    first, last = blocks[0], blocks[-1]
    return " / ".join(old[first[1] : last[2]]), " / ".join(new[first[3] : last[4]])


# --- where ---

Place = tuple[Any, Any, ast.AST]
"""What holds a node: a node with the name of its field, or a list with an index."""


def _places(node: ast.AST, aliases: frozenset[str] = frozenset()) -> Iterator[Place]:
    """All that may be changed under a node; `aliases` are names of types."""
    for holder, key, inner in _children(node):
        if not _is_docstring(node, key, inner) and not _is_alias(inner, aliases):
            yield holder, key, inner
            yield from _places(inner)


def _children(node: ast.AST) -> Iterator[Place]:
    for name, value in ast.iter_fields(node):
        if name in DECIDES_NOTHING:
            continue
        if isinstance(value, list):
            yield from ((value, index, item) for index, item in enumerate(value) if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST):
            yield node, name, value


def _is_alias(node: ast.AST, aliases: frozenset[str]) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in aliases


def _aliases(tree: ast.Module) -> frozenset[str]:
    """Names of the file that only annotations use."""
    named = {node.id for node in ast.walk(tree) if _is_used(node)}
    return frozenset(named - {node.id for _, _, node in _places(tree) if _is_used(node)})


def _is_used(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _is_docstring(holder: ast.AST, key: Any, node: ast.AST) -> bool:
    if not isinstance(holder, ast.Module | ast.ClassDef | ast.FunctionDef) or key != 0:
        return False
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(holder: Any, key: Any, node: ast.AST) -> None:
    if isinstance(holder, list):
        holder[key] = node
    else:
        setattr(holder, key, node)


# --- what ---


def _instead(node: ast.AST) -> Iterator[Any]:
    """What may stand in the place of a node. New nodes share their parts with the old one."""
    match node:
        case ast.Compare():
            yield from _of_comparison(node)
        case ast.BoolOp(op=op, values=values):
            yield from (ast.BoolOp(other, values) for other in _others(op))
            yield from (_joined(op, [*values[:at], *values[at + 1 :]]) for at in range(len(values)))
        case ast.BinOp(left=left, op=op, right=right):
            yield from (ast.BinOp(left, other, right) for other in _others(op))
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=value):
            yield from map(ast.Constant, _constants(value))
        case ast.IfExp(test=test, body=body, orelse=otherwise):
            yield from (ast.IfExp(other, body, otherwise) for other in _conditions(test))
        case ast.Lambda(args=arguments):
            yield ast.Lambda(arguments, _nothing())
        case ast.Call():
            yield from _of_call(node)
        case ast.Subscript(value=value, slice=ast.Slice() as part, ctx=context):
            yield from (ast.Subscript(value, other, context) for other in _of_slice(part))
        case ast.comprehension():
            yield from _of_comprehension(node)
        case ast.stmt():
            yield from _of_statement(node)


def _others(op: Any) -> list[Any]:
    family = next((one for one in FAMILIES if type(op) in one), ())
    return [other() for other in family if other is not type(op)]


def _of_comparison(node: ast.Compare) -> Iterator[ast.expr]:
    for at, op in enumerate(node.ops):
        for other in _others(op):
            yield ast.Compare(node.left, [*node.ops[:at], other, *node.ops[at + 1 :]], node.comparators)
    if len(node.ops) > 1:  # a < b < c is two conditions, and each may be left out
        yield ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:])
        yield ast.Compare(node.left, node.ops[:-1], node.comparators[:-1])


def _joined(op: ast.boolop, values: list[ast.expr]) -> ast.expr:
    return values[0] if len(values) == 1 else ast.BoolOp(op, values)


def _constants(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, str):
        return [f"XX{value}XX", value.swapcase(), ""]
    if isinstance(value, bytes):
        return [b"XX" + value, b""]
    return [""] if value is None else []


def _conditions(test: ast.expr) -> list[ast.expr]:
    return [ast.UnaryOp(ast.Not(), test), ast.Constant(True), ast.Constant(False)]


def _nothing() -> ast.expr:
    return ast.Constant(None)


def _of_call(node: ast.Call) -> Iterator[ast.Call]:
    arguments, named = node.args, node.keywords
    match node.func:
        case ast.Name(id=name) if name in SWAPPED:
            yield ast.Call(ast.Name(SWAPPED[name]), arguments, named)
        case ast.Attribute(value=value, attr=name) if name in SWAPPED:
            yield ast.Call(ast.Attribute(value, SWAPPED[name]), arguments, named)
    for at, argument in enumerate(arguments):
        yield ast.Call(node.func, [*arguments[:at], *arguments[at + 1 :]], named)
        if not isinstance(argument, ast.Starred):
            yield ast.Call(node.func, [*arguments[:at], _nothing(), *arguments[at + 1 :]], named)
    in_any_order = isinstance(node.func, ast.Name) and node.func.id in IN_ANY_ORDER
    for at in range(0 if in_any_order else len(arguments) - 1):
        swapped = [*arguments[:at], arguments[at + 1], arguments[at], *arguments[at + 2 :]]
        yield ast.Call(node.func, swapped, named)
    for at, argument_by_name in enumerate(named):
        yield ast.Call(node.func, arguments, [*named[:at], *named[at + 1 :]])
        without_value = ast.keyword(argument_by_name.arg, _nothing())
        yield ast.Call(node.func, arguments, [*named[:at], without_value, *named[at + 1 :]])


def _of_slice(part: ast.Slice) -> Iterator[ast.Slice]:
    if part.lower is not None:
        yield ast.Slice(None, part.upper, part.step)
    if part.upper is not None:
        yield ast.Slice(part.lower, None, part.step)


def _of_comprehension(node: ast.comprehension) -> Iterator[ast.comprehension]:
    for at, test in enumerate(node.ifs):
        for other in _conditions(test):
            ifs = [*node.ifs[:at], other, *node.ifs[at + 1 :]]
            yield ast.comprehension(node.target, node.iter, ifs, node.is_async)
    yield ast.comprehension(node.target, ast.List([]), node.ifs, node.is_async)


def _of_statement(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.If(test=test, body=body, orelse=otherwise):
            yield from (ast.If(other, body, otherwise) for other in _conditions(test))
            if otherwise:
                yield ast.If(test, body, [])
        case ast.While(test=test, body=body, orelse=otherwise):
            yield from (ast.While(other, body, otherwise) for other in _conditions(test))
        case ast.For(target=target, body=body, orelse=otherwise):
            yield ast.For(target, ast.List([]), body, otherwise, lineno=1)
        case ast.Return(value=value) if value is not None:
            yield from (ast.Return(ast.Constant(other)) for other in (None, True, False, 0))
        case ast.Assign(targets=targets):
            yield ast.Assign(targets, _nothing(), lineno=1)
        case ast.AugAssign(target=target, op=op, value=value):
            yield from (ast.AugAssign(target, other, value) for other in _others(op))
            yield ast.Assign([target], value, lineno=1)
        case ast.Break():
            yield from (ast.Continue(), ast.Return(None))
        case ast.Continue():
            yield from (ast.Break(), ast.Return(None))
        case ast.Match(subject=subject, cases=cases) if len(cases) > 1:
            yield from (ast.Match(subject, [*cases[:at], *cases[at + 1 :]]) for at in range(len(cases)))
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        for at in range(len(node.decorator_list)):
            changed = ast.parse(ast.unparse(node)).body[0]
            assert isinstance(changed, ast.FunctionDef | ast.ClassDef)
            del changed.decorator_list[at]
            yield changed
    elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
        yield ast.Pass()


def main(argv: list[str]) -> int:
    """List the mutants of some files."""
    for file in argv:
        for one in mutants(Path(file).read_text(encoding="utf-8")):
            print(one.name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
