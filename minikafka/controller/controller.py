"""The active controller: it hears from brokers, decides, and writes what it decided into one log.

```
 BrokerHeartbeat ─▶ decide (read the image) ─▶ records ─▶ __cluster_metadata ─▶ replay ─▶ answer
                                                                │
                                                       brokers fetch and replay
```

* State changes in `replay` only. A decision that was not committed has not happened.
* Nobody is *told* of an election: brokers read of it when they fetch the log, some of them late.
* A controller takes no part in produce or fetch: with every controller gone, leaders go on serving.

Mirrors `QuorumController`. What we leave out, until the quorum has more than one voter: standing by as a follower.
"""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.controller import changes, periodic, requests
from minikafka.controller.heartbeats import Heartbeats
from minikafka.controller.quorum import QuorumState
from minikafka.controller.requests import ControllerRequest, ControllerState
from minikafka.coordinator.result import CoordinatorResult
from minikafka.disk import Disk
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import MetadataRecord, decode, encode
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    Envelope,
    FetchPartition,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    Response,
)
from minikafka.protocol.records import RecordBatch, build_batch
from minikafka.types import METADATA_PARTITION, Millis, NodeId

FETCH_EXPIRY = "metadata-fetch-expiry"


class Controller:
    """One controller process."""

    def __init__(self, node: NodeId, config: ServerConfig, disk: Disk) -> None:
        self.id = node
        self.config = config
        self.quorum = QuorumState(disk)
        self.image = MetadataImage()
        self.heartbeats = Heartbeats(config.broker_session_timeout_ms)
        self.parked_fetches: list[tuple[Millis, Envelope]] = []
        """Brokers that wait for the next metadata record, with the time at which they get an empty answer."""

    # --- the four calls of a node ---

    def start(self, now: Millis) -> list[Effect]:
        """Replay what the disk holds, then become active."""
        effects: list[Effect] = []
        for batch in self.quorum.log.batches():
            self._replay(batch, None)
        self.heartbeats.begin(self.image.unfenced_brokers(), now)
        written = self.quorum.become_leader(now)
        effects.append(Observe(facts.QuorumLeaderElected(self.quorum.epoch)))
        effects += self._written(written)
        return effects + periodic.timers(self._state(), now)

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Answer a broker. Requests of clients come through brokers."""
        match envelope.message:
            case FetchRequest():
                return self._fetch(envelope, now)
            case request if isinstance(request, ControllerRequest):
                return self._decide(envelope, request, now)
            case other:
                raise AssertionError(f"a controller does not serve {type(other).__name__}")

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """Forget a waiting fetch of a broker that is gone. Its session goes on until it times out."""
        self.parked_fetches = [parked for parked in self.parked_fetches if parked[1].source != peer]
        return []

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """Fence who has been silent too long; answer fetches that waited long enough."""
        if timer.name == FETCH_EXPIRY:
            return self._answer_fetches(now, only_due=True)
        step = periodic.step(self._state(), timer.name, now)
        effects: list[Effect] = [Observe(fact) for fact in step.facts]
        effects += self._append(step.records, now)
        return [*effects, periodic.again(self._state(), timer.name, now)]

    # --- decisions ---

    def _state(self) -> ControllerState:
        end = self.quorum.log.log_end_offset
        return ControllerState(self.image, self.config, self.heartbeats, end, self.quorum.epoch)

    def _decide(self, envelope: Envelope, request: ControllerRequest, now: Millis) -> list[Effect]:
        state = self._state()
        result = requests.decide(state, request)
        effects: list[Effect] = [Observe(fact) for fact in requests.facts_of(state, request, result)]
        requests.note(state, request, result, now)
        return effects + self._commit(envelope, result, now)

    # --- the log ---

    def _commit(
        self, envelope: Envelope, result: CoordinatorResult[MetadataRecord, Response], now: Millis
    ) -> list[Effect]:
        """Append what was decided, then answer: with one voter, flushed is committed."""
        effects = self._append(result.records, now)
        effects.append(Send(envelope.reply(result.response)))
        return effects

    def _append(self, records: tuple[MetadataRecord, ...], now: Millis) -> list[Effect]:
        if not records:
            return []
        batch = build_batch([(now, None, encode(record), ()) for record in records])
        return self._written(self.quorum.append(batch)) + self._answer_fetches(now)

    def _written(self, batch: RecordBatch) -> list[Effect]:
        log = self.quorum.log
        effects: list[Effect] = [
            Observe(
                facts.RecordsAppended(
                    METADATA_PARTITION, batch.base_offset, batch.next_offset, batch.data, as_leader=True
                )
            ),
            Observe(facts.HighWatermarkMoved(METADATA_PARTITION, log.high_watermark, as_leader=True)),
        ]
        self._replay(batch, effects)
        return effects

    def _replay(self, batch: RecordBatch, effects: list[Effect] | None) -> None:
        """Apply a committed batch to the image, and say what it changed if `effects` is there to hear it."""
        self.image.next_offset = batch.next_offset
        if batch.is_control:
            return
        for packed in batch.records():
            assert packed.value is not None, "a metadata record has a value"
            record = decode(packed.value)
            told = changes.facts_of(record, self.image, packed.offset)
            self.image.replay(record)
            if effects is not None:
                effects += [Observe(fact) for fact in told]

    # --- brokers fetch the log ---

    def _fetch(self, envelope: Envelope, now: Millis) -> list[Effect]:
        request = envelope.message
        assert isinstance(request, FetchRequest), "only fetches are parked here"
        result = self._read(request.partitions[0])
        if result.records or result.error != ErrorCode.NONE or result.diverging_epoch >= 0:
            return [Send(envelope.reply(FetchResponse((result,))))]
        self.parked_fetches.append((now + request.max_wait_ms, envelope))
        return [SetTimer(Timer(FETCH_EXPIRY, envelope.correlation_id, envelope.source), request.max_wait_ms)]

    def _read(self, asked: FetchPartition) -> FetchPartitionResult:
        log = self.quorum.log
        diverging = log.divergence(asked.last_fetched_epoch, asked.fetch_offset)
        if diverging is not None:
            return FetchPartitionResult(
                asked.partition, ErrorCode.NONE, log.high_watermark,
                diverging_epoch=diverging.epoch, diverging_end_offset=diverging.end_offset,
            )  # fmt: skip
        if asked.fetch_offset > log.log_end_offset:
            return FetchPartitionResult(asked.partition, ErrorCode.OFFSET_OUT_OF_RANGE)
        records = log.read(asked.fetch_offset, asked.max_bytes, log.log_end_offset)
        return FetchPartitionResult(
            asked.partition, ErrorCode.NONE, log.high_watermark, log.log_start_offset, records,
            current_leader_epoch=self.quorum.epoch,
        )  # fmt: skip

    def _answer_fetches(self, now: Millis, only_due: bool = False) -> list[Effect]:
        effects: list[Effect] = []
        waiting = []
        for deadline, envelope in self.parked_fetches:
            request = envelope.message
            assert isinstance(request, FetchRequest), "only fetches are parked here"
            result = self._read(request.partitions[0])
            if deadline <= now or (result.records and not only_due):
                effects.append(Send(envelope.reply(FetchResponse((result,)))))
            else:
                waiting.append((deadline, envelope))
        self.parked_fetches = waiting
        return effects
