"""How far each group has read: committed offsets.

```
 OffsetCommit(group g, t-0 → 7)              key (g, t, 0)  value 7        the newest value of a key counts
 TxnOffsetCommit(g, t-0 → 9) of producer 5   key (g, t, 0)  value 9        in a transactional batch: pending
 marker of producer 5: commit ───────────────▶ 9 counts        abort ────▶ 7 still does
```

* An offset that was acknowledged is in the log of every in-sync replica: a new coordinator has it (I29).
* While a transaction that commits offsets is undecided, whoever asks with `require_stable` is told to wait (KIP-447,
  I26): it would otherwise read again what the transaction has already processed.
* Nobody compares an offset with the log it points into: committing 1,000,000 in an empty partition is fine.
* Offsets of groups that nobody uses any more are forgotten after offsets.retention.minutes.

Mirrors `OffsetMetadataManager`. What we leave out: offsets of deleted topics (they wait for their retention).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minikafka.coordinator import group_records
from minikafka.coordinator.group_records import OffsetCommitKey, OffsetCommitValue
from minikafka.coordinator.result import KeyedRecord
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FetchedOffset, OffsetToCommit
from minikafka.types import NO_EPOCH, NO_PRODUCER_ID, Epoch, Millis, TopicPartition


@dataclass(frozen=True, slots=True)
class Committed:
    """An offset that a group has committed."""

    value: OffsetCommitValue
    order: int
    """Place among all that this shard has replayed: the later one wins when a marker decides."""


class Offsets:
    """The committed offsets of one shard's groups. Changed by `replay` and `end` only."""

    def __init__(self) -> None:
        self.by_group: dict[str, dict[TopicPartition, Committed]] = {}
        self.pending: dict[int, dict[tuple[str, TopicPartition], Committed]] = {}
        """By producer id: what counts if its transaction commits."""
        self._replayed = 0

    def replay(self, key: OffsetCommitKey, value: OffsetCommitValue | None, producer_id: int) -> None:
        """Take in a commit, or a tombstone."""
        self._replayed += 1
        partition = TopicPartition(key.topic, key.partition)
        if value is None:
            self._remove(key.group, partition)
        elif producer_id == NO_PRODUCER_ID:
            self.by_group.setdefault(key.group, {})[partition] = Committed(value, self._replayed)
        else:
            self.pending.setdefault(producer_id, {})[key.group, partition] = Committed(value, self._replayed)

    def _remove(self, group: str, partition: TopicPartition) -> None:
        known = self.by_group.get(group, {})
        known.pop(partition, None)
        if not known:
            self.by_group.pop(group, None)

    def end(self, producer_id: int, commit: bool) -> tuple[facts.Fact, ...]:
        """A producer's transaction has ended: what it committed counts now, or never."""
        told: list[facts.Fact] = []
        undone: dict[str, list[TopicPartition]] = {}
        for (group, partition), pending in self.pending.pop(producer_id, {}).items():
            known = self.by_group.get(group, {}).get(partition)
            if not commit:
                undone.setdefault(group, []).append(partition)
            elif wins(pending, known):
                self.by_group.setdefault(group, {})[partition] = pending
                told.append(facts.OffsetCommitted(group, partition, pending.value.offset, "", NO_EPOCH, False))
        told += [facts.OffsetsForgotten(group, tuple(gone), "aborted") for group, gone in undone.items()]
        return tuple(told)

    def is_pending(self, group: str, partition: TopicPartition) -> bool:
        """Is there an undecided transaction that commits an offset of this partition?"""
        return any((group, partition) in offsets for offsets in self.pending.values())

    def has_pending(self, group: str) -> bool:
        """Is there an undecided transaction that commits offsets of this group?"""
        return any(one == group for offsets in self.pending.values() for one, _ in offsets)

    def fetch(self, group: str, partition: TopicPartition, require_stable: bool) -> FetchedOffset:
        """What is committed."""
        if require_stable and self.is_pending(group, partition):
            return FetchedOffset(partition, error=ErrorCode.UNSTABLE_OFFSET_COMMIT)
        committed = self.by_group.get(group, {}).get(partition)
        if committed is None:
            return FetchedOffset(partition)
        value = committed.value
        return FetchedOffset(partition, value.offset, value.leader_epoch, value.metadata)

    def partitions(self, group: str) -> tuple[TopicPartition, ...]:
        """Partitions for which a group has committed."""
        return tuple(sorted(self.by_group.get(group, {})))


# --- decisions ---


def wins(pending: Committed, known: Committed | None) -> bool:
    """A commit outside the transaction may have overtaken it: the order in the log decides, not that of the markers."""
    return known is None or known.order < pending.order


def check_offset(offset: OffsetToCommit, exists: bool, metadata_max_bytes: int) -> ErrorCode:
    """Can this be written down at all?"""
    if not exists:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if len((offset.metadata or "").encode()) > metadata_max_bytes:
        return ErrorCode.OFFSET_METADATA_TOO_LARGE
    return ErrorCode.NONE


def is_expired(
    commit_ms: Millis, empty_since_ms: Millis | None, is_read: bool, now: Millis, retention_ms: Millis
) -> bool:
    """May a committed offset be forgotten? (`OffsetExpirationCondition`).

    `empty_since_ms` is when a classic group with members lost the last of them, None where the moment of the commit
    counts: groups without members of their own, and KIP-848 groups. `is_read`: the group reads the topic now.
    """
    base_ms = commit_ms if empty_since_ms is None else empty_since_ms
    return not is_read and now - base_ms >= retention_ms


# --- records ---


def commit_record(group: str, offset: OffsetToCommit, now: Millis) -> KeyedRecord:
    """A commit as it is written down; missing metadata is empty metadata."""
    key = OffsetCommitKey(group, offset.partition.topic, offset.partition.partition)
    value = OffsetCommitValue(offset.offset, offset.leader_epoch, offset.metadata or "", now)
    return group_records.record(key, value)


def tombstones(group: str, partitions: Sequence[TopicPartition]) -> tuple[KeyedRecord, ...]:
    """What takes commits away."""
    return tuple(group_records.record(OffsetCommitKey(group, one.topic, one.partition), None) for one in partitions)


def commit_fact(
    group: str, offset: OffsetToCommit, member: str, generation: Epoch, pending: bool
) -> facts.OffsetCommitted:
    """A commit as a fact."""
    return facts.OffsetCommitted(group, offset.partition, offset.offset, member, generation, pending)
