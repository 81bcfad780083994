"""Looking at groups, deleting them, and forgetting the offsets of those that nobody uses any more.

Mirrors `GroupMetadataManager.listGroups`, `describeGroups`, `deleteGroups` and
`OffsetMetadataManager.cleanupExpiredOffsets`. What we leave out: authorized operations, and share and streams groups.
"""

from __future__ import annotations

from minikafka.coordinator import consumer_group as rules
from minikafka.coordinator import consumer_heartbeat, offsets
from minikafka.coordinator.consumer_group import ConsumerGroup
from minikafka.coordinator.group import ClassicGroup, GroupState
from minikafka.coordinator.group_book import GroupBook
from minikafka.coordinator.turn import Turn
from minikafka.metadata.image import MetadataImage
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    DeleteGroupsRequest,
    DeleteGroupsResponse,
    DescribedConsumerGroup,
    DescribedConsumerMember,
    DescribedGroup,
    DescribedMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    ListedGroup,
    ListGroupsRequest,
    ListGroupsResponse,
    OffsetDeleteRequest,
    OffsetDeleteResponse,
)
from minikafka.types import Millis, TopicPartition

CONSUMER_MEMBER = 1


# --- looking ---


def describe(book: GroupBook, request: DescribeGroupsRequest, turn: Turn) -> None:
    """DescribeGroups: classic groups only; another one is as good as dead."""
    turn.answer(DescribeGroupsResponse(tuple(_described(book.classic(name), name) for name in request.groups)))


def _described(group: ClassicGroup | None, name: str) -> DescribedGroup:
    if group is None:
        error = ErrorCode.GROUP_ID_NOT_FOUND
        return DescribedGroup(name, error, GroupState.DEAD.value, error_message=f"Group {name} not found.")
    stable = group.state is GroupState.STABLE
    members = tuple(
        DescribedMember(
            one.member_id, one.group_instance_id, one.client_id, one.client_host,
            one.metadata_for(group.protocol) if stable else b"", one.assignment if stable else b"",
        )
        for one in group.members.values()
    )  # fmt: skip
    protocol = group.protocol if stable else ""
    return DescribedGroup(name, ErrorCode.NONE, group.state.value, group.protocol_type, protocol, members)


def describe_consumer(
    book: GroupBook, request: ConsumerGroupDescribeRequest, image: MetadataImage, turn: Turn
) -> None:  # fmt: skip
    """ConsumerGroupDescribe: KIP-848 groups only."""
    found = tuple(_described_consumer(book.consumer(name), name, image, turn) for name in request.groups)
    turn.answer(ConsumerGroupDescribeResponse(found))


def _described_consumer(
    group: ConsumerGroup | None, name: str, image: MetadataImage, turn: Turn
) -> DescribedConsumerGroup:
    if group is None:
        return DescribedConsumerGroup(name, ErrorCode.GROUP_ID_NOT_FOUND, f"Group {name} not found.")
    members = tuple(
        DescribedConsumerMember(
            one.member_id, one.instance_id, one.rack_id, one.member_epoch, one.client_id, one.client_host,
            rules.topics_of(one, image.topics), one.subscribed_regex, one.partitions,
            group.target.get(one.member_id, ()), CONSUMER_MEMBER,
        )
        for one in group.members.values()
    )  # fmt: skip
    assignor = consumer_heartbeat.preferred_assignor(group.members, turn.config)
    return DescribedConsumerGroup(
        name, ErrorCode.NONE, None, group.state.value, group.group_epoch, group.assignment_epoch, assignor, members
    )


def list_groups(book: GroupBook, request: ListGroupsRequest, turn: Turn) -> None:
    """ListGroups: what this shard has, filtered by state and type whatever the case of their letters."""
    states = {state.lower() for state in request.states}
    types = {kind.lower() for kind in request.types}
    listed = [_listed(book, name) for name in sorted(book.groups) if book.known(name)]
    found = tuple(
        one
        for one in listed
        if (not states or one.state.lower() in states) and (not types or one.group_type in types)
    )  # fmt: skip
    turn.answer(ListGroupsResponse(ErrorCode.NONE, found))


def _listed(book: GroupBook, name: str) -> ListedGroup:
    group = book.groups[name]
    if isinstance(group, ClassicGroup):
        return ListedGroup(name, group.protocol_type, group.state.value, "classic")
    return ListedGroup(name, "consumer", group.state.value, "consumer")


# --- deleting ---


def delete(book: GroupBook, request: DeleteGroupsRequest, turn: Turn) -> None:
    """DeleteGroups: forget empty groups and their offsets."""
    turn.answer(DeleteGroupsResponse(tuple((name, _delete(book, name, turn)) for name in request.groups)))


