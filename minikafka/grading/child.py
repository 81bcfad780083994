"""The other side of the pipe: runs a learner's file, and answers one question at a time.

    parent ──{"n": 7, "question": […]}──▶ child          one line of JSON each way
           ◀─{"n": 7, "value": …}────────                or "failed": what went wrong, and on which of their lines

* The child never says *passed*. It gives decisions; the parent judges them. So there is nothing to forge.
* The file may read its arguments, Python's own library and the package, but not the reference. It may write nothing and
  start nothing. This keeps honest people from fooling themselves; it is no fortress against Python itself.
* What the file prints is kept, up to a limit, and shown with the verdict.

This file runs as a script under a bare interpreter, so it imports nothing of the package. The parent imports it, too:
for the plain form of values, and to run an answer in its own process where there are no others (in a browser).
"""

# Importing pathlib would double the time a bare interpreter takes to start.
# ruff: noqa: PTH100, PTH118, PTH119, PTH120, PTH123

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Callable
from typing import Any, NamedTuple, Self

MOST_PRINTED = 20_000
"""Characters an answer may print for one decision; beyond that somebody has forgotten a loop."""
MOST_SHOWN = 400
ADDRESS = " at 0x"
LONGEST_REPR = 300


class Refused(PermissionError):
    """The answer tried something an answer may not do."""


class PrintedTooMuch(BaseException):
    """More than `MOST_PRINTED` characters at once. Not an `Exception`, so that a careless `except` lets it through."""


class HandlingFailed(Exception):
    """The work on a record has failed: so said the other side, and it is raised in the learner's program."""


class StepsUsedUp(BaseException):
    """Without a process of its own, an answer is stopped after so many lines instead of so many seconds."""


# --- values, in a form that both sides can write down ---


