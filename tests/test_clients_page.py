"""The table of clients and features says what the tests say, and every empty cell has its reason."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = "tools/clients_page.py"


@pytest.fixture
def tool(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tools"))
    import clients_page

    return clients_page


def test_the_page_is_what_the_tests_say(root):
    done = subprocess.run([sys.executable, PROGRAM, "--check"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_cell_has_a_test_or_a_reason_and_not_both(tool):
    whole = {(client, feature): ["a test"] for client in tool.CLIENTS for feature in tool.FEATURES}
    whole = {cell: tests for cell, tests in whole.items() if cell not in tool.REASONS}
    assert tool.faults(whole) == []
    assert tool.faults({cell: tests for cell, tests in whole.items() if cell != ("Java", "seek")}) == [
        "Java, seek: no test and no reason"
    ]
    both = whole | {("kcat", "admin"): ["a test"]}
    assert tool.faults(both) == ["kcat, admin: a test, and a reason why there is none"]
    assert tool.faults(whole | {("telnet", "seek"): ["a test"]}) == ["telnet, seek: no such cell"]
