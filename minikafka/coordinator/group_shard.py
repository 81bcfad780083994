"""All groups of one partition of `__consumer_offsets`, classic and KIP-848, with their committed offsets.

It finds the group that a request names, says what there is to say when there is none, and hands the rest to the rules:

```
 JoinGroup ────────────────────────────────▶ joining.py
 SyncGroup, Heartbeat, LeaveGroup ─────────▶ syncing.py
 ConsumerGroupHeartbeat ───────────────────▶ consumer_heartbeat.py
 OffsetCommit, TxnOffsetCommit, OffsetFetch ▶ committing.py
 Describe, List, Delete, OffsetDelete ─────▶ group_admin.py
```

* KIP-848 groups and offsets change in `replay` only. A classic group lives in memory between two generations; what it
  has written down is taken over in `replay` too.
* One name is one group, of one kind. An empty group becomes one of the other kind when a first member of that kind
  comes.

Mirrors `GroupCoordinatorShard`. What we leave out: online migration of a group with members between the two protocols
(`group.consumer.migration.policy`): as with `disabled`, a KIP-848 member is told GROUP_ID_NOT_FOUND by a classic group
with members, and a classic one INCONSISTENT_GROUP_PROTOCOL by a KIP-848 group.
"""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.coordinator import (
    committing,
    consumer_heartbeat,
    consumer_sessions,
    group_admin,
    group_records,
    joining,
    sessions,
    syncing,
)
from minikafka.coordinator.consumer_group import JOIN_EPOCH, ConsumerGroup, ConsumerMember
from minikafka.coordinator.group import ClassicGroup
from minikafka.coordinator.group_book import GroupBook
from minikafka.coordinator.group_records import (
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey,
    ConsumerGroupMemberMetadataValue,
    ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue,
    ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue,
    ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue,
    GroupMetadataKey,
    GroupMetadataValue,
    OffsetCommitKey,
    OffsetCommitValue,
)
from minikafka.coordinator.result import KeyedRecord, ShardResult, Wake
from minikafka.coordinator.turn import Turn
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    DeleteGroupsRequest,
    DescribeGroupsRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    ListGroupsRequest,
    OffsetCommitRequest,
    OffsetDeleteRequest,
    OffsetFetchRequest,
    SyncGroupRequest,
    SyncGroupResponse,
)
from minikafka.protocol.messages import Request
from minikafka.protocol.transaction_messages import TxnOffsetCommitRequest
from minikafka.types import Epoch, Millis

EXPIRE_OFFSETS = "expire-offsets"


