"""Looking at groups and deleting them: requests inwards, responses outwards (see `adapters.py`).

What we leave out: authorized operations of a group.
"""

from __future__ import annotations

from collections.abc import Sequence

from minikafka.protocol import group_messages as groups
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import Ask, id_out, numbers_out
from minikafka.types import TopicPartition


def describe_request(ask: Ask) -> groups.DescribeGroupsRequest:
    """How do these classic groups stand?"""
    return groups.DescribeGroupsRequest(tuple(ask.body["groups"]))


def describe_response(response: groups.DescribeGroupsResponse, ask: Ask) -> Body:
    """Before version 6 a group that nobody knows is no error: it is dead."""
    return {"groups": [_described(one, ask.version) for one in response.groups]}


def _described(group: groups.DescribedGroup, version: int) -> Body:
    unknown = group.error == ErrorCode.GROUP_ID_NOT_FOUND
    return {
        "error_code": ErrorCode.NONE if unknown and version < 6 else group.error,
        "error_message": group.error_message,
        "group_id": group.group,
        "group_state": group.state,
        "protocol_type": group.protocol_type,
        "protocol_data": group.protocol,
        "members": [
            {
                "member_id": one.member_id,
                "group_instance_id": one.group_instance_id,
                "client_id": one.client_id,
                "client_host": one.client_host,
                "member_metadata": one.metadata,
                "member_assignment": one.assignment,
            }
            for one in group.members
        ],
    }


def describe_consumer_request(ask: Ask) -> groups.ConsumerGroupDescribeRequest:
    """How do these KIP-848 groups stand?"""
    return groups.ConsumerGroupDescribeRequest(tuple(ask.body["group_ids"]))


def describe_consumer_response(response: groups.ConsumerGroupDescribeResponse, ask: Ask) -> Body:
    """What each member has, and what it shall have."""
    return {"groups": [_described_consumer(one, ask) for one in response.groups]}


def _described_consumer(group: groups.DescribedConsumerGroup, ask: Ask) -> Body:
    return {
        "error_code": group.error,
        "error_message": group.error_message,
        "group_id": group.group,
        "group_state": group.state,
        "group_epoch": group.group_epoch,
        "assignment_epoch": group.assignment_epoch,
        "assignor_name": group.assignor,
        "members": [_consumer_member(one, ask) for one in group.members],
    }


def _consumer_member(one: groups.DescribedConsumerMember, ask: Ask) -> Body:
    return {
        "member_id": one.member_id,
        "instance_id": one.instance_id,
        "rack_id": one.rack_id,
        "member_epoch": one.member_epoch,
        "client_id": one.client_id,
        "client_host": one.client_host,
        "subscribed_topic_names": one.subscribed_topics,
        "subscribed_topic_regex": one.subscribed_regex,
        "assignment": _assignment(one.assignment, ask),
        "target_assignment": _assignment(one.target_assignment, ask),
        "member_type": one.member_type,
    }


def _assignment(partitions: Sequence[TopicPartition], ask: Ask) -> Body:
    topics = [
        {"topic_id": id_out(topic, ask.view), "topic_name": topic, "partitions": numbers}
        for topic, numbers in numbers_out(partitions)
    ]
    return {"topic_partitions": topics}


def list_request(ask: Ask) -> groups.ListGroupsRequest:
    """Which groups are coordinated here?"""
    return groups.ListGroupsRequest(tuple(ask.body["states_filter"]), tuple(ask.body["types_filter"]))


def list_response(response: groups.ListGroupsResponse, _ask: Ask) -> Body:
    """Their names and states."""
    listed = [
        {
            "group_id": one.group,
            "protocol_type": one.protocol_type,
            "group_state": one.state,
            "group_type": one.group_type,
        }
        for one in response.groups
    ]
    return {"error_code": response.error, "groups": listed}


def delete_request(ask: Ask) -> groups.DeleteGroupsRequest:
    """Forget these groups."""
    return groups.DeleteGroupsRequest(tuple(ask.body["groups_names"]))


def delete_response(response: groups.DeleteGroupsResponse, _ask: Ask) -> Body:
    """One error for each."""
    return {"results": [{"group_id": group, "error_code": error} for group, error in response.groups]}
