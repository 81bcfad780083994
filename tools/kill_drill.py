"""SIGKILL at random moments: a server under load is killed again and again, and what it acknowledged must be there.

    python tools/kill_drill.py [--kills 10] [--seed 2026] [--number 0]

* An even number kills the whole server (three brokers in one process), an odd one the leader of a server of processes;
  it is started again, and the load goes on. The moments are drawn from the seed.
* The load is numbers that rise, eight requests under way at a time, acks=all, without idempotence and without a retry.
* At the end one more number is sent and acknowledged: a new leader shows what its followers have confirmed, and the
  high watermark it was told of may be older than what the dead one acknowledged.
* Then the log holds every number that was acknowledged, and each number at most once, in rising order. What was under
  way when the server died may be there or not.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Timer
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from minikafka.protocol.records import build_batch, split_batches
from minikafka.server import codec, control

PRODUCE, FETCH, METADATA, CREATE_TOPICS = 0, 1, 3, 19
TOPIC = "orders"
UNDER_WAY = 8
PATIENCE_S = 90
QUICK = ("broker.session.timeout.ms=1500", "broker.heartbeat.interval.ms=300")
"""Who was killed may come back when its session has ended."""


class Client:
    """One connection."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)

    def __del__(self) -> None:
        if hasattr(self, "socket"):  # else nobody was there
            self.socket.close()

    def send(self, key: int, version: int, body: dict[str, Any]) -> None:
        """A request, without waiting for its answer."""
        self.socket.sendall(codec.request_frame(key, version, 1, "drill", body))

    def answer(self, key: int, version: int) -> dict[str, Any]:
        """The next answer. Raises `OSError` when there will be none."""
        return codec.decode_response(key, version, self.frame())[1]

    def frame(self) -> bytes:
        """The same as bytes, without their size."""
        return self._read(int.from_bytes(self._read(4), "big"))

    def ask(self, key: int, version: int, body: dict[str, Any]) -> dict[str, Any]:
        """A request and its answer."""
        self.send(key, version, body)
        return self.answer(key, version)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionResetError("closed")
            data += more
        return data


