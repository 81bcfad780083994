"""Sequence numbers: how a partition's leader can tell a repeated batch from a new one.

```
 orders-0, producer 7, epoch 0
 sequence     0   1   2 │ 3   4 │ 5   6 │ 7
              acked     │ in flight     │ next
                        └ refused? sent again first, with the same numbers; the ones behind it wait their turn
```

* Each record has a number, counted for each partition from 0. A batch keeps its numbers however often it is sent: the
  leader answers a repetition with the old offset (KIP-98).
* Batches of one partition reach the log in the order of their numbers. Up to five may be under way, since a leader
  remembers five; of those that must be sent again only the first goes, and the others wait for it.
* A batch that was given up leaves a question: was it stored? Nothing new is sent to the partition until the batches
  behind it have answered that, or the numbers start again at 0 under a higher epoch (KIP-360).

Mirrors `TxnPartitionMap`, `TxnPartitionEntry` and the sequence half of `TransactionManager`. What we leave out: Kafka
renumbers a transaction's batches in place when the leader has lost the producer's state (UNKNOWN_PRODUCER_ID, which
leaders no longer answer); ours aborts the transaction. Kafka raises the epoch at once; ours first waits for the answers
of what is under way to the partition.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from minikafka.client.accumulator import Batch
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import MAX_SEQUENCE
from minikafka.types import NO_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, TopicPartition

MAX_EPOCH = 32_767
"""The last epoch of a producer id; after it comes another id."""


class ProducerIdAndEpoch(NamedTuple):
    """Who a producer is, and since which new beginning."""

    producer_id: int = NO_PRODUCER_ID
    epoch: int = NO_EPOCH

    @property
    def is_valid(self) -> bool:
        """Has it been granted?"""
        return self.producer_id != NO_PRODUCER_ID


NOBODY = ProducerIdAndEpoch()


def sequence_after(sequence: int, count: int) -> int:
    """The number `count` records further on; after 2^31 - 1 comes 0."""
    return (sequence + count) % (MAX_SEQUENCE + 1)


def is_ahead(sequence: int, last: int) -> bool:
    """Was `sequence` given out after `last`? Numbers wrap, so the distance decides."""
    return last == NO_SEQUENCE or 0 < (sequence - last) % (MAX_SEQUENCE + 1) <= MAX_SEQUENCE // 2


@dataclass(slots=True)
class PartitionSequences:
    """The numbers of one partition."""

    identity: ProducerIdAndEpoch
    """Under which they were given out. Another one starts at 0, once everything of this one is settled."""
    next_sequence: int = 0
    last_acked: int = NO_SEQUENCE
    """The last number a leader has acknowledged."""
    in_flight: list[Batch] = field(default_factory=list)
    """Batches with numbers and without an outcome, in order: on the wire, or back in the queue to be sent again."""
    unresolved: int = NO_SEQUENCE
    """The number after a batch that was given up without an answer; -1: none."""

    @property
    def is_unresolved(self) -> bool:
        """Is it unknown whether some batch was stored?"""
        return self.unresolved != NO_SEQUENCE

    def is_next(self, sequence: int) -> bool:
        """Does `sequence` follow directly on what was acknowledged?"""
        return sequence == sequence_after(self.last_acked, 1)

    @property
    def overtaken(self) -> list[Batch]:
        """Batches whose turn is gone: one behind them was stored first, as a leader without state takes any number.

        They are told OUT_OF_ORDER_SEQUENCE_NUMBER and sent again until their delivery.timeout.ms is over
        (`TransactionManager.canRetry`).
        """
        return [batch for batch in self.in_flight if not is_ahead(batch.base_sequence, self.last_acked)]


class Retry(Enum):
    """What to do with a batch that was refused."""

    NEVER = "never"
    AGAIN = "again"
    WITH_NEW_EPOCH = "with a new epoch"
    """Its number can never fit: start again at 0 under a higher epoch, then send it."""


def may_send(batch: Batch, entry: PartitionSequences, current: ProducerIdAndEpoch) -> bool:
    """Is it this batch's turn, as far as numbers go?"""
    if not current.is_valid:
        return False
    if batch.base_sequence == NO_SEQUENCE:
        # Sequence 0 of a new epoch must not overtake what is under way with the old one.
        stale = entry.identity != current and bool(entry.in_flight)
        return not stale and not entry.is_unresolved
    # Only the first may be sent again while others wait, else they would swap places.
    return not entry.in_flight or entry.in_flight[0] is batch


def retry_after(error: ErrorCode, batch: Batch, entry: PartitionSequences, transactional: bool) -> Retry:
    """Shall a numbered batch be sent again after this error?"""
    if error == ErrorCode.UNKNOWN_PRODUCER_ID:
        return Retry.NEVER if transactional else Retry.WITH_NEW_EPOCH
    if error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER:
        waits_for_others = batch.renumbered or not entry.is_next(batch.base_sequence)
        if not entry.is_unresolved and waits_for_others:
            return Retry.AGAIN  # one before it has failed too, and will be sent before it
        if transactional:
            return Retry.NEVER
        is_gap = not entry.is_unresolved or batch.base_sequence == entry.unresolved
        return Retry.WITH_NEW_EPOCH if is_gap else Retry.AGAIN
    return Retry.AGAIN if error.retriable else Retry.NEVER


