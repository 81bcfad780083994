"""The second half of a rebalance, and life between rebalances.

```
 SyncGroup B ──▶ waits ┐
 SyncGroup A (leader, with everybody's assignment) ─▶ one record: the generation ─▶ committed ─▶ each gets its part
 Heartbeat ─▶ 0, or REBALANCE_IN_PROGRESS: join again
```

* The assignment is an opaque run of bytes: a consumer made it, consumers read it.
* A member that does not ask for its assignment within the rebalance timeout is taken out.

Mirrors `GroupMetadataManager.classicGroupSync`, `classicGroupHeartbeat` and `classicGroupLeave`. What we leave out:
calling the group together again when the record cannot be written; here the leader is told COORDINATOR_NOT_AVAILABLE
and brings it again.
"""

from __future__ import annotations

from minikafka.coordinator import group as groups
from minikafka.coordinator import group_records, joining, sessions
from minikafka.coordinator.group import ClassicGroup, GroupState
from minikafka.coordinator.result import Wake
from minikafka.coordinator.turn import Turn
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    HeartbeatRequest,
    HeartbeatResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    LeavingMember,
    SyncGroupRequest,
    SyncGroupResponse,
)


def sync(group: ClassicGroup, request: SyncGroupRequest, turn: Turn) -> None:
    """A member asks for its assignment; the leader brings everybody's."""
    error = check_sync(group, request)
    if error != ErrorCode.NONE:
        turn.answer(SyncGroupResponse(error))
        return
    member = group.members[request.member_id]
    group.pending_sync.pop(member.member_id, None)
    if group.state is GroupState.STABLE:
        turn.answer(_assignment(group, member.assignment))
    elif member.member_id == group.leader:
        _spread(group, dict(request.assignments), turn)
    else:
        member.sync_ticket = turn.ticket


def check_sync(group: ClassicGroup, request: SyncGroupRequest) -> ErrorCode:
    """May it have an assignment of this generation? (`ClassicGroup.validateSyncGroup`)."""
    if request.requires_protocol and not (request.protocol_type and request.protocol_name):
        return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    if group.state is GroupState.DEAD:
        return ErrorCode.COORDINATOR_NOT_AVAILABLE
    error = groups.check_member(group, request.member_id, request.group_instance_id)
    if error != ErrorCode.NONE:
        return error
    if request.generation != group.generation:
        return ErrorCode.ILLEGAL_GENERATION
    if request.protocol_type not in (None, group.protocol_type) or request.protocol_name not in (None, group.protocol):
        return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    if group.state is GroupState.PREPARING_REBALANCE:
        return ErrorCode.REBALANCE_IN_PROGRESS
    return ErrorCode.UNKNOWN_MEMBER_ID if group.state is GroupState.EMPTY else ErrorCode.NONE


def _spread(group: ClassicGroup, assignments: dict[str, bytes], turn: Turn) -> None:
    """Write the generation down; when that is committed, everybody who waits is given its part."""
    key = group_records.GroupMetadataKey(group.group_id)
    turn.records.append(group_records.record(key, group.stored(turn.now, assignments)))
    for member in group.members.values():
        given = _assignment(group, assignments.get(member.member_id, b""))
        if member.member_id == group.leader:
            turn.answer(given)
        elif member.sync_ticket:
            turn.answer(given, member.sync_ticket)
        sessions.keep_alive(group, member, member.session_timeout_ms, turn)
    turn.told.append(
        facts.GroupChanged(
            group.group_id, GroupState.STABLE.value, group.generation, group.protocol, group.leader,
            tuple(group.members),
        )
    )  # fmt: skip
    for member in group.members.values():
        partitions = groups.assigned_partitions(assignments.get(member.member_id, b""))
        turn.told.append(facts.AssignmentGiven(group.group_id, member.member_id, group.generation, partitions))


def _assignment(group: ClassicGroup, assignment: bytes) -> SyncGroupResponse:
    return SyncGroupResponse(ErrorCode.NONE, group.protocol_type, group.protocol, assignment)


