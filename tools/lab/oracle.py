"""The lab on Apache Kafka: one cluster for many scripts, mended between them."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from apache_kafka import ApacheKafka

from lab.base import QUICK
from lab.real import RealLab


class OracleLab(RealLab):
    """confluent-kafka beside Apache Kafka, whose controller is a process of its own."""

    backend = "Apache Kafka"

    def __init__(self, brokers: int = 3) -> None:
        super().__init__()
        self.kafka = ApacheKafka(brokers, QUICK, controllers=1)
        self.brokers = brokers
        self.down: set[int] = set()
        self.still: set[int] = set()

    def __enter__(self) -> Self:
        self.kafka.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self.kafka.close()

    @property
    def servers(self) -> str:
        """HOST:PORT,..."""
        return self.kafka.bootstrap_servers

    def address(self, broker: int) -> tuple[str, int]:
        """Where one broker listens."""
        host, port = self.kafka.address(broker).split(":")
        return host, int(port)

    def strike(self, verb: str, broker: int) -> None:
        """See `Lab.strike`."""
        match verb:
            case "crash":
                self.kafka.kill(broker)
                self.down.add(broker)
            case "leave":
                self.kafka.stop(broker)
                self.down.add(broker)
            case "restart":
                self.kafka.start(broker)
                self.down.discard(broker)
            case "pause":
                self.kafka.pause(broker)
                self.still.add(broker)
            case _:
                self.kafka.resume(broker)
                self.still.discard(broker)

    def mend(self) -> None:
        """After a script: everybody up, awake and known, for the next one."""
        self.close()
        for broker in sorted(self.still):
            self.strike("resume", broker)
        for broker in sorted(self.down):
            self.strike("restart", broker)
        self.until(lambda: len(self.admin.list_topics(timeout=5).brokers) == self.brokers, "all brokers")
