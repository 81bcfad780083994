"""The first half of a rebalance: everybody meets.

```
 JoinGroup A ──▶ waits ┐
 JoinGroup B ──▶ waits ├─ all known members are here, or the rebalance timeout is over ─▶ generation + 1
 C stays away          ┘     C is taken out (unless it is static)                          A is told who is in: it leads
```

* An empty group waits group.initial.rebalance.delay.ms for more, again and again while somebody comes, at most the
  rebalance timeout: starting ten consumers should cost one rebalance, not ten.
* A newcomer is given a member id first and must come back with it (MEMBER_ID_REQUIRED): a client whose answer is lost
  would otherwise leave a member behind that nobody is.
* A follower that joins a Stable group with nothing new is told the current generation; the leader may want a new one.

Mirrors the join half of `GroupMetadataManager.classicGroupJoin`. What we leave out: nothing that changes what a
member sees.
"""

from __future__ import annotations

from minikafka.coordinator import group as groups
from minikafka.coordinator import group_records, sessions
from minikafka.coordinator.group import ClassicGroup, GroupState, Member
from minikafka.coordinator.turn import Turn
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import JoinedMember, JoinGroupRequest, JoinGroupResponse, SyncGroupResponse
from minikafka.types import Millis

NEW_MEMBER_JOIN_TIMEOUT_MS: Millis = 300_000
"""A newcomer that waits for its first generation is given up after so long, rebalance or not."""
REBALANCE, INITIAL_REBALANCE, SYNC = "rebalance-timeout", "initial-rebalance-delay", "sync-timeout"


def join(group: ClassicGroup, request: JoinGroupRequest, fresh_id: str, turn: Turn) -> None:
    """A consumer wants to be in the next generation; `fresh_id` is its member id should it need one."""
    error = check_join(group, request, turn.config.group_max_size)
    if error != ErrorCode.NONE:
        turn.answer(JoinGroupResponse(error, member_id=request.member_id))
    elif request.member_id and request.member_id not in group.pending:
        _join_again(group, request, turn)
    elif request.member_id:
        _add_member(group, request.member_id, request, turn)
    elif request.group_instance_id is not None and group.static_member(request.group_instance_id) is not None:
        _replace_static(group, fresh_id, request, turn)
    elif request.group_instance_id is None and request.requires_known_member_id:
        # KIP-394: hand out an id first.
        group.pending[fresh_id] = turn.now + request.session_timeout_ms
        turn.wake(request.session_timeout_ms, sessions.SESSION, group.group_id, member=fresh_id)
        turn.answer(JoinGroupResponse(ErrorCode.MEMBER_ID_REQUIRED, member_id=fresh_id))
    else:
        _add_member(group, fresh_id, request, turn)


def check_join(group: ClassicGroup, request: JoinGroupRequest, group_max_size: int) -> ErrorCode:
    """May this member take part in the next generation?"""
    if not groups.has_room(group, request.member_id, group_max_size):
        return ErrorCode.GROUP_MAX_SIZE_REACHED
    if group.state is GroupState.DEAD:
        return ErrorCode.COORDINATOR_NOT_AVAILABLE
    if not groups.supports_protocols(group, request.protocol_type, request.protocols):
        return ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    if not request.member_id or request.member_id in group.pending:
        return ErrorCode.NONE
    return groups.check_member(group, request.member_id, request.group_instance_id)


# --- who joins ---


def _joined(group: ClassicGroup, member_id: str, request: JoinGroupRequest) -> facts.MemberJoined:
    times = (request.session_timeout_ms, request.rebalance_timeout_ms)
    return facts.MemberJoined(group.group_id, member_id, request.group_instance_id or "", *times)


def _add_member(group: ClassicGroup, member_id: str, request: JoinGroupRequest, turn: Turn) -> None:
    group.grew = group.grew or group.state is GroupState.PREPARING_REBALANCE
    if not group.members:
        group.protocol_type = request.protocol_type
    member = _made(member_id, request)
    member.join_ticket, member.is_new = turn.ticket, True
    group.members[member_id] = member
    group.leader = group.leader or member_id
    group.pending.pop(member_id, None)
    sessions.keep_alive(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS, turn)
    turn.told.append(_joined(group, member_id, request))
    rebalance_or_complete(group, turn)


