"""A learner's code, at arm's length: a process of its own that is asked for decisions over a pipe.

The parent owns cluster, checkers and verdict. Nothing that comes over the pipe is believed to be more than an answer
to the question that was asked: a file that exits, loops, floods, or writes replies of its own only fails itself.

* At most a second for one decision; a fresh process for each grading; memory limited where the system can (not on
  Windows).
* A decision is a pure function of its arguments, so the same question is asked once; the answer is kept. A sample is
  asked again at the end, to find a function that is none.
* Where there are no processes (Pyodide in a browser), the same file runs in this process, and is stopped after so many
  lines instead of so many seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol

from minikafka.grading import child

DECISION_SECONDS = 1.0
START_SECONDS = 3.0
"""For starting the process and loading the file."""
MEMORY_MEGABYTES = 512
CPU_SECONDS = 30
LONGEST_LINE = 65_536
MOST_LINES = 200_000
"""Lines of Python for one decision, where there is no process to stop."""

PACKAGE_HOME = Path(__file__).resolve().parent.parent.parent


class AnswerFailed(Exception):
    """No usable decision came back: the file raised, looped, exited, cannot be read…"""

    def __init__(self, kind: str, text: str, line: int = 0, code: str = "", question: Any = None) -> None:
        super().__init__(text)
        self.kind, self.text, self.line, self.code = kind, text, line, code
        self.question = question
        """What was asked; None while the file was loaded."""


Serve = Callable[[str, tuple[Any, ...]], Any]
"""Answers a call of a program: (name, arguments). A `HandlingFailed` is raised in the program."""


class Decider(Protocol):
    """Whoever gives a learner's decisions."""

    @property
    def printed(self) -> str:
        """The beginning of what the learner's code has printed."""
        ...

    def ask(self, question: tuple[Any, ...], serve: Serve | None = None) -> Any:
        """One decision, or a program whose calls are served. Raises `AnswerFailed`, and what `serve` raises."""
        ...

    def close(self) -> None:
        """No more questions."""
        ...


def has_processes() -> bool:
    """Can this Python start another one?"""
    return sys.platform not in ("emscripten", "wasi")


def open_answer(file: Path, function: str, reference_module: str) -> Decider:
    """Load a learner's file. Raises `AnswerFailed` if it cannot be loaded."""
    if has_processes():
        return ChildAnswer(file, function, reference_module)
    return InProcessAnswer(file, function)


class ChildAnswer:
    """The learner's file in a process of its own."""

    def __init__(self, file: Path, function: str, reference_module: str) -> None:
        """`reference_module` is what the file may not import."""
        self._printed = ""
        self._number = 0
        self._failure: AnswerFailed | None = None
        order = {
            "path": str(file.resolve()), "function": function, "reference": reference_module,
            "package_home": str(PACKAGE_HOME), "megabytes": MEMORY_MEGABYTES, "seconds": CPU_SECONDS,
        }  # fmt: skip
        # -S and -P: neither site-packages nor the current folder; a fixed hash seed: the same answers every time.
        command = [sys.executable, "-s", "-S", "-P", "-B", child.__file__, json.dumps(order)]
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH", "LD_LIBRARY_PATH") if name in os.environ}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env={**kept, "PYTHONHASHSEED": "0"}, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        # A thread reads: only that waits with a time limit on every system. Bounded, so that a flood blocks there.
        self._lines: queue.Queue[bytes | None] = queue.Queue(maxsize=8)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        try:
            self._result(self._receive(0, START_SECONDS, None), None)
        except AnswerFailed:
            self.close()
            raise

    @property
    def printed(self) -> str:
        """The beginning of what the learner's code has printed."""
        return self._printed

    def _read(self, pipe: IO[bytes]) -> None:
        buffered = os.fdopen(os.dup(pipe.fileno()), "rb")
        with contextlib.suppress(OSError, ValueError), buffered:
            while line := buffered.readline(LONGEST_LINE):
                self._lines.put(line)
        self._lines.put(None)

    def ask(self, question: tuple[Any, ...], serve: Serve | None = None) -> Any:
        """One decision. Raises `AnswerFailed`; after a process has been lost, the same one again at once."""
        if self._failure is not None:
            raise self._failure
        self._number += 1
        self._send({"n": self._number, "question": child.to_question(question)})
        reply = self._receive(self._number, DECISION_SECONDS, question)
        while serve is not None and "call" in reply:
            self._send(served(serve, reply))
            reply = self._receive(self._number, DECISION_SECONDS, question)
        return self._result(reply, question)

    def _send(self, content: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # a lost process is noticed when no answer comes
            self._process.stdin.write((json.dumps(content) + "\n").encode())

    def _receive(self, number: int, limit_seconds: float, question: Any) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=limit_seconds)
        except queue.Empty:
            raise self._lost("slow", f"gave no answer within {limit_seconds:g} s", question) from None
        if line is None:
            raise self._lost("died", f"ended its process ({_how(self._process)})", question)
        try:
            reply = json.loads(line)
        except ValueError:
            reply = None
        if not isinstance(reply, dict) or reply.get("n") != number:
            raise self._lost("garbled", "wrote into the grader's pipe", question)
        return reply

    def _lost(self, kind: str, text: str, question: Any) -> AnswerFailed:
        self._failure = AnswerFailed(kind, text, question=question)
        self.close()
        return self._failure

    def _result(self, reply: dict[str, Any], question: Any) -> Any:
        self._printed = str(reply.get("printed", ""))[: child.MOST_SHOWN]
        return result_of(reply, question)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        while self._reader.is_alive():
            with contextlib.suppress(queue.Empty):
                self._lines.get(timeout=0.01)


