"""`serve --data-dir` on a disk that is full or may not be written: errors to clients, a line in the log, no loss."""

from __future__ import annotations

import errno
import io
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from answers_kit import FETCH, LIST_OFFSETS, PRODUCE, batch, create, new_topic
from group_kit import FIND_COORDINATOR, Desk
from server_under_test import Running, Wire, eventually
from test_data_dir import QUICK, produce, read_all

from minikafka.disk import StorageError
from minikafka.server import codec, os_disk
from minikafka.server.host import ServeError
from minikafka.server.os_disk import DirectoryError, OsDisk
from minikafka.server.serve import serve

CONFIG = QUICK | {
    "offsets.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "request.timeout.ms": 1_000,
    "offsets.commit.timeout.ms": 1_000,
    "replica.high.watermark.checkpoint.interval.ms": 100,
}
STORAGE_ERROR, TIMED_OUT = 56, 7
REFUSALS = [pytest.param(errno.ENOSPC, id="full"), pytest.param(errno.EROFS, id="read-only")]


class Refusal:
    """While `number` is set no byte is written: the operating system says this error."""

    number = 0

    def __init__(self, write_all: Callable[..., None]) -> None:
        self.write_all = write_all

    def __call__(self, file: Any, data: bytes, start: int) -> None:
        if self.number and data:
            raise OSError(self.number, os.strerror(self.number))
        self.write_all(file, data, start)


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusal]:
    refusal = Refusal(os_disk._write_all)
    monkeypatch.setattr(os_disk, "_write_all", refusal)
    yield refusal
    refusal.number = 0


def latest(wire: Wire, topic: str) -> int:
    asked = {"name": topic, "partitions": [{"partition_index": 0, "timestamp": -1}]}
    answer = wire.ask(LIST_OFFSETS, 5, {"replica_id": -1, "isolation_level": 0, "topics": [asked]})
    offset: int = answer["topics"][0]["partitions"][0]["offset"]
    return offset