def _join_again(group: ClassicGroup, request: JoinGroupRequest, turn: Turn) -> None:
    member = group.members[request.member_id]
    is_news = not groups.same_protocols(member, request.protocols)
    match group.state:
        case GroupState.COMPLETING_REBALANCE if not is_news:
            # The answer to its last join was lost.
            turn.answer(_current_generation(group, member))
        case GroupState.STABLE if not is_news and member.member_id != group.leader:
            turn.answer(_current_generation(group, member))
        case GroupState.PREPARING_REBALANCE | GroupState.COMPLETING_REBALANCE | GroupState.STABLE:
            member.protocols = request.protocols
            member.rebalance_timeout_ms = request.rebalance_timeout_ms
            member.session_timeout_ms = request.session_timeout_ms
            member.join_ticket = turn.ticket
            rebalance_or_complete(group, turn)
        case _:
            turn.answer(JoinGroupResponse(ErrorCode.UNKNOWN_MEMBER_ID, member_id=request.member_id))


def _replace_static(group: ClassicGroup, member_id: str, request: JoinGroupRequest, turn: Turn) -> None:
    """KIP-345: a new process under a known instance id. In a Stable group nothing moves, if nothing it says does."""
    assert request.group_instance_id is not None
    old = group.static_member(request.group_instance_id)
    assert old is not None, "somebody to replace"
    member = _made(member_id, request)
    member.assignment = old.assignment
    if old.join_ticket:
        turn.answer(JoinGroupResponse(ErrorCode.FENCED_INSTANCE_ID, member_id=old.member_id), old.join_ticket)
    if old.sync_ticket:
        turn.answer(SyncGroupResponse(ErrorCode.FENCED_INSTANCE_ID), old.sync_ticket)
    group.members = {
        (member_id if one is old else one.member_id): (member if one is old else one) for one in group.members.values()
    }
    group.leader = member_id if group.leader == old.member_id else group.leader
    if old.member_id in group.pending_sync:
        group.pending_sync = {(member_id if one == old.member_id else one): None for one in group.pending_sync}
    turn.told.append(facts.MemberRemoved(group.group_id, old.member_id, "replaced"))
    turn.told.append(_joined(group, member_id, request))
    sessions.keep_alive(group, member, request.session_timeout_ms, turn)
    if group.state is GroupState.STABLE and groups.vote_protocol(list(group.members.values())) == group.protocol:
        assignments = {one.member_id: one.assignment for one in group.members.values()}
        key = group_records.GroupMetadataKey(group.group_id)
        turn.records.append(group_records.record(key, group.stored(group.since_ms, assignments)))
        turn.answer(_restarted(group, member, request.supports_skip_assignment))
        return
    member.join_ticket = turn.ticket
    rebalance_or_complete(group, turn)


def _restarted(group: ClassicGroup, member: Member, may_skip: bool) -> JoinGroupResponse:
    """A restarted leader is not to deal out anew: newer clients are told so, older ones that somebody else leads."""
    if may_skip:
        answer = _current_generation(group, member)
        return JoinGroupResponse(
            answer.error, answer.generation, answer.protocol_type, answer.protocol_name, answer.leader,
            answer.member_id, answer.members, skip_assignment=member.member_id == group.leader,
        )  # fmt: skip
    leader = group.leader if member.member_id != group.leader else f"{group.leader} (replaced)"
    return JoinGroupResponse(
        ErrorCode.NONE, group.generation, group.protocol_type, group.protocol, leader, member.member_id
    )


def _made(member_id: str, request: JoinGroupRequest) -> Member:
    return Member(
        member_id, request.group_instance_id, request.client_id, request.client_host,
        request.rebalance_timeout_ms, request.session_timeout_ms, request.protocols,
    )  # fmt: skip


def _current_generation(group: ClassicGroup, member: Member) -> JoinGroupResponse:
    everybody = tuple(
        JoinedMember(one.member_id, one.group_instance_id, one.metadata_for(group.protocol))
        for one in group.members.values()
    )
    return JoinGroupResponse(
        ErrorCode.NONE, group.generation, group.protocol_type, group.protocol, group.leader, member.member_id,
        everybody if member.member_id == group.leader else (),
    )  # fmt: skip


