"""A learner's code at arm's length, in a process of its own and, where there is none, in ours."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from typing import NamedTuple

import pytest

from minikafka.grading import child, sandbox
from minikafka.grading.sandbox import AnswerFailed, ChildAnswer, InProcessAnswer

REFERENCE = "minikafka.broker.fencing"


def answer_in(folder, body, arguments="question"):
    file = folder / "answer.py"
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    file.write_text(f"def decide({arguments}):\n{lines}", encoding="utf-8")
    return file


@pytest.fixture(params=["child", "in_process"])
def ask(request, tmp_path):
    """Ask a function with this body one question."""
    opened = []

    def asking(body, *question):
        file = answer_in(tmp_path, body)
        decider = (
            ChildAnswer(file, "decide", REFERENCE) if request.param == "child" else InProcessAnswer(file, "decide")
        )
        opened.append(decider)
        return decider.ask(question or (1,))

    yield asking
    for decider in opened:
        decider.close()


@pytest.mark.parametrize(
    "value",
    [None, True, 7, "x", (1, None), [1, 2], frozenset({3, 1}), (frozenset(), ("a", False)), b"\x00\xff"],
    ids=repr,
)
def test_plain_values_go_over_and_come_back(ask, value):
    came = ask("return question", value)
    assert came == value
    assert type(came) is type(value)


class Replica(NamedTuple):
    id: int
    name: str


def test_a_named_tuple_is_plain_on_the_other_side_wherever_that_is(ask):
    """An answer that forgets the stub's first line must not pass in the browser and fail at home."""
    assert ask("return type(question) is tuple and question == (1, 'a')", Replica(1, "a")) is True


def test_what_no_exercise_takes_arrives_as_its_text(ask):
    came = ask("return 1.5")
    assert isinstance(came, child.Other)
    assert repr(came) == "1.5"


STAND_IN = "import minikafka.grading.child as c\n"


def test_a_stand_in_that_comes_back_is_a_value_that_no_exercise_takes(ask):
    """Only a question can hold what calls home."""
    came = ask(STAND_IN + "return [c.StandIn('consumer')]")
    assert isinstance(came[0], child.Other)
    assert repr(came) == "[<minikafka.grading.child.StandIn object>]", "without an address: the same every time"


@pytest.mark.parametrize("name", ["consumer", "handle"])
@pytest.mark.parametrize("where", ["{}", '{{"list": [{}]}}', '{{"tuple": [{}]}}', '{{"dict": [[1, {}]]}}'])
def test_a_stand_in_written_past_the_function_is_no_value(tmp_path, name, where):
    forged = where.format(json.dumps({"stand_in": name}))
    line = f'{{"n": 1, "value": {forged}}}\n'
    body = f"import os\nfor descriptor in range(3, 12):\n    try: os.write(descriptor, {line.encode()!r})\n"
    decider = ChildAnswer(answer_in(tmp_path, body + "    except OSError: pass\nreturn 1"), "decide", REFERENCE)
    with pytest.raises(AnswerFailed, match="wrote into the grader's pipe"):
        decider.ask((1,))
    decider.close()


def test_a_set_arrives_as_one_that_cannot_change(ask):
    came = ask("return {1, 2}")
    assert came == frozenset({1, 2})
    assert type(came) is frozenset


def test_a_dict_goes_over_and_comes_back(ask):
    assert ask("return {('a', 0): (1, None), 'b': {}}") == {("a", 0): (1, None), "b": {}}


@pytest.mark.parametrize("text", ['{"dict": [[{"list": []}, 1]]}', '{"dict": [[1]]}', '{"dict": [1]}'])
def test_a_dict_that_no_child_writes_is_no_value(text):
    with pytest.raises(ValueError, match=r"not a value|no key"):
        child.from_plain(json.loads(text))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("raise ValueError('no')", "raised"),
        ("raise NotImplementedError", "stub"),
        ("import sys; sys.exit()", "exited"),
        ("return decide(question)", "recursion"),
        ("while True: print('x' * 1000)", "flood"),
        ("while True: pass", "slow"),
        ("raise KeyboardInterrupt", "raised"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()", "raised"),
    ],
)
def test_whatever_it_does_it_is_survived(ask, body, kind):
    with pytest.raises(AnswerFailed) as failed:
        ask(body)
    assert failed.value.kind == kind
    if kind == "recursion":
        assert failed.value.line in (1, 2), "the def or the call, whichever was one too many"
    elif kind != "slow":
        assert failed.value.line == 2


