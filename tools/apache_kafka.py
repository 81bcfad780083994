#!/usr/bin/env python3
"""Apache Kafka itself, on this machine, for as long as somebody needs it: the oracle of the course.

    python tools/apache_kafka.py --nodes 3        runs until Ctrl-C; prints one line, bootstrap.servers=...

The jars come from Maven once and stay in `build/apache-kafka/`. Each node is broker and controller in one (KRaft,
static voters), on free ports of 127.0.0.1, with a directory of its own below a temporary one that goes with it; with
`controllers=1` the controller is a process of its own, so that any broker may be killed. Needs Java 17 and Maven; what
is missing is said in one sentence.

    with ApacheKafka(nodes=3) as kafka:
        kafka.bootstrap_servers       # "127.0.0.1:40001,127.0.0.1:40002,127.0.0.1:40003"
        kafka.kill(2)                 # SIGKILL; kafka.start(2) brings it back on its port and disk
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
VERSION = "4.4.0"
LOG4J = "2.25.1"
HOME = ROOT / "build" / "apache-kafka" / VERSION
READY = "Kafka Server started"
READY_WITHIN_S = 120
STOP_WITHIN_S = 30
OLDEST_JAVA = 17
FIRST_CONTROLLER = 101
"""Ids of controllers that are no brokers begin here."""

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>course</groupId><artifactId>oracle</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>{LOG4J}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>{LOG4J}</version></dependency>
  </dependencies>
</project>
"""
LOGGING = """Configuration:
  Appenders: {Console: {name: out, PatternLayout: {pattern: "%d %p %m (%c)%n"}}}
  Loggers: {Root: {level: INFO, AppenderRef: {ref: out}}}
"""


class OracleError(Exception):
    """Apache Kafka cannot run here, or did not start; the message is one sentence."""


def missing() -> str:
    """What this machine lacks to run Apache Kafka, in one sentence; empty when it lacks nothing."""
    java = shutil.which("java")
    if java is None:
        return f"Apache Kafka needs Java {OLDEST_JAVA} or newer, and there is no `java` on the PATH."
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < OLDEST_JAVA:
        return f"Apache Kafka needs Java {OLDEST_JAVA} or newer; `java -version` says {said.splitlines()[:1]}."
    if not (HOME / "libs").is_dir() and shutil.which("mvn") is None:
        return "The jars of Apache Kafka come from Maven, and there is no `mvn` on the PATH."
    return ""


def jars() -> Path:
    """The folder with Kafka's jars, fetched once. Raises `OracleError`."""
    libs = HOME / "libs"
    if libs.is_dir():
        return libs
    if missing():
        raise OracleError(missing())
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "pom.xml").write_text(POM)
    fetched = HOME / f"libs-{os.getpid()}"
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fetched}"]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OracleError(f"Maven could not fetch Apache Kafka {VERSION}: {(done.stdout + done.stderr)[-400:]}")
    try:
        fetched.rename(libs)
    except OSError:  # another process was quicker
        shutil.rmtree(fetched)
    return libs


