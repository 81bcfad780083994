"""The consumer: it pulls, from an offset that it alone remembers.

```
 position 3 ─▶ Fetch(offset 3, the epoch I believe in) ─▶ leader ─▶ records 3, 4 ─▶ position 5
```

* Reading removes nothing; the position is this consumer's own.
* What it is given lies below the high watermark of a leader of the epoch it believes in (KIP-320).
* FENCED_LEADER_EPOCH: I am behind, look who leads. UNKNOWN_LEADER_EPOCH: the broker is behind, ask again.

Mirrors `KafkaConsumer` with `assign`. What we leave out: groups and `subscribe` (to come), commits, prefetching: here a
fetch is sent only while the application polls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.config import ConsumerConfig
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    EARLIEST_TIMESTAMP,
    LATEST_TIMESTAMP,
    Envelope,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    MetadataResponse,
    Request,
)
from minikafka.protocol.records import Record, split_batches
from minikafka.types import BrokerId, Epoch, Millis, NodeId, Offset, TopicPartition, broker_node, number_of

WAKE = "consumer-wake"


@dataclass(slots=True)
class Assigned:
    """One partition this consumer reads."""

    position: Offset | None
    """Next offset to ask for; None: to be looked up by auto.offset.reset."""
    last_epoch: Epoch = -1
    """Leader epoch of the last record it was given."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A record with where it came from."""

    partition: TopicPartition
    record: Record
    leader_epoch: Epoch


@dataclass(slots=True)
class Asked:
    """A request under way."""

    broker: NodeId
    due_ms: Millis
    request: Request
    is_probe: bool = False


@dataclass(slots=True)
class ConsumerState:
    """What an application can collect."""

    buffer: list[Fetched] = field(default_factory=list)
    errors: list[tuple[TopicPartition, ErrorCode]] = field(default_factory=list)
    """Errors that the consumer cannot repair by itself."""
    watermarks: dict[TopicPartition, tuple[Offset, Offset]] = field(default_factory=dict)
    """(log start offset, high watermark) as last heard."""
    probes: list[FetchPartitionResult] = field(default_factory=list)


