"""Responses inwards: what a peer has answered, as the core knows it. The other half of `peer_requests.py`.

- NOT_CONTROLLER at the top of an answer is the same news whatever was asked: nothing was done there.
- What the answer need not repeat (which partition an ISR is of) is taken from the question.

What we leave out: hints in NOT_CONTROLLER; who is active is learned from the fetches of the metadata log.
"""

from __future__ import annotations

from dataclasses import replace

from minikafka.protocol import admin_messages as admin
from minikafka.protocol import controller_messages as control
from minikafka.protocol import messages, quorum_messages
from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.quorum_adapters import the_partition
from minikafka.server.view import NO_TOPIC_ID, View, name_in
from minikafka.types import TopicPartition


def response_in(asked: messages.Message, body: Body, view: View) -> messages.Response:
    """The core's form of an answer to `asked`."""
    if body.get("error_code") == ErrorCode.NOT_CONTROLLER:
        return quorum_messages.NotControllerResponse()
    match asked:
        case messages.FetchRequest():
            return fetched(body, view)
        case txn.AddPartitionsToTxnRequest():
            return added(body)
        case txn.WriteTxnMarkersRequest():
            return marked(body)
        case control.AlterPartitionRequest():
            return altered(asked, body)
        case control.BrokerRegistrationRequest():
            return control.BrokerRegistrationResponse(ErrorCode(body["error_code"]), body["broker_epoch"])
        case control.BrokerHeartbeatRequest():
            standing = (body["is_caught_up"], body["is_fenced"], body["should_shut_down"])
            return control.BrokerHeartbeatResponse(ErrorCode(body["error_code"]), *standing)
        case txn.AllocateProducerIdsRequest():
            error = ErrorCode(body["error_code"])
            return txn.AllocateProducerIdsResponse(error, body["producer_id_start"], body["producer_id_len"])
    passed_on = _passed_on(asked, body)
    return passed_on if passed_on is not None else _of_voter(asked, body)


def _of_voter(asked: messages.Message, body: Body) -> messages.Response:
    one = the_partition(body)
    error = ErrorCode(one["error_code"])
    match asked:
        case quorum_messages.VoteRequest():
            return quorum_messages.VoteResponse(error, one["leader_epoch"], one["leader_id"], one["vote_granted"])
        case quorum_messages.BeginQuorumEpochRequest():
            return quorum_messages.BeginQuorumEpochResponse(error, one["leader_epoch"], one["leader_id"])
        case quorum_messages.EndQuorumEpochRequest():
            return quorum_messages.EndQuorumEpochResponse(error, one["leader_epoch"], one["leader_id"])
        case quorum_messages.FetchSnapshotRequest():
            leader = one["current_leader"]
            return quorum_messages.FetchSnapshotResponse(
                error, one["size"], one["position"], bytes(one["unaligned_records"]),
                leader["leader_id"], leader["leader_epoch"],
            )  # fmt: skip
    raise AssertionError(f"{type(asked).__name__} is not sent to a peer")


# --- fetches ----------------------------------------------------------------------------------------------------------


def fetched(body: Body, view: View) -> messages.FetchResponse:
    """What a leader has given its follower, or the active controller a reader of its log."""
    view = replace(view, holds_metadata_log=True)
    return messages.FetchResponse(
        tuple(
            _partition(TopicPartition(name_in(topic, "topic", view), one["partition_index"]), one)
            for topic in body["responses"]
            for one in topic["partitions"]
        )
    )


def _partition(name: TopicPartition, one: Body) -> messages.FetchPartitionResult:
    snapshot = one["snapshot_id"]
    return messages.FetchPartitionResult(
        name,
        ErrorCode(one["error_code"]),
        one["high_watermark"],
        one["log_start_offset"],
        bytes(one["records"] or b""),
        one["diverging_epoch"]["epoch"],
        one["diverging_epoch"]["end_offset"],
        one["current_leader"]["leader_id"],
        one["current_leader"]["leader_epoch"],
        one["last_stable_offset"],
        snapshot_id=None if snapshot["end_offset"] < 0 else (snapshot["end_offset"], snapshot["epoch"]),
    )


def altered(asked: control.AlterPartitionRequest, body: Body) -> control.AlterPartitionResponse:
    """An ISR as it is written now, or why not."""
    if body["error_code"] != ErrorCode.NONE:
        return control.AlterPartitionResponse(asked.partition, ErrorCode(body["error_code"]))
    one = the_partition(body)
    return control.AlterPartitionResponse(
        asked.partition,
        ErrorCode(one["error_code"]),
        one["leader_id"],
        one["leader_epoch"],
        tuple(one["isr"]),
        one["partition_epoch"],
        one["leader_recovery_state"] != 0,
    )


