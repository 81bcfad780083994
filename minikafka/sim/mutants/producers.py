"""Faults in what a log knows of numbered producers: forgotten, noted too early, compared with too little."""

# ruff: noqa: ARG001  # a mutant takes what the function it replaces takes, and mostly looks at less

from __future__ import annotations

from typing import Any

from minikafka.broker.partition import Partition
from minikafka.log import loading, producer_state
from minikafka.log.partition_log import PartitionLog
from minikafka.log.producer_state import ProducerState, ProducerStates, Verdict
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import ProducePartitionResult
from minikafka.protocol.records import RecordBatch
from minikafka.sim.mutants.mutant import Mutant
from minikafka.sim.profiles import STACK
from minikafka.sim.schedule import Setup, schedule
from minikafka.types import NO_OFFSET, Epoch, Offset

SEQUENCE = "minikafka.log.producer_state:check_sequence"
RESTORE = "minikafka.log.partition_log:PartitionLog._restore_producers"

_check_sequence = producer_state.check_sequence
_append_as_follower = PartitionLog.append_as_follower
_append_as_leader = PartitionLog.append_as_leader
_note_producer = PartitionLog._note_producer


def begin_a_new_book(self: PartitionLog, up_to: Offset, walked: list[RecordBatch] | None = None) -> None:
    """Whoever is numbered will write again, and then we know."""
    self.producers = ProducerStates()
    self.producers.end_offset = self.log_end_offset


def copy_without_book(self: PartitionLog, batch: RecordBatch) -> bool:
    """Duplicates are the leader's business."""
    written = _append_as_follower(self, batch)
    idle = [one.producer_id for one in self.producers.entries.values() if one.transaction_start == NO_OFFSET]
    for producer_id in idle:
        del self.producers.entries[producer_id]
    return written


def know_the_last_only(
    entry: ProducerState | None,
    producer_epoch: int,
    first_sequence: int,
    last_sequence: int,
    must_start_at_zero: bool = False,
) -> Verdict:
    """What was sent twice is the batch before."""
    if entry is not None and len(entry.batches) > 1:
        entry = ProducerState(entry.producer_id, entry.producer_epoch, entry.batches[-1:])
    return _check_sequence(entry, producer_epoch, first_sequence, last_sequence, must_start_at_zero)


def any_epoch_may_go_on(
    entry: ProducerState | None,
    producer_epoch: int,
    first_sequence: int,
    last_sequence: int,
    must_start_at_zero: bool = False,
) -> Verdict:
    """The coordinator has fenced the zombie; a log need not."""
    if entry is not None and producer_epoch < entry.producer_epoch:
        return producer_state.ACCEPTED
    return _check_sequence(entry, producer_epoch, first_sequence, last_sequence, must_start_at_zero)


def trust_the_producer(entry: ProducerState | None, epoch: int, adds_partition: bool, verification: bool) -> bool:
    """Asked once, a producer is known."""
    return entry is None and (adds_partition or verification)


def note_before_writing(self: PartitionLog, batch: RecordBatch, leader_epoch: Epoch) -> RecordBatch:
    """First the book, then the disk: in the end both have it."""
    if batch.producer_id >= 0 and not batch.is_transactional:
        self.producers.update(batch.stamped(self.log_end_offset, leader_epoch))
    return _append_as_leader(self, batch, leader_epoch)


def note_what_is_not_noted(self: PartitionLog, batch: RecordBatch) -> None:
    """It may stand in the book already."""
    known = self.producers.entries.get(batch.producer_id)
    if known is None or not known.batches or known.batches[-1].first_offset != batch.base_offset:
        _note_producer(self, batch)


def answer_with_the_end(
    partition: Partition, batch: RecordBatch, verdict: Verdict
) -> tuple[ProducePartitionResult, Offset, list[Any]]:
    """Stored is stored; where it would stand now is as good an offset as any."""
    if verdict.duplicate is None:
        return ProducePartitionResult(partition.name, verdict.error), NO_OFFSET, []
    end = partition.log.log_end_offset
    return ProducePartitionResult(partition.name, ErrorCode.NONE, end), verdict.duplicate.last_offset, []


