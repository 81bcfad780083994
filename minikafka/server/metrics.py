"""`serve --metrics PORT`: how the cluster does, as Prometheus reads it, under the names its exporter gives Kafka's.

    $ curl http://127.0.0.1:9404/metrics
    kafka_server_replicamanager_underreplicatedpartitions{broker="1"} 2.0

- Computed when somebody asks, from what the nodes know: nothing is counted on the way of a record.
- A partition is under-replicated while its leader misses somebody in the ISR; only its leader says so (as in Kafka).
- Loopback only, GET only, and only with `--metrics`.

Mirrors the MBeans of `ReplicaManager`, `UnifiedLog` and `ControllerMetadataMetrics`. What we leave out: request times,
bytes in and out, lag of groups, and servers of several processes.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from minikafka.broker.broker import Broker
from minikafka.broker.partition import Partition
from minikafka.config import ConfigError
from minikafka.controller.controller import Controller
from minikafka.server.host import ServeError, Server
from minikafka.types import NO_LEADER, number_of

REPLICAS = "kafka_server_replicamanager_"
CONTROLLER = "kafka_controller_kafkacontroller_"
OF_BROKERS = {
    "underreplicatedpartitions": "Partitions it leads with replicas that are not in sync",
    "underminisrpartitioncount": "Partitions it leads with fewer in sync than min.insync.replicas",
    "leadercount": "Partitions it leads",
    "partitioncount": "Partitions it has a replica of",
}
LONGEST_REQUEST = 16_384


def library() -> ModuleType:
    """`prometheus_client`. Raises `ConfigError` where it is not installed."""
    try:
        return importlib.import_module("prometheus_client")
    except ImportError:
        raise ConfigError("--metrics needs prometheus-client: pip install 'minikafka[serve]'.") from None


class Metrics:
    """The page."""

    def __init__(self, server: Server) -> None:
        """Raises `ConfigError` without `prometheus_client`."""
        self.server = server
        self.library = library()
        self.registry = self.library.CollectorRegistry()
        self.registry.register(self)
        self.accepting: asyncio.Server | None = None

    async def open(self, port: int) -> int:
        """Listen; returns the port. Raises `ServeError` when somebody else has it."""
        try:
            self.accepting = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=LONGEST_REQUEST)
        except OSError as taken:
            raise ServeError(f"Cannot listen on 127.0.0.1:{port}: {taken.strerror}.") from None
        bound: int = self.accepting.sockets[0].getsockname()[1]
        return bound

    def close(self) -> None:
        """Listen no more."""
        if self.accepting is not None:
            self.accepting.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer(request.split(b" ", 2)))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def answer(self, words: list[bytes]) -> bytes:
        """A whole HTTP answer to a request that begins with these words."""
        if words[:2] != [b"GET", b"/metrics"]:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        page: bytes = self.library.generate_latest(self.registry)
        kind = self.library.CONTENT_TYPE_LATEST.encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        return head % (kind, len(page)) + page

    # --- what is told ---

    def collect(self) -> Iterator[Any]:
        """Called by the library: every metric with its values."""
        gauge = importlib.import_module("prometheus_client.core").GaugeMetricFamily
        nodes = [process.node for process in self.server.driver.processes.values()]
        brokers = [node for node in nodes if isinstance(node, Broker)]
        controllers = [node for node in nodes if isinstance(node, Controller)]
        for name, what in OF_BROKERS.items():
            family = gauge(REPLICAS + name, what, labels=["broker"])
            for broker in brokers:
                held = list(broker.replicas.partitions.values())
                family.add_metric([str(broker.broker_id)], sum(counts(name, one) for one in held))
            yield family
        ends = gauge("kafka_log_log_logendoffset", "Behind the last record", labels=["broker", "topic", "partition"])
        for broker in brokers:
            for key, one in sorted(broker.replicas.partitions.items()):
                ends.add_metric([str(broker.broker_id), key.topic, str(key.partition)], one.log.log_end_offset)
        yield ends
        active = gauge(CONTROLLER + "activecontrollercount", "1: it is the active one", labels=["controller"])
        for controller in controllers:
            active.add_metric([str(number_of(controller.id))], int(controller.is_active))
        yield active
        offline = max((without_leader(one) for one in controllers if one.is_active), default=0)
        yield gauge(CONTROLLER + "offlinepartitionscount", "Partitions without a leader", value=offline)


def counts(name: str, partition: Partition) -> int:
    """What one partition adds to a metric of its broker: 0 or 1."""
    if name == "partitioncount":
        return 1
    if not partition.is_leader:
        return 0
    if name == "underreplicatedpartitions":
        return int(len(partition.isr) < len(partition.replicas))
    if name == "underminisrpartitioncount":
        return int(len(partition.isr) < partition.effective_min_isr)
    return 1


def without_leader(controller: Controller) -> int:
    """Partitions that nobody leads, as the controller knows."""
    topics = controller.image.topics.values()
    return sum(one.leader == NO_LEADER for topic in topics for one in topic.partitions.values())
