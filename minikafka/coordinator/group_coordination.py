"""Requests about groups, for the house where coordinators live: which groups they name, and how they are refused.

Mirrors what `GroupCoordinatorService` does around its shards. What we leave out: share and streams groups, and
authorization.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from minikafka.config import ServerConfig
from minikafka.coordinator.group_shard import GroupShard
from minikafka.metadata.image import MetadataImage
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    DeleteGroupsRequest,
    DeleteGroupsResponse,
    DescribedConsumerGroup,
    DescribedGroup,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    ListGroupsRequest,
    ListGroupsResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetDeleteRequest,
    OffsetDeleteResponse,
    OffsetFetchGroupResult,
    OffsetFetchRequest,
    OffsetFetchResponse,
    SyncGroupRequest,
    SyncGroupResponse,
)
from minikafka.protocol.messages import Request, Response
from minikafka.protocol.transaction_messages import TxnOffsetCommitRequest, TxnOffsetCommitResponse
from minikafka.types import CONSUMER_OFFSETS_TOPIC, Epoch, TopicPartition

Kind = TypeVar("Kind", bound=Response)

GroupRequest: TypeAlias = (
    JoinGroupRequest
    | SyncGroupRequest
    | HeartbeatRequest
    | LeaveGroupRequest
    | ConsumerGroupHeartbeatRequest
    | OffsetCommitRequest
    | TxnOffsetCommitRequest
    | OffsetFetchRequest
    | OffsetDeleteRequest
    | DescribeGroupsRequest
    | ConsumerGroupDescribeRequest
    | DeleteGroupsRequest
)
"""Requests that name their groups."""


class GroupCoordination:
    """The group coordinator as `CoordinatorHost` needs to know it (its `Coordination`)."""

    name = "groups"
    topic = CONSUMER_OFFSETS_TOPIC

    def __init__(self, config: ServerConfig, image: MetadataImage) -> None:
        self.config = config
        self.image = image

    def make(self, partition: TopicPartition, leader_epoch: Epoch) -> GroupShard:
        """A shard that knows nothing yet."""
        return GroupShard(self.config, self.image, leader_epoch)

    def split(self, request: Request) -> tuple[tuple[str, Request], ...]:
        """One part for each group."""
        match request:
            case OffsetFetchRequest():
                return tuple((one.group, replace(request, groups=(one,))) for one in request.groups)
            case DescribeGroupsRequest() | ConsumerGroupDescribeRequest() | DeleteGroupsRequest():
                return tuple((name, replace(request, groups=(name,))) for name in request.groups)
        return ((group_of(request), request),)

    def join(self, request: Request, answers: tuple[Response, ...]) -> Response:
        """The answers of all groups in one."""
        match request:
            case OffsetFetchRequest():
                found = _only(OffsetFetchResponse, answers)
                return OffsetFetchResponse(tuple(one for each in found for one in each.groups))
            case DescribeGroupsRequest():
                described = _only(DescribeGroupsResponse, answers)
                return DescribeGroupsResponse(tuple(one for each in described for one in each.groups))
            case ConsumerGroupDescribeRequest():
                consumers = _only(ConsumerGroupDescribeResponse, answers)
                return ConsumerGroupDescribeResponse(tuple(one for each in consumers for one in each.groups))
            case DeleteGroupsRequest():
                deleted = _only(DeleteGroupsResponse, answers)
                return DeleteGroupsResponse(tuple(one for each in deleted for one in each.groups))
            case ListGroupsRequest():
                return _joined_lists(_only(ListGroupsResponse, answers))
        (answer,) = answers
        return answer

    def refuse(self, request: Request, error: ErrorCode) -> Response:
        """No shard takes it."""
        return refusal(request, error)


def group_of(request: Request) -> str:
    """The one group that a request names."""
    name: str = getattr(request, "group")  # noqa: B009
    return name


def refusal(request: Request, error: ErrorCode) -> Response:
    """The answer to a request about a group that fails as a whole."""
    match request:
        case OffsetCommitRequest():
            return OffsetCommitResponse(tuple((one.partition, error) for one in request.offsets))
        case TxnOffsetCommitRequest():
            return TxnOffsetCommitResponse(tuple((one.partition, error) for one in request.offsets))
        case OffsetFetchRequest():
            return OffsetFetchResponse(tuple(OffsetFetchGroupResult(one.group, error) for one in request.groups))
        case DescribeGroupsRequest():
            return DescribeGroupsResponse(tuple(DescribedGroup(name, error) for name in request.groups))
        case ConsumerGroupDescribeRequest():
            return ConsumerGroupDescribeResponse(tuple(DescribedConsumerGroup(name, error) for name in request.groups))
        case DeleteGroupsRequest():
            return DeleteGroupsResponse(tuple((name, error) for name in request.groups))
    return _refusal_of_a_member(request, error)


def _refusal_of_a_member(request: Request, error: ErrorCode) -> Response:
    match request:
        case JoinGroupRequest():
            return JoinGroupResponse(error, member_id=request.member_id)
        case SyncGroupRequest():
            return SyncGroupResponse(error)
        case HeartbeatRequest():
            return HeartbeatResponse(error)
        case LeaveGroupRequest():
            return LeaveGroupResponse(error)
        case ConsumerGroupHeartbeatRequest():
            return ConsumerGroupHeartbeatResponse(error, member_id=request.member_id or None)
        case ListGroupsRequest():
            return ListGroupsResponse(error)
        case OffsetDeleteRequest():
            return OffsetDeleteResponse(error)
    raise AssertionError(f"{type(request).__name__} is no request about groups")


def _only(kind: type[Kind], answers: Sequence[Response]) -> list[Kind]:
    found = [answer for answer in answers if isinstance(answer, kind)]
    assert len(found) == len(answers), f"each answer is a {kind.__name__}"
    return found


def _joined_lists(lists: Sequence[ListGroupsResponse]) -> ListGroupsResponse:
    error = next((one.error for one in lists if one.error != ErrorCode.NONE), ErrorCode.NONE)
    return ListGroupsResponse(
        error, tuple(sorted((one for each in lists for one in each.groups), key=lambda g: g.group))
    )