def _delete(book: GroupBook, name: str, turn: Turn) -> ErrorCode:
    group = book.known(name)
    if group is None:
        return ErrorCode.GROUP_ID_NOT_FOUND
    if group.state.value != GroupState.EMPTY.value:
        return ErrorCode.NON_EMPTY_GROUP
    gone = book.offsets.partitions(name)
    turn.records += offsets.tombstones(name, gone)
    _bury(book, group, turn)
    if gone:
        turn.told.append(facts.OffsetsForgotten(name, gone, "deleted"))
    return ErrorCode.NONE


def _bury(book: GroupBook, group: ClassicGroup | ConsumerGroup, turn: Turn) -> None:
    turn.records += book.tombstones(group.group_id)
    epoch = group.generation if isinstance(group, ClassicGroup) else group.group_epoch
    turn.told.append(facts.GroupChanged(group.group_id, GroupState.DEAD.value, epoch, "", "", ()))


def delete_offsets(
    book: GroupBook, request: OffsetDeleteRequest, image: MetadataImage, turn: Turn
) -> None:  # fmt: skip
    """OffsetDelete: forget offsets of topics that the group does not read."""
    group = book.known(request.group)
    if group is None:
        turn.answer(OffsetDeleteResponse(ErrorCode.GROUP_ID_NOT_FOUND))
        return
    if isinstance(group, ClassicGroup) and group.state is not GroupState.EMPTY and not group.uses_consumer_protocol:
        turn.answer(OffsetDeleteResponse(ErrorCode.NON_EMPTY_GROUP))
        return
    reads = read_topics(group, image)
    results = []
    for partition in request.partitions:
        subscribed = partition.topic in reads
        results.append((partition, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if subscribed else ErrorCode.NONE))
    committed = book.offsets.partitions(request.group)
    gone = tuple(one for one, error in results if error == ErrorCode.NONE and one in committed)
    turn.records += offsets.tombstones(request.group, gone)
    if gone:
        turn.told.append(facts.OffsetsForgotten(request.group, gone, "deleted"))
    turn.answer(OffsetDeleteResponse(ErrorCode.NONE, tuple(results)))


def read_topics(group: ClassicGroup | ConsumerGroup, image: MetadataImage) -> frozenset[str]:
    """Topics that somebody in the group subscribes to, as far as the coordinator can tell."""
    if isinstance(group, ClassicGroup):
        return group.subscribed_topics() or frozenset()
    return frozenset(topic for one in group.members.values() for topic in rules.topics_of(one, image.topics))


# --- forgetting ---


def expire(book: GroupBook, image: MetadataImage, turn: Turn) -> None:
    """Every offsets.retention.check.interval.ms: forget what is too old, and groups of which nothing is left."""
    for name in sorted(book.groups):
        group = book.known(name)
        if group is None:
            continue
        committed = book.offsets.partitions(name)
        gone = tuple(one for one in committed if _is_expired(book, group, one, image, turn))
        turn.records += offsets.tombstones(name, gone)
        if gone:
            turn.told.append(facts.OffsetsForgotten(name, gone, "expired"))
        is_idle = group.state.value == GroupState.EMPTY.value and not getattr(group, "pending", None)
        if len(gone) == len(committed) and is_idle and not book.offsets.has_pending(name):
            _bury(book, group, turn)


def _is_expired(
    book: GroupBook, group: ClassicGroup | ConsumerGroup, partition: TopicPartition, image: MetadataImage, turn: Turn
) -> bool:
    if book.offsets.is_pending(group.group_id, partition):
        return False
    is_read, empty_since_ms = retention_base(group, partition.topic, image)
    committed_ms = book.offsets.by_group[group.group_id][partition].value.commit_timestamp_ms
    retention_ms = turn.config.offsets_retention_minutes * 60_000
    return offsets.is_expired(committed_ms, empty_since_ms, is_read, turn.now, retention_ms)


def retention_base(group: ClassicGroup | ConsumerGroup, topic: str, image: MetadataImage) -> tuple[bool, Millis | None]:
    """(does the group still need this topic's offsets?, since when it is empty if that is what counts)."""
    reads = topic in read_topics(group, image)
    if not isinstance(group, ClassicGroup) or not group.protocol_type:
        return reads, None
    if group.state is GroupState.EMPTY:
        return False, group.since_ms if group.since_ms >= 0 else None
    can_tell = group.state is GroupState.STABLE and group.subscribed_topics() is not None
    return reads or not can_tell, None