class Drill:
    """One server, killed some times."""

    def __init__(self, seed: int, number: int, directory: Path) -> None:
        self.random = Random(f"{seed}/{number}")
        self.directory = directory
        self.with_processes = number % 2 == 1
        self.process: subprocess.Popen[str] | None = None
        self.says_to: int | IO[bytes] = subprocess.DEVNULL
        """Where the server's log goes."""
        self.words: tuple[str, ...] = ()
        """More of the command."""
        self.settings: tuple[str, ...] = QUICK
        self.addresses: list[tuple[str, int]] = []
        self.sent = 0
        self.acknowledged: list[int] = []

    def start(self) -> None:
        """Start the server and wait for its line."""
        more = ["--processes"] if self.with_processes else []
        command = [sys.executable, "-m", "minikafka", "serve", "--port", "0", "--data-dir", str(self.directory), *more]
        command += self.words
        for setting in self.settings:
            command += ["--config", setting]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self.says_to, text=True)
        assert self.process.stdout is not None
        servers = self.process.stdout.readline().strip().partition("=")[2].split(",")
        self.addresses = [(host, int(port)) for host, port in (server.split(":") for server in servers)]

    def end(self, number: int = signal.SIGKILL) -> None:
        """A signal for the server."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.communicate(timeout=PATIENCE_S)

    def create(self) -> None:
        """One partition on all three brokers."""
        new = {"name": TOPIC, "num_partitions": 1, "replication_factor": 3, "assignments": [], "configs": []}
        body = {"topics": [new], "timeout_ms": 20_000, "validate_only": False}
        Client(self.addresses[0]).ask(CREATE_TOPICS, 5, body)

    def leader(self) -> int:
        """Who leads, as any broker tells that answers; 0: nobody."""
        for address in self.addresses:
            try:
                body = {"topics": [{"name": TOPIC}], "allow_auto_topic_creation": False}
                (topic,) = Client(address).ask(METADATA, 9, body)["topics"]
            except OSError:
                continue
            if topic["partitions"]:
                return max(int(topic["partitions"][0]["leader_id"]), 0)
        return 0

    def load(self, client: Client) -> None:
        """Send until the connection breaks."""
        under_way: deque[int] = deque()
        try:
            while True:
                while len(under_way) < UNDER_WAY:
                    client.send(PRODUCE, 9, produced(self.sent))
                    under_way.append(self.sent)
                    self.sent += 1
                number = under_way.popleft()
                answer = client.answer(PRODUCE, 9)["responses"][0]["partition_responses"][0]
                if answer["error_code"] == 0:
                    self.acknowledged.append(number)
        except OSError:
            self.sent += 1  # the one that broke may have been sent

    def kill_under_load(self) -> None:
        """Load, and a kill at a moment nobody knows."""
        leader = until(self.leader, "a leader")
        client = Client(self.addresses[leader - 1])
        whom = self._pid_of(leader) if self.with_processes else self.process.pid if self.process else 0
        before = len(self.acknowledged)
        timer = Timer(self.random.uniform(0.02, 1.5), os.kill, (whom, signal.SIGKILL))
        timer.start()
        self.load(client)
        timer.join()
        print(f"killed {whom} after {len(self.acknowledged) - before} acknowledgements", flush=True)
        if not self.with_processes:
            self.end()
            self.start()
            return
        until(lambda: self.leader() not in (0, leader), "another leader")
        control.ask(control.place(self.directory), {"verb": "restart", "broker": leader})

    def _pid_of(self, broker: int) -> int:
        nodes = control.ask(control.place(self.directory), {"verb": "status"})["nodes"]
        return next(int(pid) for node, _, _, pid in nodes if node == f"broker-{broker}")

    def confirm(self) -> None:
        """One more number, acknowledged: all that stands before it is below the high watermark from now on."""
        until(self._is_one_more_acknowledged, "an acknowledgement")

    def _is_one_more_acknowledged(self) -> bool:
        number, self.sent = self.sent, self.sent + 1
        try:
            client = Client(self.addresses[until(self.leader, "a leader") - 1])
            answer = client.ask(PRODUCE, 9, produced(number))["responses"][0]["partition_responses"][0]
        except OSError:
            return False
        if answer["error_code"] == 0:
            self.acknowledged.append(number)
        return answer["error_code"] == 0

    def stored(self) -> list[int]:
        """All that the log shows to a consumer."""
        client = Client(self.addresses[until(self.leader, "a leader") - 1])
        found: list[int] = []
        while True:
            asked = {"partition": 0, "fetch_offset": len(found), "partition_max_bytes": 10_000_000}
            topics = [{"topic": TOPIC, "partitions": [asked]}]
            body = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": [], "topics": topics}
            partition = client.ask(FETCH, 12, body)["responses"][0]["partitions"][0]
            assert partition["error_code"] == 0, f"a fetch was answered with {partition['error_code']}"
            batches = list(split_batches(bytes(partition["records"] or b"")))
            if not batches:
                return found
            found += [int(record.value or b"") for batch in batches for record in batch.records()]

    def judge(self) -> None:
        """Everything acknowledged is there once and in order, and nothing that nobody has sent."""
        stored = self.stored()
        assert all(one < other for one, other in pairwise(stored)), "twice, or out of order"
        missing = sorted(set(self.acknowledged) - set(stored))
        assert not missing, f"acknowledged and not there: {missing[:10]}"
        assert not stored or stored[-1] < self.sent, "nobody has sent that"


def produced(number: int) -> dict[str, Any]:
    """A request with one record."""
    batch = build_batch([(int(time.time() * 1_000), None, b"%d" % number, ())]).data
    data = [{"name": TOPIC, "partition_data": [{"index": 0, "records": batch}]}]
    return {"acks": -1, "timeout_ms": 5_000, "topic_data": data}


def until(condition: Callable[[], int], what: str) -> int:
    """The first true value."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)
    return value


def lives(seed: int, number: int, kills: int) -> dict[str, Any]:
    """One server on one directory, killed so many times; raises `AssertionError` when something was lost."""
    with tempfile.TemporaryDirectory(prefix="mk-") as folder:
        drill = Drill(seed, number, Path(folder) / "data")
        drill.start()
        try:
            drill.create()
            for _ in range(kills):
                drill.kill_under_load()
            drill.confirm()
            drill.judge()
            drill.end(signal.SIGTERM)
        finally:
            if drill.process is not None and drill.process.poll() is None:
                drill.end()
    return {"kills": kills, "acknowledged": len(drill.acknowledged), "processes": drill.with_processes}


if __name__ == "__main__":
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--kills", type=int, default=10)
    said.add_argument("--seed", type=int, default=2026)
    said.add_argument("--number", type=int, default=0)
    options = said.parse_args()
    print(lives(options.seed, options.number, options.kills))
