"""Java's kafka-clients and franz-go, unmodified, against three brokers: each runs its drill and says what it saw.

The drills (`drills/Drill.java`, `drills/franz/main.go`) do the same things by their own client's calls, and assert
nothing; what must be said stands here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_under_test import Running, eventually

from minikafka.server.host import Server
from minikafka.server.processes import Processes

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
AT_ONCE = {"group.initial.rebalance.delay.ms": 0, "offsets.topic.num.partitions": 4}
AT_ONCE |= {"transaction.state.log.num.partitions": 4}
LONGEST_S = 240
GROUPS = ("range", "cooperative-sticky", "static", "KIP-848")
GROWN = {f"{name} alone": "4 100" for name in GROUPS} | {f"{name} both": "2 2" for name in GROUPS}
GROWN |= {f"{name} one again": "4" for name in GROUPS if name != "static"}
SAID: dict[str, dict[str, str]] = {
    "compression": {f"compression {codec}": "200 value-199" for codec in ("none", "gzip", "snappy", "lz4", "zstd")},
    ",".join(GROUPS): GROWN,
    "seek": {"seek": "value-7 value-8 value-9", "commit": "8", "ends": "0 10"},
    "transactions": {"read_committed": "a c d", "read_uncommitted": "a b c zombie d"},
    "offsets": {"offsets in a transaction": "10"},
    "admin": {"cluster": "3", "config": "60000", "group": "1", "listed": "true", "records": "true", "deleted": "true"},
}
SHOWN = {
    "compression": ["produce and consume", "compression: gzip, snappy, lz4, zstd"],
    ",".join(GROUPS): [f"groups: {name}" for name in GROUPS],
    "seek": ["seek", "commit"],
    "transactions": ["transactions", "zombies", "read_committed"],
    "offsets": ["offsets in transactions"],
    "admin": ["admin"],
}
CLIENTS = ("Java", "franz-go")
KINDS: dict[str, Any] = {"one process": Server, "processes": Processes}
"""A fresh `serve`, and one with `--processes`."""
FENCED = {"java": "ProducerFencedException", "franz-go": "PRODUCER_FENCED"}


@pytest.fixture(scope="module", params=KINDS)
def served(request: Any) -> Iterator[Running]:
    with Running(KINDS[request.param], brokers=3, config=AT_ONCE) as running:
        yield running


@pytest.fixture(scope="module", params=["java", "franz-go"])
def drill(request: Any, need: Any, tmp_path_factory: Any) -> tuple[str, list[str]]:
    """The name of a client, and the command that runs its drill; bootstrap servers and names follow."""
    return request.param, (java if request.param == "java" else franz_go)(need, tmp_path_factory.mktemp("drill"))


def java(need: Any, folder: Path) -> list[str]:
    """The jars are those of Apache Kafka itself; the drill is compiled once."""
    sys.path.insert(0, str(ROOT / "tools"))
    import apache_kafka

    if apache_kafka.missing():
        need.missing(apache_kafka.missing())
    libs = f"{apache_kafka.jars()}/*"
    compiled = [need.tool("javac"), "-cp", libs, "-d", str(folder), str(HERE / "drills" / "Drill.java")]
    subprocess.run(compiled, check=True, capture_output=True, timeout=LONGEST_S)
    return [need.tool("java"), "-Xmx256m", "-cp", f"{folder}:{libs}", "Drill"]


def franz_go(need: Any, folder: Path) -> list[str]:
    """Built once; the modules come from Go's proxy, with the sums in `go.sum`."""
    program = folder / "drill"
    built = [need.tool("go"), "build", "-o", str(program), "."]
    done = subprocess.run(built, cwd=HERE / "drills" / "franz", capture_output=True, text=True, timeout=LONGEST_S)
    assert done.returncode == 0, done.stderr
    return [str(program)]


def said(output: str) -> dict[str, str]:
    """`feature=value` lines; lists as they are written without brackets and commas."""
    pairs = (line.partition("=") for line in output.splitlines() if "=" in line)
    return {name: value.strip("[]").replace(",", "") for name, _, value in pairs}


@pytest.mark.parametrize(
    "names", [pytest.param(names, marks=pytest.mark.shows(*SHOWN[names], clients=CLIENTS)) for names in SAID]
)
def test_a_client_sees_what_it_should(drill: tuple[str, list[str]], served: Running, names: str) -> None:
    client, command = drill
    done = subprocess.run([*command, served.bootstrap, names], capture_output=True, text=True, timeout=LONGEST_S)
    answers = said(done.stdout)
    wanted = SAID[names] | ({"zombie": FENCED[client]} if names == "transactions" else {})
    assert {name: answers.get(name) for name in wanted} == wanted, done.stdout + done.stderr[-2_000:]
    assert "failed:" not in done.stdout


@pytest.mark.shows("a leader killed", clients=CLIENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_or_twice_when_the_leader_dies(drill: tuple[str, list[str]], kind: str) -> None:
    _, command = drill
    with Running(KINDS[kind], brokers=3, config=AT_ONCE) as running:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen([*command, running.bootstrap, "leader"], text=True, **pipes) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "half=1\n"
            running.crash(eventually(lambda: led(running), "a leader"))
            output, errors = process.communicate("go on\n", LONGEST_S)
        assert said(output) == {"acknowledged": "2000", "each once, in order": "true"}, output + errors[-2_000:]


def led(running: Running) -> int:
    """Which broker leads the topic of the drill; 0 while none does."""
    with running.connect(1) as wire:
        topics = wire.ask(3, 9, {"topics": None, "allow_auto_topic_creation": False})["topics"]
    (topic,) = [one for one in topics if one["name"].endswith("-leader")]
    return max(int(topic["partitions"][0]["leader_id"]), 0)
