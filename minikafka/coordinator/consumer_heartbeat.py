"""What a KIP-848 group does with a heartbeat: one request says everything, one answer moves the member one step.

```
 heartbeat ─▶ who is it? is its epoch right? ─▶ does the group change? epoch + 1
                                                  ─▶ another target? ─▶ reconcile ─▶ records
```

Everything here is decided on the group as it stands, and written; `replay` changes it. Only the timers that watch for
silence are memory.

Mirrors `GroupMetadataManager.consumerGroupHeartbeat`. What we leave out: classic members in such a group, and
assignment in a thread of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from minikafka import assignors
from minikafka.config import ServerConfig
from minikafka.coordinator import consumer_group as rules
from minikafka.coordinator import consumer_sessions, group_records
from minikafka.coordinator.consumer_group import (
    JOIN_EPOCH,
    LEAVE_EPOCH,
    STATIC_LEAVE_EPOCH,
    ConsumerGroup,
    ConsumerMember,
)
from minikafka.coordinator.turn import Turn
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse
from minikafka.types import Epoch, TopicPartition

FIRST_EPOCH: Epoch = 1


def heartbeat(
    group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest, counts: Mapping[str, int], fresh_id: str, turn: Turn
) -> None:
    """A member says all it has to say. `counts` are the partitions of every topic there is."""
    if request.member_epoch in (LEAVE_EPOCH, STATIC_LEAVE_EPOCH):
        _leave(group, request, counts, turn)
        return
    former, error = find_member(group, request, turn.config.group_consumer_max_size)
    if error != ErrorCode.NONE:
        turn.answer(ConsumerGroupHeartbeatResponse(error, member_id=request.member_id or None))
        return
    member = updated(former, request, request.member_id or fresh_id)
    members = {one: kept for one, kept in group.members.items() if former is None or one != former.member_id}
    members[member.member_id] = member
    epoch, digest = next_epoch(group, former, member, members, counts)
    target_epoch, target = group.assignment_epoch, dict(group.target)
    if former is not None and former.member_id != member.member_id:
        target[member.member_id] = target.pop(former.member_id, ())
    interval_ms = turn.config.group_consumer_assignment_interval_ms
    if rules.should_assign(epoch, target_epoch, group.assignment_ms, turn.now, interval_ms):
        target_epoch, target = epoch, assign(members, target, counts, turn.config)
    wanted = target.get(member.member_id, ())
    moved = rules.reconcile(member, target_epoch, wanted, _others(group, former, member), request.owned)
    members[member.member_id] = moved
    _write(group, former, moved, (epoch, digest), (target_epoch, target), turn)
    _tell(group, former, moved, (epoch, target_epoch), members, turn)
    consumer_sessions.keep_alive(group, moved, turn)
    _answer(request, former, moved, turn)


# --- who is it ---


def check_request(request: ConsumerGroupHeartbeatRequest, config: ServerConfig) -> tuple[ErrorCode, str | None]:
    """Does the request say what its epoch needs? (`throwIfConsumerGroupHeartbeatRequestIsInvalid`)."""
    if not request.group:
        return ErrorCode.INVALID_REQUEST, "GroupId can't be empty."
    if request.requires_member_id and not request.member_id:
        return ErrorCode.INVALID_REQUEST, "MemberId can't be empty."
    if request.member_epoch < STATIC_LEAVE_EPOCH:
        return ErrorCode.INVALID_REQUEST, f"MemberEpoch is {request.member_epoch}, but must be at least -2."
    if request.instance_id == "" or (request.member_epoch == STATIC_LEAVE_EPOCH and request.instance_id is None):
        return ErrorCode.INVALID_REQUEST, "InstanceId can't be null or empty."
    if request.server_assignor is not None and request.server_assignor not in config.group_consumer_assignors.split(
        ","
    ):
        return ErrorCode.UNSUPPORTED_ASSIGNOR, f"The assignors here are {config.group_consumer_assignors}."
    if request.member_epoch == JOIN_EPOCH:
        return _check_first(request)
    return _check_regex(request)


def _check_first(request: ConsumerGroupHeartbeatRequest) -> tuple[ErrorCode, str | None]:
    if request.rebalance_timeout_ms <= 0:
        return ErrorCode.INVALID_REQUEST, "RebalanceTimeoutMs must be provided in first request."
    if request.owned is None or request.owned:
        return ErrorCode.INVALID_REQUEST, "TopicPartitions must be empty when (re-)joining."
    if request.subscribed_topics is None and request.subscribed_regex is None:
        return ErrorCode.INVALID_REQUEST, "SubscribedTopicNames or SubscribedTopicRegex must be set in first request."
    return _check_regex(request)


def _check_regex(request: ConsumerGroupHeartbeatRequest) -> tuple[ErrorCode, str | None]:
    try:
        re.compile(request.subscribed_regex or "")
    except re.error as problem:
        return ErrorCode.INVALID_REGULAR_EXPRESSION, f"{request.subscribed_regex}: {problem}"
    return ErrorCode.NONE, None


def find_member(
    group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest, max_size: int
) -> tuple[ConsumerMember | None, ErrorCode]:
    """The member that this request continues (None: a new one), or why it may not go on."""
    known = group.members.get(request.member_id)
    if request.instance_id is not None:
        static = group.static_member(request.instance_id)
        error = check_static(static, request.member_id, request.member_epoch)
        if error != ErrorCode.NONE:
            return None, error
        known = static
    if known is None and request.member_epoch != JOIN_EPOCH:
        return None, ErrorCode.UNKNOWN_MEMBER_ID
    if known is None:
        return None, ErrorCode.GROUP_MAX_SIZE_REACHED if len(group.members) >= max_size else ErrorCode.NONE
    if request.member_epoch != JOIN_EPOCH:
        error = rules.check_epoch(known, request.member_epoch, request.owned)
        return known, error
    return known, ErrorCode.NONE


def check_static(static: ConsumerMember | None, member_id: str, epoch: Epoch) -> ErrorCode:
    """May this process speak for the instance id?"""
    if static is None or static.member_id == member_id:
        return ErrorCode.NONE
    if epoch != JOIN_EPOCH:
        return ErrorCode.FENCED_INSTANCE_ID
    # The process before must have said that it goes away for a while, or have been silent for a session.
    return ErrorCode.NONE if static.member_epoch == STATIC_LEAVE_EPOCH else ErrorCode.UNRELEASED_INSTANCE_ID


def updated(former: ConsumerMember | None, request: ConsumerGroupHeartbeatRequest, member_id: str) -> ConsumerMember:
    """The member with what the request says anew; what it does not say stays."""
    member = former or ConsumerMember(member_id)
    if former is not None and former.member_id != member_id:
        member = replace(former, member_id=member_id, member_epoch=0, previous_member_epoch=0)
    told: dict[str, Any] = {
        "instance_id": request.instance_id,
        "rack_id": request.rack_id,
        "subscribed_topics": None if request.subscribed_topics is None else tuple(sorted(request.subscribed_topics)),
        "subscribed_regex": request.subscribed_regex,
        "server_assignor": request.server_assignor,
        "rebalance_timeout_ms": request.rebalance_timeout_ms if request.rebalance_timeout_ms > 0 else None,
        "client_id": request.client_id or None,
        "client_host": request.client_host or None,
    }
    return replace(member, **{name: value for name, value in told.items() if value is not None})


def _others(group: ConsumerGroup, former: ConsumerMember | None, member: ConsumerMember) -> dict[TopicPartition, str]:
    """Who owns what; a static member that returns owns what it left."""
    owners = group.owners()
    if former is not None and former.member_id != member.member_id:
        owners = {one: (member.member_id if who == former.member_id else who) for one, who in owners.items()}
    return owners


# --- the group ---


def next_epoch(
    group: ConsumerGroup,
    former: ConsumerMember | None,
    member: ConsumerMember,
    members: Mapping[str, ConsumerMember],
    counts: Mapping[str, int],
) -> tuple[Epoch, int]:
    """(group epoch, hash of the topics it rests on): one more when a subscription or a subscribed topic has changed."""
    wants = (member.subscribed_topics, member.subscribed_regex)
    wanted = (former.subscribed_topics, former.subscribed_regex) if former else ((), None)
    digest = rules.hash_of(subscribed_counts(members, counts))
    epoch = group.group_epoch or FIRST_EPOCH
    if wants != wanted or digest != group.metadata_hash:
        return epoch + 1, digest
    return epoch, digest


def subscribed_counts(members: Mapping[str, ConsumerMember], counts: Mapping[str, int]) -> dict[str, int]:
    """Partitions of the topics that somebody in the group reads."""
    topics = {topic for member in members.values() for topic in rules.topics_of(member, counts)}
    return {topic: counts[topic] for topic in sorted(topics) if topic in counts}


def assign(
    members: Mapping[str, ConsumerMember],
    target: Mapping[str, tuple[TopicPartition, ...]],
    counts: Mapping[str, int],
    config: ServerConfig,
) -> dict[str, tuple[TopicPartition, ...]]:
    """A new target assignment, from the one there was."""
    subscriptions = {one: rules.topics_of(member, counts) for one, member in members.items()}
    instances = {one: member.instance_id for one, member in members.items() if member.instance_id}
    had = {one: target.get(one, ()) for one in members}
    if preferred_assignor(members, config) == "range":
        return assignors.assign_server_range(subscriptions, counts, had, instances)
    return assignors.assign_uniform(subscriptions, counts, had, instances)


def preferred_assignor(members: Mapping[str, ConsumerMember], config: ServerConfig) -> str:
    """The one that most members ask for; the first that is configured when nobody does."""
    votes = Counter(member.server_assignor for member in members.values() if member.server_assignor)
    if not votes:
        return config.group_consumer_assignors.split(",")[0]
    return max(sorted(votes), key=lambda name: votes[name])


# --- what is written ---


def _write(
    group: ConsumerGroup,
    former: ConsumerMember | None,
    member: ConsumerMember,
    group_epoch: tuple[Epoch, int],
    assignment: tuple[Epoch, Mapping[str, tuple[TopicPartition, ...]]],
    turn: Turn,
) -> None:
    name = group.group_id
    if former is not None and former.member_id != member.member_id:
        turn.records += consumer_sessions.tombstones(name, former.member_id)
        former = None
    if former is None or former.metadata() != member.metadata():
        member_key = group_records.ConsumerGroupMemberMetadataKey(name, member.member_id)
        turn.records.append(group_records.record(member_key, member.metadata()))
    if group_epoch != (group.group_epoch, group.metadata_hash):
        value = group_records.ConsumerGroupMetadataValue(*group_epoch)
        turn.records.append(group_records.record(group_records.ConsumerGroupMetadataKey(name), value))
    epoch, target = assignment
    for one, partitions in target.items():
        if one not in group.target or group.target[one] != partitions:
            key = group_records.ConsumerGroupTargetAssignmentMemberKey(name, one)
            part = group_records.ConsumerGroupTargetAssignmentMemberValue(partitions)
            turn.records.append(group_records.record(key, part))
    if epoch != group.assignment_epoch:
        done = group_records.ConsumerGroupTargetAssignmentMetadataValue(epoch, turn.now)
        turn.records.append(group_records.record(group_records.ConsumerGroupTargetAssignmentMetadataKey(name), done))
    if former is None or former.current() != member.current():
        current_key = group_records.ConsumerGroupCurrentMemberAssignmentKey(name, member.member_id)
        turn.records.append(group_records.record(current_key, member.current()))


def _tell(
    group: ConsumerGroup,
    former: ConsumerMember | None,
    member: ConsumerMember,
    epochs: tuple[Epoch, Epoch],
    members: Mapping[str, ConsumerMember],
    turn: Turn,
) -> None:
    if former is not None and former.member_id != member.member_id:
        turn.told.append(facts.MemberRemoved(group.group_id, former.member_id, "replaced"))
    if former is None or former.member_id != member.member_id:
        times = (turn.config.group_consumer_session_timeout_ms, member.rebalance_timeout_ms)
        turn.told.append(facts.MemberJoined(group.group_id, member.member_id, member.instance_id or "", *times))
    state = rules.state_of(*epochs, members.values())
    if (state, epochs[0], set(members)) != (group.state, group.group_epoch, set(group.members)):
        assignor = preferred_assignor(members, turn.config)
        turn.told.append(rules.changed_fact(group.group_id, state, epochs[0], assignor, members))


def _answer(
    request: ConsumerGroupHeartbeatRequest, former: ConsumerMember | None, member: ConsumerMember, turn: Turn
) -> None:
    says_all = request.member_epoch == JOIN_EPOCH or (
        request.rebalance_timeout_ms > 0
        and (request.subscribed_topics is not None or request.subscribed_regex is not None)
        and request.owned is not None
    )
    is_news = says_all or former is None or set(former.partitions) != set(member.partitions)
    if is_news:
        given = facts.AssignmentGiven(request.group, member.member_id, member.member_epoch, member.partitions)
        turn.told.append(given)
    turn.answer(
        ConsumerGroupHeartbeatResponse(
            ErrorCode.NONE, None, member.member_id, member.member_epoch,
            turn.config.group_consumer_heartbeat_interval_ms, member.partitions if is_news else None,
        )
    )  # fmt: skip


# --- leaving ---


def _leave(group: ConsumerGroup, request: ConsumerGroupHeartbeatRequest, counts: Mapping[str, int], turn: Turn) -> None:
    member = group.members.get(request.member_id)
    error = ErrorCode.NONE if member is not None else ErrorCode.UNKNOWN_MEMBER_ID
    if request.instance_id is not None:
        static = group.static_member(request.instance_id)
        error = ErrorCode.UNKNOWN_MEMBER_ID if static is None else ErrorCode.NONE
        if static is not None and static.member_id != request.member_id:
            error = ErrorCode.FENCED_INSTANCE_ID
    if error != ErrorCode.NONE or member is None:
        turn.answer(ConsumerGroupHeartbeatResponse(error, member_id=request.member_id))
        return
    if request.member_epoch == STATIC_LEAVE_EPOCH:
        away = replace(member, member_epoch=STATIC_LEAVE_EPOCH, pending_revocation=())
        key = group_records.ConsumerGroupCurrentMemberAssignmentKey(group.group_id, member.member_id)
        turn.records.append(group_records.record(key, away.current()))
    else:
        remove_member(group, member, "left", counts, turn)
    turn.answer(
        ConsumerGroupHeartbeatResponse(
            ErrorCode.NONE, member_id=request.member_id, member_epoch=request.member_epoch
        )
    )  # fmt: skip


def remove_member(
    group: ConsumerGroup, member: ConsumerMember, reason: str, counts: Mapping[str, int], turn: Turn
) -> None:
    """Take a member out: what it owned is free, and the group goes on to its next epoch."""
    remove_members(group, (member,), reason, counts, turn)


def remove_members(
    group: ConsumerGroup, gone: tuple[ConsumerMember, ...], reason: str, counts: Mapping[str, int], turn: Turn
) -> None:
    """Take several members out, with one epoch for all of them."""
    members = {one: kept for one, kept in group.members.items() if kept not in gone}
    for member in gone:
        turn.records += consumer_sessions.tombstones(group.group_id, member.member_id)
        turn.told.append(facts.MemberRemoved(group.group_id, member.member_id, reason))
    epoch = group.group_epoch + 1
    value = group_records.ConsumerGroupMetadataValue(epoch, rules.hash_of(subscribed_counts(members, counts)))
    turn.records.append(group_records.record(group_records.ConsumerGroupMetadataKey(group.group_id), value))
    state = rules.state_of(epoch, group.assignment_epoch, members.values())
    assignor = preferred_assignor(members, turn.config)
    turn.told.append(rules.changed_fact(group.group_id, state, epoch, assignor, members))
