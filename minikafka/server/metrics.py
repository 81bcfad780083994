"""`serve --metrics PORT`: how the cluster does, as Prometheus reads it, under the names its exporter gives Kafka's.

    $ curl http://127.0.0.1:9404/metrics
    kafka_server_replicamanager_underreplicatedpartitions{broker="1"} 2.0
    kafka_network_requestmetrics_totaltimems_bucket{broker="1",le="5.0",request="Produce"} 931.0
    kafka_server_brokertopicmetrics_bytesin_total{broker="1",topic="orders"} 93100.0
    kafka_consumergroup_lag{consumergroup="billing",partition="0",topic="orders"} 20.0

- Gauges are computed when somebody asks, from what the nodes know; only times and bytes are counted on the way of a
  record (`traffic.py`). The lag of groups: `lag.py`.
- `topic=""` is all topics of the broker together, as in Kafka's MBean without a topic: to Prometheus, no label at all.
- A partition is under-replicated while its leader misses somebody in the ISR; only its leader says so (as in Kafka).
- Loopback only, GET only, and only with `--metrics`.

Mirrors the MBeans of `ReplicaManager`, `UnifiedLog`, `ControllerMetadataMetrics`, `RequestMetrics` and
`BrokerTopicMetrics`. What we leave out: rates and percentiles (Prometheus makes them of counters and buckets), and
servers of several processes.
"""

from __future__ import annotations

import asyncio
import importlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from minikafka.broker.broker import Broker
from minikafka.broker.partition import Partition
from minikafka.config import ConfigError
from minikafka.controller.controller import Controller
from minikafka.server import lag
from minikafka.server.host import ServeError, Server
from minikafka.server.traffic import Traffic
from minikafka.types import NO_LEADER, number_of

REPLICAS = "kafka_server_replicamanager_"
CONTROLLER = "kafka_controller_kafkacontroller_"
TOTAL_TIME = "kafka_network_requestmetrics_totaltimems"
TOPICS = "kafka_server_brokertopicmetrics_"
GROUPS = "kafka_consumergroup_"
OF_BROKERS = {
    "underreplicatedpartitions": "Partitions it leads with replicas that are not in sync",
    "underminisrpartitioncount": "Partitions it leads with fewer in sync than min.insync.replicas",
    "leadercount": "Partitions it leads",
    "partitioncount": "Partitions it has a replica of",
}
OF_TOPICS = {
    "messagesin": ("messages_in", "Records that producers have appended"),
    "bytesin": ("bytes_in", "Bytes of their batches"),
    "bytesout": ("bytes_out", "Bytes of batches that consumers were given"),
}
"""Each metric, the counter of `Traffic` that it shows, and what it means."""
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
        server.count_traffic()
        self.registry = self.library.CollectorRegistry()
        self.registry.register(self)
        self.accepting: asyncio.Server | None = None

    async def open(self, port: int) -> str:
        """Listen; returns the address. Raises `ServeError` when somebody else has it."""
        try:
            self.accepting = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=LONGEST_REQUEST)
        except OSError as taken:
            raise ServeError(f"Cannot listen on 127.0.0.1:{port}: {taken.strerror}.") from None
        return f"http://127.0.0.1:{self.accepting.sockets[0].getsockname()[1]}/metrics"

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
        kinds = importlib.import_module("prometheus_client.core")
        nodes = [process.node for process in self.server.driver.processes.values()]
        brokers = [node for node in nodes if isinstance(node, Broker)]
        yield from replicas_told(kinds, brokers)
        yield from controllers_told(kinds, [node for node in nodes if isinstance(node, Controller)])
        frontends = ((str(one.broker_id), one.frontend) for one in self.server.listeners.values())
        traffic = {broker: one.traffic for broker, one in frontends if one is not None and one.traffic is not None}
        yield from traffic_told(kinds, traffic)
        yield from groups_told(kinds, brokers)


def replicas_told(kinds: Any, brokers: Sequence[Broker]) -> Iterator[Any]:
    """What each broker has replicas of, and how far they are."""
    for name, what in OF_BROKERS.items():
        family = kinds.GaugeMetricFamily(REPLICAS + name, what, labels=["broker"])
        for broker in brokers:
            held = list(broker.replicas.partitions.values())
            family.add_metric([str(broker.broker_id)], sum(counts(name, one) for one in held))
        yield family
    labels = ["broker", "topic", "partition"]
    ends = kinds.GaugeMetricFamily("kafka_log_log_logendoffset", "Behind the last record", labels=labels)
    for broker in brokers:
        for key, one in sorted(broker.replicas.partitions.items()):
            ends.add_metric([str(broker.broker_id), key.topic, str(key.partition)], one.log.log_end_offset)
    yield ends


def controllers_told(kinds: Any, controllers: Sequence[Controller]) -> Iterator[Any]:
    """Who is the active one, and what it misses."""
    what = "1: it is the active one"
    active = kinds.GaugeMetricFamily(CONTROLLER + "activecontrollercount", what, labels=["controller"])
    for controller in controllers:
        active.add_metric([str(number_of(controller.id))], int(controller.is_active))
    yield active
    offline = max((without_leader(one) for one in controllers if one.is_active), default=0)
    yield kinds.GaugeMetricFamily(CONTROLLER + "offlinepartitionscount", "Partitions without a leader", value=offline)


def traffic_told(kinds: Any, traffic: Mapping[str, Traffic]) -> Iterator[Any]:
    """Times of requests, and bytes and records of topics, for each broker that is up."""
    what = "From a request to its answer, in milliseconds"
    times = kinds.HistogramMetricFamily(TOTAL_TIME, what, labels=["broker", "request"])
    for broker, counted in traffic.items():
        for name, histogram in sorted(counted.times.items()):
            times.add_metric([broker, name], histogram.buckets(), histogram.sum_ms)
    yield times
    for name, (attribute, what) in OF_TOPICS.items():
        family = kinds.CounterMetricFamily(TOPICS + name, what, labels=["broker", "topic"])
        for broker, counted in traffic.items():
            by_topic: Counter[str] = getattr(counted, attribute)
            for topic, value in [("", by_topic.total()), *sorted(by_topic.items())]:
                family.add_metric([broker, topic], value)
        yield family


def groups_told(kinds: Any, brokers: Sequence[Broker]) -> Iterator[Any]:
    """Where groups stand, and how much they have left to read."""
    labels = ["consumergroup", "topic", "partition"]
    gauge = kinds.GaugeMetricFamily
    current = gauge(GROUPS + "current_offset", "What a group has committed", labels=labels)
    behind = gauge(GROUPS + "lag", "From there to the high watermark", labels=labels)
    for one in lag.lags(brokers):
        values = [one.group, one.partition.topic, str(one.partition.partition)]
        current.add_metric(values, one.committed)
        if one.lag is not None:
            behind.add_metric(values, one.lag)
    size = gauge(GROUPS + "members", "Members of a group", labels=["consumergroup"])
    for group, count in lag.members(brokers):
        size.add_metric([group], count)
    yield from (current, behind, size)


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
