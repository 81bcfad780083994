"""DeleteRecords: an application says that nobody needs what lies below an offset.

```
 DeleteRecords(5) ─▶ leader: log start 0 → 5 ─▶ followers hear of it with their next fetch, and move too
                     answer: the low watermark, once no live replica starts below 5
```

* Only committed records can be dropped, and only where cleanup.policy has `delete`.
* Nothing is erased at once: whole segments below the log start go with the next round of retention.
* The answer waits like a produce with acks=all, but for log starts instead of log ends.

Mirrors `ReplicaManager.deleteRecords` and `DelayedDeleteRecords`. What we leave out: the purgatory with its timing
wheel; who waits is looked at when a log start moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from minikafka.broker.partition import Partition
from minikafka.effects import Effect, Observe, Send, SetTimer, Timer
from minikafka.metadata.image import MetadataImage
from minikafka.protocol.admin_messages import DeleteRecordsRequest, DeleteRecordsResponse
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope
from minikafka.types import INTERNAL_TOPICS, NO_OFFSET, BrokerId, NodeId, Offset, TopicPartition

TIMEOUT = "delete-records"
TO_HIGH_WATERMARK = -1
"""DeleteRecords with this offset means: everything that is committed."""


def check_deletion(asked: Offset, high_watermark: Offset, cleanup_policy: str) -> ErrorCode:
    """May everything below `asked` be dropped? `Partition.deleteRecordsOnLeader`."""
    if "delete" not in cleanup_policy:
        return ErrorCode.POLICY_VIOLATION
    if asked > high_watermark or asked < TO_HIGH_WATERMARK:
        return ErrorCode.OFFSET_OUT_OF_RANGE
    return ErrorCode.NONE


def low_watermark(leader_start: Offset, followers: Mapping[BrokerId, Offset], alive: frozenset[BrokerId]) -> Offset:
    """The smallest log start among the leader and all followers that are alive (`Partition.lowWatermarkIfLeader`)."""
    return min([leader_start, *(start for broker, start in followers.items() if broker in alive)])


@dataclass(slots=True)
class Parked:
    """A request that waits for followers."""

    envelope: Envelope
    results: dict[TopicPartition, tuple[ErrorCode, Offset]]
    waiting: dict[TopicPartition, Offset]
    """The log start that every live replica must reach."""


class DeleteRecords:
    """Moves the log starts of partitions led here."""

    def __init__(self, partitions: Mapping[TopicPartition, Partition], image: MetadataImage) -> None:
        self.partitions = partitions
        self.image = image
        self.parked: dict[int, Parked] = {}
        self._number = 0

    def handle(self, envelope: Envelope, request: DeleteRecordsRequest) -> list[Effect]:
        """Move each log start, and answer when all live replicas have followed."""
        effects: list[Effect] = []
        parked = Parked(envelope, {}, {})
        for name, asked in request.partitions:
            error = self._check(name, asked)
            parked.results[name] = (error, NO_OFFSET)
            if error != ErrorCode.NONE:
                continue
            log = self.partitions[name].log
            offset = log.high_watermark if asked == TO_HIGH_WATERMARK else asked
            log.move_log_start(offset, "DeleteRecords")
            effects += [Observe(fact) for fact in log.take_news()]
            parked.waiting[name] = offset
        self._number += 1
        self.parked[self._number] = parked
        effects += self._settle(self._number, now_is_late=False)
        if self._number in self.parked:
            effects.append(SetTimer(Timer(TIMEOUT, self._number), request.timeout_ms))
        return effects

    def recheck(self) -> list[Effect]:
        """A follower has fetched, or a partition has changed hands."""
        return [effect for number in list(self.parked) for effect in self._settle(number, now_is_late=False)]

    def timed_out(self, timer: Timer) -> list[Effect]:
        """Answer REQUEST_TIMED_OUT for what has not been reached."""
        return self._settle(timer.guards, now_is_late=True) if timer.guards in self.parked else []

    def forget(self, peer: NodeId) -> None:
        """Nobody waits there any more."""
        self.parked = {number: one for number, one in self.parked.items() if one.envelope.source != peer}

    def _check(self, name: TopicPartition, asked: Offset) -> ErrorCode:
        partition = self.partitions.get(name)
        if name.topic in INTERNAL_TOPICS:
            return ErrorCode.INVALID_TOPIC_EXCEPTION
        if self.image.partition(name) is None:
            return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        if partition is None or not partition.is_leader:
            return ErrorCode.NOT_LEADER_OR_FOLLOWER
        log = partition.log
        return check_deletion(asked, log.high_watermark, log.config.cleanup_policy)

    def _settle(self, number: int, now_is_late: bool) -> list[Effect]:
        parked = self.parked[number]
        for name, needed in list(parked.waiting.items()):
            partition = self.partitions.get(name)
            low = NO_OFFSET if partition is None else self._low_watermark(partition)
            if partition is None or not partition.is_leader:
                parked.results[name] = (ErrorCode.NOT_LEADER_OR_FOLLOWER, NO_OFFSET)
            elif low >= needed:
                parked.results[name] = (ErrorCode.NONE, low)
            elif now_is_late:
                parked.results[name] = (ErrorCode.REQUEST_TIMED_OUT, NO_OFFSET)
            else:
                continue
            del parked.waiting[name]
        if parked.waiting:
            return []
        del self.parked[number]
        rows = tuple((name, error, low) for name, (error, low) in parked.results.items())
        return [Send(parked.envelope.reply(DeleteRecordsResponse(rows)))]

    def _low_watermark(self, partition: Partition) -> Offset:
        starts = {broker: state.log_start_offset for broker, state in partition.followers.items()}
        alive = frozenset(broker for broker in starts if self.image.is_active(broker))
        return low_watermark(partition.log.log_start_offset, starts, alive)
