"""Silence in a KIP-848 group: sessions, and the time a member has to give partitions up.

What a timer decides has to be written, and that may fail while too few replicas are in sync. So a watch stays until the
member is out of the log, and comes again: a member that is gone may not stay for ever.

Mirrors the timers of `GroupMetadataManager` (`scheduleConsumerGroupSessionTimeout`, `...RebalanceTimeoutIfNeeded`)
and `CoordinatorTimerImpl`, which comes again.
What we leave out: nothing that changes what a member sees.
"""

from __future__ import annotations

from minikafka.coordinator import group_records
from minikafka.coordinator.consumer_group import ConsumerGroup, ConsumerMember, MemberState
from minikafka.coordinator.result import KeyedRecord, Wake
from minikafka.coordinator.turn import Turn
from minikafka.types import Millis

SESSION, REVOCATION = "consumer-session-timeout", "consumer-rebalance-timeout"

AGAIN_MS: Millis = 500
"""After this a timer comes again whose decision could not be written (`CoordinatorRuntime`'s retry backoff)."""


def keep_alive(group: ConsumerGroup, member: ConsumerMember, turn: Turn) -> None:
    """A sign of life; and a watch on a member that has partitions to give up."""
    member_id = member.member_id
    group.heard_ms[member_id] = turn.now
    if member_id not in group.watched:
        _watch(group, member_id, turn.config.group_consumer_session_timeout_ms, turn)
    if member.state is not MemberState.UNREVOKED_PARTITIONS:
        group.revoke_by_ms.pop(member_id, None)
    elif member_id not in group.revoke_by_ms:
        group.revoke_by_ms[member_id] = turn.now + member.rebalance_timeout_ms
        guards = group.revoke_by_ms[member_id]
        turn.wake(member.rebalance_timeout_ms, REVOCATION, group.group_id, guards, member_id, AGAIN_MS)


def _watch(group: ConsumerGroup, member_id: str, after_ms: int, turn: Turn) -> None:
    group.watched[member_id] = turn.now + after_ms
    turn.wake(after_ms, SESSION, group.group_id, group.watched[member_id], member_id, AGAIN_MS)


def is_over(group: ConsumerGroup, timer: Wake, turn: Turn) -> str:
    """Why this member must go, now that its timer has come; empty when it may stay."""
    member_id = timer.detail
    if member_id not in group.members:
        forget(group, member_id)
        return ""
    if timer.name == REVOCATION:
        return "rebalance timeout" if group.revoke_by_ms.get(member_id) == timer.guards else ""
    if group.watched.get(member_id) != timer.guards:
        return ""
    left_ms = group.heard_ms[member_id] + turn.config.group_consumer_session_timeout_ms - turn.now
    if left_ms <= 0:
        return "session timeout"
    _watch(group, member_id, left_ms, turn)
    return ""


def forget(group: ConsumerGroup, member_id: str) -> None:
    """It is a member no longer: nobody waits for it."""
    for times in (group.heard_ms, group.watched, group.revoke_by_ms):
        times.pop(member_id, None)


def tombstones(group: str, member_id: str) -> list[KeyedRecord]:
    """What takes a member out of the log."""
    keys = (
        group_records.ConsumerGroupCurrentMemberAssignmentKey(group, member_id),
        group_records.ConsumerGroupTargetAssignmentMemberKey(group, member_id),
        group_records.ConsumerGroupMemberMetadataKey(group, member_id),
    )
    return [group_records.record(key, None) for key in keys]
