"""What the parts of a consumer share: partitions with their positions, what was fetched, what the application is told.

```
 fetched, waiting ──poll returns──▶ buffer ──▶ the application        the position moves at the arrow,
                                                                      not when a fetch is answered
```

* `Assigned.position` is what the application will be given next. Auto-commit commits it, so it may move only when
  records are handed over.
* One partition needs one thing at a time: its committed offset, an offset by the reset policy, a check against the
  new leader's epochs, or records.

Mirrors `SubscriptionState` and `FetchBuffer`. What we leave out: nothing that belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from minikafka.client.cluster_metadata import ClusterMetadata
from minikafka.client.consumer_requests import Requests
from minikafka.config import ConsumerConfig
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import FetchPartitionResult
from minikafka.protocol.records import Record
from minikafka.types import (
    INTERNAL_TOPICS,
    NO_EPOCH,
    NO_OFFSET,
    BrokerId,
    Epoch,
    Millis,
    NodeId,
    Offset,
    TopicPartition,
)


class Need(Enum):
    """What a partition needs before records can be fetched (Kafka: `FetchStates`)."""

    NOTHING = "fetching"
    COMMITTED = "initializing"
    RESET = "await reset"
    VALIDATION = "await validation"
    APPLICATION = "the application has to seek"


@dataclass(slots=True)
class Assigned:
    """One partition this consumer reads."""

    position: Offset | None
    """Next offset the application is given; None: not known yet."""
    need: Need = Need.NOTHING
    last_epoch: Epoch = NO_EPOCH
    """Leader epoch of the record before the position, as far as known (KIP-320)."""
    checked_epoch: Epoch = NO_EPOCH
    """Leader epoch under which the position was found good; a newer leader is asked first."""
    reset_timestamp: int | None = None
    """Where a reset goes when the application said so; None: where `auto.offset.reset` says."""
    paused: bool = False
    leaving: bool = False
    """It is being given up: nothing more is fetched or handed over."""
    retry_at_ms: Millis = 0
    replica: BrokerId | None = None
    """Read from this follower instead of the leader (KIP-392)."""
    replica_until_ms: Millis = 0
    log_start: Offset = NO_OFFSET
    high_watermark: Offset = NO_OFFSET
    last_stable: Offset = NO_OFFSET
    end_told: Offset = NO_OFFSET
    """Position at which the application was last told that it is at the end."""

    def move(self, offset: Offset, epoch: Epoch) -> None:
        """Stand at another place. What it had to wait for is over."""
        self.position, self.last_epoch, self.need = offset, epoch, Need.NOTHING
        self.reset_timestamp, self.end_told = None, NO_OFFSET

    def reset(self, timestamp: int | None) -> None:
        """Look the position up by time, or by policy."""
        self.position, self.last_epoch, self.need, self.reset_timestamp = None, NO_EPOCH, Need.RESET, timestamp
        self.checked_epoch, self.end_told = NO_EPOCH, NO_OFFSET


class Fetched(NamedTuple):
    """A record with where it came from."""

    partition: TopicPartition
    record: Record
    leader_epoch: Epoch


@dataclass(slots=True)
class Completed:
    """The rest of one answer for one partition: fetched, and not handed over yet (Kafka: `CompletedFetch`)."""

    start: Offset
    """The position it continues."""
    records: list[Fetched]
    next_offset: Offset
    """Behind the last batch: markers and aborted records take offsets, and are passed over."""
    next_epoch: Epoch


class Trouble(NamedTuple):
    """Something the consumer cannot repair by itself. Without a partition it is about the whole consumer."""

    partition: TopicPartition | None
    error: ErrorCode
    reason: str = ""


class Turn(Enum):
    """What happens to partitions in a rebalance, and which callback hears of it."""

    ASSIGNED = "assigned"
    REVOKED = "revoked"
    LOST = "lost"


class RebalanceCall(NamedTuple):
    """The application is to be told; the rebalance goes on when `callback_done` was called."""

    turn: Turn
    partitions: tuple[TopicPartition, ...]


class CommitResult(NamedTuple):
    """What became of a commit, in the order in which they were answered."""

    ticket: int
    """The application's; 0: an automatic commit."""
    error: ErrorCode
    offsets: tuple[tuple[TopicPartition, Offset], ...]