def _how(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "it closed the pipe"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


class InProcessAnswer:
    """The learner's file in this very process: for browsers, where there is no other."""

    def __init__(self, file: Path, function: str) -> None:
        self._answer = child.Answer(str(file), function, guard=_with_budget)
        result_of(self._answer.load(), None)

    @property
    def printed(self) -> str:
        """The beginning of what the learner's code has printed."""
        return self._answer.printed.text

    def ask(self, question: tuple[Any, ...], serve: Serve | None = None) -> Any:
        """One decision. Raises `AnswerFailed`, and what `serve` raises."""
        asked = child.from_question(child.to_question(question))  # what a process of its own would be given
        if serve is None:
            return result_of(self._answer.ask(asked), question)
        stopped: list[Exception] = []

        def call(name: str, arguments: tuple[Any, ...]) -> Any:
            counts = sys.gettrace()
            sys.settrace(None)  # what we do for a call is none of the program's lines
            try:
                return serve(name, arguments)
            except child.HandlingFailed:
                raise
            except Exception as error:
                stopped.append(error)
                raise SystemExit from None
            finally:
                sys.settrace(counts)

        child.CALLS.append(call)
        try:
            reply = self._answer.ask(asked)
        finally:
            child.CALLS.pop()
        if stopped:
            raise stopped[0]
        return result_of(reply, question)

    def close(self) -> None:
        """Nothing to end."""


def served(serve: Serve, reply: dict[str, Any]) -> dict[str, Any]:
    """What to answer to a call. Raises `AnswerFailed` for what is no call, and what `serve` raises."""
    try:
        arguments = child.from_plain(reply.get("arguments"))
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, tuple):
        raise AnswerFailed("garbled", "wrote into the grader's pipe")
    try:
        return {"value": child.to_plain(serve(str(reply["call"]), arguments))}
    except child.HandlingFailed as failed:
        return {"raise": str(failed)}


def result_of(reply: dict[str, Any], question: Any) -> Any:
    """The value in a reply. Raises `AnswerFailed` for everything that is none."""
    match reply:
        case {"failed": {"kind": str(kind), "text": str(text)} as failed}:
            line, code = failed.get("line"), failed.get("code")
            raise AnswerFailed(kind, text, line if isinstance(line, int) else 0, str(code or ""), question)
        case {"value": value}:
            try:
                return child.from_plain(value)
            except (ValueError, RecursionError):
                raise AnswerFailed("garbled", "wrote into the grader's pipe", question=question) from None
    if question is None:
        return None
    raise AnswerFailed("garbled", "wrote into the grader's pipe", question=question)


def _with_budget(run: Any) -> Any:
    """Run a learner's code, and stop it after `MOST_LINES` lines, again and again if it will not listen."""
    left = MOST_LINES

    def count(frame: Any, *_: Any) -> Any:
        nonlocal left
        # A loop on one line makes no new line: count instructions.
        frame.f_trace_opcodes = True
        left -= 1
        if left < 0:
            raise child.StepsUsedUp(f"gave no answer within {MOST_LINES} lines")
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        return run()
    finally:
        sys.settrace(before)
