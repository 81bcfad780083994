"""`minikafka serve` beside librdkafka's mock cluster and Apache Kafka: one client script, one run, ratios.

    make bench ARGS=serve         with Java 17 and Maven here, Apache Kafka is asked, too; without, its rows are missing

Ours keeps everything on disk. Every peer has three brokers on this machine and is asked the same in turn: nobody gets
the quiet minute. Apache Kafka is asked to produce and to consume *cold*, as it has just started; for the latencies it
has had `WARM_UP_S` seconds of the same load before. An even pace is asked for five times, and the median counts.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

RUNS = 5
WARM_UP_S = 60
STEADY_S = 10
COUNT = 200_000
OURS, PROCESSES, MOCK, KAFKA = "minikafka", "minikafka --processes", "mock cluster", "Apache Kafka"
SERVE = (sys.executable, "-m", "minikafka", "serve", "--port", "0")


@dataclass
class Peer:
    """Somebody to be asked."""

    name: str
    bootstrap: str
    pid: int = 0


def measure() -> Iterator[Measured]:
    """Needs confluent-kafka; without it there is nothing to measure."""
    try:
        import confluent_kafka  # noqa: F401 - only whether it is there: clients are processes of their own
    except ImportError:
        return
    yield from ready_and_idle()
    with all_peers() as peers:
        yield from throughput(peers)
        yield from paces(peers)
    yield from many()


# --- the peers ---


@contextmanager
def line_of(command: list[str]) -> Iterator[tuple[str, int, float]]:
    """A server that says `bootstrap.servers=…` when it is ready: that, its process id, and after how many seconds."""
    began = time.perf_counter()
    running = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert running.stdout is not None, "a pipe"
    said = running.stdout.readline().strip().removeprefix("bootstrap.servers=")
    assert said, f"{command} has ended"
    try:
        yield said, running.pid, time.perf_counter() - began
    finally:
        running.terminate()
        with contextlib.suppress(BrokenPipeError):
            running.communicate(timeout=60)


@contextmanager
def ours(*more: str) -> Iterator[tuple[str, int, float]]:
    """On a directory that goes with it."""
    with tempfile.TemporaryDirectory() as folder, line_of([*SERVE, "--data-dir", folder, *more]) as said:
        yield said


@contextmanager
def all_peers() -> Iterator[list[Peer]]:
    """All that can be had here."""
    with ExitStack() as stack:
        found = []
        for name, more in ((OURS, ()), (PROCESSES, ("--processes",))):
            bootstrap, pid, _ = stack.enter_context(ours(*more))
            found.append(Peer(name, bootstrap, pid))
        mock, pid, _ = stack.enter_context(line_of([sys.executable, "-m", "benchmarks.wire_client", "mock"]))
        found.append(Peer(MOCK, mock, pid))
        kafka = apache_kafka(stack)
        if kafka is not None:
            found.append(kafka)
        yield found


def apache_kafka(stack: ExitStack) -> Peer | None:
    """Three nodes of it, where Java and Maven are here."""
    import apache_kafka as oracle

    why = oracle.missing()
    if why:
        print(f"  (without Apache Kafka: {why})")
        return None
    return Peer(KAFKA, stack.enter_context(oracle.ApacheKafka(nodes=3)).bootstrap_servers)


def ask(work: str, peer: Peer, topic: str, **options: float) -> dict[str, Any]:
    """Let the client do a piece of work."""
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "benchmarks.wire_client", work, peer.bootstrap, topic, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{work} with {peer.name}: {done.stderr[-2000:]}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def create(peer: Peer, topic: str, partitions: int, copies: int) -> None:
    """Make a topic; the mock cluster does it when it is asked for one, of four partitions."""
    if peer.name == MOCK:
        return
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient({"bootstrap.servers": peer.bootstrap})
    for future in admin.create_topics([NewTopic(topic, partitions, copies)], operation_timeout=60).values():
        with contextlib.suppress(Exception):
            future.result(120)
    deadline = time.monotonic() + 60
    while len(admin.list_topics(topic, 30).topics[topic].partitions) < partitions and time.monotonic() < deadline:
        time.sleep(0.1)  # the admin client is told of a topic before every broker knows it: ask again


# --- how fast ---


def throughput(peers: list[Peer]) -> Iterator[Measured]:
    """Produce and consume 200,000; one partition, one copy; then three copies."""
    sizes = ((100, "100 B"), (1_000, "1 KB"))
    produced: dict[tuple[str, str], float] = {}
    for size, words in sizes:
        for peer in reversed(peers):  # Apache Kafka first: as it has just started
            topic = f"produce-{size}"
            create(peer, topic, 1, 1)
            produced[peer.name, words] = ask("produce", peer, topic, count=COUNT, size=size)["per_second"]
    for size, words in sizes:
        yield from compared(f"produce {words}, RF 1", {peer.name: produced[peer.name, words] for peer in peers}, 1.0)
        consumed = {
            peer.name: ask("consume", peer, f"produce-{size}", count=COUNT)["per_second"]
            for peer in reversed(peers)
            if peer.name != MOCK
        }
        yield from compared(f"consume {words}", consumed, 0.7)
    for peer in peers[:2]:
        create(peer, "copied", 1, 3)
        copied = ask("produce", peer, "copied", count=COUNT, size=100)["per_second"]
        yield Measured(f"produce 100 B, RF 3, {peer.name}", copied / 1000, "k/s", better="at least")
        goal = 0.4 if peer.name == OURS else None
        yield Measured(
            f"produce 100 B, RF 3 / RF 1, {peer.name}",
            copied / produced[peer.name, "100 B"],
            "",
            goal,
            "at least",
            False,
        )


def compared(what: str, per_second: dict[str, float], goal: float) -> Iterator[Measured]:
    """The figures, and ours as a part of theirs."""
    for name, value in per_second.items():
        yield Measured(f"{what}, {name}", value / 1000, "k/s", better="at least")
    for other, wanted in ((MOCK, None), (KAFKA, goal)):
        if other in per_second:
            ratio = per_second[OURS] / per_second[other]
            yield Measured(f"{what}, {OURS} / {other}", ratio, "", wanted, "at least", False)


# --- how late ---


def paces(peers: list[Peer]) -> Iterator[Measured]:
    """100,000 messages a second, and 1,000, from the producer's hand to the consumer's."""
    asked = [peer for peer in peers if peer.name != MOCK]  # its fetches wait longer than a broker's
    for peer in asked:
        create(peer, "steady", 3, 3)
        if peer.name == KAFKA:
            ask("steady", peer, "steady", rate=100_000, seconds=WARM_UP_S)
    late: dict[tuple[str, int], float] = {}
    for rate, linger_ms, goals in ((100_000, 5, (7.0, 10.0)), (1_000, 0, (1.0, 10.0))):
        runs: dict[str, list[dict[str, Any]]] = {peer.name: [] for peer in asked}
        for _ in range(RUNS):
            for peer in asked:
                topic = f"steady-{rate}-{len(runs[peer.name])}"
                create(peer, topic, 3, 3)
                runs[peer.name].append(ask("steady", peer, topic, rate=rate, seconds=STEADY_S, linger_ms=linger_ms))
        for name, found in runs.items():
            amiss = sum(one["sent"] - one["once"] + one["twice"] for one in found)
            yield Measured(f"{rate:,}/s, lost or twice, {name}", amiss, "", 0, depends_on_machine=False)
            yield Measured(
                f"{rate:,}/s, reached, {name}", statistics.median(one["rate"] for one in found), "/s", better="at least"
            )
            for part, goal in zip((50, 99), goals, strict=True):
                late[name, part] = statistics.median(one[f"p{part}_ms"] for one in found)
                wanted = goal if name == OURS else None
                yield Measured(f"{rate:,}/s, p{part}, {name}", late[name, part], "ms", wanted)
        if rate == 100_000 and KAFKA in runs:
            ratio = late[OURS, 99] / late[KAFKA, 99]
            yield Measured(f"{rate:,}/s, p99, {OURS} / {KAFKA}", ratio, "", 0.5, depends_on_machine=False)
            for part in (50, 99):
                ratio = late[PROCESSES, part] / late[KAFKA, part]
                yield Measured(f"{rate:,}/s, p{part}, {PROCESSES} / {KAFKA}", ratio, "", 1.0, depends_on_machine=False)


# --- how much ---


def resident_mib(pid: int) -> float:
    """Memory of a process and its children; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
    children = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True).stdout.split()
    return (int(found[1]) / 1024 if found else 0.0) + sum(resident_mib(int(child)) for child in children)