# --- the join phase ---


def rebalance_or_complete(group: ClassicGroup, turn: Turn) -> None:
    """Something about the members has changed: call them together, or see whether all are here."""
    if group.state is GroupState.PREPARING_REBALANCE:
        maybe_complete(group, turn)
    else:
        prepare_rebalance(group, turn)


def prepare_rebalance(group: ClassicGroup, turn: Turn) -> None:
    """Call everybody together."""
    for member in group.members.values():
        if group.state is GroupState.COMPLETING_REBALANCE:
            member.assignment = b""
        if member.sync_ticket:
            turn.answer(SyncGroupResponse(ErrorCode.REBALANCE_IN_PROGRESS), member.sync_ticket)
            member.sync_ticket = 0
    group.pending_sync.clear()
    group.was_empty = group.state is GroupState.EMPTY
    turn.told.append(group.transition(GroupState.PREPARING_REBALANCE))
    group.round += 1
    if group.was_empty:
        delay_ms = turn.config.group_initial_rebalance_delay_ms
        group.grew = False
        group.delay_left_ms = max(group.rebalance_timeout_ms - delay_ms, 0)
        turn.wake(delay_ms, INITIAL_REBALANCE, group.group_id, group.round)
        return
    turn.wake(group.rebalance_timeout_ms, REBALANCE, group.group_id, group.round)
    maybe_complete(group, turn)


def maybe_complete(group: ClassicGroup, turn: Turn) -> None:
    """Go on at once when nobody is missing; an empty group's delay is not cut short."""
    missing = group.pending or any(not member.join_ticket for member in group.members.values())
    if not missing and not group.was_empty:
        complete_join(group, turn)


def initial_delay_over(group: ClassicGroup, turn: Turn) -> None:
    """A piece of the initial delay is over: another piece if somebody came meanwhile, else go on."""
    if group.grew and group.delay_left_ms > 0:
        group.grew = False
        delay_ms = min(turn.config.group_initial_rebalance_delay_ms, group.delay_left_ms)
        group.delay_left_ms -= delay_ms
        group.round += 1
        turn.wake(delay_ms, INITIAL_REBALANCE, group.group_id, group.round)
        return
    complete_join(group, turn)


def complete_join(group: ClassicGroup, turn: Turn) -> None:
    """Begin the next generation with those who are here."""
    for member in list(group.members.values()):
        if not member.join_ticket and member.group_instance_id is None:
            sessions.forget_member(group, member, "rebalance timeout", turn)
    if group.members and not _elect_leader(group):
        # Only static members are left, and none of them is here: wait for them.
        group.round += 1
        turn.wake(group.rebalance_timeout_ms, REBALANCE, group.group_id, group.round)
        return
    group.generation += 1
    if not group.members:
        group.protocol, group.leader = "", ""
        turn.told.append(group.transition(GroupState.EMPTY))
        key = group_records.GroupMetadataKey(group.group_id)
        turn.records.append(group_records.record(key, group.stored(turn.now, {})))
        return
    group.protocol = groups.vote_protocol(list(group.members.values()))
    turn.told.append(group.transition(GroupState.COMPLETING_REBALANCE))
    _tell_everybody(group, turn)


def _tell_everybody(group: ClassicGroup, turn: Turn) -> None:
    for member in group.members.values():
        if member.join_ticket:
            turn.answer(_current_generation(group, member), member.join_ticket)
        member.join_ticket, member.is_new = 0, False
        sessions.keep_alive(group, member, member.session_timeout_ms, turn)
        group.pending_sync[member.member_id] = None
    turn.wake(group.rebalance_timeout_ms, SYNC, group.group_id, group.generation)


def _elect_leader(group: ClassicGroup) -> bool:
    """The leader stays if it is here; else the first who is (`maybeElectNewJoinedLeader`)."""
    leader = group.members.get(group.leader)
    if leader is not None and leader.join_ticket:
        return True
    here = [member.member_id for member in group.members.values() if member.join_ticket]
    group.leader = here[0] if here else group.leader
    return bool(here)
