"""The programs of docs/your-client.md, run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from server_under_test import Running
from test_java_and_go import HERE, LONGEST_S, ROOT

PAGE = (ROOT / "docs" / "your-client.md").read_text(encoding="utf-8")
PROGRAMS = {
    title: (kind, text) for title, kind, text in re.findall(r"^## (.+?)\n+```(\w+)\n(.*?)^```", PAGE, re.M | re.S)
}
ADDRESS = "127.0.0.1:9092"


def command(kind: str, text: str, need: Any, folder: Path) -> list[str]:
    """How a program of that language is run."""
    match kind:
        case "python":
            return [sys.executable, "-c", text]
        case "bash":
            need.tool("kcat")
            return [need.tool("bash"), "-ec", text]
        case "java":
            sys.path.insert(0, str(ROOT / "tools"))
            import apache_kafka

            need.tool("javac")
            (folder / "Tea.java").write_text(text, encoding="utf-8")
            return [need.tool("java"), "-cp", f"{apache_kafka.jars()}/*", str(folder / "Tea.java")]
        case _:
            for name in ("go.mod", "go.sum"):
                shutil.copy(HERE / "drills" / "franz" / name, folder / name)
            (folder / "main.go").write_text(text, encoding="utf-8")
            return [need.tool("go"), "-C", str(folder), "run", "-mod=mod", "."]


def test_every_client_has_its_program() -> None:
    assert len(PROGRAMS) == 6
    assert all(ADDRESS in text for _, text in PROGRAMS.values())


@pytest.mark.parametrize("title", PROGRAMS)
def test_a_program_of_the_page_reads_what_it_wrote(need: Any, cluster: Running, tmp_path: Path, title: str) -> None:
    kind, text = PROGRAMS[title]
    for module in re.findall(r"^from (\w+) import", text, re.M):
        need.module(module)
    told = command(kind, text.replace(ADDRESS, cluster.bootstrap.split(",")[0]), need, tmp_path)
    done = subprocess.run(told, capture_output=True, text=True, timeout=LONGEST_S, stdin=subprocess.DEVNULL)
    assert done.stdout.split() == ["tea"], done.stdout + done.stderr[-2_000:]