def heartbeat(group: ClassicGroup, request: HeartbeatRequest, turn: Turn) -> None:
    """A member says that it is alive, and is told whether to join again."""
    error = check_heartbeat(group, request)
    if error in (ErrorCode.NONE, ErrorCode.REBALANCE_IN_PROGRESS):
        member = group.members[request.member_id]
        sessions.keep_alive(group, member, member.session_timeout_ms, turn)
    turn.answer(HeartbeatResponse(error))


def check_heartbeat(group: ClassicGroup, request: HeartbeatRequest) -> ErrorCode:
    """What a member's heartbeat is answered (`ClassicGroup.validateHeartbeat`)."""
    if group.state is GroupState.DEAD:
        return ErrorCode.COORDINATOR_NOT_AVAILABLE
    error = groups.check_member(group, request.member_id, request.group_instance_id)
    if error != ErrorCode.NONE:
        return error
    if request.generation != group.generation:
        return ErrorCode.ILLEGAL_GENERATION
    if group.state is GroupState.PREPARING_REBALANCE:
        return ErrorCode.REBALANCE_IN_PROGRESS
    return ErrorCode.UNKNOWN_MEMBER_ID if group.state is GroupState.EMPTY else ErrorCode.NONE


def leave(group: ClassicGroup, request: LeaveGroupRequest, turn: Turn) -> None:
    """Members go, without waiting for a timeout; one rebalance for all of them."""
    before = len(group.members) + len(group.pending)
    results = tuple((one.member_id, one.group_instance_id, _leave(group, one, turn)) for one in request.members)
    turn.answer(LeaveGroupResponse(ErrorCode.NONE, results))
    if len(group.members) + len(group.pending) < before:
        _somebody_went(group, turn)


def _leave(group: ClassicGroup, leaving: LeavingMember, turn: Turn) -> ErrorCode:
    member_id = leaving.member_id
    if not member_id and leaving.group_instance_id is not None:
        # An admin removes a static member by its instance id alone.
        static = group.static_member(leaving.group_instance_id)
        member_id = static.member_id if static else ""
    if group.pending.pop(member_id, None) is not None:
        return ErrorCode.NONE
    error = groups.check_member(group, member_id, leaving.group_instance_id)
    if error == ErrorCode.NONE:
        sessions.forget_member(group, group.members[member_id], "left", turn)
    return error


def _somebody_went(group: ClassicGroup, turn: Turn) -> None:
    if group.state is not GroupState.EMPTY:
        joining.rebalance_or_complete(group, turn)


# --- timers ---


def wake(group: ClassicGroup, timer: Wake, turn: Turn) -> None:
    """A timer of a classic group; stale ones change nothing."""
    match timer.name:
        case sessions.SESSION:
            _session_over(group, timer, turn)
        case joining.INITIAL_REBALANCE if timer.guards == group.round and _gathers(group):
            joining.initial_delay_over(group, turn)
        case joining.REBALANCE if timer.guards == group.round and _gathers(group):
            joining.complete_join(group, turn)
        case joining.SYNC if timer.guards == group.generation and not _gathers(group):
            _sync_over(group, turn)


def _gathers(group: ClassicGroup) -> bool:
    return group.state is GroupState.PREPARING_REBALANCE


def _session_over(group: ClassicGroup, timer: Wake, turn: Turn) -> None:
    if group.pending.get(timer.detail, turn.now + 1) <= turn.now:
        del group.pending[timer.detail]
        if _gathers(group):
            joining.maybe_complete(group, turn)
        return
    member = group.members.get(timer.detail)
    if member is not None and sessions.is_silent(group, member, timer.guards, turn):
        sessions.forget_member(group, member, "session timeout", turn)
        _somebody_went(group, turn)


def _sync_over(group: ClassicGroup, turn: Turn) -> None:
    """Some were told of the generation and never asked what they own in it."""
    late = [group.members[member_id] for member_id in group.pending_sync if member_id in group.members]
    for member in late:
        sessions.forget_member(group, member, "rebalance timeout", turn)
    if late:
        joining.prepare_rebalance(group, turn)