@pytest.mark.parametrize("number", REFUSALS)
def test_what_cannot_be_written_is_an_error_and_nothing_of_it_is_there(
    tmp_path: Path, refusal: Refusal, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    caplog.set_level(logging.WARNING)
    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        assert create(wire, new_topic("orders")) == [0]
        eventually(lambda: produce(wire, "orders", 0) == 0, "a leader")
        desk = Desk(running, "orders")
        desk.ask(FIND_COORDINATOR, 3, {"key": "orders", "key_type": 0})
        eventually(lambda: desk.commit(1) == 0, "a coordinator")
        refusal.number = number
        assert [produce(wire, "orders", 1) for _ in range(3)] == [STORAGE_ERROR] * 3
        assert desk.commit(2) != 0
        assert create(wire, new_topic("more"), timeout_ms=500) == [TIMED_OUT]
        assert (latest(wire, "orders"), desk.offset()) == (1, 1), "what is there is served"
        eventually(lambda: "replication-offset-checkpoint" in caplog.text, "the next checkpoint")
        refusal.number = 0
        eventually(lambda: produce(wire, "orders", 2) == 0, "room")
        eventually(lambda: create(wire, new_topic("more")) in ([0], [36]), "a controller that can write")
        running.wait_for(running.server.shut_down())
    reason = os.strerror(number)
    for who in ("broker-1 cannot write to orders-0", "controller-1 cannot write to __cluster_metadata-0"):
        assert who in caplog.text
    assert reason in caplog.text
    assert "Traceback" not in caplog.text
    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        eventually(lambda: produce(wire, "orders", 3) == 0, "a leader again")
        assert read_all(wire, "orders") == [b"0", b"2", b"3"]
        again = Desk(running, "orders")
        eventually(lambda: again.committed(0)["error_code"] == 0, "a coordinator again")
        assert again.offset() == 1


def test_a_disk_that_refuses_for_long_is_a_few_lines_and_not_thousands(
    tmp_path: Path, refusal: Refusal, caplog: pytest.LogCaptureFixture
) -> None:
    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        assert create(wire, new_topic("orders")) == [0]
        eventually(lambda: produce(wire, "orders", 0) == 0, "a leader")
        refusal.number = errno.ENOSPC
        assert {produce(wire, "orders", 1) for _ in range(200)} == {STORAGE_ERROR}
        assert create(wire, new_topic("more"), timeout_ms=500) == [TIMED_OUT]
        refusal.number = 0
        eventually(lambda: produce(wire, "orders", 2) == 0, "room")
    said = [record.getMessage() for record in caplog.records if "Cannot write" in record.getMessage()]
    assert 0 < len(said) < 12, said


def test_acks_0_and_1_on_a_full_disk_store_nothing(tmp_path: Path, refusal: Refusal) -> None:
    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        assert create(wire, new_topic("orders")) == [0]
        eventually(lambda: produce(wire, "orders", 0) == 0, "a leader")
        data = [{"name": "orders", "topic_id": bytes(16), "partition_data": [{"index": 0, "records": batch()}]}]
        body = {"timeout_ms": 1_000, "topic_data": data}
        refusal.number = errno.ENOSPC
        answer = wire.ask(PRODUCE, 9, body | {"acks": 1})["responses"][0]["partition_responses"][0]
        assert (answer["error_code"], answer["base_offset"]) == (STORAGE_ERROR, -1)
        wire.send(codec.request_frame(PRODUCE, 9, 1, "me", body | {"acks": 0}))
        assert latest(wire, "orders") == 1


# --- at the start -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", REFUSALS)
def test_a_new_directory_that_takes_nothing_is_refused_in_a_sentence(
    tmp_path: Path, refusal: Refusal, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    refusal.number = number
    assert serve(brokers=1, port=0, data_dir=tmp_path) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Cannot write" in err
    assert "Traceback" not in err
    refusal.number = 0
    with Running(brokers=1, data_dir=tmp_path):
        pass  # the lock was given back


@pytest.mark.parametrize("name", ["broker-1", "controller-1"])
def test_a_directory_in_which_a_node_has_no_place_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a file where a directory must be")
    with pytest.raises((DirectoryError, ServeError), match=f"Cannot use .*{name}"):
        Running(brokers=1, data_dir=tmp_path).__enter__()
    (tmp_path / name).unlink()
    with Running(brokers=1, data_dir=tmp_path):
        pass


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="--processes needs a shared port")
@pytest.mark.parametrize("name", ["broker-1", "controller-1"])
def test_a_process_that_has_no_place_says_so_and_is_not_waited_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / name).write_text("a file where a directory must be")
    assert serve(brokers=1, port=0, data_dir=tmp_path, processes=True) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert f"{name} does not start. Cannot use {tmp_path / name}: File exists." in err
    assert f"did not start: {name} has ended, and has said above why." in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", REFUSALS)
