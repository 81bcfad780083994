"""A KIP-848 consumer group: the coordinator deals out, and each member is moved towards its part at its own pace.

The problem: in a classic group everybody stops until the slowest has joined. The idea: three epochs and no barrier.

```
 group epoch 5          who is in and what they want has changed for the fifth time
 assignment epoch 5     the target assignment takes that into account:   A: t-0        B: t-1
 member A, epoch 4      owns t-0 and t-1, is asked to give up t-1        UNREVOKED_PARTITIONS
 member B, epoch 5      owns nothing: t-1 is still A's                   UNRELEASED_PARTITIONS
 A: "I own t-0"    ───▶ A is in epoch 5, STABLE;  B's next heartbeat ───▶ B owns t-1, STABLE
```

* A partition is given to a member only after the one before has said that it no longer owns it, or was expelled (I27).
* A member moves to the target epoch when it has nothing left to give up; others go on reading meanwhile.
* A member that does not give up in time (its rebalance timeout) is fenced, and one that is silent too.
* All of it is records; this state is what their replay makes.

Mirrors `ConsumerGroup`, `ConsumerGroupMember` and `CurrentAssignmentBuilder`. What moves it: `consumer_heartbeat.py`.
What we leave out: classic members in such a group (the bridge between the two protocols), racks in the assignment, the
server-side assignors that users plug in.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from minikafka.coordinator.group_records import (
    ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataValue,
)
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.types import Epoch, Millis, TopicPartition

JOIN_EPOCH, LEAVE_EPOCH, STATIC_LEAVE_EPOCH = 0, -1, -2


class ConsumerGroupState(Enum):
    """Where a KIP-848 group stands."""

    EMPTY = "Empty"
    ASSIGNING = "Assigning"
    """The target assignment does not know the newest group epoch yet."""
    RECONCILING = "Reconciling"
    """Some member is not where the target wants it."""
    STABLE = "Stable"
    DEAD = "Dead"


class MemberState(Enum):
    """Where a member stands on its way to the target."""

    STABLE = "STABLE"
    UNREVOKED_PARTITIONS = "UNREVOKED_PARTITIONS"
    """Must give up partitions first; stays in its epoch until it has."""
    UNRELEASED_PARTITIONS = "UNRELEASED_PARTITIONS"
    """In the new epoch, and waits for partitions that others have not given up."""


@dataclass(frozen=True, slots=True)
class ConsumerMember:
    """One member. Frozen: a decision makes another one, and `replay` puts it in place."""

    member_id: str
    instance_id: str | None = None
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    subscribed_topics: tuple[str, ...] = ()
    subscribed_regex: str | None = None
    rebalance_timeout_ms: Millis = -1
    server_assignor: str | None = None
    member_epoch: Epoch = 0
    previous_member_epoch: Epoch = -1
    state: MemberState = MemberState.STABLE
    assigned: tuple[tuple[TopicPartition, Epoch], ...] = ()
    """What it owns, and since which epoch (KIP-1251)."""
    pending_revocation: tuple[TopicPartition, ...] = ()
    """What it was asked to give up."""

    @property
    def partitions(self) -> tuple[TopicPartition, ...]:
        """What it owns."""
        return tuple(partition for partition, _ in self.assigned)

    def metadata(self) -> ConsumerGroupMemberMetadataValue:
        """Who it is and what it wants, for the log."""
        return ConsumerGroupMemberMetadataValue(
            self.instance_id, self.rack_id, self.client_id, self.client_host, self.subscribed_topics,
            self.subscribed_regex, self.rebalance_timeout_ms, self.server_assignor,
        )  # fmt: skip

    def current(self) -> ConsumerGroupCurrentMemberAssignmentValue:
        """How far it has come, for the log."""
        return ConsumerGroupCurrentMemberAssignmentValue(
            self.member_epoch, self.previous_member_epoch, self.state.value, self.assigned, self.pending_revocation
        )

    def with_metadata(self, value: ConsumerGroupMemberMetadataValue) -> ConsumerMember:
        """The member as its metadata record says."""
        return replace(
            self, instance_id=value.instance_id, rack_id=value.rack_id, client_id=value.client_id,
            client_host=value.client_host, subscribed_topics=value.subscribed_topics,
            subscribed_regex=value.subscribed_regex, rebalance_timeout_ms=value.rebalance_timeout_ms,
            server_assignor=value.server_assignor,
        )  # fmt: skip

    def with_current(self, value: ConsumerGroupCurrentMemberAssignmentValue) -> ConsumerMember:
        """The member as its assignment record says."""
        return replace(
            self, member_epoch=value.member_epoch, previous_member_epoch=value.previous_member_epoch,
            state=MemberState(value.state), assigned=value.assigned,
            pending_revocation=value.pending_revocation,
        )  # fmt: skip


@dataclass(slots=True)
class ConsumerGroup:
    """A KIP-848 group as its coordinator has it. Changed by `replay` only, but for the timers at the end."""

    group_id: str
    group_epoch: Epoch = 0
    metadata_hash: int = 0
    assignment_epoch: Epoch = 0
    assignment_ms: Millis = 0
    """When the target assignment was computed."""
    members: dict[str, ConsumerMember] = field(default_factory=dict)
    target: dict[str, tuple[TopicPartition, ...]] = field(default_factory=dict)
    heard_ms: dict[str, Millis] = field(default_factory=dict)
    """When each member was heard last. In memory only: a new coordinator gives everybody a whole session."""
    watched: dict[str, Millis] = field(default_factory=dict)
    """When each member's watch comes."""
    revoke_by_ms: dict[str, Millis] = field(default_factory=dict)
    """Until when members that have to give partitions up may take."""

    def static_member(self, instance_id: str) -> ConsumerMember | None:
        """The member that has this instance id."""
        return next((one for one in self.members.values() if one.instance_id == instance_id), None)

    @property
    def state(self) -> ConsumerGroupState:
        """Where it stands."""
        return state_of(self.group_epoch, self.assignment_epoch, self.members.values())

    def owners(self) -> dict[TopicPartition, str]:
        """Who owns a partition, or has not given it up yet."""
        return {
            partition: member.member_id
            for member in self.members.values()
            for partition in (*member.partitions, *member.pending_revocation)
        }


