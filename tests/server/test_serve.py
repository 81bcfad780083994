"""`serve` as a process: its one line, its signals, its refusals."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from server_under_test import PATIENCE_S, Wire

ROOT = Path(__file__).resolve().parents[2]
METADATA = 3


def start(**arguments: Any) -> subprocess.Popen[str]:
    program = f"from minikafka.server.serve import serve; raise SystemExit(serve(**{arguments!r}))"
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(**arguments: Any) -> tuple[int, str, str]:
    process = start(**arguments)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_line_when_ready_and_a_clean_stop(number: int) -> None:
    process = start(brokers=3, port=0)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        name, _, servers = line.strip().partition("=")
        assert name == "bootstrap.servers"
        addresses = [server.split(":") for server in servers.split(",")]
        assert len(addresses) == 3
        for host, port in addresses:
            assert host == "127.0.0.1"
            with Wire((host, int(port))) as wire:
                brokers = wire.ask(METADATA, 9, {"topics": []})["brokers"]
            assert [f"{broker['host']}:{broker['port']}" for broker in brokers] == servers.split(",")
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, err = run(brokers=1, port=port)
    assert (code, out) == (2, "")
    assert err == f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"config": ["num.partitoins=3"]},
            "There is no server setting 'num.partitoins'. Did you mean 'num.partitions'?",
        ),
        (
            {"config": ["num.partitions"]},
            "A setting is key=value, as in --config num.partitions=6, not 'num.partitions'.",
        ),
        (
            {"config": ["socket.request.max=3"]},
            "There is no server setting 'socket.request.max'. Did you mean 'socket.request.max.bytes'?",
        ),
        ({"config": ["num.partitions=x"]}, "num.partitions is 'x', but must be a whole number."),
        ({"config": ["socket.request.max.bytes=x"]}, "socket.request.max.bytes is 'x', but must be a whole number."),
        (
            {"listen": "127.0.0.1", "advertise": "0.0.0.0"},
            "Clients cannot be sent to 0.0.0.0: say with --advertise HOST where they find us.",
        ),
        (
            {"advertise": "kafka.lab:9092"},
            "--advertise takes the name or IPv4 address of a host, without a port, not 'kafka.lab:9092'.",
        ),
        ({"listen": "::1"}, "--listen takes the name or IPv4 address of a host, without a port, not '::1'."),
        ({"port": 65_535}, "Ports lie between 0 and 65535, so 65535 to 65537 are none."),
        ({"port": -1}, "Ports lie between 0 and 65535, so -1 to 1 are none."),
        ({"brokers": 0}, "A cluster needs one broker or more, and 1, 3 or 5 controllers."),
        ({"controllers": 2}, "A cluster needs one broker or more, and 1, 3 or 5 controllers."),
        (
            {"listen": "0.0.0.0"},
            "Clients cannot be sent to 0.0.0.0: say with --advertise HOST where they find us.",
        ),
    ],
)
def test_what_cannot_be_started_is_one_sentence(arguments: dict[str, Any], said: str) -> None:
    assert run(**arguments) == (2, "", said + "\n")
