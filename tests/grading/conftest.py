"""A checkout of their own for the tests of the graders, so that nobody's answers and progress are touched."""

from __future__ import annotations

import pytest
from grading_kit import JUDGED, copy_checkout

from minikafka.grading.grader import judge


def pytest_report_header() -> str:
    """Which exercises have their answers judged in this run."""
    return f"answers judged: {', '.join(exercise.id for exercise in JUDGED)} (GRADERS=all for all)"


@pytest.fixture(scope="session")
def shared_checkout(tmp_path_factory):
    """One for all tests that only judge files."""
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """One of its own, and we stand in it."""
    folder = copy_checkout(tmp_path)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def judged(shared_checkout):
    """Judge a file; nothing is recorded."""
    return lambda exercise_id, file: judge(exercise_id, file, shared_checkout, record=False)
