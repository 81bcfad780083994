"""Writes that are part of a transaction, on their way into a log: checked before, and ended by a marker.

```
 Produce, TxnOffsetCommit ─▶ open here already? ─yes──────────────▶ append
                                   │ no: park, ask the coordinator ─▶ yes ─▶ append      no ─▶ refuse
 WriteTxnMarkers ─▶ of this producer, of the newest coordinator? ─▶ append as acks=all ─▶ answer
```

* While the coordinator is asked, a marker may end the very transaction: then its yes counts no more, and the write is
  refused (the verification guard of KIP-890).
* CONCURRENT_TRANSACTIONS says that the last transaction is being completed: under protocol 2 the leader asks again
  every 20 ms, for 100 ms, before it troubles the producer.
* Markers are acknowledged like acks=all: once the in-sync replicas have them.

Mirrors `ReplicaManager.handleProduceAppend`, `VerificationGuard` and `KafkaApis.handleWriteTxnMarkersRequest`. What
we leave out: guards that are dropped one by one; ours go with the partition or the transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from minikafka.broker import acks, internal_topics, transaction_verification
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.broker.transaction_verification import Question, Reply, Verifier
from minikafka.config import ServerConfig
from minikafka.effects import Effect, Send, SetTimer, Timer
from minikafka.log.producer_state import ProducerState
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, ProduceRequest
from minikafka.protocol.records import CorruptBatch, EndMarker, RecordBatch, build_marker
from minikafka.protocol.transaction_messages import (
    ActiveProducer,
    DescribeProducersRequest,
    DescribeProducersResponse,
    TransactionToAdd,
    TxnMarker,
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)
from minikafka.types import CONSUMER_OFFSETS_TOPIC, NO_EPOCH, Epoch, Millis, NodeId, Offset, TopicPartition

ADD_PARTITIONS_RETRY = "add-partitions-retry"


@dataclass(slots=True)
class ParkedWrite:
    """A write that waits for its transaction's coordinator."""

    envelope: Envelope
    request: ProduceRequest | TxnOffsetCommitRequest
    asked: TransactionToAdd
    since_ms: Millis


@dataclass(slots=True)
class ParkedMarkers:
    """Markers that are appended, and wait for the in-sync replicas."""

    envelope: Envelope
    since_ms: Millis
    results: dict[tuple[int, TopicPartition], ErrorCode]
    waiting: dict[tuple[int, TopicPartition], tuple[Epoch, Offset]]
    """Leader epoch in which, and offset at which each was appended."""


