"""Who is alive: sessions, and what happens when a member goes or falls silent.

One timer watches each member, and is set again when it comes too early: a heartbeat every three seconds does not leave
a trail of timers.

Mirrors the heartbeat half of `GroupMetadataManager`. What we leave out: nothing that changes what a member sees.
"""

from __future__ import annotations

from minikafka.coordinator.group import ClassicGroup, Member
from minikafka.coordinator.turn import Turn
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import JoinGroupResponse, SyncGroupResponse
from minikafka.types import Millis

SESSION = "session-timeout"


def keep_alive(group: ClassicGroup, member: Member, timeout_ms: Millis, turn: Turn) -> None:
    """A sign of life: silence counts from now."""
    member.deadline_ms = turn.now + timeout_ms
    if member.watch_ms < 0 or member.watch_ms > member.deadline_ms:
        member.watch_ms = member.deadline_ms
        turn.wake(timeout_ms, SESSION, group.group_id, member.watch_ms, member.member_id)


def is_silent(group: ClassicGroup, member: Member, watched_ms: Millis, turn: Turn) -> bool:
    """A member's watch has come: has it really been silent for so long? If not, watch on."""
    if member.watch_ms != watched_ms:
        return False  # a newer watch has taken over
    member.watch_ms = -1
    if member.waits:
        member.deadline_ms = turn.now + member.session_timeout_ms
    if member.deadline_ms <= turn.now:
        return True
    keep_alive(group, member, member.deadline_ms - turn.now, turn)
    return False


def forget_member(group: ClassicGroup, member: Member, reason: str, turn: Turn) -> None:
    """Take a member out; who waits as it is told so."""
    del group.members[member.member_id]
    group.pending_sync.pop(member.member_id, None)
    if member.join_ticket:
        turn.answer(JoinGroupResponse(ErrorCode.UNKNOWN_MEMBER_ID, member_id=member.member_id), member.join_ticket)
    if member.sync_ticket:
        turn.answer(SyncGroupResponse(ErrorCode.UNKNOWN_MEMBER_ID), member.sync_ticket)
    if group.leader == member.member_id:
        group.leader = next(iter(group.members), "")
    turn.told.append(facts.MemberRemoved(group.group_id, member.member_id, reason))
