"""A broker process: the switchboard between what arrives and who deals with it.

Nothing of the protocol is decided here. Each request goes to the part that owns it, each answer back to the loop that
asked, each timer to its owner:

```
 clients, followers ─▶ Produce, Fetch, ListOffsets ─▶ ReplicaManager
 clients ───────────▶ Metadata ─────────────────────▶ the image
 producers, leaders ▶ InitProducerId … EndTxn ──────▶ TransactionCoordinator ─▶ markers
 members of groups ─▶ JoinGroup, OffsetCommit, ... ─▶ CoordinatorHost ─▶ the shard of the group
 clients ───────────▶ CreateTopics ─────────────────▶ forwarded to the active controller
 controller ◀─────── registration, heartbeats, AlterPartition, fetches of the metadata log
```

Mirrors `BrokerServer` and `KafkaApis`. What we leave out: quotas, security, deleting anything.
"""

from __future__ import annotations

from minikafka.broker.admin_requests import AdminRequests, AnsweredHere, PassedOn
from minikafka.broker.alter_partition import PROPOSAL_RETRY, AlterPartitionManager
from minikafka.broker.channel import REQUEST_TIMEOUT
from minikafka.broker.client_requests import ClientRequests
from minikafka.broker.controllers import Controllers
from minikafka.broker.coordinator_host import CoordinatorHost
from minikafka.broker.delete_records import TIMEOUT as DELETION_TIMEOUT
from minikafka.broker.forwarding import FORWARD_RETRY, Forwarder, Own
from minikafka.broker.internal_topics import TopicCreation
from minikafka.broker.lifecycle import HEARTBEAT, SHUTDOWN_DEADLINE, Lifecycle
from minikafka.broker.log_manager import TIMERS as LOG_TIMERS
from minikafka.broker.metadata_cache import METADATA_BACKOFF, MetadataCache
from minikafka.broker.replica_fetcher import FETCH_BACKOFF, ReplicaFetcher
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.broker.transaction_coordinator import TransactionCoordinator
from minikafka.broker.transaction_markers import MARKERS_RETRY
from minikafka.broker.transactional_writes import ADD_PARTITIONS_RETRY, TransactionalWrites
from minikafka.config import ServerConfig
from minikafka.coordinator.group_coordination import GroupCoordination, GroupRequest
from minikafka.disk import Disk
from minikafka.effects import Effect, SetTimer, Timer
from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.admin_messages import CreateTopicsResponse, DeleteRecordsRequest
from minikafka.protocol.group_messages import FindCoordinatorRequest, ListGroupsRequest
from minikafka.protocol.messages import (
    Envelope,
    FetchRequest,
    ListOffsetsRequest,
    MetadataRequest,
    OffsetForLeaderEpochRequest,
    ProduceRequest,
)
from minikafka.protocol.quorum_messages import NotControllerResponse
from minikafka.types import BrokerId, Millis, NodeId, broker_node

ISR_CHECK = "isr-check"
CHECKPOINT = "high-watermark-checkpoint"
PURGATORY = "purgatory"


