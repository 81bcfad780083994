"""Which field of the core's messages is which of the wire's: groups and transactions. See `test_adapters.py`."""

from __future__ import annotations

from cluster_tables import FLAGS, THROTTLE, Table

from minikafka.protocol import group_messages as groups
from minikafka.protocol import transaction_messages as txn

CLIENT = {"client_id": "from the header of the request", "client_host": "from the connection"}


def older(*paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, "the place of older versions; see test_adapters_shapes.py")


def by_id(*paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, "looked up from the name")


MEMBER = {
    "group": "group_id",
    "generation": "generation_id",
    "member_id": "member_id",
    "group_instance_id": "group_instance_id",
}
PRODUCER = {
    "transactional_id": "transactional_id",
    "producer_id": "producer_id",
    "producer_epoch": "producer_epoch",
}
OFFSETS = {
    "offsets.partition.topic": "topics.name",
    "offsets.partition.partition": "topics.partitions.partition_index",
    "offsets.offset": "topics.partitions.committed_offset",
    "offsets.leader_epoch": "topics.partitions.committed_leader_epoch",
    "offsets.metadata": "topics.partitions.committed_metadata",
}
COMMITTED = {
    "partitions.0.topic": "topics.name",
    "partitions.0.partition": "topics.partitions.partition_index",
    "partitions.1": "topics.partitions.error_code",
}

GROUP_REQUESTS = [
    Table(
        10,
        groups.FindCoordinatorRequest,
        {"key_type": "key_type", "keys": "coordinator_keys"},
        only_wire=older("key"),
    ),
    Table(
        11,
        groups.JoinGroupRequest,
        {
            "group": "group_id",
            "session_timeout_ms": "session_timeout_ms",
            "rebalance_timeout_ms": "rebalance_timeout_ms",
            "member_id": "member_id",
            "group_instance_id": "group_instance_id",
            "protocol_type": "protocol_type",
            "protocols.0": "protocols.name",
            "protocols.1": "protocols.metadata",
            "reason": "reason",
        },
        only_core=CLIENT | FLAGS("requires_known_member_id", "supports_skip_assignment"),
    ),
    Table(
        14,
        groups.SyncGroupRequest,
        MEMBER
        | {
            "protocol_type": "protocol_type",
            "protocol_name": "protocol_name",
            "assignments.0": "assignments.member_id",
            "assignments.1": "assignments.assignment",
        },
        only_core=FLAGS("requires_protocol"),
    ),
    Table(12, groups.HeartbeatRequest, MEMBER),
    Table(
        13,
        groups.LeaveGroupRequest,
        {
            "group": "group_id",
            "members.member_id": "members.member_id",
            "members.group_instance_id": "members.group_instance_id",
            "members.reason": "members.reason",
        },
        only_wire=older("member_id"),
    ),
    Table(
        68,
        groups.ConsumerGroupHeartbeatRequest,
        {
            "group": "group_id",
            "member_id": "member_id",
            "member_epoch": "member_epoch",
            "instance_id": "instance_id",
            "rack_id": "rack_id",
            "rebalance_timeout_ms": "rebalance_timeout_ms",
            "subscribed_topics": "subscribed_topic_names",
            "subscribed_regex": "subscribed_topic_regex",
            "server_assignor": "server_assignor",
            "owned.partition": "topic_partitions.partitions",
        },
        only_core=CLIENT | FLAGS("requires_member_id") | {"owned.topic": "looked up from the id"},
        only_wire=by_id("topic_partitions.topic_id"),
    ),
    Table(
        8,
        groups.OffsetCommitRequest,
        OFFSETS
        | {
            "group": "group_id",
            "generation": "generation_id_or_member_epoch",
            "member_id": "member_id",
            "group_instance_id": "group_instance_id",
        },
        only_core=FLAGS("knows_member_epochs"),
        only_wire=by_id("topics.topic_id") | {"retention_time_ms": "the broker's setting counts"},
    ),
    Table(
        28,
        txn.TxnOffsetCommitRequest,
        OFFSETS | PRODUCER | MEMBER,
        only_core=FLAGS("adds_partition", "knows_abortable"),
    ),
    Table(
        9,
        groups.OffsetFetchRequest,
        {
            "groups.group": "groups.group_id",
            "groups.partitions.topic": "groups.topics.name",
            "groups.partitions.partition": "groups.topics.partition_indexes",
            "groups.member_id": "groups.member_id",
            "groups.member_epoch": "groups.member_epoch",
            "require_stable": "require_stable",
        },
        only_wire=older("group_id", "topics.name", "topics.partition_indexes") | by_id("groups.topics.topic_id"),
    ),
    Table(
        22,
        txn.InitProducerIdRequest,
        PRODUCER | {"transaction_timeout_ms": "transaction_timeout_ms"},
        only_core=FLAGS("says_fenced"),
    ),
    Table(
        24,
        txn.AddPartitionsToTxnRequest,
        {
            "transactions.transactional_id": "transactions.transactional_id",
            "transactions.producer_id": "transactions.producer_id",
            "transactions.producer_epoch": "transactions.producer_epoch",
            "transactions.verify_only": "transactions.verify_only",
            "transactions.partitions.topic": "transactions.topics.name",
            "transactions.partitions.partition": "transactions.topics.partitions",
        },
        only_core=FLAGS("from_broker", "says_fenced"),
        only_wire=older(
            "v3_and_below_transactional_id",
            "v3_and_below_producer_id",
            "v3_and_below_producer_epoch",
            "v3_and_below_topics.name",
            "v3_and_below_topics.partitions",
        ),
    ),
    Table(25, txn.AddOffsetsToTxnRequest, PRODUCER | {"group": "group_id"}, only_core=FLAGS("says_fenced")),
    Table(26, txn.EndTxnRequest, PRODUCER | {"commit": "committed"}, only_core=FLAGS("bumps_epoch", "says_fenced")),
]

