"""Requests outwards: what a broker or a controller asks of its peers, as it goes over the wire.

The problem: between processes there is no shared dataclass; a follower's fetch is bytes like a consumer's. The idea:
for each request of the core its API, the version that carries all it says, and its body. The same request comes in at
the other end through the adapters that serve clients.

    FetchRequest(replica_id=2, …)      →  Fetch 18, replica_state {2, epoch}, topics by id
    BrokerHeartbeatRequest(…)          →  BrokerHeartbeat 1
    CreateTopicsRequest(…)             →  Envelope 0 around CreateTopics 7: passed on for a client (KIP-590)

Mirrors the `…Request.Builder` classes. What we leave out: older versions (all processes of a cluster are of one
version here), and the client's name and address in an Envelope.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from minikafka.protocol import admin_messages as admin
from minikafka.protocol import controller_messages as control
from minikafka.protocol import messages, quorum_messages
from minikafka.protocol import transaction_messages as txn
from minikafka.server.compiler import Body
from minikafka.server.quorum_adapters import about_metadata
from minikafka.server.view import METADATA_TOPIC_ID, NO_TOPIC_ID, View, by_topic, first, numbers_out
from minikafka.types import METADATA_PARTITION, TopicPartition

FETCH = (1, 18)
"""Key and version."""
NO_DIRECTORY = bytes(16)
Item = TypeVar("Item")


class PeerRequest(NamedTuple):
    """A request as it goes over the wire."""

    key: int
    version: int
    body: Body
    is_passed_on: bool = False
    """It travels in an Envelope."""


def request_out(message: messages.Message, view: View) -> PeerRequest:
    """The wire's form of a request to a peer."""
    match message:
        case messages.FetchRequest():
            return PeerRequest(*FETCH, fetch(message, view))
        case txn.AddPartitionsToTxnRequest():
            return PeerRequest(24, 5, add_partitions(message))
        case txn.WriteTxnMarkersRequest():
            return PeerRequest(27, 2, {"markers": [_marker(one) for one in message.markers]})
        case control.AlterPartitionRequest():
            return PeerRequest(56, 3, alter_partition(message, view))
        case control.BrokerRegistrationRequest():
            return PeerRequest(62, 4, registration(message, view))
        case control.BrokerHeartbeatRequest():
            return PeerRequest(63, 1, heartbeat(message))
        case txn.AllocateProducerIdsRequest():
            return PeerRequest(67, 0, {"broker_id": message.broker_id, "broker_epoch": message.broker_epoch})
    passed_on = _passed_on(message)
    return passed_on if passed_on is not None else _to_voter(message)


def _to_voter(message: messages.Message) -> PeerRequest:
    match message:
        case quorum_messages.VoteRequest():
            return PeerRequest(52, 2, vote(message))
        case quorum_messages.BeginQuorumEpochRequest():
            leads = {"leader_id": message.leader, "leader_epoch": message.epoch, "voter_directory_id": NO_DIRECTORY}
            return PeerRequest(53, 1, _about_log(leads) | {"leader_endpoints": []})
        case quorum_messages.EndQuorumEpochRequest():
            named = [{"candidate_id": one, "candidate_directory_id": NO_DIRECTORY} for one in message.successors]
            ends = {"leader_id": message.leader, "leader_epoch": message.epoch, "preferred_candidates": named}
            return PeerRequest(54, 1, _about_log(ends) | {"leader_endpoints": []})
        case quorum_messages.FetchSnapshotRequest():
            return PeerRequest(59, 1, fetch_snapshot(message))
    raise AssertionError(f"{type(message).__name__} is not sent to a peer")


# --- fetches ----------------------------------------------------------------------------------------------------------


def fetch(request: messages.FetchRequest, view: View) -> Body:
    """A follower's, or a reader's of the metadata log."""
    topics = [
        {"topic_id": topic_id(topic, view), "partitions": [_wanted(one) for one in group]}
        for topic, group in by_topic(request.partitions, lambda one: one.partition)
    ]
    return {
        "cluster_id": view.cluster_id,
        "replica_state": {"replica_id": request.replica_id, "replica_epoch": request.replica_epoch},
        "max_wait_ms": request.max_wait_ms,
        "min_bytes": request.min_bytes,
        "max_bytes": request.max_bytes,
        "isolation_level": request.isolation_level,
        "topics": topics,
        "forgotten_topics_data": [],
        "rack_id": request.rack_id,
    }


