"""The broker's copy of the controllers' log, and what it says about the cluster.

A broker is an observer of the quorum: it fetches `__cluster_metadata` like any replica fetches its leader, and applies
what is committed. Everything it believes (who leads, who is in sync, who is alive) comes from here, so a broker that
is cut off from the controllers goes on believing what it read last.

Mirrors `MetadataLoader` and `KRaftMetadataCache`. What we leave out: snapshots of the broker's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from minikafka.broker import following
from minikafka.broker.channel import Channel
from minikafka.broker.controllers import Controllers
from minikafka.config import ServerConfig
from minikafka.disk import Disk, StorageError
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.log.loading import Opening
from minikafka.log.partition_log import PartitionLog
from minikafka.metadata import snapshot
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import decode
from minikafka.metadata.snapshot import Download, SnapshotId
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, FetchRequest, FetchResponse
from minikafka.protocol.quorum_messages import FetchSnapshotRequest, FetchSnapshotResponse
from minikafka.types import METADATA_PARTITION, BrokerId, Millis, NodeId, Offset, broker_node

METADATA_BACKOFF = "metadata-backoff"
_ASK_ANOTHER = (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.UNKNOWN_LEADER_EPOCH)


class MetadataCache:
    """Follows the active controller."""

    def __init__(
        self,
        broker_id: BrokerId,
        controllers: Controllers,
        config: ServerConfig,
        disk: Disk,
        next_correlation_id: Callable[[], int],
    ) -> None:
        self.broker_id = broker_id
        self.controllers = controllers
        self.config = config
        self.disk = disk
        newest = snapshot.newest(disk)
        start = newest.end_offset if newest else 0
        self.log = PartitionLog(METADATA_PARTITION, disk, opening=Opening(log_start_offset=start))
        self.image = snapshot.load(disk, newest) if newest else MetadataImage()
        if newest is not None and self.log.log_end_offset <= start:
            self.log.start_over_at(*newest)
        self.download: Download | None = None
        """The snapshot that is being fetched, since the log is not enough."""
        # With one voter there is nobody else to ask, and no hurry.
        alone = len(controllers.voters) == 1
        timeout_ms = config.request_timeout_ms if alone else config.controller_quorum_request_timeout_ms
        self.channel = Channel(broker_node(broker_id), "metadata", next_correlation_id, timeout_ms)

    @property
    def last_applied_offset(self) -> Offset:
        """Offset of the newest record this broker has replayed; -1 before the first."""
        return self.image.next_offset - 1

    def fetch(self, now: Millis) -> list[Effect]:
        """Ask for what comes next, unless that is under way."""
        if self.channel.is_busy:
            return []
        piece_bytes = self.config.replica_fetch_max_bytes
        if self.download is not None:
            piece = self.download.next_request(self.broker_id, self.controllers.epoch, piece_bytes)
            return self.channel.send(self.controllers.active, piece, now)
        asked = following.what_to_ask(self.log, self.controllers.epoch, piece_bytes, self.log.high_watermark)
        request = FetchRequest(self.broker_id, (asked,), max_wait_ms=self.config.replica_fetch_wait_max_ms)
        return self.channel.send(self.controllers.active, request, now)

    def take(self, envelope: Envelope, now: Millis) -> tuple[bool, list[Effect]]:
        """Use an answer: (did the image change?, what happened)."""
        response, in_flight = envelope.message, self.channel.in_flight
        if not self.channel.answered(envelope):
            return False, []
        if isinstance(response, FetchSnapshotResponse):
            assert in_flight is not None and isinstance(in_flight.message, FetchSnapshotRequest), "it was asked for"
            return self._take_piece(envelope.source, in_flight.message, response, now)
        assert isinstance(response, FetchResponse), "a fetch has one kind of answer"
        answer = response.partitions[0]
        news = self.controllers.heard(answer.current_leader, answer.current_leader_epoch)
        if answer.error in _ASK_ANOTHER:
            return False, self.fetch(now) if news else self._ask_another(envelope.source)
        if answer.snapshot_id is not None:
            self.download = Download(SnapshotId(*answer.snapshot_id))
            return False, self.fetch(now)
        # What is committed stays so, also where a new leader does not know it yet.
        if answer.high_watermark < self.log.high_watermark:
            answer = replace(answer, high_watermark=self.log.high_watermark)
        error, told = following.take_answer(self.log, answer)
        effects: list[Effect] = [Observe(fact) for fact in told]
        if error != ErrorCode.NONE:
            return False, effects + self._pause()
        self.controllers.answered_well()
        changed = self._replay_committed()
        if changed:
            effects.append(Observe(facts.MetadataReplayed(self.image.next_offset)))
        return changed, effects + self.fetch(now)

    def _take_piece(
        self, node: NodeId, asked: FetchSnapshotRequest, answer: FetchSnapshotResponse, now: Millis
    ) -> tuple[bool, list[Effect]]:
        """A piece of the controllers' snapshot; with the last one the image becomes what it says (KIP-630)."""
        news = self.controllers.heard(answer.leader, answer.epoch)
        if answer.error in _ASK_ANOTHER:
            return False, self.fetch(now) if news else self._ask_another(node)
        download = self.download
        if download is None or answer.error != ErrorCode.NONE:
            self.download = None
            return False, self._pause()
        if not download.take(asked, answer):
            return False, self.fetch(now)
        self.download = None
        try:
            snapshot.save(self.disk, download.snapshot, download.data)
        except StorageError as problem:
            # An image without its file would be gone after a restart; an older one is true, only late.
            return False, [Observe(facts.StorageFailed(METADATA_PARTITION, str(problem))), *self._pause()]
        self.log.start_over_at(*download.snapshot)
        self.image.become(snapshot.load(self.disk, download.snapshot))
        told = (facts.SnapshotLoaded(*download.snapshot), facts.MetadataReplayed(self.image.next_offset))
        return True, [*(Observe(fact) for fact in told), *self.fetch(now)]

    def connection_lost(self, peer: NodeId, now: Millis) -> list[Effect]:
        """The controller is gone: try again after a pause."""
        return self._ask_another(peer) if self.channel.lost(peer) else []

    def timed_out(self, now: Millis) -> list[Effect]:
        """The controller has not answered in time: try another connection."""
        silent = self.channel.peer
        late, effects = self.channel.check(now)
        if not late or silent is None:
            return effects
        self.controllers.failed(silent)
        return self.fetch(now)

    def _ask_another(self, node: NodeId) -> list[Effect]:
        """`node` is not the active controller: the next one, after a short pause; after all of them a longer one."""
        self.controllers.failed(node)
        if self.controllers.all_tried:
            return self._pause()
        return [SetTimer(Timer(METADATA_BACKOFF), self.config.controller_quorum_retry_backoff_ms)]

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