def newest_book_counts(self: PartitionLog, up_to: Offset, walked: list[RecordBatch] | None = None) -> None:
    """The newest snapshot knows most."""
    self.producers = ProducerStates()
    for offset in reversed(loading.snapshots(self.disk, self.directory)):
        path = loading.snapshot_path(self.directory, offset)
        restored = ProducerStates.restored(self.disk.read(path, 0, self.disk.size(path)), offset)
        if restored is not None:
            self.producers = restored
            break
    self._replay_producers(up_to, walked or [])
    self.producers.move_high_watermark(self.high_watermark)


# Broker 1 has b alone, and writes it into its book when it stops; back again it cuts b, and starts once more.
BOOK_OF_A_CUT_LOG = schedule(
    (0, "send", "a", {"idempotent": True}), (1_000, "cut", 1, "brokers"), (1_000, "send", "b", {"idempotent": True}),
    (1_100, "pause", "producer-A"), (1_100, "shut_down", 1), (6_000, "heal"), (6_000, "restart", 1),
    (9_000, "crash", 1), (12_000, "restart", 1), (12_500, "resume", "producer-A"),
)  # fmt: skip

MUTANTS = (
    Mutant(
        "begin_a_new_book", "whoever is numbered will write again, and then we know", "I20", "knows of producer",
        {RESTORE: begin_a_new_book},
        story="Sequence numbers that live in memory only. Kafka replays the log into ProducerStateManager when it is "
        "opened or cut, with a snapshot to begin from (KIP-98).",
    ),
    Mutant(
        "copy_without_book", "duplicates are the leader's business", "I18", "was sent once, and stands in",
        {"minikafka.log.partition_log:PartitionLog.append_as_follower": copy_without_book},
        story="A follower that copies batches and not what follows from them takes office without knowing what it "
        "has. In Kafka every replica updates its producer state with every append (KIP-98).",
    ),
    Mutant(
        "know_the_last_only", "what is sent twice is the batch before", "I18", "was sent once, and stands in",
        {SEQUENCE: know_the_last_only},
        story="Kafka 0.11 remembered one batch of each producer, and idempotence asked for max.in.flight 1. Since "
        "1.0 it keeps five, so that any of five requests in flight may come again (KAFKA-5494).",
    ),
    Mutant(
        "any_epoch_may_go_on", "the coordinator has fenced the zombie; a log need not", "I21", "has epoch",
        {SEQUENCE: any_epoch_may_go_on, "minikafka.broker.transaction_verification:must_ask": trust_the_producer},
        story="KIP-98 fences twice: at the coordinator, and at each partition by the epoch in the batch. The second "
        "is what stops a zombie that asks nobody.",
    ),
    Mutant(
        "note_before_writing", "in the end both have it", "I18", "",
        {
            "minikafka.log.partition_log:PartitionLog.append_as_leader": note_before_writing,
            "minikafka.log.partition_log:PartitionLog._note_producer": note_what_is_not_noted,
        },
        story="The number is in the book, the batch is not on the disk: sent again it looks like a duplicate and is "
        "answered with success. Kafka updates producer state after the append has succeeded (`UnifiedLog.append`).",
    ),
    Mutant(
        "answer_with_the_end", "stored is stored; any offset will do", "I1", "was acknowledged at offset",
        {"minikafka.broker.appending:_not_appended": answer_with_the_end},
        story="A duplicate must be answered with the offset that it has had since the first time; until KAFKA-5494 "
        "one older than the last batch was told DUPLICATE_SEQUENCE_NUMBER and no offset at all.",
    ),
    Mutant(
        "newest_book_counts", "the newest snapshot knows most", "I20", "knows of producer",
        {RESTORE: newest_book_counts}, (BOOK_OF_A_CUT_LOG,), Setup(settings=STACK),
        story="A snapshot from beyond the end of a log that was cut tells of batches that are gone. Kafka deletes "
        "such snapshots first (`ProducerStateManager.truncateAndReload`).",
    ),
)  # fmt: skip