class GroupShard:
    """The group coordinator of one partition."""

    def __init__(self, config: ServerConfig, image: MetadataImage, leader_epoch: Epoch) -> None:
        """`image` is the broker's own: which topics there are, as far as it has read."""
        self.config = config
        self.image = image
        self.leader_epoch = leader_epoch
        self.book = GroupBook()
        self._ids = 0

    # --- the four calls of a shard ---

    def replay(self, record: KeyedRecord, producer_id: int) -> None:
        """Take in a record from the log."""
        key, value = group_records.read(record)
        match key, value:
            case OffsetCommitKey(), (OffsetCommitValue() | None):
                if value is not None and key.group not in self.book.groups:
                    self.book.groups[key.group] = ClassicGroup(key.group)  # a simple group: nothing but offsets
                self.book.offsets.replay(key, value, producer_id)
            case GroupMetadataKey(), (GroupMetadataValue() | None):
                self._replay_classic(key.group, value)
            case _:
                self._replay_consumer(key, value)

    def replay_marker(self, producer_id: int, commit: bool) -> tuple[facts.Fact, ...]:
        """The offsets of a transaction count, or never did."""
        return self.book.offsets.end(producer_id, commit)

    def loaded(self, now: Millis) -> ShardResult:
        """Everybody who was a member gets a whole session to be heard."""
        turn = Turn(now, self.config)
        turn.wake(self.config.offsets_retention_check_interval_ms, EXPIRE_OFFSETS, "")
        for group in self.book.groups.values():
            if isinstance(group, ClassicGroup):
                for member in group.members.values():
                    sessions.keep_alive(group, member, member.session_timeout_ms, turn)
            else:
                for one in group.members.values():
                    consumer_sessions.keep_alive(group, one, turn)
        return turn.result()

    def handle(self, request: Request, ticket: int, now: Millis) -> ShardResult:
        """Decide about a request."""
        turn = Turn(now, self.config, ticket)
        match request:
            case JoinGroupRequest():
                self._join(request, turn)
            case SyncGroupRequest() | HeartbeatRequest() | LeaveGroupRequest():
                self._to_member(request, turn)
            case ConsumerGroupHeartbeatRequest():
                self._consumer_heartbeat(request, turn)
            case OffsetCommitRequest():
                committing.commit(self.book, request, self.image, turn)
            case TxnOffsetCommitRequest():
                committing.commit_in_transaction(self.book, request, self.image, turn)
            case OffsetFetchRequest():
                committing.fetch(self.book, request, turn)
            case OffsetDeleteRequest():
                group_admin.delete_offsets(self.book, request, self.image, turn)
            case DescribeGroupsRequest():
                group_admin.describe(self.book, request, turn)
            case ConsumerGroupDescribeRequest():
                group_admin.describe_consumer(self.book, request, self.image, turn)
            case ListGroupsRequest():
                group_admin.list_groups(self.book, request, turn)
            case DeleteGroupsRequest():
                group_admin.delete(self.book, request, turn)
            case other:
                raise AssertionError(f"a group coordinator does not serve {type(other).__name__}")
        return turn.result()

    def wake(self, wake: Wake, now: Millis) -> ShardResult:
        """A timer has run out."""
        turn = Turn(now, self.config)
        if wake.name == EXPIRE_OFFSETS:
            group_admin.expire(self.book, self.image, turn)
            turn.wake(self.config.offsets_retention_check_interval_ms, EXPIRE_OFFSETS, "")
            return turn.result()
        group = self.book.groups.get(wake.key)
        if isinstance(group, ClassicGroup):
            syncing.wake(group, wake, turn)
        elif group is not None:
            reason = consumer_sessions.is_over(group, wake, turn)
            if reason:
                counts = partition_counts(self.image)
                consumer_heartbeat.remove_member(group, group.members[wake.detail], reason, counts, turn)
        return turn.result()

    # --- members ---

    def _join(self, request: JoinGroupRequest, turn: Turn) -> None:
        group = self.book.classic(request.group)
        error = self._check_join(request, group)
        if error != ErrorCode.NONE:
            turn.answer(JoinGroupResponse(error, member_id=request.member_id))
            return
        if group is None:
            turn.records += self.book.forget_empty_consumer_group(request.group)
            group = ClassicGroup(request.group)
            self.book.groups[request.group] = group
        joining.join(group, request, self._fresh_id(request.group_instance_id or request.client_id), turn)

    def _check_join(self, request: JoinGroupRequest, group: ClassicGroup | None) -> ErrorCode:
        if not request.group:
            return ErrorCode.INVALID_GROUP_ID
        shortest, longest = self.config.group_min_session_timeout_ms, self.config.group_max_session_timeout_ms
        if not shortest <= request.session_timeout_ms <= longest:
            return ErrorCode.INVALID_SESSION_TIMEOUT
        consumer_group = self.book.consumer(request.group)
        if consumer_group is not None and consumer_group.members:
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
        if group is None and request.member_id:
            return ErrorCode.UNKNOWN_MEMBER_ID
        if group is None and not (request.protocol_type and request.protocols):
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
        return ErrorCode.NONE

    def _to_member(self, request: SyncGroupRequest | HeartbeatRequest | LeaveGroupRequest, turn: Turn) -> None:
        group = self.book.classic(request.group)
        match request:
            case _ if not request.group:
                turn.answer(refuse_member(request, ErrorCode.INVALID_GROUP_ID))
            case LeaveGroupRequest() if group is None and self.book.consumer(request.group) is not None:
                self._leave_consumer_group(request, turn)
            case _ if group is None:
                turn.answer(refuse_member(request, ErrorCode.UNKNOWN_MEMBER_ID))
            case SyncGroupRequest():
                syncing.sync(group, request, turn)
            case HeartbeatRequest():
                syncing.heartbeat(group, request, turn)
            case LeaveGroupRequest():
                syncing.leave(group, request, turn)

    def _leave_consumer_group(self, request: LeaveGroupRequest, turn: Turn) -> None:
        """An admin takes members out of a KIP-848 group."""
        group = self.book.consumer(request.group)
        assert group is not None
        results = []
        gone: dict[str, ConsumerMember] = {}
        for leaving in request.members:
            by_instance = leaving.group_instance_id and group.static_member(leaving.group_instance_id)
            member = by_instance or group.members.get(leaving.member_id)
            if member is not None:
                gone[member.member_id] = member
            error = ErrorCode.UNKNOWN_MEMBER_ID if member is None else ErrorCode.NONE
            results.append((leaving.member_id, leaving.group_instance_id, error))
        if gone:
            consumer_heartbeat.remove_members(group, tuple(gone.values()), "left", partition_counts(self.image), turn)
        turn.answer(LeaveGroupResponse(ErrorCode.NONE, tuple(results)))

    def _consumer_heartbeat(self, request: ConsumerGroupHeartbeatRequest, turn: Turn) -> None:
        error, why = consumer_heartbeat.check_request(request, self.config)
        classic = self.book.classic(request.group)
        group = self.book.consumer(request.group)
        joins = request.member_epoch == JOIN_EPOCH
        if error == ErrorCode.NONE and group is None and (not joins or (classic is not None and classic.members)):
            error, why = ErrorCode.GROUP_ID_NOT_FOUND, f"Consumer group {request.group} not found."
        if error != ErrorCode.NONE:
            turn.answer(ConsumerGroupHeartbeatResponse(error, why, request.member_id or None))
            return
        if group is None:
            if classic is not None:
                turn.records.append(group_records.record(GroupMetadataKey(request.group), None))
            group = self.book.opened_consumer_group(request.group)
        fresh_id = self._fresh_id(request.client_id)
        consumer_heartbeat.heartbeat(group, request, partition_counts(self.image), fresh_id, turn)

    def _fresh_id(self, stem: str) -> str:
        """An id that no earlier coordinator of this partition has given (Kafka: a random UUID)."""
        self._ids += 1
        return f"{stem}-{self.leader_epoch}.{self._ids}"

    # --- replay ---

    def _replay_classic(self, name: str, value: GroupMetadataValue | None) -> None:
        group = self.book.groups.get(name)
        if value is None:
            if isinstance(group, ClassicGroup):
                del self.book.groups[name]
            return
        if not isinstance(group, ClassicGroup):
            group = self.book.groups[name] = ClassicGroup(name)
        group.replay(value)

    def _replay_consumer(self, key: group_records.Key, value: group_records.Value | None) -> None:
        group = self.book.groups.get(key.group)
        if not isinstance(group, ConsumerGroup):
            if value is None:
                return
            group = self.book.opened_consumer_group(key.group)
        match key, value:
            case ConsumerGroupMetadataKey(), None:
                self.book.groups.pop(key.group, None)
            case ConsumerGroupMetadataKey(), ConsumerGroupMetadataValue():
                group.group_epoch, group.metadata_hash = value.epoch, value.metadata_hash
            case ConsumerGroupTargetAssignmentMetadataKey(), ConsumerGroupTargetAssignmentMetadataValue():
                group.assignment_epoch, group.assignment_ms = value.assignment_epoch, value.assignment_timestamp_ms
            case ConsumerGroupTargetAssignmentMemberKey(), None:
                group.target.pop(key.member_id, None)
            case ConsumerGroupTargetAssignmentMemberKey(), ConsumerGroupTargetAssignmentMemberValue():
                group.target[key.member_id] = value.partitions
            case ConsumerGroupMemberMetadataKey(), None:
                group.members.pop(key.member_id, None)
                consumer_sessions.forget(group, key.member_id)
            case ConsumerGroupMemberMetadataKey(), ConsumerGroupMemberMetadataValue():
                member = group.members.get(key.member_id, ConsumerMember(key.member_id))
                group.members[key.member_id] = member.with_metadata(value)
            case ConsumerGroupCurrentMemberAssignmentKey(), ConsumerGroupCurrentMemberAssignmentValue():
                member = group.members.get(key.member_id, ConsumerMember(key.member_id))
                group.members[key.member_id] = member.with_current(value)


def refuse_member(
    request: SyncGroupRequest | HeartbeatRequest | LeaveGroupRequest, error: ErrorCode
) -> SyncGroupResponse | HeartbeatResponse | LeaveGroupResponse:
    """The answer to a member of a group that is not there."""
    match request:
        case SyncGroupRequest():
            return SyncGroupResponse(error)
        case HeartbeatRequest():
            return HeartbeatResponse(error)
    if error != ErrorCode.UNKNOWN_MEMBER_ID:
        return LeaveGroupResponse(error)
    results = tuple((one.member_id, one.group_instance_id, error) for one in request.members)
    return LeaveGroupResponse(ErrorCode.NONE, results)


def partition_counts(image: MetadataImage) -> dict[str, int]:
    """How many partitions each topic has."""
    return {name: len(topic.partitions) for name, topic in sorted(image.topics.items())}