def topic_id(topic: str, view: View) -> bytes:
    """Its id, as this process knows it."""
    if topic == METADATA_PARTITION.topic:
        return METADATA_TOPIC_ID
    return bytes.fromhex(view.topic_id(topic) or "") or NO_TOPIC_ID


def _wanted(one: messages.FetchPartition) -> Body:
    return {
        "partition": one.partition.partition,
        "current_leader_epoch": one.current_leader_epoch,
        "fetch_offset": one.fetch_offset,
        "last_fetched_epoch": one.last_fetched_epoch,
        "log_start_offset": one.log_start_offset,
        "partition_max_bytes": one.max_bytes,
        "high_watermark": one.high_watermark,
    }


def fetch_snapshot(request: quorum_messages.FetchSnapshotRequest) -> Body:
    """A piece of a snapshot."""
    piece = {
        "partition": METADATA_PARTITION.partition,
        "current_leader_epoch": request.current_leader_epoch,
        "snapshot_id": {"end_offset": request.snapshot_end_offset, "epoch": request.snapshot_epoch},
        "position": request.position,
    }
    asker = {"replica_id": request.replica_id, "max_bytes": request.max_bytes}
    return asker | {"topics": about_metadata("name", piece)}


def vote(request: quorum_messages.VoteRequest) -> Body:
    """A vote, or a pre-vote."""
    return _about_log(
        {
            "replica_epoch": request.epoch,
            "replica_id": request.candidate,
            "replica_directory_id": NO_DIRECTORY,
            "voter_directory_id": NO_DIRECTORY,
            "last_offset_epoch": request.last_epoch,
            "last_offset": request.end_offset,
            "pre_vote": request.pre_vote,
        }
    )


def _about_log(said: Body) -> Body:
    return {"topics": about_metadata("topic_name", {"partition_index": METADATA_PARTITION.partition} | said)}


# --- to the active controller, for the broker itself ------------------------------------------------------------------


def registration(request: control.BrokerRegistrationRequest, view: View) -> Body:
    """One listener, without encryption."""
    host, port = request.endpoint
    listener = {"name": "PLAINTEXT", "host": host, "port": port, "security_protocol": 0}
    return {
        "broker_id": request.broker_id,
        "cluster_id": view.cluster_id,
        "incarnation_id": bytes.fromhex(request.incarnation_id),
        "listeners": [listener],
        "features": [],
        "rack": request.rack,
        "log_dirs": [],
        "previous_broker_epoch": request.previous_broker_epoch,
    }


def heartbeat(request: control.BrokerHeartbeatRequest) -> Body:
    """Alive."""
    return {
        "broker_id": request.broker_id,
        "broker_epoch": request.broker_epoch,
        "current_metadata_offset": request.current_metadata_offset,
        "want_fence": request.want_fence,
        "want_shut_down": request.want_shut_down,
    }


def alter_partition(request: control.AlterPartitionRequest, view: View) -> Body:
    """Another ISR."""
    members = [{"broker_id": one.broker_id, "broker_epoch": one.broker_epoch} for one in request.new_isr]
    partition = {
        "partition_index": request.partition.partition,
        "leader_epoch": request.leader_epoch,
        "new_isr_with_epochs": members,
        "leader_recovery_state": int(request.recovering),
        "partition_epoch": request.partition_epoch,
    }
    topic = {"topic_id": topic_id(request.partition.topic, view), "partitions": [partition]}
    return {"broker_id": request.broker_id, "broker_epoch": request.broker_epoch, "topics": [topic]}


# --- between brokers, about transactions ------------------------------------------------------------------------------


def add_partitions(request: txn.AddPartitionsToTxnRequest) -> Body:
    """A partition leader verifies, or adds (KIP-890)."""
    transactions = [
        {
            "transactional_id": one.transactional_id,
            "producer_id": one.producer_id,
            "producer_epoch": one.producer_epoch,
            "verify_only": one.verify_only,
            "topics": _numbers(one.partitions, "name", "partitions"),
        }
        for one in request.transactions
    ]
    return {"transactions": transactions}