def free_ports(count: int) -> list[int]:
    """Ports nobody has now. Another process may take one before Kafka does; then Kafka says so."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass(slots=True)
class Node:
    """One Kafka process."""

    number: int
    port: int
    """Of the broker; 0 where there is none."""
    controller_port: int
    """Of the controller; 0 where there is none."""
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def log(self) -> Path:
        """What the present start has printed."""
        return self.folder / f"server-{self.starts}.log"


@dataclass(slots=True)
class ApacheKafka:
    """A cluster of `nodes` brokers; `settings` are server properties of all of them.

    Each is a controller too, unless there are `controllers` of their own.
    """

    nodes: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    heap: str = "512M"
    controllers: int = 0
    _folder: Path | None = None
    _nodes: dict[int, Node] = field(default_factory=dict)

    def __enter__(self) -> Self:
        libs = jars()
        self._folder = Path(tempfile.mkdtemp(prefix="apache-kafka-"))
        brokers = range(1, self.nodes + 1)
        alone = range(FIRST_CONTROLLER, FIRST_CONTROLLER + self.controllers)
        ports = iter(free_ports(2 * self.nodes + self.controllers))
        for number in (*alone, *brokers):
            folder = self._folder / str(number)
            folder.mkdir()
            port = next(ports) if number in brokers else 0
            controller_port = next(ports) if number in alone or not alone else 0
            self._nodes[number] = Node(number, port, controller_port, folder)
        try:
            cluster_id = self._tool(libs, "random-uuid").strip().splitlines()[-1]
            for node in self._nodes.values():
                (node.folder / "server.properties").write_text(self._properties(node))
                (node.folder / "log4j2.yaml").write_text(LOGGING)
                self._tool(libs, "format", "-t", cluster_id, "-c", str(node.folder / "server.properties"))
            for node in self._nodes.values():
                self._launch(node)
            for node in self._nodes.values():
                self._wait(node)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def bootstrap_servers(self) -> str:
        """`HOST:PORT,...` of all brokers, whether they run or not."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self._nodes.values() if node.port)

    def address(self, number: int) -> str:
        """`HOST:PORT` of one node."""
        return f"127.0.0.1:{self._nodes[number].port}"

    def kill(self, number: int) -> None:
        """SIGKILL: the process is gone, its disk and page cache stay."""
        process = self._running(number)
        process.kill()
        process.wait()
        self._nodes[number].process = None

    def stop(self, number: int) -> None:
        """SIGTERM: a controlled shutdown, waited for."""
        process = self._running(number)
        process.terminate()
        process.wait(STOP_WITHIN_S)
        self._nodes[number].process = None

    def start(self, number: int, wait: bool = True) -> None:
        """Start a node that is down, on its old port and disk."""
        node = self._nodes[number]
        assert node.process is None, f"node {number} is running"
        self._launch(node)
        if wait:
            self._wait(node)

    def pause(self, number: int) -> None:
        """SIGSTOP: the process stands still."""
        self._running(number).send_signal(signal.SIGSTOP)

    def resume(self, number: int) -> None:
        """SIGCONT."""
        self._running(number).send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End all processes and remove their folder."""
        for node in self._nodes.values():
            if node.process is not None:
                node.process.kill()
                node.process.wait()
                node.process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # --- one node ---

    def _running(self, number: int) -> subprocess.Popen[bytes]:
        process = self._nodes[number].process
        assert process is not None, f"node {number} is down"
        return process

    def _properties(self, node: Node) -> str:
        voters = [one for one in self._nodes.values() if one.controller_port]
        ports = {"PLAINTEXT": node.port, "CONTROLLER": node.controller_port}
        roles = {"broker": node.port, "controller": node.controller_port}
        factor = str(min(3, self.nodes))
        properties = {
            "process.roles": ",".join(role for role, port in roles.items() if port),
            "node.id": str(node.number),
            "controller.quorum.voters": ",".join(f"{one.number}@127.0.0.1:{one.controller_port}" for one in voters),
            "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items() if port),
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(node.folder / "data"),
            "offsets.topic.replication.factor": factor,
            "transaction.state.log.replication.factor": factor,
            "transaction.state.log.min.isr": str(min(2, self.nodes)),
            "share.coordinator.state.topic.replication.factor": factor,
            "share.coordinator.state.topic.min.isr": str(min(2, self.nodes)),
            "group.initial.rebalance.delay.ms": "0",
            **self.settings,
        }
        if node.port:
            properties["advertised.listeners"] = f"PLAINTEXT://127.0.0.1:{node.port}"
        return "".join(f"{name}={value}\n" for name, value in properties.items())

    def _java(self, libs: Path) -> list[str]:
        return [shutil.which("java") or "java", "-cp", f"{libs}/*"]

    def _tool(self, libs: Path, *arguments: str) -> str:
        command = [*self._java(libs), "kafka.tools.StorageTool", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OracleError(f"Kafka's storage tool failed: {(done.stdout + done.stderr).strip()[-400:]}")
        return done.stdout

    def _launch(self, node: Node) -> None:
        node.starts += 1
        libs, logging = HOME / "libs", node.folder / "log4j2.yaml"
        command = self._java(libs)
        command[1:1] = [f"-Xmx{self.heap}", f"-Dlog4j2.configurationFile={logging}"]
        with node.log.open("wb") as out:
            node.process = subprocess.Popen(
                [*command, "kafka.Kafka", str(node.folder / "server.properties")],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def _wait(self, node: Node) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while READY not in node.log.read_text(errors="replace"):
            if node.process is None or node.process.poll() is not None or time.monotonic() > deadline:
                tail = node.log.read_text(errors="replace").strip()[-400:]
                raise OracleError(f"Apache Kafka node {node.number} did not start; its log ends: {tail}")
            time.sleep(0.1)


def main() -> int:
    """Run a cluster until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Apache Kafka on this machine, until Ctrl-C.")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--config", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    settings = dict(one.split("=", 1) for one in options.config)
    try:
        with ApacheKafka(options.nodes, settings) as kafka:
            print(f"bootstrap.servers={kafka.bootstrap_servers}", flush=True)
            signal.pause()
    except OracleError as problem:
        print(f"apache_kafka: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
