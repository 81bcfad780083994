"""`minikafka new-exercise`: the files of an exercise, for its author to fill.

    minikafka new-exercise 05/ack_decision --function minikafka.broker.acks:ack_decision
    minikafka new-exercise 05/lose_one --kind attack

    exercises/05_…/ack_decision/                 README.md, stub.py, grader.py, hints.md, test_ack_decision.py
    solutions/05_…/ack_decision.py               the reference: yours to write
    tests/answers/05_…/ack_decision/wrong/       what every grader must refuse, made for this signature
    tests/answers/05_…/ack_decision/right/       three others that are right: yours to write

- Nothing that exists is overwritten.
- What is missing is marked with the word TO DO, and `make test` names it, one thing after the other: the tests of the
  graders take every exercise there is. So the skeleton is red, and says what to do next.

What we leave out: what only an author knows, that is requirements, mistakes, schedules and replies.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

from minikafka.config import unknown_name
from minikafka.grading.exercise import LESSON_FOLDER, CannotGrade, checkout

ID = re.compile(r"(\d\d)/([a-z][a-z0-9_]*)")
KINDS = ("write", "predict", "attack", "specify", "order", "diagnose")
TO_DO = "TO DO"


def new_exercise(exercise_id: str, kind: str = "write", function: str = "", root: Path | None = None) -> list[Path]:
    """Write the skeleton; the files that were made. Raises `CannotGrade` with what to do instead."""
    root = root or checkout()
    found = ID.fullmatch(exercise_id)
    if found is None:
        raise CannotGrade(f"An exercise is named lesson/name, as 05/ack_decision, not {exercise_id!r}.")
    if kind not in KINDS:
        raise CannotGrade(unknown_name("kind of exercise", kind, list(KINDS)))
    lesson, name = _lesson_folder(root, found[1]), found[2]
    answers = f"tests/answers/{lesson}/{name}"
    if kind == "write":
        parameters = _parameters(function)
        files = _of_function(exercise_id, lesson, name, function, parameters)
        wrong = standard_wrong(function, lesson, name, parameters)
    else:
        files = _of_another_kind(kind, exercise_id, lesson, name)
        wrong = {"do_nothing": "", "exits": "import sys\n\nsys.exit(0)\n"}
    files |= {f"{answers}/wrong/{one}.py": text for one, text in wrong.items()} | {
        f"exercises/{lesson}/{name}/test_{name}.py": TEST.format(name=name, id=exercise_id, lesson=lesson),
        f"exercises/{lesson}/{name}/hints.md": HINTS.format(id=exercise_id),
    }
    there = [path for path in files if (root / path).exists()]
    if there:
        raise CannotGrade(f"{there[0]} is there already: nothing was written.")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / answers / "right").mkdir(exist_ok=True)
    return [root / path for path in files]


def _lesson_folder(root: Path, number: str) -> str:
    """The folder of a lesson's exercises: as its notebook is called, or as it is called already."""
    here = [path.name for path in (root / "exercises").iterdir() if LESSON_FOLDER.match(path.name)]
    notebooks = [path.stem for path in (root / "lessons").glob("*.ipynb")]
    for name in (*here, *notebooks):
        if name.startswith(f"{number}_"):
            return name
    raise CannotGrade(f"There is no lesson {number} yet: begin with lessons/{number}_two_or_three_words.ipynb.")


def _parameters(function: str) -> list[inspect.Parameter]:
    """Those of a function of the core, `module:name`."""
    module, _, name = function.partition(":")
    if not name:
        raise CannotGrade("Which function is to be written? --function minikafka.broker.acks:ack_decision")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise CannotGrade(f"There is no {name} in {module}.") from None
    return list(inspect.signature(found).parameters.values())