GROUP_RESPONSES = [
    Table(
        10,
        groups.FindCoordinatorResponse,
        {
            "coordinators.key": "coordinators.key",
            "coordinators.error": "coordinators.error_code",
            "coordinators.broker_id": "coordinators.node_id",
            "coordinators.host": "coordinators.host",
            "coordinators.port": "coordinators.port",
            "coordinators.error_message": "coordinators.error_message",
        },
        only_wire=THROTTLE | older("error_code", "error_message", "node_id", "host", "port"),
    ),
    Table(
        11,
        groups.JoinGroupResponse,
        {
            "error": "error_code",
            "generation": "generation_id",
            "protocol_type": "protocol_type",
            "protocol_name": "protocol_name",
            "leader": "leader",
            "member_id": "member_id",
            "members.member_id": "members.member_id",
            "members.group_instance_id": "members.group_instance_id",
            "members.metadata": "members.metadata",
            "skip_assignment": "skip_assignment",
        },
        only_wire=THROTTLE,
    ),
    Table(
        14,
        groups.SyncGroupResponse,
        {
            "error": "error_code",
            "protocol_type": "protocol_type",
            "protocol_name": "protocol_name",
            "assignment": "assignment",
        },
        only_wire=THROTTLE,
    ),
    Table(12, groups.HeartbeatResponse, {"error": "error_code"}, only_wire=THROTTLE),
    Table(
        13,
        groups.LeaveGroupResponse,
        {
            "error": "error_code",
            "members.0": "members.member_id",
            "members.1": "members.group_instance_id",
            "members.2": "members.error_code",
        },
        only_wire=THROTTLE,
    ),
    Table(
        68,
        groups.ConsumerGroupHeartbeatResponse,
        {
            "error": "error_code",
            "error_message": "error_message",
            "member_id": "member_id",
            "member_epoch": "member_epoch",
            "heartbeat_interval_ms": "heartbeat_interval_ms",
            "assignment.partition": "assignment.topic_partitions.partitions",
        },
        only_core={"assignment.topic": "its id is told"},
        only_wire=THROTTLE | by_id("assignment.topic_partitions.topic_id"),
    ),
    Table(8, groups.OffsetCommitResponse, COMMITTED, only_wire=THROTTLE | by_id("topics.topic_id")),
    Table(28, txn.TxnOffsetCommitResponse, COMMITTED, only_wire=THROTTLE),
    Table(
        9,
        groups.OffsetFetchResponse,
        {
            "groups.group": "groups.group_id",
            "groups.error": "groups.error_code",
            "groups.offsets.partition.topic": "groups.topics.name",
            "groups.offsets.partition.partition": "groups.topics.partitions.partition_index",
            "groups.offsets.offset": "groups.topics.partitions.committed_offset",
            "groups.offsets.leader_epoch": "groups.topics.partitions.committed_leader_epoch",
            "groups.offsets.metadata": "groups.topics.partitions.metadata",
            "groups.offsets.error": "groups.topics.partitions.error_code",
        },
        only_wire=THROTTLE
        | by_id("groups.topics.topic_id")
        | older(
            "error_code",
            "topics.name",
            *(
                f"topics.partitions.{name}"
                for name in (
                    "partition_index",
                    "committed_offset",
                    "committed_leader_epoch",
                    "metadata",
                    "error_code",
                )
            ),
        ),
    ),
    Table(
        22,
        txn.InitProducerIdResponse,
        {"error": "error_code", "producer_id": "producer_id", "producer_epoch": "producer_epoch"},
        only_wire=THROTTLE,
    ),
    Table(
        24,
        txn.AddPartitionsToTxnResponse,
        {
            "error": "error_code",
            "results.0": "results_by_transaction.transactional_id",
            "results.1.topic": "results_by_transaction.topic_results.name",
            "results.1.partition": "results_by_transaction.topic_results.results_by_partition.partition_index",
            "results.2": "results_by_transaction.topic_results.results_by_partition.partition_error_code",
        },
        only_wire=THROTTLE
        | older(
            "results_by_topic_v3_and_below.name",
            "results_by_topic_v3_and_below.results_by_partition.partition_index",
            "results_by_topic_v3_and_below.results_by_partition.partition_error_code",
        ),
    ),
    Table(25, txn.AddOffsetsToTxnResponse, {"error": "error_code"}, only_wire=THROTTLE),
    Table(
        26,
        txn.EndTxnResponse,
        {"error": "error_code", "producer_id": "producer_id", "producer_epoch": "producer_epoch"},
        only_wire=THROTTLE,
    ),
]