class ConsumerNode:
    """One consumer with partitions assigned by hand."""

    def __init__(self, node: NodeId, config: ConsumerConfig, bootstrap: tuple[NodeId, ...]) -> None:
        self.id = node
        self.config = config
        self.metadata = ClusterMetadata(bootstrap)
        self.assigned: dict[TopicPartition, Assigned] = {}
        self.state = ConsumerState()
        self._asked: dict[int, Asked] = {}
        self._not_before_ms: Millis = 0
        self._metadata_wanted = False
        self._polling = False
        self._correlation_id = 0
        self._connection = 0
        self._wake_due_ms: Millis | None = None

    @property
    def is_polling(self) -> bool:
        """Does the application wait for records?"""
        return self._polling

    # --- the application's calls ---

    def assign(self, positions: Mapping[TopicPartition, Offset | None], now: Millis) -> list[Effect]:
        """Read these partitions, from these offsets; None: where auto.offset.reset says."""
        self.assigned = {partition: Assigned(position) for partition, position in positions.items()}
        self.metadata.topics = {partition.topic for partition in positions}
        self.state.buffer.clear()
        self._metadata_wanted = any(partition not in self.metadata.leaders for partition in positions)
        return self._advance(now)

    def poll(self, polling: bool, now: Millis) -> list[Effect]:
        """The application waits for records from now on, or no longer does."""
        self._polling = polling
        return self._advance(now)

    def ask_once(
        self, broker: BrokerId, partition: TopicPartition, offset: Offset, epoch: Epoch, now: Millis
    ) -> list[Effect]:
        """One fetch to a broker of our choice with an epoch of our choice, to see what it answers."""
        request = self._fetch_request([(partition, offset, epoch, -1)], max_wait_ms=0)
        return self._send(broker_node(broker), request, now, is_probe=True)

    # --- the four calls of a node ---

    def start(self, now: Millis) -> list[Effect]:
        """Nothing to do before the first poll."""
        return []

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """An answer to one of our requests; late ones are ignored."""
        asked = self._asked.pop(envelope.correlation_id, None)
        if asked is None:
            return []
        effects: list[Effect] = []
        match envelope.message:
            case FetchResponse() as response:
                effects = self._fetched(response, asked, now)
            case ListOffsetsResponse() as offsets:
                effects = self._offsets_found(offsets, now)
            case MetadataResponse() as news:
                self._metadata_wanted = False
                self._not_before_ms = now + self.config.retry_backoff_ms if _has_errors(news) else now
                self._metadata_wanted = _has_errors(news)
                effects = [Observe(fact) for fact in self.metadata.update(news)]
        return effects + self._advance(now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """The broker is gone: look who leads now."""
        lost = [number for number, asked in self._asked.items() if asked.broker == peer]
        if not lost:
            return []
        for number in lost:
            del self._asked[number]
        self.metadata.ask_another()
        self._want_metadata(now)
        return self._advance(now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """A pause is over, or a request has been under way for too long."""
        if timer.guards != self._wake_due_ms:
            return []
        self._wake_due_ms = None
        late = [number for number, asked in self._asked.items() if asked.due_ms <= now]
        for number in late:
            del self._asked[number]
        if late:
            self._connection += 1
            self.metadata.ask_another()
            self._want_metadata(now)
        return self._advance(now)

    # --- the one loop ---

    def _advance(self, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        if now >= self._not_before_ms:
            if self._metadata_wanted and not self._is_under_way("MetadataRequest"):
                request = self.metadata.request(allow_auto_topic_creation=True)
                effects += self._send(self.metadata.whom_to_ask(), request, now)
            effects += self._look_up_positions(now)
            if self._polling and not self.state.buffer:
                effects += self._fetch(now)
        due = min((asked.due_ms for asked in self._asked.values()), default=None)
        if self._not_before_ms > now:
            due = self._not_before_ms if due is None else min(due, self._not_before_ms)
        if due is not None and (self._wake_due_ms is None or due < self._wake_due_ms):
            self._wake_due_ms = due
            effects.append(SetTimer(Timer(WAKE, due), max(due - now, 1)))
        return effects

    def _fetch(self, now: Millis) -> list[Effect]:
        if self._is_under_way("FetchRequest"):
            return []
        by_leader: dict[BrokerId, list[tuple[TopicPartition, Offset, Epoch, Epoch]]] = {}
        for partition, assigned in self.assigned.items():
            leader = self.metadata.leader_of(partition)
            if leader is None:
                self._want_metadata(now)
            elif assigned.position is not None:
                epoch = self.metadata.epoch_of(partition)
                wanted = (partition, assigned.position, epoch, assigned.last_epoch)
                by_leader.setdefault(leader, []).append(wanted)
        effects: list[Effect] = []
        for leader, wanted_here in sorted(by_leader.items()):
            request = self._fetch_request(wanted_here, self.config.fetch_max_wait_ms)
            effects += self._send(broker_node(leader), request, now)
        return effects

    def _fetch_request(
        self, wanted: list[tuple[TopicPartition, Offset, Epoch, Epoch]], max_wait_ms: Millis
    ) -> FetchRequest:
        partitions = tuple(
            FetchPartition(partition, offset, epoch, last_epoch, self.config.max_partition_fetch_bytes)
            for partition, offset, epoch, last_epoch in wanted
        )
        return FetchRequest(-1, partitions, -1, max_wait_ms, self.config.fetch_min_bytes, self.config.fetch_max_bytes)

    def _look_up_positions(self, now: Millis) -> list[Effect]:
        if self._is_under_way("ListOffsetsRequest") or self.config.auto_offset_reset == "none":
            return []
        timestamp = EARLIEST_TIMESTAMP if self.config.auto_offset_reset == "earliest" else LATEST_TIMESTAMP
        by_leader: dict[BrokerId, list[ListOffsetsPartition]] = {}
        for partition, assigned in self.assigned.items():
            leader = self.metadata.leader_of(partition)
            if assigned.position is None and leader is not None:
                question = ListOffsetsPartition(partition, timestamp, self.metadata.epoch_of(partition))
                by_leader.setdefault(leader, []).append(question)
        effects: list[Effect] = []
        for leader, questions in sorted(by_leader.items()):
            effects += self._send(broker_node(leader), ListOffsetsRequest(tuple(questions)), now)
        return effects

    # --- answers ---

    def _fetched(self, response: FetchResponse, asked: Asked, now: Millis) -> list[Effect]:
        effects: list[Effect] = []
        for result in response.partitions:
            if asked.is_probe:
                self.state.probes.append(result)
            if result.error != ErrorCode.NONE:
                effects += self._refused(result, asked, now)
            elif result.diverging_epoch >= 0 and not asked.is_probe:
                effects += self._diverged(result)
            else:
                effects += self._take_records(result, asked)
        return effects

    def _take_records(self, result: FetchPartitionResult, asked: Asked) -> list[Effect]:
        request = asked.request
        assert isinstance(request, FetchRequest), "only a fetch brings records"
        start = next(one.fetch_offset for one in request.partitions if one.partition == result.partition)
        assigned = self.assigned.get(result.partition)
        if not asked.is_probe:
            self.state.watermarks[result.partition] = (result.log_start_offset, result.high_watermark)
            if assigned is None or assigned.position != start:
                return []
        got = [
            Fetched(result.partition, record, batch.leader_epoch)
            for batch in split_batches(result.records)
            if not batch.is_control
            for record in batch.records()
            if record.offset >= start
        ]
        if not got:
            return []
        position = got[-1].record.offset + 1
        if assigned is not None and not asked.is_probe:
            assigned.position, assigned.last_epoch = position, got[-1].leader_epoch
            self.state.buffer += got
        told = tuple((one.record.offset, one.leader_epoch, one.record.key, one.record.value) for one in got)
        return [Observe(facts.RecordsConsumed(result.partition, told, position))]

    def _refused(self, result: FetchPartitionResult, asked: Asked, now: Millis) -> list[Effect]:
        effects: list[Effect] = [Observe(facts.FetchFailed(result.partition, number_of(asked.broker), result.error))]
        if asked.is_probe:
            return effects
        assigned = self.assigned.get(result.partition)
        if result.error == ErrorCode.OFFSET_OUT_OF_RANGE and assigned is not None:
            if self.config.auto_offset_reset == "none":
                self.state.errors.append((result.partition, result.error))
            else:
                assigned.position, assigned.last_epoch = None, -1
        elif result.error.refreshes_metadata:
            self._want_metadata(now)
        elif result.error.retriable:
            self._not_before_ms = now + self.config.retry_backoff_ms
        else:
            self.state.errors.append((result.partition, result.error))
        return effects

    def _diverged(self, result: FetchPartitionResult) -> list[Effect]:
        """The records before our position are no longer there (KIP-320): go on where the logs part."""
        assigned = self.assigned[result.partition]
        if assigned.position is not None:
            assigned.position = min(assigned.position, result.diverging_end_offset)
            assigned.last_epoch = result.diverging_epoch
        return []

    def _offsets_found(self, response: ListOffsetsResponse, now: Millis) -> list[Effect]:
        for result in response.partitions:
            assigned = self.assigned.get(result.partition)
            if result.error != ErrorCode.NONE:
                self._want_metadata(now)
            elif assigned is not None and assigned.position is None:
                assigned.position = result.offset
        return []

    # --- small parts ---

    def _want_metadata(self, now: Millis) -> None:
        self._metadata_wanted = True
        self._not_before_ms = now + self.config.retry_backoff_ms

    def _is_under_way(self, kind: str) -> bool:
        return any(type(asked.request).__name__ == kind and not asked.is_probe for asked in self._asked.values())

    def _send(self, broker: NodeId, request: Request, now: Millis, is_probe: bool = False) -> list[Effect]:
        self._correlation_id += 1
        name = "probe" if is_probe else "data"
        channel = name if self._connection == 0 else f"{name}#{self._connection}"
        self._asked[self._correlation_id] = Asked(broker, now + self.config.request_timeout_ms, request, is_probe)
        return [Send(Envelope(self.id, broker, request, self._correlation_id, channel))]


def _has_errors(news: MetadataResponse) -> bool:
    return any(topic.error != ErrorCode.NONE for topic in news.topics)
