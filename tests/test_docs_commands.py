"""Every command the README and the pages show is one that works, or stands here with the reason it is not run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.scenarios import all_scenarios

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(?:sh|bash|shell|console)\n(?P<code>.*?)^```", re.M | re.S)
INLINE = re.compile(r"`(?P<code>(?:make|minikafka|python tools/\S+\.py|\.venv/bin/\S+)(?: [^`\n]*)?)`")

# Shown, and not run here; a make target must exist all the same, and a subcommand be known.
NOT_RUN = {
    "make start": "opens the course until Ctrl-C; test_course.py opens and closes it",
    "make test": "is what is running now",
    "make lint": "a part of make test",
    "make site": "a part of make test",
    "python tools/golden.py": "writes the golden stories anew; tests/scenarios compares with them",
    "minikafka serve": "serves until Ctrl-C; its own test talks to it",
    "minikafka new-exercise 06/resign --function minikafka.controller.election:elect_leader": (
        "would leave an exercise here; test_skeleton.py makes some elsewhere"
    ),
    "minikafka serve --stage": "serves until Ctrl-C; test_living_cluster.py looks at the page and presses its buttons",
    "minikafka serve --processes --data-dir DIR": "serves until Ctrl-C; test_processes.py kills its leader",
    "minikafka serve --racks a,b,c --config replica.selector.class=RackAwareReplicaSelector": (
        "serves until Ctrl-C; test_shape.py reads from a follower"
    ),
    "minikafka serve --listen 0.0.0.0 --advertise kafka.lab": "serves until Ctrl-C; test_shape.py looks who is told",
    "minikafka milestone 6": "plays with what its reader has written; test_milestone.py plays right and wrong ones",
    "minikafka milestone 12": "as the one after lesson 6",
    "minikafka serve --with exercises/": "serves until Ctrl-C; test_in_place.py serves with an answer",
    "echo tea | kcat -b 127.0.0.1:9092 -P -t tea-kcat": "is run by test_your_client.py, on a server of its own",
    "kcat -b 127.0.0.1:9092 -C -t tea-kcat -o beginning -c 1 -q": "is run by test_your_client.py with the line above",
}
RUN = {
    "minikafka doctor": (0, 1),
    "minikafka exercises": (0,),
    "minikafka grade 06/elect_leader": (0, 1),
    "minikafka run --list": (0,),
}


def pages():
    """Each page that tells a reader to type something, by its path: (path, Markdown)."""
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    paths += (ROOT / "exercises").rglob("*.md")
    for path in sorted(paths):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "lessons").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        yield path.relative_to(ROOT).as_posix(), text


def fenced_commands(text):
    lines = [line.removeprefix("$ ").split("  #")[0].strip() for found in FENCE.finditer(text)
             for line in found["code"].splitlines()]  # fmt: skip
    return [line for line in lines if line and not line.startswith("#")]


def shown_in_fences():
    return sorted({(command, page) for page, text in pages() for command in fenced_commands(text)})


def make_targets():
    return set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def plain(command):
    """The command as this table names it: `python tools/course.py x` is `make x`."""
    return command.replace("python tools/course.py ", "make ")


@pytest.mark.parametrize(("command", "page"), shown_in_fences())
def test_a_shown_command_is_run_or_has_a_reason(command, page):
    short = plain(command)
    known = short in RUN or short in NOT_RUN or is_scenario_run(short) or is_grading(short)
    assert known, f"{page} shows `{command}`: run it in RUN, or say in NOT_RUN why not"


def is_scenario_run(command):
    """`minikafka run NAME ...` of a scenario that exists; the scenarios' own tests run them all."""
    found = re.match(r"minikafka run (?P<name>[\w-]+)", command)
    return bool(found) and found["name"] in {scenario.id for scenario in all_scenarios()}


def is_grading(command):
    """`minikafka grade ID` of an exercise that exists; the graders' own tests judge with all of them."""
    found = re.fullmatch(r"minikafka grade (?P<lesson>\d\d)/(?P<name>\w+)", command)
    return bool(found) and any((ROOT / "exercises").glob(f"{found['lesson']}_*/{found['name']}"))


@pytest.mark.parametrize("command", sorted(RUN))
def test_a_command_that_is_shown_works(command, need):
    need.path("minikafka/cli.py")
    words = command.split()[1:]
    result = subprocess.run(
        [sys.executable, "-m", "minikafka", *words], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert result.returncode in RUN[command], result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_every_make_target_that_a_page_names_exists():
    named = {}
    for page, text in pages():
        for command in [*fenced_commands(text), *(found["code"] for found in INLINE.finditer(text))]:
            if found := re.match(r"make (\w+)", plain(command)):
                named[found[1]] = page
    assert {target: page for target, page in named.items() if target not in make_targets() | {"doctor"}} == {}


def test_each_make_target_has_its_plain_python_line():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    import importlib

    sys.path.insert(0, str(ROOT / "tools"))
    course = importlib.import_module("course")
    for target, command in re.findall(r"^(\w+):.*\n\t@\$\(COURSE\) (\w+)", text, re.M):
        assert target == command and command in course.COMMANDS
    assert {"start", "test", "site", "lint", "bench"} <= make_targets()


def test_the_readme_shows_both_commands_and_the_line_beside_each():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("start", "test"):
        assert f"make {command}" in text and f"python tools/course.py {command}" in text


def test_a_dead_command_would_be_found():
    assert fenced_commands("```sh\nminikafka fly  # away\n```\n```python\nx\n```") == ["minikafka fly"]
    assert plain("python tools/course.py start") == "make start"