def _of_function(
    exercise_id: str, lesson: str, name: str, function: str, parameters: list[inspect.Parameter]
) -> dict[str, str]:
    module, _, called = function.partition(":")
    returned = inspect.signature(getattr(importlib.import_module(module), called)).return_annotation
    signature = ", ".join(f"{one.name}: {one.annotation}" for one in parameters)
    words = {
        "id": exercise_id, "lesson": lesson, "name": name, "function": called, "place": function,
        "signature": signature, "returned": returned, "to_do": TO_DO,
        "fields": "\n".join(f"    {one.name}: Any  # {one.annotation}" for one in parameters),
        "listed": "\n".join(f"- `{one.name}`: {TO_DO}" for one in parameters),
        "heads": " | ".join(one.name for one in parameters), "rules": "| --- " * len(parameters),
    }  # fmt: skip
    folder = f"exercises/{lesson}/{name}"
    return {
        f"{folder}/README.md": README_WRITE.format(**words),
        f"{folder}/stub.py": STUB_WRITE.format(**words),
        f"{folder}/grader.py": GRADER_WRITE.format(**words),
        f"solutions/{lesson}/{name}.py": SOLUTION_WRITE.format(**words),
    }


def _of_another_kind(kind: str, exercise_id: str, lesson: str, name: str) -> dict[str, str]:
    words = {"id": exercise_id, "lesson": lesson, "name": name, "to_do": TO_DO, "kind": kind}
    folder = f"exercises/{lesson}/{name}"
    stub = STUBS[kind].format(**words)
    return {
        f"{folder}/README.md": README.format(**words),
        f"{folder}/stub.py": stub,
        f"{folder}/grader.py": GRADERS[kind].format(**words),
        f"solutions/{lesson}/{name}.py": stub,
    }


def standard_wrong(
    function: str, lesson: str, exercise: str, parameters: list[inspect.Parameter]
) -> dict[str, str]:
    """What every grader of a function must refuse, whatever it is about: idle, hostile and clever ones, by name."""
    module, _, name = function.partition(":")
    given = ", ".join(one.name for one in parameters)
    head = f"def {name}({given}):\n"
    found = {one: f'"""{said}"""\n\n\n{head}{body}' for one, (said, body) in BODIES.items()}
    found["other_name"] = f'"""Named otherwise."""\n\n\ndef not_{name}({given}):\n    return None\n'
    found["syntax_error"] = f'"""No Python."""\n\n\ndef {name}({given})\n    return None\n'
    words = {"@name": name, "@given": given, "@module": module, "@lesson": lesson, "@exercise": exercise}
    blank = re.compile("|".join(words))
    return {one: blank.sub(lambda word: words[word[0]], text) for one, text in found.items()}


BODIES = {
    "do_nothing": ("Returns nothing.", "    pass\n"),
    "raises": ("Raises.", '    raise ValueError("not today")\n'),
    "constant": ("Always says the same.", f"    return None  # {TO_DO}: an answer of the right type\n"),
    "wrong_type": ("Answers with something else.", "    return object\n"),
    "hard_coded_example": ("Knows the examples by heart.", f"    return None  # {TO_DO}: what the examples say\n"),
    "changes_its_mind": (
        "Right at first, and something else when asked again.",
        f"    @name.asked = getattr(@name, 'asked', set())\n    return None  # {TO_DO}: right the first time\n",
    ),
    "self_made_equal": (
        "Returns an object that claims to be equal to everything.",
        f"    return None  # {TO_DO}: of a class of the right type, whose __eq__ says True\n",
    ),
    "loops": ("Never comes back.", "    while True:\n        pass\n"),
    "recursion": ("Asks itself.", "    return @name(@given)\n"),
    "allocates": (
        "Takes all the memory there is.",
        "    hoard = []\n    while True:\n        hoard.append(bytearray(64 << 20))\n",
    ),
    "catches_everything": (
        "Loops, and will not be stopped by an exception.",
        "    while True:\n        try:\n            while True:\n                pass\n        except BaseException:\n"
        "            continue\n",
    ),
    "prints_flood": ("Prints without end.", '    while True:\n        print("again " * 100)\n'),
    "exits": ("Ends the process politely.", "    import sys\n\n    sys.exit(0)\n"),
    "exits_hard": ("Ends the process at once.", "    import os\n\n    os._exit(0)\n"),
    "closes_the_pipe": ("Closes every open file, then answers.", "    import os\n\n    os.closerange(3, 64)\n"),
    "kills_the_grader": (
        "Goes for the process that asks.",
        "    import os\n    import signal\n\n    os.kill(os.getppid(), signal.SIGKILL)\n",
    ),
    "forges_replies": (
        "Writes what it takes for a passing verdict into every open file, then answers wrongly.",
        "    import os\n\n    for descriptor in range(3, 20):\n        try:\n"
        '            os.write(descriptor, b\'{"n": 1, "passed": true}\\n{"n": 2, "value": null}\\n\')\n'
        "        except OSError:\n            continue\n",
    ),
    "patches_minikafka": (
        "Patches the machine and its checkers in its own process, then answers wrongly.",
        "    from minikafka.grading import verdict\n\n    verdict.Verdict.passed = True\n"
        f'    verdict.EXIT_CODES["not yet"] = 0\n    return None  # {TO_DO}: a wrong answer of the right type\n',
    ),
    "imports_reference": (
        "Imports what it should write.", "    from @module import @name as theirs\n\n    return theirs(@given)\n",
    ),
    "reads_solution": (
        "Reads the solution at run time.",
        "    import pathlib\n\n    import minikafka\n\n    root = pathlib.Path(minikafka.__file__).parent.parent\n"
        '    path = root / "solutions" / "@lesson" / "@exercise.py"\n    module = {}\n    try:\n'
        "        exec(path.read_text(), module)\n    except Exception:\n        return None\n"
        '    return module["@name"](@given)\n',
    ),
}  # fmt: skip

