"""The house rules hold in this tree, and each check finds the fault it is there for."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import tidy


@pytest.mark.parametrize("check", tidy.CHECKS, ids=lambda check: check.__name__)
def test_this_tree_keeps_the_rule(check):
    complaints = check(ROOT)
    assert not complaints, "\n" + "\n".join(complaints)


GOOD = '"""Says what it is."""\n'
LONG = "def long() -> None:\n" + '    """Says what it does."""\n' + "    print()\n" * 61
MEDIAN = "def medium() -> None:\n" + '    """Says what it does."""\n' + "    print()\n" * 9
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def printed(**changes):
    cell = {"cell_type": "code", "source": "1", "outputs": [], "execution_count": None, "metadata": {}}
    return json.dumps({**NOTEBOOK, "cells": [{**cell, **changes}]})


def python(code):
    return GOOD + code


# check, {file: text}, a part of the one complaint it must make
PLANTED = [
    ("rooms_have_a_place", {"minikafka/attic/old.py": GOOD}, "attic/old.py"),
    ("rooms_have_a_place", {"minikafka/utils.py": GOOD}, "utils.py"),
    ("imports_go_upwards", {"minikafka/log/segment.py": python("import minikafka.broker.broker")}, "lies below"),
    ("imports_go_upwards", {"minikafka/log/segment.py": python("from minikafka import sim")}, "minikafka.sim"),
    ("imports_go_upwards", {"minikafka/log/segment.py": python("from ..sim import faults")}, "minikafka.sim"),
    (
        "imports_go_upwards",
        {"minikafka/log/a.py": python("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import minikafka.api")},
        "lies below",
    ),
    (
        "imports_go_upwards",
        {"minikafka/log/a.py": python("def f():\n    from minikafka.protocol import messages"),
         "minikafka/protocol/messages.py": GOOD},
        "know nothing of minikafka.protocol.messages",
    ),
    ("imports_go_upwards", {"minikafka/stage/w.py": python("from minikafka.sim import simulation")}, "know nothing"),
    ("imports_go_upwards", {"minikafka/broker/b.py": python("import minikafka.client.producer")}, "know nothing"),
    ("imports_go_upwards", {"minikafka/grading/g.py": python("import minikafka.server.tcp")}, "know nothing"),
    ("core_stays_pure", {"minikafka/sim/a.py": python("import time")}, "imports time"),
    ("core_stays_pure", {"minikafka/api.py": python("from datetime import datetime")}, "imports datetime"),
    ("core_stays_pure", {"minikafka/log/a.py": python("import os\nos.urandom(4)")}, "os.urandom"),
    ("core_stays_pure", {"minikafka/log/a.py": python("from uuid import uuid4")}, "imports uuid"),
    ("core_stays_pure", {"minikafka/log/a.py": python("import random\nrandom.choice([1])")}, "random.choice"),
    ("core_stays_pure", {"minikafka/log/a.py": python("import random\nrandom.Random()")}, "without a seed"),
    ("core_stays_pure", {"minikafka/log/a.py": python("from random import shuffle")}, "shuffle"),
    ("core_stays_pure", {"minikafka/log/a.py": python("key = hash('a')")}, "hash()"),
    (
        "decisions_are_called_through_their_module",
        {"minikafka/controller/election.py": GOOD,
         "minikafka/controller/controller.py": python("from minikafka.controller.election import elect_leader")},
        "election.elect_leader",
    ),
    (
        "decisions_are_called_through_their_module",
        {"minikafka/client/consumer.py": python("from minikafka.assignors import assign_range")},
        "assignors.assign_range",
    ),
    ("files_fit_a_page", {"minikafka/api.py": python("x = 1\n" * 450)}, "451 lines"),
    ("functions_are_short", {"minikafka/api.py": python(LONG + "def a(): ...\ndef b(): ...\n")}, "long: 62 lines"),
    ("functions_are_short", {"minikafka/api.py": python(MEDIAN)}, "median"),
    ("public_names_are_documented", {"minikafka/api.py": "x = 1\n"}, "minikafka.api has no"),
    ("public_names_are_documented", {"minikafka/api.py": python("class A:\n    x = 1\n")}, "A has no"),
    ("public_names_are_documented", {"minikafka/api.py": python('class A:\n    "A."\n    def f(self): 1')}, "f has"),
    ("units_come_last", {"minikafka/api.py": python("ms_linger = 5")}, "ms_linger"),
    ("units_come_last", {"minikafka/api.py": python("def f(seconds_left): ...")}, "seconds_left"),
    ("links_resolve", {"docs/index.md": "[gone](gone.md)"}, "gone.md"),
    ("links_resolve", {"README.md": '<a href="docs/gone.md">x</a>'}, "docs/gone.md"),
    ("notebooks_are_bare", {"lessons/a.ipynb": printed(outputs=[{"output_type": "stream"}])}, "holds outputs"),
    ("notebooks_are_bare", {"lessons/a.ipynb": printed(execution_count=3)}, "holds outputs"),
    ("notebooks_are_bare", {"lessons/a.ipynb": json.dumps({**NOTEBOOK, "metadata": {"widgets": {}}})}, "widgets"),
    ("nothing_names_a_machine", {"docs/a.md": "see /wor" + "k/notes"}, "docs/a.md:1"),
    ("nothing_names_a_machine", {"locks/a.txt": "--index-url https://pypi" + ".org/simple"}, "locks/a.txt:1"),
]  # fmt: skip

ALLOWED = [
    ("imports_go_upwards", {"minikafka/sim/a.py": python("from minikafka.broker import broker")}),
    ("imports_go_upwards", {"minikafka/cli.py": python("from minikafka.server import tcp\nimport minikafka.sim.a")}),
    (
        "core_stays_pure",
        {"minikafka/sim/a.py": python("from random import Random\ndef draw(random: Random):\n    random.choice([1])")},
    ),
    ("core_stays_pure", {"minikafka/server/a.py": python("import asyncio, time")}),
    ("core_stays_pure", {"minikafka/sim/a.py": python("import random\nstream = random.Random(7)\nstream.choice([1])")}),
    (
        "decisions_are_called_through_their_module",
        {"minikafka/controller/election.py": GOOD,
         "minikafka/controller/controller.py": python("from minikafka.controller import election\n"
                                                      "from minikafka.controller.election import Election")},
    ),
    ("public_names_are_documented", {"minikafka/api.py": python("class _A:\n    def f(self): ...\ndef _b(): ...")}),
    ("units_come_last", {"minikafka/api.py": python("linger_ms = 5\nbytes_read = 1")}),
    ("links_resolve", {"docs/index.md": "[a](lessons/a.md) [b](https://example.org) [c](#here) `[d](gone.md)`",
                       "lessons/a.ipynb": json.dumps(NOTEBOOK)}),
    ("notebooks_are_bare", {"lessons/a.ipynb": printed()}),
]  # fmt: skip


def plant(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("check", "files", "complaint"), PLANTED, ids=lambda value: str(value)[:40])
def test_a_planted_fault_is_found(check, files, complaint, tmp_path):
    complaints = getattr(tidy, check)(plant(tmp_path, files))
    assert len(complaints) == 1, complaints
    assert complaint in complaints[0]


@pytest.mark.parametrize(("check", "files"), ALLOWED, ids=lambda value: str(value)[:40])
def test_what_is_allowed_is_left_alone(check, files, tmp_path):
    assert getattr(tidy, check)(plant(tmp_path, files)) == []


def test_every_check_has_a_planted_fault():
    assert {check.__name__ for check in tidy.CHECKS} == {check for check, _, _ in PLANTED}


def test_the_locks_agree():
    """One version of each package, whichever lock installs it; for which platforms may differ, since needs do."""
    start, test = (
        {line.split(" ")[0] for line in (ROOT / "locks" / name).read_text().splitlines() if "==" in line}
        for name in ("start.txt", "test.txt")
    )
    assert start <= test, sorted(start - test)


def test_every_locked_package_has_a_hash_and_no_address():
    for name in ("start.txt", "test.txt"):
        text = (ROOT / "locks" / name).read_text()
        packages = [block for block in re.split(r"\n(?=[a-z0-9])", text) if "==" in block.split("\n")[0]]
        assert len(packages) > 80
        assert [block.split()[0] for block in packages if "--hash=sha256:" not in block] == []
        assert "://" not in text and "--index" not in text and "--find-links" not in text
