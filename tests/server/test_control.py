"""`minikafka status` and `minikafka fault`: the back door of a running server, and what comes in through it."""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_under_test import Running, eventually

from minikafka import cli
from minikafka.server.control import SOCKET, Door, ask, place
from minikafka.server.faults import MAKES_SENSE, Refused, Standing, check

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
METADATA, CREATE_TOPICS = 3, 19
QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    with Running(brokers=3, config=QUICK, data_dir=tmp_path) as running:
        door = Door(running.server, place(tmp_path))
        running.wait_for(door.open())
        yield running
        running.call(door.close)
    assert not (tmp_path / SOCKET).exists()


def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, *words: str) -> tuple[int, str]:
    code = cli.main([*words, "--data-dir", str(tmp_path)])
    out, err = capsys.readouterr()
    return code, out + err


def test_a_broker_is_crashed_restarted_paused_and_cut_from_a_terminal(
    served: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, table = say(capsys, tmp_path, "status")
    assert code == 0
    assert [re.split(r"\s{2,}", line)[::2] for line in table.splitlines()] == [
        [node, "up"] for node in ("controller-1", "broker-1", "broker-2", "broker-3")
    ]
    assert f"127.0.0.1:{served.server.listeners[2].address[1]}" in table
    assert f"pid {os.getpid()}" in table
    for words, state in [
        ("crash 2", "down"), ("restart 2", "up"), ("pause 2", "paused"), ("resume 2", "up"),
        ("cut 2", "cut off"), ("pause 2", "paused"), ("resume 2", "cut off"), ("heal 2", "up"),
    ]:  # fmt: skip
        assert say(capsys, tmp_path, "fault", *words.split()) == (0, f"{words.split()[0]}: broker 2 is {state}.\n")
    assert say(capsys, tmp_path, "fault", "heal", "2") == (2, "minikafka: Broker 2 is up, so heal makes no sense.\n")
    assert say(capsys, tmp_path, "fault", "crash", "7") == (2, "minikafka: There is no broker 7.\n")


def test_only_its_owner_may_open_the_door(served: Running, tmp_path: Path) -> None:
    found = (tmp_path / SOCKET).stat()
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600


def test_what_is_no_command_is_answered_so(served: Running, tmp_path: Path) -> None:
    for line in (
        b"{",
        b"[]",
        b'"x"',
        b"{}",
        b'{"verb": "crash"}',
        b'{"verb": ["x"], "broker": 1}',
        b"\xff",
        b"x" * 99_999,
    ):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.connect(str(tmp_path / SOCKET))
            door.sendall(line + b"\n")
            answer = door.recv(9_999)
        assert answer.startswith(b'{"error": ') or (answer == b"" and len(line) > 9_999)
    assert len(ask(tmp_path / SOCKET, {"verb": "status"})["nodes"]) == 4


def test_nobody_at_home_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = say(capsys, tmp_path, "status")
    assert code == 2
    assert said == f"minikafka: No server answers at {tmp_path / SOCKET}: No such file or directory.\n"


def test_a_socket_that_a_killed_server_has_left_is_no_obstacle(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(tmp_path / SOCKET))
    with Running(brokers=1, data_dir=tmp_path) as running:
        door = Door(running.server, place(tmp_path))
        running.wait_for(door.open())
        assert len(ask(tmp_path / SOCKET, {"verb": "status"})["nodes"]) == 2
        running.call(door.close)


def test_a_leader_that_is_cut_off_is_replaced_while_clients_still_reach_it(served: Running) -> None:
    new = {"name": "t", "num_partitions": 1, "replication_factor": 3, "assignments": [], "configs": []}
    with served.connect(1) as wire:
        wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})

    def leader(broker: int) -> int:
        with served.connect(broker) as wire:
            topics = wire.ask(METADATA, 9, {"topics": [{"name": "t"}]})["topics"]
        return int(topics[0]["partitions"][0]["leader_id"]) if topics[0]["error_code"] == 0 else -1

    first = eventually(lambda: max(leader(1), 0), "a leader")
    other = first % 3 + 1
    served.call(served.server.cut, first)
    eventually(lambda: leader(other) not in (first, -1), "another leads")
    assert leader(first) == first, "who is cut off has not heard of it"
    served.call(served.server.heal, first)
    eventually(lambda: leader(first) == leader(other) != first, "it has heard of it")


@pytest.mark.parametrize("verb", ["cut", "heal"])
def test_between_processes_nothing_can_be_cut(verb: str) -> None:
    with pytest.raises(Refused, match="no message passes through our hands"):
        check([Standing("broker-1", "", "up", 1)], verb, 1, one_process=False)
    with pytest.raises(Refused, match="no fault 'explode'; there are crash"):
        check([], "explode", 1, one_process=True)
    assert verb in MAKES_SENSE


def test_without_a_data_directory_the_door_is_in_a_directory_of_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = place(None)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.parent.chmod(0o755)
    with pytest.raises(ValueError, match="is not a directory that only you may open"):
        place(None)
