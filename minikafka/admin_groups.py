"""The admin client's calls about groups: each goes to the coordinator of its group.

What we leave out: share groups, streams groups, the authorized operations of a group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka.admin_types import (
    ConsumerGroupDescription,
    ConsumerGroupListing,
    ConsumerGroupTopicPartitions,
    ListConsumerGroupsResult,
    MemberAssignment,
    MemberDescription,
    Outcome,
)
from minikafka.api import KafkaError, KafkaException, TopicPartition
from minikafka.protocol import consumer_protocol, messages
from minikafka.protocol import group_messages as groups
from minikafka.protocol.errors import ErrorCode
from minikafka.types import TopicPartition as Name

if TYPE_CHECKING:
    from minikafka.admin import AdminClient


def _outcome(error: ErrorCode, value: Any = None, sentence: str | None = None) -> Outcome[Any]:
    return Outcome(None if error == ErrorCode.NONE else KafkaError(error, sentence or error.name), value)


def list_groups(client: AdminClient, timeout: float) -> ListConsumerGroupsResult:
    """Ask every broker for the groups it coordinates."""
    news = client.ask(messages.MetadataRequest(()), messages.MetadataResponse, "list brokers", timeout)
    valid: list[ConsumerGroupListing] = []
    errors: list[KafkaException] = []
    for broker in news.brokers:
        answer, error = client.try_ask(groups.ListGroupsRequest(), "list groups", timeout, broker.broker_id)
        if isinstance(answer, groups.ListGroupsResponse) and answer.error == ErrorCode.NONE:
            valid += [
                ConsumerGroupListing(one.group, one.protocol_type == "", one.state, one.group_type)
                for one in answer.groups
            ]
        else:
            errors.append(KafkaException(KafkaError(getattr(answer, "error", error))))
    return ListConsumerGroupsResult(sorted(valid), errors)


def describe(client: AdminClient, group: str, timeout: float) -> Outcome[ConsumerGroupDescription | None]:
    """As a group of the new protocol, and where there is none, as a classic one."""
    answer, error = client.try_ask(groups.ConsumerGroupDescribeRequest((group,)), "describe group", timeout, group)
    if isinstance(answer, groups.ConsumerGroupDescribeResponse):
        modern = answer.groups[0]
        if modern.error == ErrorCode.NONE:
            return _outcome(ErrorCode.NONE, _modern(modern))
        if modern.error not in (ErrorCode.GROUP_ID_NOT_FOUND, ErrorCode.UNSUPPORTED_VERSION):
            return _outcome(modern.error, None, modern.error_message)
    elif answer is None:
        return _outcome(error)
    answer, error = client.try_ask(groups.DescribeGroupsRequest((group,)), "describe group", timeout, group)
    if not isinstance(answer, groups.DescribeGroupsResponse):
        return _outcome(error)
    classic = answer.groups[0]
    return _outcome(classic.error, _classic(classic), classic.error_message)


def _modern(group: groups.DescribedConsumerGroup) -> ConsumerGroupDescription:
    members = [
        MemberDescription(
            one.member_id,
            one.client_id,
            one.client_host,
            MemberAssignment(_partitions(one.assignment)),
            one.instance_id,
        )
        for one in group.members
    ]
    return ConsumerGroupDescription(group.group, False, members, group.assignor, group.state, "consumer")


def _classic(group: groups.DescribedGroup) -> ConsumerGroupDescription:
    members = [
        MemberDescription(
            one.member_id, one.client_id, one.client_host, MemberAssignment(_assigned(one.assignment)),
            one.group_instance_id,
        )
        for one in group.members
    ]  # fmt: skip
    is_simple = group.protocol_type == ""
    return ConsumerGroupDescription(group.group, is_simple, members, group.protocol, group.state, "classic")


def _assigned(data: bytes) -> list[TopicPartition]:
    if not data:
        return []
    return _partitions(consumer_protocol.unpack_assignment(data).partitions)


def _partitions(names: tuple[Name, ...]) -> list[TopicPartition]:
    return [TopicPartition(*name) for name in names]


def delete(client: AdminClient, group: str, timeout: float) -> Outcome[None]:
    """Delete one group."""
    answer, error = client.try_ask(groups.DeleteGroupsRequest((group,)), "delete group", timeout, group)
    if isinstance(answer, groups.DeleteGroupsResponse):
        error = answer.groups[0][1]
    return _outcome(error)


def offsets(
    client: AdminClient, asked: ConsumerGroupTopicPartitions, timeout: float, require_stable: bool
) -> Outcome[ConsumerGroupTopicPartitions]:
    """What one group has committed."""
    names = None
    if asked.topic_partitions is not None:
        names = tuple(Name(one.topic, one.partition) for one in asked.topic_partitions)
    request = groups.OffsetFetchRequest((groups.OffsetFetchGroup(asked.group_id, names),), require_stable)
    answer, error = client.try_ask(request, "list offsets of group", timeout, asked.group_id)
    found: list[TopicPartition] = []
    if isinstance(answer, groups.OffsetFetchResponse):
        error = answer.groups[0].error
        found = [
            TopicPartition(
                *one.partition,
                offset=one.offset,
                metadata=one.metadata,
                leader_epoch=one.leader_epoch if one.leader_epoch >= 0 else None,
                error=None if one.error == ErrorCode.NONE else KafkaError(one.error),
            )
            for one in answer.groups[0].offsets
        ]
    return _outcome(error, ConsumerGroupTopicPartitions(asked.group_id, found))


def alter_offsets(
    client: AdminClient, asked: ConsumerGroupTopicPartitions, timeout: float
) -> Outcome[ConsumerGroupTopicPartitions]:
    """Commit for a group, as nobody's member: refused while it has members."""
    wanted = tuple(
        groups.OffsetToCommit(Name(one.topic, one.partition), one.offset, metadata=one.metadata or "")
        for one in asked.topic_partitions or ()
    )
    request = groups.OffsetCommitRequest(asked.group_id, -1, "", wanted)
    answer, error = client.try_ask(request, "set offsets of group", timeout, asked.group_id)
    result: list[TopicPartition] = []
    if isinstance(answer, groups.OffsetCommitResponse):
        for name, code in answer.partitions:
            offset = next(one.offset for one in wanted if one.partition == name)
            problem = None if code == ErrorCode.NONE else KafkaError(code)
            result.append(TopicPartition(*name, offset=offset, error=problem))
    return _outcome(error, ConsumerGroupTopicPartitions(asked.group_id, result))
