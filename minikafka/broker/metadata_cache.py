"""The broker's copy of the controllers' log, and what it says about the cluster.

A broker is an observer of the quorum: it fetches `__cluster_metadata` like any replica fetches its leader, and applies
what is committed. Everything it believes (who leads, who is in sync, who is alive) comes from here, so a broker that
is cut off from the controllers goes on believing what it read last.

Mirrors `MetadataLoader` and `KRaftMetadataCache`. What we leave out: snapshots, looking for another active controller.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.broker import following
from minikafka.broker.channel import Channel
from minikafka.config import ServerConfig
from minikafka.disk import Disk
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.log.partition_log import PartitionLog
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import decode
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, FetchRequest, FetchResponse
from minikafka.types import METADATA_PARTITION, NO_EPOCH, BrokerId, Millis, NodeId, Offset, broker_node

METADATA_BACKOFF = "metadata-backoff"


class MetadataCache:
    """Follows the active controller."""

    def __init__(
        self,
        broker_id: BrokerId,
        controller: NodeId,
        config: ServerConfig,
        disk: Disk,
        next_correlation_id: Callable[[], int],
    ) -> None:
        self.broker_id = broker_id
        self.controller = controller
        self.config = config
        self.log = PartitionLog(METADATA_PARTITION, disk)
        self.image = MetadataImage()
        self.channel = Channel(broker_node(broker_id), "metadata", next_correlation_id, config.request_timeout_ms)

    @property
    def last_applied_offset(self) -> Offset:
        """Offset of the newest record this broker has replayed; -1 before the first."""
        return self.image.next_offset - 1

    def fetch(self, now: Millis) -> list[Effect]:
        """Ask for what comes next, unless that is under way."""
        if self.channel.is_busy:
            return []
        asked = following.what_to_ask(self.log, NO_EPOCH, self.config.replica_fetch_max_bytes)
        request = FetchRequest(self.broker_id, (asked,), max_wait_ms=self.config.replica_fetch_wait_max_ms)
        return self.channel.send(self.controller, request, now)

    def take(self, envelope: Envelope, now: Millis) -> tuple[bool, list[Effect]]:
        """Use an answer: (did the image change?, what happened)."""
        response = envelope.message
        if not self.channel.answered(envelope) or not isinstance(response, FetchResponse):
            return False, []
        error, told = following.take_answer(self.log, response.partitions[0])
        effects: list[Effect] = [Observe(fact) for fact in told]
        if error != ErrorCode.NONE:
            return False, effects + self._pause()
        changed = self._replay_committed()
        if changed:
            effects.append(Observe(facts.MetadataReplayed(self.image.next_offset)))
        return changed, effects + self.fetch(now)

    def connection_lost(self, peer: NodeId, now: Millis) -> list[Effect]:
        """The controller is gone: try again after a pause."""
        return self._pause() if self.channel.lost(peer) else []

    def timed_out(self, now: Millis) -> list[Effect]:
        """The controller has not answered in time: try another connection."""
        late, effects = self.channel.check(now)
        return self.fetch(now) if late else effects

    def _pause(self) -> list[Effect]:
        return [SetTimer(Timer(METADATA_BACKOFF), self.config.replica_fetch_backoff_ms)]

    def _replay_committed(self) -> bool:
        start = self.image.next_offset
        if self.log.high_watermark <= start:
            return False
        for batch in self.log.batches(start):
            if batch.next_offset > self.log.high_watermark:
                break
            if not batch.is_control:
                for packed in batch.records():
                    assert packed.value is not None, "a metadata record has a value"
                    self.image.replay(decode(packed.value))
            self.image.next_offset = batch.next_offset
        return self.image.next_offset > start