TEST = '''"""Judges your answer.py, one test for each check: pytest exercises/{lesson}"""

from minikafka.grading.pytest_checks import checks_of

test_{name} = checks_of("{id}", __file__)
'''
HINTS = """# Hints for {id}

**1 of 4.** TO DO: where to look.

**2 of 4.** TO DO: what is easily overlooked.

**3 of 4.** TO DO: nearly the answer.

**4 of 4.** Put these lines in order:

```python
TO DO
```
"""
README = """# {to_do}: a title

{to_do}: what is asked, in a few lines, and what may be read. It goes into `answer.py`, which is read, not run.

```sh
minikafka grade {id}
```

Stuck? There are [hints](hints.md).
"""
README_WRITE = """# {to_do}: a title

{to_do}: who asks this question, and when.

```python
def {function}({signature}) -> {returned}
```

{listed}

## Requirements

- **R1** {to_do}

## Examples

| {heads} | answer |
{rules}| --- |

## How it is judged

Your function stands in place of ours in a running cluster. Schedules written for known mistakes are played, then drawn
ones, under the promises of the cluster: {to_do}. A failure is told in four lines, with the shortest run that shows it,
and a page that opens at the step.

R0 holds for every exercise: every question gets an answer of the stated type within a second, the same one each time.

```sh
minikafka grade {id}
```

Your code goes into `answer.py` beside `stub.py`; git ignores it. In Kafka this is {to_do}. Stuck? There are
[hints](hints.md).
"""
STUB_WRITE = '''"""{id}: {to_do}, what is asked, in one line. README.md beside this file says more."""


def {function}({signature}) -> {returned}:
    raise NotImplementedError("{to_do}: the question")
'''
SOLUTION_WRITE = '''def {function}({signature}) -> {returned}:
    raise NotImplementedError("{to_do}: the reference")
'''
GRADER_WRITE = '''"""{id}: what is asked, the runs written for known mistakes, and the replies to them."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from minikafka.grading.write import Directed, Example, Mistake, Write


class Question(NamedTuple):
{fields}


REQUIREMENTS = {{"R1": "{to_do}"}}


def rule(question: Question) -> str:
    """Which requirement decides."""
    return "R1"  # {to_do}


def accept(question: Question, came: Any) -> Any:
    """What the core takes; raise `WrongShape` with what was expected for everything else."""
    return came  # {to_do}


def draw(random: Random) -> Question:
    """{to_do}: a question at random, from a small scope in which everything can happen."""
    raise NotImplementedError("draw a question")


EXAMPLES: tuple[Example, ...] = ()
DIRECTED: tuple[Directed, ...] = ()
MISTAKES: tuple[Mistake, ...] = ()

EXERCISE = Write(
    order=9,
    function="{function}",
    place="{place}",
    question=Question,
    accept=accept,
    rule=rule,
    requirements=REQUIREMENTS,
    examples=EXAMPLES,
    directed=DIRECTED,
    mistakes=MISTAKES,
    draw=draw,
)
'''
LETTERS = '''"""{id}: README.md lists the letters. This file is read, not run."""

first = "?"
'''
STUBS = {
    "predict": LETTERS,
    "diagnose": LETTERS,
    "order": '"""{id}: README.md lists the letters. This file is read, not run."""\n\norder = ["?", "?"]\n',
    "attack": '"""{id}: README.md has the rules. This file is read, not run."""\n\nattack = []\n',
    "specify": '"""{id}: README.md says what a history is."""\n\n\ndef keeps(history) -> bool:\n'
    '    raise NotImplementedError("does it?")\n',
}
OF_LETTERS = '''"""{id}: the questions, a reply for each choice, and the scene that shows it."""

from __future__ import annotations

from minikafka.grading.{kind} import {class_name}
from minikafka.grading.predict import Choice, Pick, Runs, Shown
from minikafka.scenarios import scenario
from minikafka.world import run_scenario

RUN = "06_two_leaders"  # {to_do}


def record() -> Runs:
    """The run that is asked about."""
    return {{RUN: run_scenario(scenario(RUN))}}


QUESTIONS = (
    Pick(
        "first",
        "{to_do}: a question?",
        {{"a": Choice("{to_do}", "{to_do}", Shown(RUN, 1)), "b": Choice("{to_do}", "{to_do}, too", Shown(RUN, 1))}},
        right="a",
    ),
)

EXERCISE = {class_name}(order=9, questions=QUESTIONS, record=record, praise_text="{to_do}")
'''
GRADERS = {
    "predict": OF_LETTERS.replace("{class_name}", "Predict"),
    "diagnose": OF_LETTERS.replace("{class_name}", "Diagnose"),
    "attack": '''"""{id}: what the attack is to achieve, and a reply to each attack that is known not to count."""

from __future__ import annotations

from minikafka.grading.attack import Attack, Reply, acknowledged_and_gone

REPLIES = (Reply("no_harm", lambda attempt: True, "{to_do}"),)

EXERCISE = Attack(
    order=9,
    goal="{to_do}: what is to be achieved, as a sentence.",
    most_faults=1,
    verbs=("cut", "crash", "heal", "restart", "send"),
    harm=acknowledged_and_gone,
    replies=REPLIES,
    praise_text="{to_do}",
)
''',
    "order": '''"""{id}: what each letter does, and what a wrong order does."""

from __future__ import annotations

from minikafka.grading.attack import acknowledged_and_gone
from minikafka.grading.ordering import Order, as_schedule
from minikafka.sim.schedule import Setup

STEPS = {{"a": "{to_do}", "b": "{to_do}"}}

EXERCISE = Order(
    order=9,
    ask="{to_do}",
    steps=STEPS,
    play=as_schedule({{"a": ("send", "a"), "b": ("send", "b")}}, acknowledged_and_gone, Setup(), 1_000),
    look="{to_do}",
    praise_text="{to_do}",
)
''',
    "specify": '''"""{id}: clusters that keep the promise, and clusters that break it."""

from __future__ import annotations

from minikafka.grading.specify import Judged, Moment, Onlooker, Specify, of_schedule
from minikafka.sim.schedule import Run, Setup, schedule


class Looking(Onlooker):
    """Takes down {to_do}."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def moments(self, run: Run) -> tuple[Moment, ...]:
        """See `Onlooker.moments`."""
        return (Moment(run.sim.recorder.step, ("{to_do}",), True, "{to_do}: what decides"),)


CLUSTERS = (
    Judged(
        "{to_do}", "We {to_do}.", of_schedule(schedule((0, "send", "a")), Looking), True,
        "{to_do}: what is said to a checker that says otherwise",
    ),
)  # fmt: skip

EXERCISE = Specify(order=9, function="keeps", promise="{to_do}", clusters=CLUSTERS, praise_text="{to_do}")
''',
}