class Sequences:
    """All numbers of one producer."""

    def __init__(self, transactional: bool) -> None:
        self.transactional = transactional
        self.identity = NOBODY
        self.entries: dict[TopicPartition, PartitionSequences] = {}
        self.restarting: list[TopicPartition] = []
        """Partitions whose numbers must start again under a higher epoch."""

    # --- sending ---

    def may_send(self, batch: Batch) -> bool:
        """Is it this batch's turn?"""
        if batch.partition in self.restarting:
            return False
        return may_send(batch, self._entry(batch.partition), self.identity)

    def number(self, batch: Batch) -> None:
        """Give a batch its numbers, for good."""
        if batch.base_sequence != NO_SEQUENCE:
            return
        entry = self._entry(batch.partition)
        if entry.identity != self.identity:
            assert not entry.in_flight, f"{batch.partition} has batches of an older epoch under way"
            entry = self.entries[batch.partition] = PartitionSequences(self.identity)
        self._stamp(batch, entry)
        entry.in_flight.append(batch)

    def _stamp(self, batch: Batch, entry: PartitionSequences) -> None:
        batch.producer_id, batch.producer_epoch = entry.identity
        batch.base_sequence = entry.next_sequence
        batch.data = b""
        entry.next_sequence = sequence_after(entry.next_sequence, len(batch.records))

    # --- outcomes ---

    def acknowledged(self, batch: Batch) -> None:
        """A leader has it."""
        entry = self._entry(batch.partition)
        last = sequence_after(batch.base_sequence, len(batch.records) - 1)
        if batch in entry.in_flight and is_ahead(last, entry.last_acked):
            entry.last_acked = last
        self._drop(batch)

    def given_up(self, batch: Batch) -> None:
        """It ended without an answer that tells whether it was stored."""
        if batch.base_sequence == NO_SEQUENCE:
            return
        entry = self._entry(batch.partition)
        entry.unresolved = sequence_after(batch.base_sequence, len(batch.records))
        self._drop(batch)

    def refused(self, batch: Batch) -> None:
        """It was certainly not stored, and its numbers will never be used: all that follow start again."""
        self._drop(batch)
        if not self.transactional:  # a transaction is aborted, and its successor has a higher epoch
            self.restart_wanted(batch.partition)

    def split(self, batch: Batch, pieces: list[Batch]) -> None:
        """A batch that was too large goes on in pieces, which share its numbers."""
        entry = self._entry(batch.partition)
        at = entry.in_flight.index(batch)
        entry.in_flight[at : at + 1] = pieces

    def retry_after(self, error: ErrorCode, batch: Batch) -> bool:
        """Shall it be sent again?"""
        verdict = retry_after(error, batch, self._entry(batch.partition), self.transactional)
        if verdict == Retry.WITH_NEW_EPOCH:
            self.restart_wanted(batch.partition)
        return verdict != Retry.NEVER

    # --- open questions and new beginnings ---

    def restart_wanted(self, partition: TopicPartition) -> None:
        """The numbers of a partition must start again."""
        if partition not in self.restarting:
            self.restarting.append(partition)

    def resolve(self) -> list[TopicPartition]:
        """Settle open questions where nothing is under way any more; returns partitions in which a batch is missing."""
        missing = []
        for partition, entry in self.entries.items():
            if not entry.is_unresolved or entry.in_flight:
                continue
            entry.unresolved = NO_SEQUENCE
            if not entry.is_next(entry.next_sequence):
                missing.append(partition)
        return missing

    @property
    def may_restart(self) -> bool:
        """Is a new beginning due, and nothing on the wire that it could cross?"""
        if not self.restarting:
            return False
        return not any(batch.on_wire for name in self.restarting for batch in self._entry(name).in_flight)

    def begin_again(self, identity: ProducerIdAndEpoch) -> list[TopicPartition]:
        """Go on under another id or epoch; returns the partitions whose waiting batches were numbered anew."""
        self.identity = identity
        restarted, self.restarting = self.restarting, []
        for partition in restarted:
            waiting = self._entry(partition).in_flight
            entry = self.entries[partition] = PartitionSequences(identity, in_flight=waiting)
            for batch in waiting:
                self._stamp(batch, entry)
                batch.renumbered = True
        return restarted

    def forget(self) -> None:
        """Nothing is under way, and an epoch that was granted starts at 0 everywhere."""
        self.entries.clear()
        self.restarting.clear()

    def _entry(self, partition: TopicPartition) -> PartitionSequences:
        return self.entries.setdefault(partition, PartitionSequences(self.identity))

    def _drop(self, batch: Batch) -> None:
        entry = self._entry(batch.partition)
        if batch in entry.in_flight:
            entry.in_flight.remove(batch)