def test_extra_prints_do_no_harm_and_are_shown(tmp_path):
    decider = ChildAnswer(answer_in(tmp_path, "print('looking at', question)\nreturn question"), "decide", REFERENCE)
    assert [decider.ask((number,)) for number in range(600)] == list(range(600))
    assert decider.printed.startswith("looking at 0\nlooking at 1\n")
    decider.close()


@pytest.mark.parametrize(
    "body",
    [
        "open('/etc/passwd')",
        "open(__file__, 'w')",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import ctypes",
        "import os; os.remove(__file__)",
        "try:\n    import minikafka.broker.fencing\nexcept Exception:\n    pass",
        "import minikafka.broker as b; open(b.__path__[0] + '/fencing.py').read()",
    ],
)
def test_it_may_read_its_arguments_and_nothing_else(tmp_path, body):
    file = answer_in(tmp_path, f"{body}\nreturn 1")
    before = file.read_bytes()
    decider = ChildAnswer(file, "decide", REFERENCE)
    with pytest.raises(AnswerFailed) as failed:
        decider.ask((1,))
    decider.close()
    assert failed.value.kind == "refused", failed.value.text
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "module", ["random", "typing", "dataclasses", "functools", "enum", "re", "minikafka.types", "json"]
)
def test_it_may_import_what_a_decision_needs(tmp_path, module):
    decider = ChildAnswer(answer_in(tmp_path, f"import {module}\nreturn 1"), "decide", REFERENCE)
    assert decider.ask((1,)) == 1
    decider.close()


def test_a_lost_process_fails_the_next_questions_at_once(tmp_path):
    decider = ChildAnswer(answer_in(tmp_path, "import os\nos._exit(3)"), "decide", REFERENCE)
    for _ in range(3):
        with pytest.raises(AnswerFailed) as failed:
            decider.ask((1,))
        assert failed.value.kind == "died"
        assert "exit code 3" in failed.value.text
    decider.close()


@pytest.mark.parametrize("head", ["while True: pass", "import os; os._exit(0)", "raise SystemExit", "x = [", "1 / 0"])
def test_trouble_while_loading_is_told_too(tmp_path, head, monkeypatch):
    monkeypatch.setattr(sandbox, "START_SECONDS", 1.0)
    file = tmp_path / "answer.py"
    file.write_text(head + "\n", encoding="utf-8")
    with pytest.raises(AnswerFailed):
        ChildAnswer(file, "decide", REFERENCE)


def test_nothing_is_left_behind(tmp_path):
    decider = ChildAnswer(answer_in(tmp_path, "while True: pass"), "decide", REFERENCE)
    with pytest.raises(AnswerFailed):
        decider.ask((1,))
    assert decider._process.poll() is not None
    assert not decider._reader.is_alive()
    decider.close()
    gc.collect()


def test_background_threads_and_replies_of_its_own_only_fail_itself(tmp_path):
    body = (
        "import os, threading\n"
        "def flood():\n"
        "    while True:\n"
        "        for descriptor in range(3, 12):\n"
        '            try: os.write(descriptor, b\'{"n": 2, "value": 99}\\n\')\n'
        "            except OSError: pass\n"
        "threading.Thread(target=flood, daemon=True).start()\n"
        "return 1"
    )
    decider = ChildAnswer(answer_in(tmp_path, body), "decide", REFERENCE)
    started = time.monotonic()
    with pytest.raises(AnswerFailed):
        for number in range(200):
            decider.ask((number,))
    decider.close()
    assert time.monotonic() - started < 10


def test_the_child_starts_without_importing_the_package():
    run = f"runpy.run_path({child.__file__!r}, run_name='c')"
    code = f"import sys; sys.argv = ['x', '{{}}']; import runpy\ntry:\n    {run}\n"
    code += "finally:\n    assert not [m for m in sys.modules if m.startswith('minikafka')]"
    assert subprocess.run([sys.executable, "-S", "-c", code], check=False).returncode == 0