def to_plain(value: Any) -> Any:
    """Plain values as JSON; anything else as `{"other": type, "repr": text}`, which no exercise takes."""
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, tuple):
        return {"tuple": [to_plain(item) for item in value]}
    if isinstance(value, list):
        return {"list": [to_plain(item) for item in value]}
    if isinstance(value, set | frozenset):  # what a learner calls a set arrives as one that cannot change
        return {"frozenset": sorted((to_plain(item) for item in value), key=json.dumps)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {"dict": [[to_plain(key), to_plain(item)] for key, item in value.items()]}
    return {"other": type(value).__name__, "repr": _repr(value)}


def from_plain(value: Any) -> Any:
    """The value again; `{"other": …}` becomes an `Other`. Raises ValueError for what `to_plain` never writes."""
    match value:
        case None | bool() | int() | str():
            return value
        case {"tuple": list(items)}:
            return tuple(from_plain(item) for item in items)
        case {"list": list(items)}:
            return [from_plain(item) for item in items]
        case {"frozenset": list(items)}:
            return frozenset(from_plain(item) for item in items)
        case {"bytes": str(text)}:
            return bytes.fromhex(text)
        case {"dict": list(items)} if all(isinstance(item, list) and len(item) == 2 for item in items):
            return {_as_key(from_plain(key)): from_plain(item) for key, item in items}
        case {"other": str(name), "repr": str(text)}:
            return Other(name, text)
    raise ValueError("not a value that a child writes")


def _as_key(key: Any) -> Any:
    """What a dict can be asked for. Raises ValueError for what no child can have written."""
    try:
        hash(key)
    except TypeError:
        raise ValueError("no key of a dict") from None
    return key


class Other:
    """A value of a type that no exercise takes; only its name and text have come over."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text

    def __repr__(self) -> str:
        return self.text


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:
        return f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    while ADDRESS in text:  # another one in each process, and nothing to anybody
        before, _, after = text.partition(ADDRESS)
        text = before + after.lstrip("0123456789abcdefABCDEF")
    return text if len(text) <= LONGEST_REPR else text[:LONGEST_REPR] + "…"


# --- what a program is given: its calls are answered by the parent ---

CALLS: list[Callable[[str, tuple[Any, ...]], Any]] = []
"""How to call home, once there is somebody."""


def call_home(name: str, *arguments: Any) -> Any:
    """One call of a program, answered on the other side."""
    return CALLS[-1](name, arguments)


class StandIn:
    """In the parent: what stands for its `consumer`, a function or a set among the arguments of a program."""

    def __init__(self, name: str, holds: frozenset[Any] | None = None) -> None:
        self.name, self.holds = name, holds
        """What is in the set; None: it is no set."""


def to_question(arguments: tuple[Any, ...]) -> list[Any]:
    """In the parent: what is asked. Only a question can hold stand-ins: a child has no way to name one."""
    return [
        {"stand_in": one.name, "holds": to_plain(one.holds)} if isinstance(one, StandIn) else to_plain(one)
        for one in arguments
    ]


def from_question(asked: list[Any]) -> tuple[Any, ...]:
    """In the child: the arguments, with what calls home where the parent said so."""
    return tuple(_calling(one["stand_in"], one["holds"]) if _is_stand_in(one) else from_plain(one) for one in asked)


def _is_stand_in(value: Any) -> bool:
    return isinstance(value, dict) and "stand_in" in value


def _calling(name: str, holds: Any) -> Any:
    if name == "consumer":
        return RemoteConsumer()
    if holds is not None:
        return ToldSet(name, from_plain(holds))
    return lambda *arguments: call_home(name, *arguments)


class Record(NamedTuple):
    """What a program is handed."""

    partition: int
    offset: int
    value: str


class ToldSet(set[Any]):
    """In the child: a set that tells the parent of each value it gets."""

    def __init__(self, name: str, holds: frozenset[Any]) -> None:
        super().__init__(holds)
        self._name = name

    def add(self, value: Any) -> None:
        """One value more."""
        call_home(self._name, value)
        super().add(value)

    def update(self, *others: Any) -> None:
        """Some values more."""
        for other in others:
            for value in other:
                self.add(value)

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]
        self.update(other)
        return self


class RemoteConsumer:
    """In the child: a consumer that the parent owns."""

    def poll(self) -> list[Record] | None:
        """Records, none yet, or None: stop."""
        rows = call_home("poll")
        return None if rows is None else [Record(*row) for row in rows]

    def position(self, partition: int) -> int:
        """The next offset to fetch."""
        found: int = call_home("position", partition)
        return found

    def commit(self, offsets: dict[int, int]) -> bool:
        """Commit, and wait; False: refused."""
        taken: bool = call_home("commit", offsets)
        return taken


# --- the learner's file ---


class Printed:
    """Stands in for `sys.stdout`: keeps the beginning, counts what one decision prints."""

    def __init__(self) -> None:
        self.text = ""
        self.count = 0

    def write(self, text: str) -> int:
        """Take what is printed."""
        self.count += len(text)
        if len(self.text) < MOST_SHOWN:
            self.text += text[: MOST_SHOWN - len(self.text)]
        if self.count > MOST_PRINTED:
            raise PrintedTooMuch
        return len(text)

    def flush(self) -> None:
        """Nothing waits here."""


class Answer:
    """A learner's file, loaded; asked for one decision at a time."""

    def __init__(self, path: str, function: str, guard: Callable[[Callable[[], Any]], Any] | None = None) -> None:
        """`guard` runs every piece of the learner's code; it may stop it by raising."""
        self.path, self.function = path, function
        self.printed = Printed()
        self.refused = ""
        """The first thing it tried and may not do; said even if the file swallowed the exception."""
        self._guard = guard or (lambda run: run())
        self._call: Any = None

    def load(self) -> dict[str, Any]:
        """Run the file once. `{}`, or `{"failed": …}`."""
        return self._protected(self._load)

    def ask(self, question: Any) -> dict[str, Any]:
        """`{"value": …}`, or `{"failed": …}`."""
        self.printed.count = 0
        return self._protected(lambda: {"value": to_plain(self._call(*question))})

    def _load(self) -> dict[str, Any]:
        with open(self.path, encoding="utf-8") as file:
            source = file.read()
        module = types.ModuleType("answer")
        module.__file__ = self.path
        sys.modules["answer"] = module  # dataclasses look their module up
        exec(compile(source, self.path, "exec"), module.__dict__)
        self._call = getattr(module, self.function, None)
        if not callable(self._call):
            return {"failed": {"kind": "missing", "text": f"defines no function {self.function}"}}
        return {}

    def _protected(self, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        stdout, stderr = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = self.printed
        result: dict[str, Any]
        try:
            result = self._guard(run)
        except BaseException as error:  # a learner's sys.exit() is an answer to be judged, not an end
            result = {"failed": describe(error, self.path)}
        finally:
            sys.stdout, sys.stderr = stdout, stderr
        if self.refused:
            return {"failed": {"kind": "refused", "text": self.refused}}
        return result


def describe(error: BaseException, path: str) -> dict[str, Any]:
    """What went wrong, and the last of the learner's own lines on the way there."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return {"kind": "syntax", "text": str(error.msg), "line": error.lineno or 0, "code": (error.text or "").strip()}
    kind = "raised"
    for family, name in _KINDS.items():
        if isinstance(error, family):
            kind = name
    line = _own_line(error, path)
    if isinstance(error, PrintedTooMuch):
        return {"kind": kind, "text": "", "line": line, "code": _code(path, line)}
    name = type(error).__name__
    try:
        text = str(error)[:LONGEST_REPR]
    except Exception:
        text = ""
    return {"kind": kind, "text": f"{name}: {text}" if text else name, "line": line, "code": _code(path, line)}


_KINDS: dict[type[BaseException], str] = {
    NotImplementedError: "stub",
    HandlingFailed: "handling",
    SystemExit: "exited",
    PrintedTooMuch: "flood",
    StepsUsedUp: "slow",
    Refused: "refused",
    MemoryError: "memory",
    RecursionError: "recursion",
}


def _own_line(error: BaseException, path: str) -> int:
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == path:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _code(path: str, line: int) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()[line - 1].strip() if line else ""
    except (OSError, IndexError, UnicodeDecodeError):
        return ""


# --- what an answer may not do ---

FORBIDDEN = {
    "subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile",
    "os.kill", "os.killpg", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "resource.setrlimit", "resource.prlimit", "sqlite3.connect", "_winapi.CreateProcess",
}  # fmt: skip
FORBIDDEN_FAMILIES = ("socket.", "ctypes.", "shutil.", "ftplib.", "urllib.", "http.")
FORBIDDEN_MODULES = ("ctypes", "_ctypes")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def forbid(answer: Answer, readable: list[str], reference: str) -> None:
    """From now on this process cannot open, start or import what an answer has no business with."""
    roots = tuple(os.path.abspath(root) for root in readable)
    secret = f"{os.sep}{reference.replace('.', os.sep)}." if reference else ""
    stem = reference.rpartition(".")[2]

    def refuse(what: str) -> None:
        answer.refused = answer.refused or what
        raise Refused(what)

    def may_read(path: Any) -> bool:
        if isinstance(path, int):
            return True
        text = os.path.abspath(os.fsdecode(path))
        if secret and (secret in text or (f"{os.sep}__pycache__{os.sep}{stem}." in text and "minikafka" in text)):
            return False
        return text == os.devnull or any(text == root or text.startswith(root + os.sep) for root in roots)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITING):
                refuse(f"tried to write to {path}")
            if not may_read(path):
                refuse(f"tried to read {os.path.basename(os.fsdecode(path))}")
        elif event == "import":
            name = arguments[0]
            if name == reference:
                refuse(f"tried to import {name}, which holds the reference")
            if name in FORBIDDEN_MODULES:
                refuse(f"tried to import {name}")
        elif event in FORBIDDEN or event.startswith(FORBIDDEN_FAMILIES):
            refuse(f"tried {event}")

    sys.addaudithook(hook)


def limit_memory(megabytes: int, seconds: int) -> None:
    """Ask the operating system for limits, where it has them."""
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_AS": megabytes << 20, "RLIMIT_CPU": seconds, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0}
    for what, amount in limits.items():
        try:
            resource.setrlimit(getattr(resource, what), (amount, amount))
        except (AttributeError, ValueError, OSError):
            continue


def main() -> None:
    """Serve one answer over stdin and stdout until the parent hangs up."""
    order = json.loads(sys.argv[1])
    questions = os.fdopen(os.dup(0), "rb")
    replies = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    sys.path.append(order["package_home"])
    sys.argv = [order["path"]]
    answer = Answer(order["path"], order["function"])
    library = [os.path.dirname(os.__file__), *(path for path in sys.path if "lib-dynload" in path)]
    package = os.path.join(order["package_home"], "minikafka")
    limit_memory(order["megabytes"], order["seconds"])
    forbid(answer, [order["path"], package, *library], order["reference"])

    number = 0

    def reply(number: int, content: dict[str, Any]) -> None:
        line = json.dumps({"n": number, **content, "printed": answer.printed.text}) + "\n"
        os.write(replies, line.encode())

    def call(name: str, arguments: tuple[Any, ...]) -> Any:
        reply(number, {"call": name, "arguments": to_plain(arguments)})
        said = json.loads(questions.readline())
        if "raise" in said:
            raise HandlingFailed(said["raise"])
        return from_plain(said["value"])

    CALLS.append(call)
    reply(0, answer.load())
    while line := questions.readline():
        asked = json.loads(line)
        number = asked["n"]
        reply(number, answer.ask(from_question(asked["question"])))


if __name__ == "__main__":
    main()
