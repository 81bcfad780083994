"""`minikafka watch`: grade at every save, and one key for the rest.

```
 save ─▶ the screen shows the new verdict          h hint · l list · r reset · o open the run · n next · q quit
```

A save is another content of the file, so an editor that writes twice is judged once. Without a terminal the keys are
read from what is piped in, and its end ends the watch.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import webbrowser
from collections.abc import Callable, Iterator

from minikafka.grading import commands
from minikafka.grading.exercise import CannotGrade, Exercise, find
from minikafka.grading.grader import judge
from minikafka.grading.verdict import Verdict

LOOK_AGAIN_SECONDS = 0.25
KEYS = "h hint · l list · r reset · o open the run · n next exercise · q quit"
QUIT = "q"

Keys = Callable[[], str]
"""The key that was pressed in the last moment; empty if none was."""


def watch(exercise_id: str | None = None) -> int:
    """Watch one exercise, or the next one; ends with the code of the last verdict."""
    with contextlib.suppress(KeyboardInterrupt):
        return commands.or_say_why(lambda: _watch(exercise_id))
    return 130


def _watch(exercise_id: str | None) -> int:
    exercise = find(exercise_id) if exercise_id else commands.next_exercise()
    if exercise is None:
        raise CannotGrade("Every exercise is passed: give the id of one, as `minikafka watch 06/elect_leader`.")
    with _keys() as keys:
        return Watch(exercise, keys).run()


class Watch:
    """One exercise being watched."""

    def __init__(self, exercise: Exercise, keys: Keys) -> None:
        self.exercise, self.keys = exercise, keys
        self.verdict: Verdict | None = None
        self._graded: bytes | None = None
        """What the file held when it was graded last."""

    def run(self) -> int:
        """Until somebody quits."""
        while True:
            self.look()
            key = self.keys()
            if key == QUIT:
                return self.verdict.exit_code if self.verdict is not None else 2
            self.press(key)

    def look(self) -> None:
        """Grade if the file has changed; it is made from the stub if it is missing."""
        if self.exercise.begin():
            print(f"Made {commands.shown_path(self.exercise, self.exercise.answer)}: write your answer there.")
        content = self.exercise.answer.read_bytes()
        if content == self._graded:
            return
        self._graded = content
        self.verdict = judge(self.exercise.id, root=self.exercise.root)
        print(f"\n{self.verdict}\n\n{KEYS}", flush=True)

    def press(self, key: str) -> None:
        """Do what a key stands for; any other does nothing."""
        match key:
            case "h":
                commands.hint(self.exercise.id)
            case "l":
                commands.list_exercises()
            case "r":
                commands.reset(self.exercise.id)
            case "o":
                self._open()
            case "n":
                self._go_on()
        if key in ("h", "l", "r", "o"):
            print(f"\n{KEYS}", flush=True)

    def _open(self) -> None:
        if self.verdict is None or not self.verdict.link:
            print("This verdict has no run to open.")
        elif not webbrowser.open(self.verdict.link):
            print(f"No browser came up; the run is {self.verdict.link}")

    def _go_on(self) -> None:
        following = commands.next_exercise()
        if following is None or following.id == self.exercise.id:
            print(f"{self.exercise.id} is the next one." if following else "Every exercise is passed.")
            return
        self.exercise, self._graded = following, None
        print(f"\n{following.id}: {following.title}")


@contextlib.contextmanager
def _keys() -> Iterator[Keys]:
    """Keys without Enter where a terminal is, else the characters that are piped in."""
    if sys.platform == "win32":
        yield _windows_key
        return
    descriptor = sys.stdin.fileno()
    if not os.isatty(descriptor):
        yield lambda: _posix_key(descriptor)
        return
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield lambda: _posix_key(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _posix_key(descriptor: int) -> str:
    ready, _, _ = select.select([descriptor], [], [], LOOK_AGAIN_SECONDS)
    if not ready:
        return ""
    return os.read(descriptor, 1).decode("utf-8", "replace").lower() or QUIT


def _windows_key() -> str:
    import importlib
    import time

    console = importlib.import_module("msvcrt")
    if console.kbhit():
        return str(console.getwch()).lower()
    time.sleep(LOOK_AGAIN_SECONDS)
    return ""
