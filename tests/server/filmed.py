"""A server whose run is recorded, and its page: for the tests of `serve --stage`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, Self

from server_under_test import Running

from minikafka.protocol.records import build_batch
from minikafka.server.reel import Reel
from minikafka.server.stage_page import StagePage

PRODUCE, CREATE_TOPICS = 0, 19
NODES = ("controller-1", "broker-1", "broker-2", "broker-3")
QUICK = {"broker.session.timeout.ms": 1_500, "broker.heartbeat.interval.ms": 300, "default.replication.factor": 3}


class Filmed(Running):
    """A server whose run is recorded from the beginning."""

    def __enter__(self) -> Self:
        self.reel = Reel(NODES, "A living cluster", {})
        self.server.record(self.reel)
        super().__enter__()
        return self

    def create(self, topic: str = "orders", replicas: tuple[int, ...] = (1, 2, 3)) -> None:
        placed = [{"partition_index": 0, "broker_ids": list(replicas)}]
        new = {"name": topic, "num_partitions": -1, "replication_factor": -1, "assignments": placed, "configs": []}
        with self.connect() as wire:
            made = wire.ask(CREATE_TOPICS, 5, {"topics": [new], "timeout_ms": 20_000, "validate_only": False})
        assert made["topics"][0]["error_code"] == 0

    def send(self, *values: bytes, broker: int = 1, topic: str = "orders") -> dict[str, Any]:
        records = build_batch([(0, None, value, ()) for value in values]).data
        data = [{"name": topic, "partition_data": [{"index": 0, "records": records}]}]
        with self.connect(broker) as wire:
            asked = {"transactional_id": None, "acks": -1, "timeout_ms": 20_000, "topic_data": data}
            return wire.ask(PRODUCE, 9, asked)["responses"][0]["partition_responses"][0]

    def told(self) -> list[str]:
        return [fact[4] for fact in self.call(lambda: deepcopy(self.reel.whole()))["facts"]]


@contextmanager
def page_of(running: Any) -> Iterator[tuple[StagePage, str]]:
    page = StagePage(running.server, running.reel)
    address = running.wait_for(page.open(0))
    yield page, address
    running.call(page.close)
