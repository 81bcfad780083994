"""What a reader gets of a partition: are its epoch and its log those of the leader, and how far may it read?

```
 epochs agree? ─▶ logs agree? ─▶ note the follower's position ─▶ read up to the end it may see
```

Mirrors the fetch half of `ReplicaManager` (`readFromLog`) and `Partition.fetchRecords`. What we leave out: fetch
sessions (KIP-227), tiered storage, quotas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from minikafka.broker import closest_replica, fencing
from minikafka.broker import partition as partition_rules
from minikafka.broker.closest_replica import ReplicaView
from minikafka.broker.partition import Partition
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartition, FetchPartitionResult, FetchRequest
from minikafka.types import NO_LEADER, NO_OFFSET, BrokerId, Epoch, Millis, NodeId, Offset, TopicPartition

READ_COMMITTED = 1


def committed_end(end: Offset, last_stable_offset: Offset, fetch_offset: Offset) -> Offset:
    """How far a reader with isolation.level=read_committed may read: not into an undecided transaction (I22)."""
    return max(fetch_offset, min(end, last_stable_offset))


class Reader:
    """Reads for followers and consumers from the partitions of one broker."""

    def __init__(
        self,
        broker_id: BrokerId,
        partitions: Mapping[TopicPartition, Partition],
        image: MetadataImage,
        rack_aware: bool = False,
    ) -> None:
        """`partitions` is the replica manager's own table, and `image` the broker's; `rack_aware`: see KIP-392."""
        self.broker_id = broker_id
        self.partitions = partitions
        self.image = image
        self.rack_aware = rack_aware

    def read_all(
        self, request: FetchRequest, reader: NodeId, now: Millis, first_time: bool
    ) -> Iterator[tuple[FetchPartitionResult, list[facts.Fact]]]:
        """What one reader gets of each partition it asks for, in turn: what the first ones take the next ones lack.

        Only the first records of all are given whatever their size, or who reads would stand still (KIP-74).
        `first_time` is not a look at a fetch that was parked.
        """
        taken = 0
        for asked in request.partitions:
            room = min(asked.max_bytes, request.max_bytes - taken)
            result, told = self.read(asked, request, reader, now, room if taken else max(room, 1), first_time)
            if taken and len(result.records) > room:
                result = replace(result, records=b"")
            taken += len(result.records)
            yield result, told

    def read(
        self,
        asked: FetchPartition,
        request: FetchRequest,
        reader: NodeId,
        now: Millis,
        room: int,
        first_time: bool,
    ) -> tuple[FetchPartitionResult, list[facts.Fact]]:
        """What one reader gets of one partition: whole batches of about `room` bytes, at least one if there is room."""
        name = asked.partition
        from_rack = request.replica_id < 0 and request.rack_id != ""
        partition, error = self.check(name, asked.current_leader_epoch, leader_only=not from_rack)
        if partition is None:
            return self._refuse_read(asked, reader, error)
        if request.replica_id == self.broker_id:
            return self._refuse_read(asked, reader, ErrorCode.NOT_LEADER_OR_FOLLOWER)
        if from_rack and self.rack_aware and partition.is_leader:
            closest = self._closest(partition, asked.fetch_offset, request.rack_id, now)
            if closest != self.broker_id:
                return _elsewhere(partition, closest), []
        log = partition.log
        diverging = log.divergence(asked.last_fetched_epoch, asked.fetch_offset)
        if diverging is not None:
            found = facts.DivergenceFound(
                name, reader, asked.fetch_offset, asked.last_fetched_epoch, diverging.epoch, diverging.end_offset
            )
            answer = FetchPartitionResult(
                name, ErrorCode.NONE, log.high_watermark, log.log_start_offset,
                diverging_epoch=diverging.epoch, diverging_end_offset=diverging.end_offset,
            )  # fmt: skip
            return answer, [found]
        if asked.last_fetched_epoch >= 0 and log.end_of_epoch(asked.last_fetched_epoch) is None:
            return self._refuse_read(asked, reader, ErrorCode.OFFSET_OUT_OF_RANGE)
        code, end = partition_rules.fetch_window(
            log.log_start_offset, log.high_watermark, log.log_end_offset,
            asked.fetch_offset, request.replica_id, partition.replicas,
        )  # fmt: skip
        if code:
            return self._refuse_read(asked, reader, ErrorCode(code))
        told: list[facts.Fact] = []
        if first_time and request.replica_id >= 0:
            told = partition.record_follower_fetch(
                request.replica_id, asked.fetch_offset, request.replica_epoch, asked.current_leader_epoch, now,
                asked.log_start_offset,
            )  # fmt: skip
        aborted = None
        if request.replica_id < 0 and request.isolation_level == READ_COMMITTED:
            end = committed_end(end, log.last_stable_offset, asked.fetch_offset)
            aborted = tuple((one[0], one[1]) for one in log.aborted_transactions(asked.fetch_offset, end))
        records = b""
        if room > 0:
            records = log.read(asked.fetch_offset, room, end)
        result = FetchPartitionResult(
            name, ErrorCode.NONE, log.high_watermark, log.log_start_offset, records,
            last_stable_offset=log.last_stable_offset, aborted_transactions=aborted,
        )  # fmt: skip
        return result, told

    def _closest(self, partition: Partition, fetch_offset: Offset, rack: str, now: Millis) -> BrokerId:
        """KIP-392: which of the replicas that are in sync and hold this offset the consumer should ask."""
        views = tuple(
            ReplicaView(broker, self._rack_of(broker), state.log_end_offset, now - state.last_caught_up_ms)
            for broker, state in partition.followers.items()
            if broker in partition.isr
            and self.image.is_alive(broker)
            and state.log_start_offset <= fetch_offset <= state.log_end_offset
        )
        leader = ReplicaView(self.broker_id, self._rack_of(self.broker_id), partition.log.log_end_offset, 0)
        return closest_replica.choose_read_replica(rack, leader, views)

    def _rack_of(self, broker: BrokerId) -> str | None:
        known = self.image.brokers.get(broker)
        return None if known is None else known.rack

    def check(
        self, name: TopicPartition, request_epoch: Epoch, leader_only: bool = True
    ) -> tuple[Partition | None, ErrorCode]:
        """The replica to read from, or the error that says who is behind."""
        partition = self.partitions.get(name)
        if partition is None:
            known = self.image.partition(name) is not None
            return None, ErrorCode.NOT_LEADER_OR_FOLLOWER if known else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        verdict = fencing.check_leader_epoch(request_epoch, partition.leader_epoch, partition.is_leader, leader_only)
        return (partition, ErrorCode.NONE) if verdict == "NONE" else (None, ErrorCode[verdict])

    def _refuse_read(
        self, asked: FetchPartition, reader: NodeId, error: ErrorCode
    ) -> tuple[FetchPartitionResult, list[facts.Fact]]:
        known = self.image.partition(asked.partition)
        local = self.partitions.get(asked.partition)
        result = FetchPartitionResult(
            asked.partition,
            error,
            log_start_offset=local.log.log_start_offset if local else NO_OFFSET,
            current_leader=known.leader if known else NO_LEADER,
            current_leader_epoch=known.leader_epoch if known else -1,
        )
        epoch = local.leader_epoch if local else -1
        return result, [facts.ReadRefused(asked.partition, reader, error, asked.current_leader_epoch, epoch)]


def _elsewhere(partition: Partition, closest: BrokerId) -> FetchPartitionResult:
    log = partition.log
    return FetchPartitionResult(
        partition.name, ErrorCode.NONE, log.high_watermark, log.log_start_offset,
        last_stable_offset=log.last_stable_offset, preferred_read_replica=closest,
    )  # fmt: skip


def has_news(request: FetchRequest, results: list[FetchPartitionResult]) -> bool:
    """Is there enough to answer at once?"""
    size = 0
    for result in results:
        if result.error or result.diverging_epoch >= 0 or result.preferred_read_replica >= 0:
            return True
        size += len(result.records)
    return not results or size >= request.min_bytes