def _marker(one: txn.TxnMarker) -> Body:
    return {
        "producer_id": one.producer_id,
        "producer_epoch": one.producer_epoch,
        "transaction_result": one.commit,
        "topics": _numbers(one.partitions, "name", "partition_indexes"),
        "coordinator_epoch": one.coordinator_epoch,
        "transaction_version": one.transaction_version,
    }


def _numbers(partitions: tuple[TopicPartition, ...], name: str, numbers: str) -> list[Body]:
    return [{name: topic, numbers: found} for topic, found in numbers_out(partitions)]


# --- passed on for a client -------------------------------------------------------------------------------------------


def _passed_on(message: messages.Message) -> PeerRequest | None:
    match message:
        case admin.CreateTopicsRequest():
            topics = [_topic(one) for one in message.topics]
            return _envelope(19, 7, message, {"topics": topics, "validate_only": message.validate_only})
        case admin.DeleteTopicsRequest():
            named = [{"name": name, "topic_id": bytes.fromhex(found) or NO_TOPIC_ID} for name, found in message.topics]
            return _envelope(20, 6, message, {"topics": named})
        case admin.CreatePartitionsRequest():
            more = [{"name": t.name, "count": t.total, "assignments": _brokers(t.assignment)} for t in message.topics]
            return _envelope(37, 3, message, {"topics": more, "validate_only": message.validate_only})
        case admin.ElectLeadersRequest():
            chosen = None if message.partitions is None else _numbers(message.partitions, "topic", "partitions")
            return _envelope(43, 2, message, {"election_type": message.election_type, "topic_partitions": chosen})
        case admin.IncrementalAlterConfigsRequest():
            changes = {"resources": _resources(message), "validate_only": message.validate_only}
            return PeerRequest(44, 1, changes, is_passed_on=True)
        case admin.AlterPartitionReassignmentsRequest():
            may_change = {"allow_replication_factor_change": message.allow_replication_factor_change}
            return _envelope(45, 1, message, may_change | {"topics": _reassigned(message)})
        case admin.ListPartitionReassignmentsRequest():
            wanted = None if message.partitions is None else _numbers(message.partitions, "name", "partition_indexes")
            return PeerRequest(46, 0, {"timeout_ms": 60_000, "topics": wanted}, is_passed_on=True)
        case quorum_messages.DescribeQuorumRequest():
            return PeerRequest(55, 2, _about_log({}), is_passed_on=True)
    return None


def _envelope(key: int, version: int, message: admin.CreateTopicsRequest | admin.DeleteTopicsRequest
              | admin.CreatePartitionsRequest | admin.ElectLeadersRequest | admin.AlterPartitionReassignmentsRequest,
              body: Body) -> PeerRequest:  # fmt: skip
    return PeerRequest(key, version, body | {"timeout_ms": message.timeout_ms}, is_passed_on=True)


def _topic(one: admin.NewTopicSpec) -> Body:
    assigned = [{"partition_index": at, "broker_ids": list(ids)} for at, ids in enumerate(one.assignment)]
    return {
        "name": one.name,
        "num_partitions": one.num_partitions,
        "replication_factor": one.replication_factor,
        "assignments": assigned,
        "configs": [{"name": name, "value": value} for name, value in one.configs],
    }


def _brokers(assignment: Iterable[tuple[int, ...]]) -> list[Body] | None:
    return [{"broker_ids": list(ids)} for ids in assignment] or None


def _resources(request: admin.IncrementalAlterConfigsRequest) -> list[Body]:
    named = dict.fromkeys([*request.resources, *((one.resource_type, one.resource_name) for one in request.changes)])
    return [
        {
            "resource_type": kind,
            "resource_name": name,
            "configs": [
                {"name": one.name, "config_operation": one.operation, "value": one.value}
                for one in request.changes
                if (one.resource_type, one.resource_name) == (kind, name)
            ],
        }
        for kind, name in named
    ]


def _reassigned(request: admin.AlterPartitionReassignmentsRequest) -> list[Body]:
    return [
        {
            "name": topic,
            "partitions": [
                {"partition_index": one.partition, "replicas": None if replicas is None else list(replicas)}
                for one, replicas in group
            ],
        }
        for topic, group in by_topic(request.partitions, first)
    ]