def ready_and_idle() -> Iterator[Measured]:
    """From the command to the line that clients may come; then memory, when nobody has come."""
    for name, more, goals in ((OURS, (), (0.7, 80.0)), (PROCESSES, ("--processes",), (None, None))):
        times, memory = [], []
        for _ in range(RUNS):
            with ours(*more) as (_, pid, seconds):
                time.sleep(1)  # until what starting has left to do is done
                times.append(seconds)
                memory.append(resident_mib(pid))
        yield Measured(f"ready, {name}", statistics.median(times), "s", goals[0])
        yield Measured(f"memory idle, {name}", statistics.median(memory), "MiB", goals[1], depends_on_machine=False)


def many() -> Iterator[Measured]:
    """1,000 connections, and 10,000 partitions."""
    with ours() as (bootstrap, pid, _):
        before, began = resident_mib(pid), time.perf_counter()
        hosts = [address.split(":") for address in bootstrap.split(",")]
        held = [socket.create_connection((host, int(port))) for host, port in hosts for _ in range(334)]
        took = time.perf_counter() - began
        time.sleep(1)  # until the server has accepted them all
        yield Measured("1,000 connections, opened within", took, "s")
        yield Measured(
            "1,000 connections, memory for them", resident_mib(pid) - before, "MiB", depends_on_machine=False
        )
        topic = ask("produce", Peer(OURS, bootstrap), "beside", count=1_000)["per_second"]
        yield Measured("1,000 connections, another client's pace", topic / 1000, "k/s", better="at least")
        for one in held:
            one.close()
    with ours() as (bootstrap, pid, _):
        before, began = resident_mib(pid), time.perf_counter()
        create(Peer(OURS, bootstrap), "wide", 10_000, 1)
        yield Measured("10,000 partitions, created within", time.perf_counter() - began, "s")
        yield Measured(
            "10,000 partitions, memory for them", resident_mib(pid) - before, "MiB", depends_on_machine=False
        )
        asked = ask("produce", Peer(OURS, bootstrap), "wide", count=20_000)["per_second"]
        yield Measured("10,000 partitions, a client's pace", asked / 1000, "k/s", better="at least")
