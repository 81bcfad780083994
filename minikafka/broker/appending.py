"""The way of a batch into a log: is it led here, are enough in sync, is it whole, is it new? And later: is it stored?

```
 bytes ─▶ whole and intact? ─▶ this producer's next? ─▶ append ─▶ its offset
              │ no: refused       │ here already: its old offset, nothing is written
                                  │ out of order, or of an old epoch: refused
```

* A duplicate is a success: the producer is told where its batch has stood since the first time (promise I18), once
  that is committed.

Mirrors the produce half of `ReplicaManager` (`appendRecordsToLeader`, `DelayedProduce.tryComplete`). What we leave
out: quotas, and errors for single records of a batch (a bad record refuses its whole batch).
"""

from __future__ import annotations

from collections.abc import Mapping

from minikafka.broker import acks, validation
from minikafka.broker.partition import Partition
from minikafka.broker.purgatory import ParkedProduce
from minikafka.broker.validation import InvalidBatch
from minikafka.disk import StorageError
from minikafka.effects import Effect, Observe, Send
from minikafka.log import producer_state
from minikafka.log.producer_state import Verdict
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import ProducePartition, ProducePartitionResult, ProduceRequest, ProduceResponse
from minikafka.protocol.records import RecordBatch
from minikafka.types import NO_OFFSET, Millis, Offset, TopicPartition


class Appender:
    """Appends what producers send to the partitions led here, and answers them."""

    def __init__(self, partitions: Mapping[TopicPartition, Partition], image: MetadataImage) -> None:
        """`partitions` is the replica manager's own table, and `image` the broker's."""
        self.partitions = partitions
        self.image = image

    def append(
        self, asked: ProducePartition, request: ProduceRequest, now: Millis
    ) -> tuple[ProducePartitionResult, Offset, list[facts.Fact]]:
        """One batch: its result so far, its last offset (-1: not appended), and what happened."""
        name = asked.partition
        partition = self.partitions.get(name)
        if partition is None or not partition.is_leader:
            return self._not_leader(name), NO_OFFSET, []
        verdict = acks.ack_decision(acks.Produce(request.acks, None, 0, request.timeout_ms), partition.view())
        if verdict != "APPEND":
            return ProducePartitionResult(name, ErrorCode[verdict]), NO_OFFSET, []
        try:
            batch = validation.check_produced_batch(asked.records, partition.config, now)
            # KIP-890: what opens a transaction here must be the producer's first batch in its epoch.
            known = partition.log.check_producer(batch, batch.is_transactional and request.adds_partition)
            if known != producer_state.ACCEPTED:
                return _not_appended(partition, batch, known)
            written, told = partition.append_as_leader(batch, now)
        except InvalidBatch as problem:
            return ProducePartitionResult(name, problem.error), NO_OFFSET, []
        except StorageError as problem:
            failed = facts.StorageFailed(name, str(problem))
            return ProducePartitionResult(name, ErrorCode.KAFKA_STORAGE_ERROR), NO_OFFSET, [failed]
        result = ProducePartitionResult(
            name,
            ErrorCode.NONE,
            written.base_offset,
            written.max_timestamp_ms if written.has_append_time else -1,
            partition.log.log_start_offset,
        )
        return result, written.last_offset, told

    def append_internal(
        self, name: TopicPartition, batch: RecordBatch, now: Millis
    ) -> tuple[ErrorCode, list[facts.Fact]]:
        """A batch of this broker's own: a coordinator's records, or a marker. Always acks=all."""
        partition = self.partitions.get(name)
        if partition is None or not partition.is_leader:
            return self._not_leader(name).error, []
        verdict = acks.ack_decision(acks.Produce(-1, None, 0, 0), partition.view())
        if verdict != "APPEND":
            return ErrorCode[verdict], []
        if len(batch.data) > partition.config.max_message_bytes:
            return ErrorCode.MESSAGE_TOO_LARGE, []
        entry = partition.log.producers.entries.get(batch.producer_id)
        if not batch.is_control and entry is not None and batch.producer_epoch < entry.producer_epoch:
            # I21: offsets of a fenced producer. Coordinators do not number their batches: there is no more to ask.
            return ErrorCode.INVALID_PRODUCER_EPOCH, []
        try:
            return ErrorCode.NONE, partition.append_as_leader(batch, now)[1]
        except StorageError as problem:
            return ErrorCode.KAFKA_STORAGE_ERROR, [facts.StorageFailed(name, str(problem))]

    def _not_leader(self, name: TopicPartition) -> ProducePartitionResult:
        known = self.image.partition(name)
        if known is None:
            return ProducePartitionResult(name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return ProducePartitionResult(
            name,
            ErrorCode.NOT_LEADER_OR_FOLLOWER,
            current_leader=known.leader,
            current_leader_epoch=known.leader_epoch,
        )

    def settle(self, parked: ParkedProduce, now: Millis) -> list[Effect]:
        """Give every waiting batch its verdict if there is one; answer when none is waiting any more."""
        for name, last_offset in list(parked.waiting.items()):
            verdict = self._verdict(parked, name, last_offset, now)
            if verdict == "WAIT":
                continue
            del parked.waiting[name]
            if verdict not in {"NONE", "NO_REPLY"}:
                parked.results[name] = ProducePartitionResult(name, ErrorCode[verdict])
        if parked.waiting:
            return []
        return self._answer(parked)

    def _verdict(self, parked: ParkedProduce, name: TopicPartition, last_offset: Offset, now: Millis) -> str:
        partition = self.partitions[name]
        if not partition.is_leader:
            return "NOT_LEADER_OR_FOLLOWER"
        waited = now - parked.since_ms
        request = parked.request
        return acks.ack_decision(acks.Produce(request.acks, last_offset, waited, request.timeout_ms), partition.view())

    def _answer(self, parked: ParkedProduce) -> list[Effect]:
        effects: list[Effect] = []
        envelope = parked.envelope
        for name, result in parked.results.items():
            end = parked.last_offsets[name] + 1 if result.error == ErrorCode.NONE else NO_OFFSET
            told = facts.ProduceAnswered(
                name, envelope.source, result.error, result.base_offset, end,
                parked.request.acks, envelope.correlation_id,
            )  # fmt: skip
            effects.append(Observe(told))
        if parked.request.expects_response:
            effects.append(Send(envelope.reply(ProduceResponse(tuple(parked.results.values())))))
        return effects


def _not_appended(
    partition: Partition, batch: RecordBatch, verdict: Verdict
) -> tuple[ProducePartitionResult, Offset, list[facts.Fact]]:
    """A numbered producer's batch that is here already, or may not be appended."""
    name, who = partition.name, (partition.name, batch.producer_id, batch.producer_epoch, batch.base_sequence)
    old = verdict.duplicate
    if old is None:
        return ProducePartitionResult(name, verdict.error), NO_OFFSET, [facts.BatchRefused(*who, verdict.error)]
    result = ProducePartitionResult(
        name,
        ErrorCode.NONE,
        old.first_offset,
        old.timestamp_ms if partition.config.message_timestamp_type == "LogAppendTime" else -1,
        partition.log.log_start_offset,
    )
    return result, old.last_offset, [facts.DuplicateFound(*who, old.first_offset)]
