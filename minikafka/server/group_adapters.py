"""What members of groups say and hear: requests inwards, responses outwards (see `adapters.py`).

- FindCoordinator and LeaveGroup changed their shape when one request came to name many: the answer is made in both, and
  the version that is written takes its own.
- A KIP-848 member names topics by id; an id that this broker does not know is a topic of no name.

What we leave out: authorized operations of a group.
"""

from __future__ import annotations

from minikafka.protocol import group_messages as groups
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import Ask, id_out, numbers_out, partitions_in
from minikafka.types import NO_LEADER

# --- FindCoordinator --------------------------------------------------------------------------------------------------


def find_coordinator_request(ask: Ask) -> groups.FindCoordinatorRequest:
    """One key below version 4, any number from then on."""
    keys = ask.body["coordinator_keys"] if ask.version >= 4 else [ask.body["key"]]
    return groups.FindCoordinatorRequest(ask.body["key_type"], tuple(keys))


def find_coordinator_response(response: groups.FindCoordinatorResponse, _ask: Ask) -> Body:
    """The first one stands also where it stood before there were many."""
    found = [_coordinator(one) for one in response.coordinators]
    return (found[0] if found else {}) | {"coordinators": found}


def _coordinator(one: groups.CoordinatorEndpoint) -> Body:
    return {
        "key": one.key,
        "error_code": one.error,
        "error_message": one.error_message,
        "node_id": one.broker_id,
        "host": one.host,
        "port": -1 if one.broker_id == NO_LEADER else one.port,
    }


# --- the classic protocol ---------------------------------------------------------------------------------------------


def join_request(ask: Ask) -> groups.JoinGroupRequest:
    """Version 0 knew one timeout for both."""
    body = ask.body
    return groups.JoinGroupRequest(
        group=body["group_id"],
        session_timeout_ms=body["session_timeout_ms"],
        rebalance_timeout_ms=body["session_timeout_ms"] if ask.version == 0 else body["rebalance_timeout_ms"],
        member_id=body["member_id"],
        group_instance_id=body["group_instance_id"],
        protocol_type=body["protocol_type"],
        protocols=tuple((protocol["name"], bytes(protocol["metadata"])) for protocol in body["protocols"]),
        client_id=ask.client_id,
        client_host=ask.client_host,
        requires_known_member_id=ask.version >= 4,
        supports_skip_assignment=ask.version >= 9,
        reason=body["reason"] or "",
    )


def join_response(response: groups.JoinGroupResponse, ask: Ask) -> Body:
    """The name of the protocol may be null only from version 7 on."""
    return {
        "error_code": response.error,
        "generation_id": response.generation,
        "protocol_type": response.protocol_type,
        "protocol_name": response.protocol_name if ask.version >= 7 else response.protocol_name or "",
        "leader": response.leader,
        "skip_assignment": response.skip_assignment,
        "member_id": response.member_id,
        "members": [
            {"member_id": one.member_id, "group_instance_id": one.group_instance_id, "metadata": one.metadata}
            for one in response.members
        ],
    }


def sync_request(ask: Ask) -> groups.SyncGroupRequest:
    """The assignments are filled by the leader alone."""
    body = ask.body
    return groups.SyncGroupRequest(
        group=body["group_id"],
        generation=body["generation_id"],
        member_id=body["member_id"],
        group_instance_id=body["group_instance_id"],
        protocol_type=body["protocol_type"],
        protocol_name=body["protocol_name"],
        assignments=tuple((one["member_id"], bytes(one["assignment"])) for one in body["assignments"]),
        requires_protocol=ask.version >= 5,
    )


def sync_response(response: groups.SyncGroupResponse, _ask: Ask) -> Body:
    """This member's assignment."""
    return {
        "error_code": response.error,
        "protocol_type": response.protocol_type,
        "protocol_name": response.protocol_name,
        "assignment": response.assignment,
    }


def heartbeat_request(ask: Ask) -> groups.HeartbeatRequest:
    """I am alive."""
    body = ask.body
    return groups.HeartbeatRequest(
        body["group_id"], body["generation_id"], body["member_id"], body["group_instance_id"]
    )  # fmt: skip


def heartbeat_response(response: groups.HeartbeatResponse, _ask: Ask) -> Body:
    """Go on, or join again."""
    return {"error_code": response.error}


def leave_request(ask: Ask) -> groups.LeaveGroupRequest:
    """One member below version 3, any number from then on."""
    if ask.version < 3:
        return groups.LeaveGroupRequest(ask.body["group_id"], (groups.LeavingMember(ask.body["member_id"]),))
    members = tuple(
        groups.LeavingMember(one["member_id"], one["group_instance_id"], one["reason"]) for one in ask.body["members"]
    )
    return groups.LeaveGroupRequest(ask.body["group_id"], members)


def leave_response(response: groups.LeaveGroupResponse, ask: Ask) -> Body:
    """Where there is one member only, its error is the error."""
    error = response.error
    if ask.version < 3 and error == ErrorCode.NONE and response.members:
        error = response.members[0][2]
    members = [
        {"member_id": member, "group_instance_id": instance, "error_code": its_error}
        for member, instance, its_error in response.members
    ]
    return {"error_code": error, "members": members}


# --- KIP-848 ----------------------------------------------------------------------------------------------------------


def consumer_heartbeat_request(ask: Ask) -> groups.ConsumerGroupHeartbeatRequest:
    """Null is: as before."""
    body, owned, topics = ask.body, ask.body["topic_partitions"], ask.body["subscribed_topic_names"]
    return groups.ConsumerGroupHeartbeatRequest(
        group=body["group_id"],
        member_id=body["member_id"],
        member_epoch=body["member_epoch"],
        instance_id=body["instance_id"],
        rack_id=body["rack_id"],
        rebalance_timeout_ms=body["rebalance_timeout_ms"],
        subscribed_topics=None if topics is None else tuple(topics),
        subscribed_regex=body["subscribed_topic_regex"],
        server_assignor=body["server_assignor"],
        owned=None if owned is None else partitions_in(owned, "partitions", ask.view),
        client_id=ask.client_id,
        client_host=ask.client_host,
        requires_member_id=ask.version >= 1,
    )


def consumer_heartbeat_response(response: groups.ConsumerGroupHeartbeatResponse, ask: Ask) -> Body:
    """The assignment as a whole, or null: as before."""
    assignment = None
    if response.assignment is not None:
        topics = [
            {"topic_id": id_out(topic, ask.view), "partitions": numbers}
            for topic, numbers in numbers_out(response.assignment)
        ]
        assignment = {"topic_partitions": topics}
    return {
        "error_code": response.error,
        "error_message": response.error_message,
        "member_id": response.member_id,
        "member_epoch": response.member_epoch,
        "heartbeat_interval_ms": response.heartbeat_interval_ms,
        "assignment": assignment,
    }