class TransactionalWrites:
    """All transactional writes of one broker that are not in a log yet, and markers that are not committed yet."""

    def __init__(self, config: ServerConfig, replicas: ReplicaManager, next_correlation_id: Callable[[], int]) -> None:
        self.config = config
        self.replicas = replicas
        self.verifier = Verifier(replicas.broker_id, config, replicas.image, next_correlation_id)
        self.verified_commits: list[Envelope] = []
        """Offset commits that the group coordinator may write now; whoever hands them on takes them out."""
        self._writes: dict[int, ParkedWrite] = {}
        self._asked_again: list[int] = []
        self._markers: list[ParkedMarkers] = []
        self._guards: dict[tuple[TopicPartition, int], Epoch] = {}
        """(partition, producer id) → leader epoch, while the coordinator is asked. A marker takes it away."""
        self._number = 0

    # --- writes ---

    def produce(self, envelope: Envelope, request: ProduceRequest, now: Millis) -> list[Effect]:
        """Append, or ask the coordinator first."""
        if self.config.transaction_version < 2:
            request = replace(request, adds_partition=False)
        asked = self._what_to_ask(request)
        if asked is None:
            return self.replicas.produce(envelope, request, now)
        return self._park(ParkedWrite(envelope, request, asked, now), now)

    def commit_offsets(self, envelope: Envelope, request: TxnOffsetCommitRequest, now: Millis) -> list[Effect]:
        """The offsets of a group are a write of the transaction like any other, into the partition that keeps them."""
        adds = request.adds_partition and self.config.transaction_version >= 2
        image = self.replicas.image
        name = internal_topics.partition_for(CONSUMER_OFFSETS_TOPIC, request.group, image, self.config)
        if not self._must_ask(name, request.producer_id, request.producer_epoch, adds):
            self.verified_commits.append(envelope)
            return []
        asked = TransactionToAdd(
            request.transactional_id, request.producer_id, request.producer_epoch, (name,), not adds
        )
        return self._park(ParkedWrite(envelope, request, asked, now), now)

    def _what_to_ask(self, request: ProduceRequest) -> TransactionToAdd | None:
        """The partitions whose first transactional batch this is."""
        if request.transactional_id is None:
            return None
        names: list[TopicPartition] = []
        producer_id = producer_epoch = -1
        for one in request.partitions:
            batch = _head_of(one.records)
            if batch is None or not batch.is_transactional:
                continue
            if self._must_ask(one.partition, batch.producer_id, batch.producer_epoch, request.adds_partition):
                names.append(one.partition)
                producer_id, producer_epoch = batch.producer_id, batch.producer_epoch
        if not names:
            return None
        verify_only = not request.adds_partition
        return TransactionToAdd(request.transactional_id, producer_id, producer_epoch, tuple(names), verify_only)

    def _must_ask(self, name: TopicPartition, producer_id: int, producer_epoch: int, adds_partition: bool) -> bool:
        partition = self.replicas.partitions.get(name)
        if partition is None or not partition.is_leader:
            return False
        entry = partition.log.producers.entries.get(producer_id)
        enabled = self.config.transaction_partition_verification_enable
        return transaction_verification.must_ask(entry, producer_epoch, adds_partition, enabled)

    def _park(self, write: ParkedWrite, now: Millis) -> list[Effect]:
        self._number += 1
        self._writes[self._number] = write
        return self._ask(self._number, now)

    def _ask(self, number: int, now: Millis) -> list[Effect]:
        asked = self._writes[number].asked
        for name in asked.partitions:
            self._guards[name, asked.producer_id] = self.replicas.partitions[name].leader_epoch
        return self.verifier.ask(Question(number, asked), now)

    def _go_on(self, reply: Reply, now: Millis) -> list[Effect]:
        """The coordinator has answered: ask once more, or append what may be appended."""
        write = self._writes[reply.number]
        busy = any(error == ErrorCode.CONCURRENT_TRANSACTIONS for error in reply.errors.values())
        waited = now - write.since_ms
        if busy and not write.asked.verify_only and waited < self.config.add_partitions_to_txn_retry_backoff_max_ms:
            self._asked_again.append(reply.number)
            return [SetTimer(Timer(ADD_PARTITIONS_RETRY), self.config.add_partitions_to_txn_retry_backoff_ms)]
        del self._writes[reply.number]
        errors = {name: error or self._guarded(name, write) for name, error in reply.errors.items()}
        if isinstance(write.request, TxnOffsetCommitRequest):
            return self._commit(write.envelope, write.request, next(iter(errors.values())))
        adds = write.request.adds_partition
        knows = write.request.knows_abortable
        refused = {
            name: transaction_verification.as_produce_error(error, adds, knows)
            for name, error in errors.items()
            if error != ErrorCode.NONE
        }
        return self.replicas.produce(write.envelope, write.request, now, refused)

    def _guarded(self, name: TopicPartition, write: ParkedWrite) -> ErrorCode:
        """Has nothing ended the transaction here while its coordinator was asked?"""
        epoch = self._guards.get((name, write.asked.producer_id))
        if epoch is None:
            return ErrorCode.INVALID_TXN_STATE
        led = self.replicas.partitions[name].leader_epoch == epoch
        return ErrorCode.NONE if led else ErrorCode.NOT_LEADER_OR_FOLLOWER

    def _commit(self, envelope: Envelope, request: TxnOffsetCommitRequest, error: ErrorCode) -> list[Effect]:
        if error == ErrorCode.NONE:
            self.verified_commits.append(envelope)
            return []
        told = transaction_verification.as_offset_commit_error(error, request.knows_abortable)
        results = tuple((one.partition, told) for one in request.offsets)
        return [Send(envelope.reply(TxnOffsetCommitResponse(results)))]

    def ask_again(self, now: Millis) -> list[Effect]:
        """20 ms have passed since a coordinator was busy with the last transaction."""
        numbers, self._asked_again = self._asked_again, []
        return [effect for number in numbers if number in self._writes for effect in self._ask(number, now)]

    def take_verified_commits(self) -> list[Envelope]:
        """TxnOffsetCommits that the group's coordinator may have now."""
        verified, self.verified_commits = self.verified_commits, []
        return verified

    # --- markers ---

    def write_markers(self, envelope: Envelope, request: WriteTxnMarkersRequest, now: Millis) -> list[Effect]:
        """Append what a coordinator has decided; the answer waits for the in-sync replicas."""
        parked = ParkedMarkers(envelope, now, {}, {})
        effects: list[Effect] = []
        for marker in request.markers:
            for name in marker.partitions:
                error, told = self._append_marker(marker, name, now)
                effects += told
                parked.results[marker.producer_id, name] = error
                if error == ErrorCode.NONE:
                    partition = self.replicas.partitions[name]
                    at = (partition.leader_epoch, partition.log.log_end_offset - 1)
                    parked.waiting[marker.producer_id, name] = at
        self._markers.append(parked)
        return effects

    def _append_marker(self, marker: TxnMarker, name: TopicPartition, now: Millis) -> tuple[ErrorCode, list[Effect]]:
        partition = self.replicas.partitions.get(name)
        if partition is None or not partition.is_leader:
            known = self.replicas.image.partition(name) is not None
            return ErrorCode.NOT_LEADER_OR_FOLLOWER if known else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, []
        end = EndMarker(marker.commit, marker.coordinator_epoch)
        batch = build_marker(end, now, marker.producer_id, marker.producer_epoch)
        error = partition.log.check_marker(batch, marker.transaction_version)
        if error != ErrorCode.NONE:
            return error, []
        error, effects = self.replicas.append_for_coordinator(name, batch, now)
        if error == ErrorCode.NONE:
            self._guards.pop((name, marker.producer_id), None)
        return error, effects

    def _settle_markers(self, parked: ParkedMarkers, now: Millis) -> list[Effect]:
        waited = now - parked.since_ms
        for key, (epoch, offset) in list(parked.waiting.items()):
            partition = self.replicas.partitions[key[1]]
            verdict = "NOT_LEADER_OR_FOLLOWER"
            if partition.is_leader and partition.leader_epoch == epoch:
                produce = acks.Produce(-1, offset, waited, self.config.request_timeout_ms)
                verdict = acks.ack_decision(produce, partition.view())
            if verdict != "WAIT":
                del parked.waiting[key]
                parked.results[key] = ErrorCode[verdict]
        if parked.waiting:
            return []
        results = tuple((producer_id, name, error) for (producer_id, name), error in parked.results.items())
        return [Send(parked.envelope.reply(WriteTxnMarkersResponse(results)))]

    def describe_producers(self, envelope: Envelope, request: DescribeProducersRequest) -> list[Effect]:
        """Who has written to these partitions, as their leader knows; one whose transaction hangs is seen here."""
        results = tuple((name, *self._producers_of(name)) for name in request.partitions)
        return [Send(envelope.reply(DescribeProducersResponse(results)))]

    def _producers_of(self, name: TopicPartition) -> tuple[ErrorCode, tuple[ActiveProducer, ...]]:
        partition, error = self.replicas.reader.check(name, NO_EPOCH)
        entries = partition.log.producers.entries.values() if partition is not None else ()
        return error, tuple(_active(one) for one in entries)

    # --- after every event ---

    def settle(self, now: Millis) -> list[Effect]:
        """Answer markers that are committed, and go on with writes that are verified."""
        effects: list[Effect] = []
        for parked in self._markers:
            effects += self._settle_markers(parked, now)
        if self._markers:
            self._markers = [parked for parked in self._markers if parked.waiting]
        while self.verifier.replies:
            reply = self.verifier.replies.pop(0)
            if reply.number in self._writes:
                effects += self._go_on(reply, now)
        return effects

    def connection_lost(self, peer: NodeId, now: Millis) -> list[Effect]:
        """Nobody waits there any more; a coordinator that is gone answers nothing."""
        self._writes = {number: one for number, one in self._writes.items() if one.envelope.source != peer}
        self._markers = [parked for parked in self._markers if parked.envelope.source != peer]
        return self.verifier.connection_lost(peer, now)


def _active(known: ProducerState) -> ActiveProducer:
    return ActiveProducer(
        known.producer_id, known.producer_epoch, known.last_sequence, known.last_timestamp_ms,
        known.coordinator_epoch, known.transaction_start,
    )  # fmt: skip


def _head_of(records: bytes) -> RecordBatch | None:
    """The batch of a produce request; one that is no whole batch will be refused by whoever appends it."""
    try:
        return RecordBatch(records)
    except CorruptBatch:
        return None