def test_a_directory_that_takes_nothing_any_more_is_refused_in_a_sentence(
    tmp_path: Path, refusal: Refusal, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    settings = [f"{name}={value}" for name, value in CONFIG.items()]
    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        assert create(wire, new_topic("orders")) == [0]
        eventually(lambda: produce(wire, "orders", 0) == 0, "a leader")
    refusal.number = number
    assert serve(brokers=1, port=0, data_dir=tmp_path, config=settings) == 2
    err = capsys.readouterr().err
    assert "The brokers did not start: quorum-state could not be written." in err
    assert "Traceback" not in err
    refusal.number = 0
    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        eventually(lambda: produce(wire, "orders", 1) == 0, "a leader again")
        assert read_all(wire, "orders") == [b"0", b"1"]


def test_files_that_cannot_be_read_are_named_at_the_start_and_when_a_broker_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(disk: OsDisk, path: str, position: int, length: int) -> bytes:
        raise StorageError(f"Cannot read {path}: Input/output error.")

    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        assert create(wire, new_topic("orders")) == [0]
        eventually(lambda: produce(wire, "orders", 0) == 0, "a leader")
        running.crash(1)
        with monkeypatch.context() as broken:
            broken.setattr(OsDisk, "read", refuse)
            with pytest.raises(ServeError, match=r"^Broker 1 did not start: Cannot read .*: Input/output error\.$"):
                running.restart(1)
        running.restart(1)
    with monkeypatch.context() as broken:
        broken.setattr(OsDisk, "read", refuse)
        with pytest.raises(ServeError, match=r"^The brokers did not start: Cannot read .*: Input/output error\.$"):
            Running(brokers=1, data_dir=tmp_path).__enter__()
    with Running(brokers=1, data_dir=tmp_path, config=CONFIG) as running, running.connect() as wire:
        eventually(lambda: produce(wire, "orders", 1) == 0, "a leader again")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    try:
        assert serve(brokers=1, port=0, data_dir=tmp_path) == 2
    finally:
        tmp_path.chmod(0o700)
    err = capsys.readouterr().err
    assert "Permission denied" in err
    assert "Traceback" not in err


# --- a disk alone -----------------------------------------------------------------------------------------------------


def test_every_refusal_of_the_file_system_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = OsDisk(tmp_path)
    disk.append("orders-0/a.log", b"12345")

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for name in ("unlink", "replace"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(os, "fsync", refuse)
    for act in (
        lambda: disk.flush("orders-0/a.log"),
        lambda: disk.rename("orders-0/a.log", "orders-0/b.log"),
        lambda: disk.delete("orders-0/a.log"),
    ):
        with pytest.raises(StorageError, match="Input/output error"):
            act()
    disk.close()
    monkeypatch.setattr(Path, "open", refuse)
    for act in (
        lambda: disk.read("orders-0/a.log", 0, 5),
        lambda: disk.size("orders-0/a.log"),
        lambda: disk.truncate("orders-0/a.log", 3),
        lambda: disk.append("orders-0/a.log", b"6"),
    ):
        with pytest.raises(StorageError, match="Input/output error"):
            act()


def test_the_half_that_was_written_before_the_disk_was_full_is_cut_off(tmp_path: Path) -> None:
    class Half(io.FileIO):
        """Takes four bytes, and then nothing more."""

        def write(self, data: Any) -> int:
            if self.tell() >= 9:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data[: 9 - self.tell()])

    disk = OsDisk(tmp_path)
    disk.append("a.log", b"12345")
    disk.close()
    disk._open["a.log"] = Half(tmp_path / "a.log", "r+")  # type: ignore[assignment]
    with pytest.raises(StorageError, match="No space left on device"):
        disk.append("a.log", b"6789abc")
    assert disk.read("a.log", 0, 100) == b"12345"
    disk.append("a.log", b"67")
    assert disk.read("a.log", 0, 100) == b"1234567"


def test_a_small_file_that_cannot_be_replaced_stays_as_it_was(
    tmp_path: Path, refusal: Refusal, caplog: pytest.LogCaptureFixture
) -> None:
    disk = OsDisk(tmp_path)
    disk.replace("checkpoint", b"old")
    refusal.number = errno.ENOSPC
    disk.replace("checkpoint", b"new")
    disk.replace("checkpoint", b"new")
    assert disk.read("checkpoint", 0, 100) == b"old"
    assert caplog.text.count("No space left on device. It stays as it was.") == 1
    refusal.number = 0
    disk.replace("checkpoint", b"new")
    assert disk.read("checkpoint", 0, 100) == b"new"
    assert OsDisk(tmp_path).paths() == ["checkpoint"], "what was begun is cleared away"


def test_a_disk_that_fails_beyond_what_a_broker_can_answer_stops_it_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    running = Running(brokers=1, data_dir=tmp_path, config=CONFIG)
    running.__enter__()
    try:
        with running.connect() as wire:
            assert create(wire, new_topic("orders")) == [0]
            eventually(lambda: produce(wire, "orders", 0) == 0, "a leader")

            def refuse(disk: OsDisk, path: str, position: int, length: int) -> bytes:
                raise StorageError(f"Cannot read {path}: Input/output error.")

            monkeypatch.setattr(OsDisk, "read", refuse)
            asked = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1_000}
            body = {"max_wait_ms": 0, "min_bytes": 1, "forgotten_topics_data": []}
            body["topics"] = [{"topic": "orders", "partitions": [asked]}]
            wire.send(codec.request_frame(FETCH, 12, 1, "me", body))
            assert wire.is_closed()
    finally:
        monkeypatch.undo()
        running.server.failures.clear()
        running.complaints.said.clear()
        running.__exit__()
    assert "broker-1 stops, for its disk does not do what it must: Cannot read orders-0/" in caplog.text
    assert "Traceback" not in caplog.text
