"""What Apache Kafka 4.4.0 answered to WriteTxnMarkers, which only brokers that are processes of their own take."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from answers_kit import Row, Topic, row_name
from server_under_test import Running, Wire

from minikafka.server.processes import Processes

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="--processes needs a shared port")
WRITE_MARKERS = 27


class OneProcess(Running):
    """A broker that has a process to itself."""

    def connect(self, broker: int = 1) -> Wire:
        assert broker == 1
        host, _, port = self.bootstrap.partition(":")
        return Wire((host, int(port)))


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with OneProcess(Processes, brokers=1) as running:
        yield running


def write(topic: Topic, name: str) -> list[int]:
    """An abort for a producer that nobody has seen."""
    marker = {"producer_id": 1 << 40, "producer_epoch": 0, "transaction_result": False, "coordinator_epoch": 0}
    asked = {"markers": [marker | {"topics": [{"name": name, "partition_indexes": [0]}]}]}
    (answer,) = topic.wire.ask(WRITE_MARKERS, 1, asked)["markers"]
    return [one["error_code"] for told in answer["topics"] for one in told["partitions"]]


def unknown_producer(served: Running) -> list[object]:
    topic = Topic(served)
    return [write(topic, topic.name), topic.list_offset(-1)[1]]


ROWS = [
    Row("markers-unknown_producer", "an abort for an unknown producer id, coordinator epoch 0: error, latest offset",
        unknown_producer, [[0], 1]),
    Row("markers-unknown_partition", "an unknown topic", lambda served: write(Topic(served), "nobody-made-it"), [3]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_marker_rows(served: Running, row: Row) -> None:
    row.check(served)
