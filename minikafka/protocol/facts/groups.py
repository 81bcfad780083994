"""Facts about consumer groups, stated by their coordinator, and by members about themselves."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.protocol.errors import ErrorCode
from minikafka.types import Epoch, Millis, Offset, TopicPartition

# --- stated by the coordinator ---


class CoordinatorLoaded(NamedTuple):
    """This broker leads a partition of an internal topic and has replayed it: it coordinates what lies there."""

    partition: TopicPartition
    leader_epoch: Epoch


class CoordinatorUnloaded(NamedTuple):
    """This broker no longer leads that partition, and has forgotten what it held."""

    partition: TopicPartition


class GroupChanged(NamedTuple):
    """A group is in another state or generation."""

    group: str
    state: str
    """Classic: `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`, `Dead`. KIP-848: `Empty`, `Assigning`,
    `Reconciling`, `Stable`, `Dead`."""
    generation: Epoch
    """Generation of a classic group, group epoch of a KIP-848 group."""
    protocol: str
    """Name of the assignor in use; empty while there is none."""
    leader: str
    """Member id of the classic group's leader; empty for none."""
    members: tuple[str, ...]


class MemberJoined(NamedTuple):
    """A member is in the group from now on."""

    group: str
    member: str
    instance: str
    """group.instance.id of a static member; empty for a dynamic one."""
    session_timeout_ms: Millis = 0
    """Silent for longer than this, it is taken out of the group."""
    rebalance_timeout_ms: Millis = 0
    """The member's own max.poll.interval.ms: so long it may go without a poll."""


class MemberRemoved(NamedTuple):
    """A member is no longer in the group."""

    group: str
    member: str
    reason: str
    """`left`, `session timeout`, `rebalance timeout`, `replaced` (another process with its instance id)."""


class AssignmentGiven(NamedTuple):
    """A member is told which partitions are its own, in this generation or member epoch."""

    group: str
    member: str
    generation: Epoch
    partitions: tuple[TopicPartition, ...]


class OffsetCommitted(NamedTuple):
    """A committed offset is written down. `pending`: inside a transaction that is not decided yet."""

    group: str
    partition: TopicPartition
    offset: Offset
    member: str
    generation: Epoch
    pending: bool


class CommitRefused(NamedTuple):
    """A commit changed nothing."""

    group: str
    member: str
    generation: Epoch
    error: ErrorCode


class OffsetsForgotten(NamedTuple):
    """Committed offsets are gone: expired, deleted, or their transaction was aborted."""

    group: str
    partitions: tuple[TopicPartition, ...]
    reason: str
    """`expired`, `deleted`, `aborted`."""


# --- stated by members ---


class PartitionsAssigned(NamedTuple):
    """This member may read these partitions now, besides those it has."""

    group: str
    generation: Epoch
    partitions: tuple[TopicPartition, ...]


class PartitionsRevoked(NamedTuple):
    """This member gives these partitions up, in time to commit."""

    group: str
    generation: Epoch
    partitions: tuple[TopicPartition, ...]


class PartitionsLost(NamedTuple):
    """These partitions were taken from this member: somebody else may own them already, so it must not commit."""

    group: str
    generation: Epoch
    partitions: tuple[TopicPartition, ...]


class CommitSent(NamedTuple):
    """A member asks for these offsets to be committed: (partition, next offset to read)."""

    group: str
    generation: Epoch
    offsets: tuple[tuple[TopicPartition, Offset], ...]
    automatic: bool


class CommitAcknowledged(NamedTuple):
    """A member was told that these offsets are committed."""

    group: str
    offsets: tuple[tuple[TopicPartition, Offset], ...]


class CommitFailed(NamedTuple):
    """A member was told that its commit failed, or gave up on it."""

    group: str
    error: ErrorCode
    offsets: tuple[tuple[TopicPartition, Offset], ...]


GroupFact: TypeAlias = (
    CoordinatorLoaded
    | CoordinatorUnloaded
    | GroupChanged
    | MemberJoined
    | MemberRemoved
    | AssignmentGiven
    | OffsetCommitted
    | CommitRefused
    | OffsetsForgotten
    | PartitionsAssigned
    | PartitionsRevoked
    | PartitionsLost
    | CommitSent
    | CommitAcknowledged
    | CommitFailed
)
