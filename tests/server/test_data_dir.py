"""A cluster on a real disk: what it promises of files, and what is left when it is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from server_under_test import PATIENCE_S, Running, Wire, eventually

from minikafka.disk import Disk, MemoryDisk, StorageError
from minikafka.protocol.records import RecordBatch, build_batch
from minikafka.server.dump import dump
from minikafka.server.host import Server
from minikafka.server.os_disk import DirectoryError, OsDisk

ROOT = Path(__file__).resolve().parents[2]
PRODUCE, FETCH, METADATA, CREATE_TOPICS = 0, 1, 3, 19
QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}
"""A broker that was killed may come back when its session has ended: after 1.5 s instead of 9."""


@pytest.fixture(params=["memory", "files"])
def disk(request: Any, tmp_path: Path) -> Disk:
    return MemoryDisk() if request.param == "memory" else OsDisk(tmp_path / "disk")


def test_files_do_what_memory_does(disk: Disk) -> None:
    disk.append("orders-0/a.log", b"12345")
    disk.append("orders-0/a.log", b"678")
    assert disk.read("orders-0/a.log", 3, 100) == b"45678"
    assert (disk.size("orders-0/a.log"), disk.size("none")) == (8, 0)
    assert disk.read("none", 0, 9) == b""
    disk.truncate("orders-0/a.log", 4)
    disk.truncate("none", 4)
    disk.append("orders-0/a.log", b"!")
    disk.flush("orders-0/a.log")
    assert disk.read("orders-0/a.log", 0, 100) == b"1234!"
    disk.replace("orders-0/checkpoint", b"one")
    disk.replace("orders-0/checkpoint", b"two")
    assert disk.read("orders-0/checkpoint", 0, 100) == b"two"
    disk.rename("orders-0/a.log", "orders-0/b.log")
    disk.rename("none", "orders-0/c.log")
    assert disk.paths("orders-0") == ["orders-0/b.log", "orders-0/checkpoint"]
    disk.append("top", b"")
    disk.append("orders-00/x", b"x")
    assert disk.paths() == ["orders-0/b.log", "orders-0/checkpoint", "orders-00/x", "top"]
    for path in disk.paths():
        disk.delete(path)
    disk.delete("none")
    assert disk.paths() == []


def test_files_are_found_again(tmp_path: Path) -> None:
    first = OsDisk(tmp_path)
    for number in range(500):
        first.append(f"t-{number}/log", b"%d" % number)
    (tmp_path / "t-0" / "half.tmp").write_bytes(b"x")
    again = OsDisk(tmp_path)
    assert len(again.paths()) == 500
    assert again.read("t-499/log", 0, 9) == b"499"
    for disk in (first, again):
        disk.close()
    assert not (tmp_path / "t-0" / "half.tmp").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_is_an_error_that_is_told(tmp_path: Path) -> None:
    disk = OsDisk(tmp_path)
    (tmp_path / "full.log").symlink_to("/dev/full")
    with pytest.raises(StorageError, match="No space left on device"):
        disk.append("full.log", b"more")


def test_one_server_at_a_time_and_no_newer_format(tmp_path: Path) -> None:
    first = Server(brokers=1, data_dir=tmp_path)
    with pytest.raises(DirectoryError, match="Another server is running on"):
        Server(brokers=1, data_dir=tmp_path)
    assert first.directory is not None
    first.directory.close()
    second = Server(brokers=1, data_dir=tmp_path)
    assert second.cluster_id == first.cluster_id
    assert second.directory is not None
    second.directory.close()
    (tmp_path / "meta.properties").write_text("version=2\ncluster.id=x\n", encoding="utf-8")
    with pytest.raises(DirectoryError, match="has format version 2; this server knows 1"):
        Server(brokers=1, data_dir=tmp_path)


def create(wire: Wire, name: str, replicas: int) -> None:
    topic = {"name": name, "num_partitions": 1, "replication_factor": replicas, "assignments": [], "configs": []}
    assert wire.ask(CREATE_TOPICS, 7, {"topics": [topic]})["topics"][0]["error_code"] == 0


def produce(wire: Wire, name: str, number: int) -> int:
    """The error code."""
    batch = build_batch([(1_000, None, b"%d" % number, ())]).data
    data = [{"name": name, "topic_id": bytes(16), "partition_data": [{"index": 0, "records": batch}]}]
    answer = wire.ask(PRODUCE, 9, {"acks": -1, "timeout_ms": 5_000, "topic_data": data})
    code: int = answer["responses"][0]["partition_responses"][0]["error_code"]
    return code


def read_all(wire: Wire, name: str) -> list[bytes | None]:
    asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 10_000_000}
    topics = [{"topic": name, "topic_id": bytes(16), "partitions": [asked]}]
    answer = wire.ask(FETCH, 12, {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": [], "topics": topics})
    partition = answer["responses"][0]["partitions"][0]
    assert partition["error_code"] == 0
    data, values = bytes(partition["records"] or b""), []
    while data:
        size = 12 + int.from_bytes(data[8:12], "big")
        values += [record.value for record in RecordBatch(data[:size]).records()]
        data = data[size:]
    return values


def test_a_cluster_goes_on_from_its_directory(tmp_path: Path) -> None:
    with Running(brokers=1, data_dir=tmp_path, config=QUICK) as running, running.connect() as wire:
        create(wire, "orders", 1)
        eventually(lambda: produce(wire, "orders", 0) == 0, "a leader")
        assert produce(wire, "orders", 1) == 0
        running.wait_for(running.server.shut_down())
    assert (tmp_path / "broker-1" / "orders-0" / "00000000000000000000.log").stat().st_size > 0
    with Running(brokers=1, data_dir=tmp_path, config=QUICK) as running, running.connect() as wire:
        eventually(lambda: produce(wire, "orders", 2) == 0, "a leader again")
        assert read_all(wire, "orders") == [b"0", b"1", b"2"]


class Process:
    """`serve` in a process of its own, on a directory."""

    def __init__(self, directory: Path) -> None:
        program = (
            "from pathlib import Path; from minikafka.server.serve import serve\n"
            f"raise SystemExit(serve(brokers=3, port=0, data_dir=Path({str(directory)!r}), "
            f"config={[f'{name}={value}' for name, value in QUICK.items()]!r}))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        servers = self.process.stdout.readline().strip().partition("=")[2].split(",")
        self.addresses = [(host, int(port)) for host, _, port in (server.partition(":") for server in servers)]

    def leader(self, topic: str) -> Wire | None:
        with Wire(self.addresses[0]) as wire:
            body = {"topics": [{"name": topic}], "allow_auto_topic_creation": False}
            (found,) = wire.ask(METADATA, 9, body)["topics"]
        leaders = [one["leader_id"] for one in found["partitions"]]
        return Wire(self.addresses[leaders[0] - 1]) if leaders and leaders[0] > 0 else None

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_was_acknowledged_survives_kill_9_of_the_whole_server(tmp_path: Path) -> None:
    acknowledged: list[bytes | None] = []
    for life in range(3):
        running = Process(tmp_path)
        try:
            if life == 0:
                with Wire(running.addresses[0]) as wire:
                    create(wire, "orders", 3)
            wire = eventually(lambda: running.leader("orders"), "a leader")  # noqa: B023
            stored = read_all(wire, "orders")
            assert stored == acknowledged, f"life {life}"
            until = time.monotonic() + 0.5
            while time.monotonic() < until or len(acknowledged) == len(stored):
                if produce(wire, "orders", len(acknowledged)) == 0:
                    acknowledged.append(b"%d" % len(acknowledged))
        finally:
            running.end(signal.SIGKILL)
    assert len(acknowledged) > 3
    last = Process(tmp_path)
    wire = eventually(lambda: last.leader("orders"), "a leader")
    assert read_all(wire, "orders") == acknowledged
    assert last.end(signal.SIGTERM) == 0


def test_a_dump_names_batches_markers_and_a_torn_tail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    three = build_batch([(0, b"k", b"v", ())] * 3, leader_epoch=4, producer_id=7, producer_epoch=0, base_sequence=5)
    one = build_batch([(0, None, b"w", ())], base_offset=3, leader_epoch=4)
    segment = tmp_path / "broker-1" / "orders-0" / f"{0:020}.log"
    segment.parent.mkdir(parents=True)
    segment.write_bytes(three.data + one.data + one.data[:30])
    assert dump(tmp_path, with_records=True) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"broker-1/orders-0/{0:020}.log",
        f"  0 to 2  epoch 4  3 records  {len(three.data)} bytes  producer 7 epoch 0 from 5",
        *["    b'k': b'v'"] * 3,
        f"  3  epoch 4  1 record  {len(one.data)} bytes",
        "    None: b'w'",
        "  30 bytes that are no whole batch: a batch has at least 61 bytes, this has 30",
    ]
    assert dump(tmp_path / "nowhere") == 2
