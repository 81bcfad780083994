"""Same seed, same bytes: in two processes, whatever the order of their hashes, and on every Python we support."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = 50
PROGRAM = f"""
from random import Random
from minikafka.sim.checkers import all_checkers
from minikafka.sim.drawing import random_schedule
from minikafka.sim.schedule import Setup, play

for seed in range({SEEDS}):
    setup = Setup(seed=seed)
    lines = random_schedule(Random(f"determinism/{{seed}}"), setup, sends=6, faults=4)
    run = play(setup, lines, all_checkers(), settle=False)
    print(seed, run.trace().digest(), run.sim.recorder.step)
"""


def digests(root: Path, python: str, hash_seed: str) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    environment |= {"PYTHONPATH": str(root), "PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-c", PROGRAM], capture_output=True, text=True, check=False, env=environment, cwd=root, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def here(root) -> list[str]:
    """The digests of this Python."""
    return digests(root, sys.executable, "1")


def test_another_order_of_hashes_changes_nothing(root, here):
    assert len(here) == SEEDS
    assert digests(root, sys.executable, "4242") == here


def test_different_seeds_are_different_runs(here):
    assert len({line.split()[1] for line in here}) == SEEDS


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_another_python_changes_nothing(root, here, version):
    python = another_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    assert digests(root, python, "7") == here


def another_python(version: str) -> str | None:
    """By name, or among those that pyenv keeps."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return None
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(kept[-1]) if kept else shutil.which(f"python{version}")