@dataclass(slots=True)
class ConsumerState:
    """What an application can collect."""

    buffer: list[Fetched] = field(default_factory=list)
    """What the last poll returned."""
    errors: list[Trouble] = field(default_factory=list)
    ends: list[tuple[TopicPartition, Offset]] = field(default_factory=list)
    """Partitions that were read to their end just now, if `enable.partition.eof` asks for it."""
    probes: list[FetchPartitionResult] = field(default_factory=list)
    callbacks: list[RebalanceCall] = field(default_factory=list)
    """At most one: what the application's rebalance listener has to be told now."""
    commits: list[CommitResult] = field(default_factory=list)
    answers: dict[int, dict[TopicPartition, tuple[Offset, int, ErrorCode]]] = field(default_factory=dict)
    """Offsets asked for, by ticket: (offset, timestamp or leader epoch, error) of each partition."""


@dataclass(slots=True)
class Subscription:
    """What the application wants to read without naming partitions."""

    topics: tuple[str, ...] = ()
    pattern: str = ""
    has_listener: bool = False
    """Somebody wants to be called back at rebalances."""

    @property
    def is_empty(self) -> bool:
        """Partitions are assigned by hand, or not at all."""
        return not self.topics and not self.pattern


@dataclass(slots=True)
class Shared:
    """One consumer, as its parts see it."""

    node: NodeId
    config: ConsumerConfig
    metadata: ClusterMetadata
    requests: Requests
    state: ConsumerState = field(default_factory=ConsumerState)
    subscription: Subscription = field(default_factory=Subscription)
    assigned: dict[TopicPartition, Assigned] = field(default_factory=dict)
    completed: dict[TopicPartition, Completed] = field(default_factory=dict)
    metadata_wanted: bool = False
    metadata_not_before_ms: Millis = 0
    polling: bool = False
    """The application waits inside poll."""
    listening: bool = False
    """The application is inside poll, close or another call in which its callbacks may run."""

    def subscribed_topics(self) -> tuple[str, ...]:
        """What is subscribed to now; a pattern is matched against the topics we know."""
        if not self.subscription.pattern:
            return self.subscription.topics
        known = sorted(self.metadata.partitions_of)
        hidden = INTERNAL_TOPICS if self.config.exclude_internal_topics else frozenset()
        return tuple(topic for topic in known if topic not in hidden and re.match(self.subscription.pattern, topic))

    def want_metadata(self, now: Millis) -> None:
        """Look who leads, after a pause: whoever said so was wrong a moment ago."""
        if not self.metadata_wanted:
            self.metadata_wanted = True
            self.metadata_not_before_ms = now + self.config.retry_backoff_ms

    def take_up(self, partitions: Iterable[TopicPartition]) -> None:
        """Begin to read partitions; their positions are to be found."""
        for partition in partitions:
            need = Need.COMMITTED if self.config.group_id else Need.RESET
            self.assigned[partition] = Assigned(None, need)
            self.metadata.topics.add(partition.topic)
            self.metadata_wanted |= partition not in self.metadata.leaders

    def give_up(self, partitions: Iterable[TopicPartition]) -> None:
        """Read partitions no more, and forget what was fetched of them."""
        for partition in partitions:
            self.assigned.pop(partition, None)
            self.completed.pop(partition, None)

    def mark_leaving(self, partitions: Iterable[TopicPartition]) -> None:
        """Hand nothing more over of partitions that are about to be given up."""
        for partition in partitions:
            if partition in self.assigned:
                self.assigned[partition].leaving = True
                self.completed.pop(partition, None)