class Broker:
    """One broker process."""

    def __init__(
        self,
        broker_id: BrokerId,
        voters: tuple[NodeId, ...],
        config: ServerConfig,
        disk: Disk,
        incarnation_id: str,
        endpoint: tuple[str, int] = ("", 0),
        rack: str | None = None,
    ) -> None:
        """`voters` are all controllers; `incarnation_id` differs from that of every earlier start of this broker."""
        self.id = broker_node(broker_id)
        self.broker_id = broker_id
        self.config = config
        self._correlation_id = 0
        next_id = self._next_correlation_id
        self.controllers = controllers = Controllers(voters)
        self.metadata = MetadataCache(broker_id, controllers, config, disk, next_id)
        self.replicas = ReplicaManager(broker_id, config, disk, self.metadata.image, next_id)
        self.lifecycle = Lifecycle(broker_id, controllers, config, disk, incarnation_id, endpoint, rack, next_id)
        self.isr_changes = AlterPartitionManager(broker_id, controllers, config, self.replicas.proposing, next_id)
        self.forwarder = Forwarder(self.id, controllers, config, next_id)
        self.creation = TopicCreation(self.metadata.image, config)
        self.writes = TransactionalWrites(config, self.replicas, next_id)
        self.transactions = TransactionCoordinator(config, self.replicas, next_id)
        self.clients = ClientRequests(config, self.replicas, self.forwarder, self.creation)
        self.groups = CoordinatorHost(GroupCoordination(config, self.metadata.image), self.replicas)
        self.admin = AdminRequests(config, self.replicas, self.forwarder)
        self._purgatory_due_ms: Millis | None = None

    # --- the four calls of a node ---

    def start(self, now: Millis) -> list[Effect]:
        """Say hello to the controller and begin to copy its log."""
        effects = self.lifecycle.report(self.metadata.last_applied_offset, now) + self.metadata.fetch(now)
        effects.append(SetTimer(Timer(ISR_CHECK), self.config.replica_lag_time_max_ms // 2))
        effects.append(SetTimer(Timer(CHECKPOINT), self.config.replica_high_watermark_checkpoint_interval_ms))
        return effects + self.replicas.logs.start()

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """A request of a client or a follower, or an answer to one of ours."""
        if envelope.is_response:
            self._learn_controller(envelope)
            return self._settle(self._answered(envelope, now), now)
        match envelope.message:
            case ProduceRequest() as produce:
                effects = self.writes.produce(envelope, produce, now)
            case FetchRequest() as fetch:
                effects = self.replicas.fetch_request(envelope, fetch, now)
            case MetadataRequest() as metadata:
                effects = self.clients.metadata(envelope, metadata, now)
            case ListOffsetsRequest() as offsets:
                effects = self.clients.list_offsets(envelope, offsets)
            case OffsetForLeaderEpochRequest() as epochs:
                effects = self.clients.end_of_epochs(envelope, epochs)
            case FindCoordinatorRequest() as find:
                effects = self.clients.find_coordinator(envelope, find, now)
            case txn.TxnOffsetCommitRequest() as commits:
                effects = self.writes.commit_offsets(envelope, commits, now)
            case message if isinstance(message, GroupRequest):
                effects = self.groups.serve(envelope, now)
            case ListGroupsRequest():
                effects = self.groups.serve_everywhere(envelope, now)
            case DeleteRecordsRequest() as deletion:
                effects = self.replicas.deletions.handle(envelope, deletion)
            case request if isinstance(request, PassedOn | AnsweredHere):
                effects = self.admin.serve(envelope, request, now)
            case txn.WriteTxnMarkersRequest() as markers:
                effects = self.writes.write_markers(envelope, markers, now)
            case txn.DescribeProducersRequest() as producers:
                effects = self.writes.describe_producers(envelope, producers)
            case (
                txn.InitProducerIdRequest()
                | txn.AddPartitionsToTxnRequest()
                | txn.AddOffsetsToTxnRequest()
                | txn.EndTxnRequest()
                | txn.DescribeTransactionsRequest()
                | txn.ListTransactionsRequest()
            ):
                effects = self.transactions.serve(envelope, now)
            case other:
                raise AssertionError(f"a broker does not serve {type(other).__name__}")
        return self._settle(effects, now)

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """Forget what `peer` waits for, and everything we asked of it."""
        self.replicas.purgatory.forget(peer)
        self.groups.connection_lost(peer)
        self.replicas.deletions.forget(peer)
        effects = self.metadata.connection_lost(peer, now)
        effects += self.lifecycle.connection_lost(peer)
        effects += self.isr_changes.connection_lost(peer)
        effects += self.forwarder.connection_lost(peer)
        effects += self.writes.connection_lost(peer, now)
        effects += self.transactions.connection_lost(peer)
        for fetcher in self.replicas.fetchers.values():
            effects += fetcher.connection_lost(peer, now)
        return self._settle(effects, now)

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """A loop's next turn, a pause that is over, or a request that has waited long enough."""
        return self._settle(self._fired(timer, now), now)

    def begin_shutdown(self, now: Millis) -> list[Effect]:
        """Asked to stop in order: give leaderships away first. Once `may_stop`, call `stop`."""
        return self._settle(self.lifecycle.begin_shutdown(self.metadata.last_applied_offset, now), now)

    @property
    def is_leaving(self) -> bool:
        """Was it asked to stop in order?"""
        return self.lifecycle.leaving

    @property
    def may_stop(self) -> bool:
        """It was asked to stop, and nothing keeps it any more."""
        return self.lifecycle.may_stop

    def stop(self, now: Millis) -> None:
        """Stop in order: everything on disk, and a mark that says so, if all logs had been opened."""
        if self.replicas.logs.close():
            self.lifecycle.leave_clean_shutdown_mark()

    # --- answers ---

    def _learn_controller(self, envelope: Envelope) -> None:
        """A controller says that it is not the active one, and perhaps who is."""
        answer = envelope.message
        if isinstance(answer, NotControllerResponse) and not self.controllers.heard(answer.leader, answer.epoch):
            self.controllers.failed(envelope.source)

    def _answered(self, envelope: Envelope, now: Millis) -> list[Effect]:
        match envelope.channel.partition("#")[0]:
            case "metadata":
                return self._metadata_arrived(envelope, now)
            case "heartbeat":
                effects = self.lifecycle.take(envelope, self.metadata.last_applied_offset, now)
                self.replicas.broker_epoch = self.lifecycle.broker_epoch
                return effects + self._act_on_metadata(now)
            case "alter-partition":
                changed, effects = self.isr_changes.take(envelope, now)
                return effects + (self.replicas.recheck(changed, now) if changed else [])
            case "forward":
                own, effects = self.forwarder.answered(envelope, now)
                return effects + ([] if own is None else self._own_answered(own, now))
        channel = envelope.channel.partition("#")[0]
        if channel.startswith("verify-"):
            return self.writes.verifier.take(envelope, now)
        if channel.startswith("markers-"):
            return self.transactions.markers.take(envelope, now)
        fetcher = self._fetcher_of(channel)
        if fetcher is None:
            return []
        effects = fetcher.take(envelope, now)
        effects += self.replicas.followed(effects, now)
        return effects + fetcher.fetch(self.replicas.broker_epoch, now)

    def _own_answered(self, own: Own, now: Millis) -> list[Effect]:
        """The controller has answered a request that this broker made for itself."""
        match own[1]:
            case CreateTopicsResponse() as created:
                self.creation.answered(created)
            case txn.AllocateProducerIdsResponse() as allocated:
                self.transactions.ids.answered(allocated)
        return []

    def _metadata_arrived(self, envelope: Envelope, now: Millis) -> list[Effect]:
        changed, effects = self.metadata.take(envelope, now)
        if changed:
            effects += self._act_on_metadata(now)
            effects += self.lifecycle.caught_up(self.metadata.last_applied_offset, now)
        return effects

    def _act_on_metadata(self, now: Millis) -> list[Effect]:
        if not self.lifecycle.is_ready(self.metadata.last_applied_offset):
            return []
        effects = self.replicas.apply_image(now) + self.groups.apply_image(now)
        return effects + self.transactions.host.apply_image(now)

    def _fetcher_of(self, channel: str) -> ReplicaFetcher | None:
        return next((one for one in self.replicas.fetchers.values() if one.channel.name == channel), None)

    # --- timers ---

    def _fired(self, timer: Timer, now: Millis) -> list[Effect]:
        match timer.name:
            case name if name.startswith("groups/"):
                return self.groups.fire(timer, now)
            case "heartbeat":
                return self.lifecycle.wake(timer, self.metadata.last_applied_offset, now)
            case "purgatory":
                self._purgatory_due_ms = None
                return self.replicas.expire(now)
            case "request-timeout":
                return self._timed_out(timer.key, now)
            case "fetch-backoff":
                fetcher = self._fetcher_of(timer.key)
                return fetcher.resume(self.replicas.broker_epoch, now) if fetcher else []
            case "metadata-backoff":
                return self.metadata.fetch(now)
            case "isr-proposal-retry":
                self.isr_changes.resume()
                return []
            case "forward-retry":
                owns, effects = self.forwarder.resume(now)
                return effects + [effect for own in owns for effect in self._own_answered(own, now)]
            case "shutdown-deadline":
                return self.lifecycle.give_up_waiting()
            case "isr-check":
                again = SetTimer(Timer(ISR_CHECK), self.config.replica_lag_time_max_ms // 2)
                return [*self.replicas.check_isr(now), again]
            case "high-watermark-checkpoint":
                self.replicas.logs.checkpoint(now)
                return [SetTimer(Timer(CHECKPOINT), self.config.replica_high_watermark_checkpoint_interval_ms)]
            case "markers-retry":
                self.transactions.markers.resume()
                return []
            case "add-partitions-retry":
                return self.writes.ask_again(now)
            case "delete-records":
                return self.replicas.deletions.timed_out(timer)
        if timer.name.startswith("transactions/"):
            return self.transactions.fire(timer, now)
        assert timer.name in LOG_TIMERS, f"unknown timer {timer}"
        return self.replicas.logs.fired(timer, now)

    def _timed_out(self, channel: str, now: Millis) -> list[Effect]:
        match channel:
            case "metadata":
                return self.metadata.timed_out(now)
            case "heartbeat":
                return self.lifecycle.timed_out(self.metadata.last_applied_offset, now)
            case "alter-partition":
                return self.isr_changes.timed_out(now)
        if channel.startswith("verify-"):
            return self.writes.verifier.timed_out(channel, now)
        if channel.startswith("markers-"):
            return self.transactions.markers.timed_out(channel, now)
        fetcher = self._fetcher_of(channel)
        return fetcher.timed_out(now) if fetcher else []

    # --- after every call ---

    def _settle(self, effects: list[Effect], now: Millis) -> list[Effect]:
        """Go on with what was waiting, send proposals that came up, and keep one timer for whoever is due first."""
        if self.writes.verified_commits:
            effects += [effect for one in self.writes.take_verified_commits() for effect in self.groups.serve(one, now)]
        if self.groups.led:
            effects += self.groups.settle(now)
        effects += self.writes.settle(now)
        if self.transactions.needs_settling:
            effects += self.transactions.settle(now)
        wanted = self.transactions.ids.request(self.lifecycle.broker_epoch)
        if wanted is not None:
            effects += self.forwarder.forward(None, wanted, now)
        if self.replicas.proposing:
            effects += self.isr_changes.submit(self.lifecycle.broker_epoch, now)
        due = self.replicas.purgatory.next_due_ms()
        if due is not None and (self._purgatory_due_ms is None or due < self._purgatory_due_ms):
            self._purgatory_due_ms = due
            effects.append(SetTimer(Timer(PURGATORY, due), max(due - now, 1)))
        return effects

    def _next_correlation_id(self) -> int:
        self._correlation_id += 1
        return self._correlation_id


assert {
    HEARTBEAT,
    REQUEST_TIMEOUT,
    FETCH_BACKOFF,
    METADATA_BACKOFF,
    PROPOSAL_RETRY,
    FORWARD_RETRY,
    MARKERS_RETRY,
    ADD_PARTITIONS_RETRY,
    SHUTDOWN_DEADLINE,
    DELETION_TIMEOUT,
} == {
    "heartbeat",
    "request-timeout",
    "fetch-backoff",
    "metadata-backoff",
    "isr-proposal-retry",
    "forward-retry",
    "markers-retry",
    "add-partitions-retry",
    "shutdown-deadline",
    "delete-records",
}, "the switchboard matches these timers by name"
