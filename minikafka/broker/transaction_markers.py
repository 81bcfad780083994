"""Carrying out a decision: the coordinator has every partition of a transaction marked, however long it takes.

```
 Prepare record committed ─▶ WriteTxnMarkers ─▶ leader of orders-0     ✓
                          ├▶ WriteTxnMarkers ─▶ leader of orders-1     NOT_LEADER: ask whoever leads now
                          └▶ WriteTxnMarkers ─▶ leader of offsets-17   ✓          all ✓ ─▶ Complete record
```

* One request at a time to each broker; it takes along the markers of all transactions that are due there.
* A partition that cannot take its marker now is asked again, for as long as this broker coordinates. The next
  coordinator finds the Prepare record and begins anew: a marker may be written twice, never not at all (I23).
* A leader that has heard a newer coordinator, or a newer epoch of the producer, ends it: somebody else is in charge.

Mirrors `TransactionMarkerChannelManager` and `TransactionMarkerRequestCompletionHandler`. What we leave out: nothing
that changes what a reader or producer sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from minikafka.broker.channel import Channel
from minikafka.broker.coordinator_host import CoordinatorHost, Shard
from minikafka.config import ServerConfig
from minikafka.coordinator.result import Wake
from minikafka.coordinator.transaction_shard import MARKERS_WRITTEN, MarkersOrder, TransactionShard
from minikafka.coordinator.transaction_state import PREPARE_COMMIT
from minikafka.effects import Effect, SetTimer, Timer
from minikafka.metadata.image import MetadataImage
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope
from minikafka.protocol.transaction_messages import TxnMarker, WriteTxnMarkersRequest, WriteTxnMarkersResponse
from minikafka.types import BrokerId, Millis, NodeId, TopicPartition, broker_node, number_of

MARKERS_RETRY = "markers-retry"
RETRY_BACKOFF_MS: Millis = 100
CHANNEL = "markers-"


class Due(Enum):
    """Where the marker of one partition stands."""

    NOW = "now"
    ASKED = "asked"
    LATER = "later"
    """It could not be written; after a pause it is due again."""


@dataclass(slots=True)
class Unmarked:
    """A decided transaction, and where its marker is missing."""

    order: MarkersOrder
    partitions: dict[TopicPartition, Due]
    completing: Due = Due.NOW
    """The Complete record, which is due when no partition is left."""


def is_superseded(error: ErrorCode) -> bool:
    """Is somebody newer in charge of this transaction? Then our markers are not wanted any more."""
    return error in (ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.TRANSACTION_COORDINATOR_FENCED)


def marker_of(order: MarkersOrder, partitions: tuple[TopicPartition, ...]) -> TxnMarker:
    """The marker that ends this transaction; its epoch is the one the Prepare record has."""
    decided = order.transaction
    return TxnMarker(
        decided.producer_id, decided.producer_epoch, decided.state is PREPARE_COMMIT, partitions,
        order.coordinator_epoch, decided.client_version,
    )  # fmt: skip


class MarkerSender:
    """The markers that one broker, as a coordinator, still has to have written."""

    def __init__(
        self,
        broker_id: BrokerId,
        config: ServerConfig,
        image: MetadataImage,
        host: CoordinatorHost,
        next_correlation_id: Callable[[], int],
    ) -> None:
        self.node = broker_node(broker_id)
        self.config = config
        self.image = image
        self.host = host
        self.unmarked: dict[str, Unmarked] = {}
        """By transactional id: of each, one transaction at most is being completed."""
        self._channels: dict[BrokerId, Channel] = {}
        self._next_correlation_id = next_correlation_id
        self._pausing = False

    def begin(self, order: MarkersOrder) -> None:
        """A decision is committed."""
        partitions = dict.fromkeys(order.transaction.partitions, Due.NOW)
        self.unmarked[order.transaction.transactional_id] = Unmarked(order, partitions)

    def send(self, now: Millis) -> list[Effect]:
        """Ask every leader that is not busy for the markers that are due there; complete what has them all."""
        effects: list[Effect] = []
        for unmarked in list(self.unmarked.values()):
            effects += self._look_at(unmarked, now)
        for broker, markers in self._due().items():
            channel = self._channel(broker)
            if not channel.is_busy:
                request = WriteTxnMarkersRequest(tuple(markers))
                self._note(request, Due.ASKED)
                effects += channel.send(broker_node(broker), request, now)
        return effects

    def _look_at(self, unmarked: Unmarked, now: Millis) -> list[Effect]:
        order = unmarked.order
        led = self.host.led.get(order.coordinator)
        if led is None or led.leader_epoch != order.coordinator_epoch:
            self._forget(unmarked)
            return []
        for partition in list(unmarked.partitions):
            if self.image.partition(partition) is None:
                # The topic was deleted: there is nothing left to mark.
                del unmarked.partitions[partition]
        if unmarked.partitions or unmarked.completing is not Due.NOW:
            return []
        return self._complete(unmarked, led.shard, now)

    def _complete(self, unmarked: Unmarked, shard: Shard, now: Millis) -> list[Effect]:
        """All markers are written: the Complete record, now, or again when the log cannot take it."""
        order = unmarked.order
        name, epoch = order.transaction.transactional_id, order.transaction.producer_epoch
        done = Wake(0, MARKERS_WRITTEN, name, epoch)
        effects = self.host.prompt(order.coordinator, order.coordinator_epoch, done, now)
        assert isinstance(shard, TransactionShard), "transactions are coordinated here"
        if shard.is_completing(name, epoch):
            unmarked.completing = Due.LATER
            return effects + self._pause()
        self._forget(unmarked)
        return effects

    def _due(self) -> dict[BrokerId, list[TxnMarker]]:
        """What each leader has to write now, as far as this broker knows who leads."""
        markers: dict[BrokerId, list[TxnMarker]] = {}
        for unmarked in self.unmarked.values():
            by_leader: dict[BrokerId, list[TopicPartition]] = {}
            for partition, due in unmarked.partitions.items():
                known = self.image.partition(partition)
                if due is Due.NOW and known is not None and self.image.is_active(known.leader):
                    by_leader.setdefault(known.leader, []).append(partition)
            for leader, partitions in by_leader.items():
                markers.setdefault(leader, []).append(marker_of(unmarked.order, tuple(partitions)))
        return markers

    # --- answers ---

    def take(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """A leader has written markers, or says why not."""
        channel = self._channel(number_of(envelope.source))
        response = envelope.message
        if not channel.answered(envelope) or not isinstance(response, WriteTxnMarkersResponse):
            return []
        failed = False
        for producer_id, partition, error in response.results:
            unmarked = self._of_producer(producer_id)
            if unmarked is None or partition not in unmarked.partitions:
                continue
            if error == ErrorCode.NONE:
                del unmarked.partitions[partition]
            elif is_superseded(error):
                self._forget(unmarked)
            else:
                unmarked.partitions[partition] = Due.LATER
                failed = True
        return self._pause() if failed else []

    def connection_lost(self, peer: NodeId) -> list[Effect]:
        """What was asked of a leader that is gone is asked again, of whoever leads then."""
        effects: list[Effect] = []
        for channel in self._channels.values():
            under_way = channel.in_flight
            if channel.lost(peer) and under_way is not None:
                effects += self._ask_again(under_way)
        return effects

    def timed_out(self, name: str, now: Millis) -> list[Effect]:
        """No answer in time: over another connection."""
        channel = self._channel(int(name.removeprefix(CHANNEL)))
        under_way = channel.in_flight
        late, effects = channel.check(now)
        return self._ask_again(under_way) if late and under_way is not None else effects

    def resume(self) -> None:
        """The pause is over: what could not be done is due again."""
        self._pausing = False
        for unmarked in self.unmarked.values():
            unmarked.completing = Due.NOW
            for partition, due in unmarked.partitions.items():
                unmarked.partitions[partition] = Due.NOW if due is Due.LATER else due

    def _ask_again(self, envelope: Envelope) -> list[Effect]:
        assert isinstance(envelope.message, WriteTxnMarkersRequest)
        self._note(envelope.message, Due.LATER)
        return self._pause()

    def _note(self, request: WriteTxnMarkersRequest, due: Due) -> None:
        for marker in request.markers:
            unmarked = self._of_producer(marker.producer_id)
            for partition in marker.partitions:
                if unmarked is not None and partition in unmarked.partitions:
                    unmarked.partitions[partition] = due

    def _of_producer(self, producer_id: int) -> Unmarked | None:
        return next((one for one in self.unmarked.values() if one.order.transaction.producer_id == producer_id), None)

    def _forget(self, unmarked: Unmarked) -> None:
        self.unmarked.pop(unmarked.order.transaction.transactional_id, None)

    def _pause(self) -> list[Effect]:
        if self._pausing:
            return []
        self._pausing = True
        return [SetTimer(Timer(MARKERS_RETRY), RETRY_BACKOFF_MS)]

    def _channel(self, broker: BrokerId) -> Channel:
        if broker not in self._channels:
            self._channels[broker] = Channel(
                self.node, f"{CHANNEL}{broker}", self._next_correlation_id, self.config.request_timeout_ms
            )
        return self._channels[broker]
