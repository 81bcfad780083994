"""`--metrics` and `--log-format json`: how a running server does, for machines to read."""

from __future__ import annotations

import json
import logging
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from server_under_test import Running, eventually

from minikafka.server.logs import JsonLines
from minikafka.server.metrics import Metrics
from minikafka.server.serve import serve

CREATE_TOPICS = 19
QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300}


def values(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        assert page.headers["Content-Type"].startswith("text/plain")
        lines = page.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_a_broker_that_dies_leaves_under_replicated_partitions(need: Any) -> None:
    need.module("prometheus_client")
    with Running(brokers=3, config=QUICK) as running:
        page = running.call(Metrics, running.server)
        port = running.wait_for(page.open(0))
        new = {"name": "t", "num_partitions": 6, "replication_factor": 3, "assignments": [], "configs": []}
        with running.connect() as wire:
            wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})

        def total(name: str) -> float:
            return sum(value for key, value in values(port).items() if key.partition("{")[0] == name)

        eventually(lambda: total("kafka_server_replicamanager_leadercount") == 6, "all are led")
        assert total("kafka_server_replicamanager_partitioncount") == 18
        assert total("kafka_server_replicamanager_underreplicatedpartitions") == 0
        assert values(port)['kafka_controller_kafkacontroller_activecontrollercount{controller="1"}'] == 1
        assert values(port)['kafka_log_log_logendoffset{broker="2",partition="0",topic="t"}'] == 0
        running.crash(3)
        eventually(lambda: total("kafka_server_replicamanager_underreplicatedpartitions") == 6, "two of three each")
        assert total("kafka_server_replicamanager_leadercount") == 6
        assert total("kafka_controller_kafkacontroller_offlinepartitionscount") == 0
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30)
        running.call(page.close)


def test_a_page_looks_into_one_process_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(brokers=1, port=0, processes=True, metrics=0) == 2
    assert capsys.readouterr().err.endswith("--metrics looks into one process: leave --processes out.\n")


def test_a_line_of_the_log_is_an_object() -> None:
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError:
        record = logging.LogRecord("minikafka.serve", logging.INFO, "", 0, "%s is\nup", ("1",), sys.exc_info())
    text = JsonLines("broker-1").format(record)
    assert "\n" not in text
    said = json.loads(text)
    assert (said["level"], said["logger"], said["node"], said["said"]) == (
        "INFO",
        "minikafka.serve",
        "broker-1",
        "1 is\nup",
    )
    assert said["traceback"].endswith("No such file or directory: '/nowhere/at/all'")
    assert said["at"].endswith("Z")