# --- decisions ---


def state_of(group_epoch: Epoch, assignment_epoch: Epoch, members: Iterable[ConsumerMember]) -> ConsumerGroupState:
    """Where a group stands, from its epochs and its members."""
    everybody = list(members)
    if not everybody:
        return ConsumerGroupState.EMPTY
    if group_epoch > assignment_epoch:
        return ConsumerGroupState.ASSIGNING
    arrived = [one.state is MemberState.STABLE and one.member_epoch == assignment_epoch for one in everybody]
    return ConsumerGroupState.STABLE if all(arrived) else ConsumerGroupState.RECONCILING


def reconcile(
    member: ConsumerMember,
    target_epoch: Epoch,
    target: Sequence[TopicPartition],
    owners: Mapping[TopicPartition, str],
    owned: Sequence[TopicPartition] | None,
) -> ConsumerMember:
    """One step of a member towards its target (`CurrentAssignmentBuilder.build`, I27).

    `owners` says who owns each partition, or has not given it up; `owned` is what the member says it owns, None when it
    does not say.
    """
    if member.state is MemberState.STABLE and member.member_epoch == target_epoch:
        return member
    if member.state is MemberState.UNREVOKED_PARTITIONS and still_owns(member.pending_revocation, owned):
        return member
    kept = tuple(entry for entry in member.assigned if entry[0] in target)
    to_revoke = tuple(partition for partition in member.partitions if partition not in target)
    if to_revoke and still_owns(to_revoke, owned):
        return replace(
            member, state=MemberState.UNREVOKED_PARTITIONS, previous_member_epoch=member.member_epoch,
            assigned=kept, pending_revocation=to_revoke,
        )  # fmt: skip
    missing = [partition for partition in target if partition not in {one for one, _ in kept}]
    free = tuple((partition, target_epoch) for partition in missing if partition not in owners)
    # What it has just given up is free from the next heartbeat on; others wait for what somebody else owns.
    state = MemberState.STABLE if len(free) == len(missing) else MemberState.UNRELEASED_PARTITIONS
    return replace(
        member, state=state, member_epoch=target_epoch, previous_member_epoch=member.member_epoch,
        assigned=tuple(sorted(kept + free)), pending_revocation=(),
    )  # fmt: skip


def still_owns(partitions: Sequence[TopicPartition], owned: Sequence[TopicPartition] | None) -> bool:
    """Has the member not said yet that these are given up?"""
    return owned is None or any(partition in owned for partition in partitions)


def check_epoch(member: ConsumerMember, epoch: Epoch, owned: Sequence[TopicPartition] | None) -> ErrorCode:
    """May the member go on from this epoch? (`throwIfConsumerGroupMemberEpochIsInvalid`)."""
    if epoch == member.member_epoch:
        return ErrorCode.NONE
    # The answer that moved it on was lost: it may go on if it has nothing that it should not have.
    is_retry = epoch == member.previous_member_epoch
    if is_retry and owned is not None and all(partition in member.partitions for partition in owned):
        return ErrorCode.NONE
    return ErrorCode.FENCED_MEMBER_EPOCH


def check_commit_epoch(member: ConsumerMember, epoch: Epoch, partition: TopicPartition) -> ErrorCode:
    """May a member commit from this epoch? (I28; an older one if the partition has been its own since: KIP-1251)."""
    if epoch == member.member_epoch:
        return ErrorCode.NONE
    since = dict(member.assigned).get(partition)
    if epoch < member.member_epoch and since is not None and epoch >= since:
        return ErrorCode.NONE
    return ErrorCode.STALE_MEMBER_EPOCH


def topics_of(member: ConsumerMember, existing: Iterable[str]) -> tuple[str, ...]:
    """What a member subscribes to: the names it gives, and all that its expression matches whole."""
    pattern = re.compile(member.subscribed_regex) if member.subscribed_regex else None
    matched = {topic for topic in existing if pattern and pattern.fullmatch(topic)}
    return tuple(sorted({*member.subscribed_topics, *matched}))


def hash_of(counts: Mapping[str, int]) -> int:
    """A number that changes when a subscribed topic comes, goes or grows; 0 for no topics."""
    return zlib.crc32(repr(sorted(counts.items())).encode()) if counts else 0


def should_assign(
    group_epoch: Epoch, assignment_epoch: Epoch, assigned_ms: Millis, now: Millis, interval_ms: Millis
) -> bool:
    """Is it time for another target assignment? At most one in group.consumer.assignment.interval.ms."""
    return group_epoch > assignment_epoch and (assignment_epoch == 0 or now - assigned_ms >= interval_ms)


def changed_fact(
    group_id: str, state: ConsumerGroupState, epoch: Epoch, assignor: str, members: Iterable[str]
) -> facts.GroupChanged:
    """How a group stands, as a fact."""
    return facts.GroupChanged(group_id, state.value, epoch, assignor, "", tuple(members))