# --- transactions -----------------------------------------------------------------------------------------------------


def added(body: Body) -> txn.AddPartitionsToTxnResponse:
    """Verified or added, partition by partition."""
    results = tuple(
        (
            one["transactional_id"],
            TopicPartition(topic["name"], entry["partition_index"]),
            ErrorCode(entry["partition_error_code"]),
        )
        for one in body["results_by_transaction"]
        for topic in one["topic_results"]
        for entry in topic["results_by_partition"]
    )
    return txn.AddPartitionsToTxnResponse(ErrorCode(body["error_code"]), results)


def marked(body: Body) -> txn.WriteTxnMarkersResponse:
    """Written, marker by marker."""
    results = tuple(
        (one["producer_id"], TopicPartition(topic["name"], entry["partition_index"]), ErrorCode(entry["error_code"]))
        for one in body["markers"]
        for topic in one["topics"]
        for entry in topic["partitions"]
    )
    return txn.WriteTxnMarkersResponse(results)


# --- passed on for a client -------------------------------------------------------------------------------------------


def _passed_on(asked: messages.Message, body: Body) -> messages.Response | None:
    match asked:
        case admin.CreateTopicsRequest():
            return admin.CreateTopicsResponse(tuple(_created(one) for one in body["topics"]))
        case admin.DeleteTopicsRequest():
            return admin.DeleteTopicsResponse(tuple(_deleted(one) for one in body["responses"]))
        case admin.CreatePartitionsRequest():
            named = [admin.NamedResult(one["name"], *_error(one)) for one in body["results"]]
            return admin.CreatePartitionsResponse(tuple(named))
        case admin.ElectLeadersRequest():
            elected = _results(body["replica_election_results"], "topic", "partition_result", "partition_id")
            return admin.ElectLeadersResponse(ErrorCode(body["error_code"]), elected)
        case admin.IncrementalAlterConfigsRequest():
            changed = [
                admin.ResourceResult(one["resource_type"], one["resource_name"], *_error(one))
                for one in body["responses"]
            ]
            return admin.IncrementalAlterConfigsResponse(tuple(changed))
        case admin.AlterPartitionReassignmentsRequest():
            begun = _results(body["responses"], "name", "partitions", "partition_index")
            return admin.AlterPartitionReassignmentsResponse(*_error(body), begun)
        case admin.ListPartitionReassignmentsRequest():
            return admin.ListPartitionReassignmentsResponse(ErrorCode(body["error_code"]), _moving(body))
        case quorum_messages.DescribeQuorumRequest():
            return described(body)
    return None


def _error(one: Body) -> tuple[ErrorCode, str | None]:
    return ErrorCode(one["error_code"]), one["error_message"]


def _created(one: Body) -> admin.CreateTopicResult:
    return admin.CreateTopicResult(
        one["name"], *_error(one), _hex(one["topic_id"]), one["num_partitions"], one["replication_factor"]
    )


def _deleted(one: Body) -> admin.DeletedTopic:
    return admin.DeletedTopic(one["name"], _hex(one["topic_id"]), *_error(one))


def _hex(topic_id: bytes) -> str:
    return "" if bytes(topic_id) == NO_TOPIC_ID else topic_id.hex()


def _results(
    topics: list[Body], name: str, partitions: str, number: str
) -> tuple[tuple[TopicPartition, ErrorCode, str | None], ...]:
    return tuple(
        (TopicPartition(topic[name], one[number]), *_error(one)) for topic in topics for one in topic[partitions]
    )


def _moving(body: Body) -> tuple[admin.OngoingReassignment, ...]:
    return tuple(
        admin.OngoingReassignment(
            TopicPartition(topic["name"], one["partition_index"]),
            tuple(one["replicas"]),
            tuple(one["adding_replicas"]),
            tuple(one["removing_replicas"]),
        )
        for topic in body["topics"]
        for one in topic["partitions"]
    )


def described(body: Body) -> quorum_messages.DescribeQuorumResponse:
    """The quorum as its leader knows it."""
    one = the_partition(body)
    voters, observers = (tuple(map(_replica, one[field])) for field in ("current_voters", "observers"))
    return quorum_messages.DescribeQuorumResponse(
        ErrorCode(one["error_code"]), one["leader_id"], one["leader_epoch"], one["high_watermark"], voters, observers
    )


def _replica(one: Body) -> quorum_messages.QuorumReplica:
    return quorum_messages.QuorumReplica(
        one["replica_id"], one["log_end_offset"], one["last_fetch_timestamp"], one["last_caught_up_timestamp"]
    )
