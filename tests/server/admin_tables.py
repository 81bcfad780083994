"""Which field of the core's messages is which of the wire's: what administrators ask. See `test_adapters.py`."""

from __future__ import annotations

from cluster_tables import THROTTLE, Table
from group_tables import by_id, older

from minikafka.protocol import admin_messages as admin
from minikafka.protocol import group_messages as groups
from minikafka.protocol import messages
from minikafka.protocol import quorum_messages as quorum
from minikafka.protocol import transaction_messages as txn

OPERATIONS = {"include_authorized_operations": "never told"}
LISTED = {"partitions.topic": "topics.name", "partitions.partition": "topics.partition_indexes"}


def resource(prefix: str, wire: str) -> dict[str, str]:
    names = {"resource_type": "resource_type", "resource_name": "resource_name", "error": "error_code"}
    names["error_message"] = "error_message"
    return {f"{prefix}.{core}": f"{wire}.{name}" for core, name in names.items()}


def same(prefix: str, wire: str, **names: str) -> dict[str, str]:
    return {f"{prefix}.{core}": f"{wire}.{name}" for core, name in names.items()}


ADMIN_REQUESTS = [
    Table(15, groups.DescribeGroupsRequest, {"groups": "groups"}, only_wire=OPERATIONS),
    Table(69, groups.ConsumerGroupDescribeRequest, {"groups": "group_ids"}, only_wire=OPERATIONS),
    Table(16, groups.ListGroupsRequest, {"states": "states_filter", "types": "types_filter"}),
    Table(42, groups.DeleteGroupsRequest, {"groups": "groups_names"}),
    Table(
        47,
        groups.OffsetDeleteRequest,
        {
            "group": "group_id",
            "partitions.topic": "topics.name",
            "partitions.partition": "topics.partitions.partition_index",
        },
    ),
    Table(
        20,
        admin.DeleteTopicsRequest,
        {"topics.0": "topics.name", "timeout_ms": "timeout_ms"},
        only_core={"topics.1": "empty when there is a name"},
        only_wire={"topics.topic_id": "see test_adapters_shapes.py"} | older("topic_names"),
    ),
    Table(
        21,
        admin.DeleteRecordsRequest,
        {
            "partitions.0.topic": "topics.name",
            "partitions.0.partition": "topics.partitions.partition_index",
            "partitions.1": "topics.partitions.offset",
            "timeout_ms": "timeout_ms",
        },
    ),
    Table(
        32,
        admin.DescribeConfigsRequest,
        {
            "resources.0": "resources.resource_type",
            "resources.1": "resources.resource_name",
            "resources.2": "resources.configuration_keys",
        },
        only_wire={"include_synonyms": "the adapter leaves them out", "include_documentation": "there is none"},
    ),
    Table(
        35,
        admin.DescribeLogDirsRequest,
        {"partitions.topic": "topics.topic", "partitions.partition": "topics.partitions"},
    ),
    Table(
        37,
        admin.CreatePartitionsRequest,
        {
            "topics.name": "topics.name",
            "topics.total": "topics.count",
            "topics.assignment.0": "topics.assignments.broker_ids",
            "timeout_ms": "timeout_ms",
            "validate_only": "validate_only",
        },
    ),
    Table(
        43,
        admin.ElectLeadersRequest,
        {
            "election_type": "election_type",
            "partitions.topic": "topic_partitions.topic",
            "partitions.partition": "topic_partitions.partitions",
            "timeout_ms": "timeout_ms",
        },
    ),
    Table(
        44,
        admin.IncrementalAlterConfigsRequest,
        {
            "changes.resource_type": "resources.resource_type",
            "changes.resource_name": "resources.resource_name",
            "changes.name": "resources.configs.name",
            "changes.operation": "resources.configs.config_operation",
            "changes.value": "resources.configs.value",
            "resources.0": "resources.resource_type",
            "resources.1": "resources.resource_name",
            "validate_only": "validate_only",
        },
    ),
    Table(
        45,
        admin.AlterPartitionReassignmentsRequest,
        {
            "partitions.0.topic": "topics.name",
            "partitions.0.partition": "topics.partitions.partition_index",
            "partitions.1": "topics.partitions.replicas",
            "timeout_ms": "timeout_ms",
            "allow_replication_factor_change": "allow_replication_factor_change",
        },
    ),
    Table(46, admin.ListPartitionReassignmentsRequest, LISTED, only_wire={"timeout_ms": "answered at once"}),
    Table(61, txn.DescribeProducersRequest, LISTED),
    Table(65, txn.DescribeTransactionsRequest, {"transactional_ids": "transactional_ids"}),
    Table(
        66,
        txn.ListTransactionsRequest,
        {"states": "state_filters", "producer_ids": "producer_id_filters", "longer_than_ms": "duration_filter"},
        only_wire={"transactional_id_pattern": "version 2 is not served"},
    ),
]

NEXT_PAGE = dict.fromkeys(("next_cursor.topic_name", "next_cursor.partition_index"), "see test_adapters_shapes.py")

ADMIN_RESPONSES = [
    Table(
        15,
        groups.DescribeGroupsResponse,
        same(
            "groups", "groups", group="group_id", error="error_code", state="group_state",
            protocol_type="protocol_type", protocol="protocol_data", error_message="error_message",
        )
        | same(
            "groups.members", "groups.members", member_id="member_id", group_instance_id="group_instance_id",
            client_id="client_id", client_host="client_host", metadata="member_metadata",
            assignment="member_assignment",
        ),
        only_wire=THROTTLE | {"groups.authorized_operations": "never told"},
    ),
    Table(
        69,
        groups.ConsumerGroupDescribeResponse,
        same(
            "groups", "groups", group="group_id", error="error_code", error_message="error_message",
            state="group_state", group_epoch="group_epoch", assignment_epoch="assignment_epoch",
            assignor="assignor_name",
        )
        | same(
            "groups.members", "groups.members", member_id="member_id", instance_id="instance_id", rack_id="rack_id",
            member_epoch="member_epoch", client_id="client_id", client_host="client_host",
            subscribed_topics="subscribed_topic_names", subscribed_regex="subscribed_topic_regex",
            member_type="member_type",
        )
        | {
            f"groups.members.{kind}.{core}": f"groups.members.{kind}.topic_partitions.{wire}"
            for kind in ("assignment", "target_assignment")
            for core, wire in (("topic", "topic_name"), ("partition", "partitions"))
        },
        only_wire=THROTTLE
        | {"groups.authorized_operations": "never told"}
        | by_id(
            "groups.members.assignment.topic_partitions.topic_id",
            "groups.members.target_assignment.topic_partitions.topic_id",
        ),
    ),
    Table(
        16,
        groups.ListGroupsResponse,
        {"error": "error_code"}
        | same(
            "groups", "groups", group="group_id", protocol_type="protocol_type", state="group_state",
            group_type="group_type",
        ),
        only_wire=THROTTLE,
    ),
    Table(
        42,
        groups.DeleteGroupsResponse,
        {"groups.0": "results.group_id", "groups.1": "results.error_code"},
        only_wire=THROTTLE,
    ),
    Table(
        47,
        groups.OffsetDeleteResponse,
        {
            "error": "error_code",
            "partitions.0.topic": "topics.name",
            "partitions.0.partition": "topics.partitions.partition_index",
            "partitions.1": "topics.partitions.error_code",
        },
        only_wire=THROTTLE,
    ),
    Table(
        20,
        admin.DeleteTopicsResponse,
        same(
            "topics", "responses", name="name", topic_id="topic_id", error="error_code", error_message="error_message"
        ),
        only_wire=THROTTLE,
    ),
    Table(
        21,
        admin.DeleteRecordsResponse,
        {
            "partitions.0.topic": "topics.name",
            "partitions.0.partition": "topics.partitions.partition_index",
            "partitions.1": "topics.partitions.error_code",
            "partitions.2": "topics.partitions.low_watermark",
        },
        only_wire=THROTTLE,
    ),
    Table(
        32,
        admin.DescribeConfigsResponse,
        resource("resources", "results")
        | same(
            "resources.entries", "results.configs", name="name", value="value", source="config_source",
            read_only="read_only", config_type="config_type",
        )
        | {
            "resources.entries.synonyms.0": "results.configs.synonyms.name",
            "resources.entries.synonyms.1": "results.configs.synonyms.value",
            "resources.entries.synonyms.2": "results.configs.synonyms.source",
        },
        only_wire=THROTTLE
        | {"results.configs.is_sensitive": "nothing is", "results.configs.documentation": "there is none"},
    ),
    Table(
        35,
        admin.DescribeLogDirsResponse,
        {
            "error": "error_code",
            "partitions.0.topic": "results.topics.name",
            "partitions.0.partition": "results.topics.partitions.partition_index",
            "partitions.1": "results.topics.partitions.partition_size",
            "partitions.2": "results.topics.partitions.offset_lag",
        },
        only_wire=THROTTLE
        | {
            "results.error_code": "the directory is well",
            "results.log_dir": "there is one",
            "results.topics.partitions.is_future_key": "nothing moves between directories",
            "results.total_bytes": "not looked at",
            "results.usable_bytes": "not looked at",
            "results.is_cordoned": "never",
        },
    ),
    Table(
        37,
        admin.CreatePartitionsResponse,
        same("topics", "results", name="name", error="error_code", error_message="error_message"),
        only_wire=THROTTLE,
    ),
    Table(
        43,
        admin.ElectLeadersResponse,
        {
            "error": "error_code",
            "partitions.0.topic": "replica_election_results.topic",
            "partitions.0.partition": "replica_election_results.partition_result.partition_id",
            "partitions.1": "replica_election_results.partition_result.error_code",
            "partitions.2": "replica_election_results.partition_result.error_message",
        },
        only_wire=THROTTLE,
    ),
    Table(44, admin.IncrementalAlterConfigsResponse, resource("resources", "responses"), only_wire=THROTTLE),
    Table(
        45,
        admin.AlterPartitionReassignmentsResponse,
        {
            "error": "error_code",
            "error_message": "error_message",
            "partitions.0.topic": "responses.name",
            "partitions.0.partition": "responses.partitions.partition_index",
            "partitions.1": "responses.partitions.error_code",
            "partitions.2": "responses.partitions.error_message",
        },
        only_wire=THROTTLE | {"allow_replication_factor_change": "as it was asked"},
    ),
    Table(
        46,
        admin.ListPartitionReassignmentsResponse,
        {"error": "error_code", "partitions.partition.topic": "topics.name"}
        | same(
            "partitions", "topics.partitions", **{"partition.partition": "partition_index"}, replicas="replicas",
            adding="adding_replicas", removing="removing_replicas",
        ),
        only_wire=THROTTLE | {"error_message": "the code says it"},
    ),
    Table(
        55,
        quorum.DescribeQuorumResponse,
        {
            "error": "topics.partitions.error_code",
            "leader": "topics.partitions.leader_id",
            "epoch": "topics.partitions.leader_epoch",
            "high_watermark": "topics.partitions.high_watermark",
        }
        | {
            f"{core}.{one}": f"topics.partitions.{wire}.{name}"
            for core, wire in (("voters", "current_voters"), ("observers", "observers"))
            for one, name in (
                ("replica_id", "replica_id"), ("log_end_offset", "log_end_offset"),
                ("last_fetch_ms", "last_fetch_timestamp"), ("last_caught_up_ms", "last_caught_up_timestamp"),
            )
        },
        only_wire={
            "error_code": "said for the partition",
            "error_message": "the code says it",
            "topics.topic_name": "there is one",
            "topics.partitions.partition_index": "there is one",
            "topics.partitions.error_message": "the code says it",
            "topics.partitions.current_voters.replica_directory_id": "one directory each",
            "topics.partitions.observers.replica_directory_id": "one directory each",
            "nodes.node_id": "no client can reach a controller",
            "nodes.listeners.name": "likewise",
            "nodes.listeners.host": "likewise",
            "nodes.listeners.port": "likewise",
        },
    ),
    Table(
        61,
        txn.DescribeProducersResponse,
        {
            "partitions.0.topic": "topics.name",
            "partitions.0.partition": "topics.partitions.partition_index",
            "partitions.1": "topics.partitions.error_code",
        }
        | same(
            "partitions.2", "topics.partitions.active_producers", producer_id="producer_id",
            producer_epoch="producer_epoch", last_sequence="last_sequence", last_timestamp_ms="last_timestamp",
            coordinator_epoch="coordinator_epoch", current_transaction_start="current_txn_start_offset",
        ),
        only_wire=THROTTLE | {"topics.partitions.error_message": "the code says it"},
    ),
    Table(
        65,
        txn.DescribeTransactionsResponse,
        same(
            "transactions", "transaction_states", transactional_id="transactional_id", error="error_code",
            state="transaction_state", producer_id="producer_id", producer_epoch="producer_epoch",
            timeout_ms="transaction_timeout_ms", start_ms="transaction_start_time_ms",
        )
        | {
            "transactions.partitions.topic": "transaction_states.topics.topic",
            "transactions.partitions.partition": "transaction_states.topics.partitions",
        },
        only_wire=THROTTLE,
    ),
    Table(
        66,
        txn.ListTransactionsResponse,
        {
            "error": "error_code",
            "unknown_states": "unknown_state_filters",
            "transactions.0": "transaction_states.transactional_id",
            "transactions.1": "transaction_states.producer_id",
            "transactions.2": "transaction_states.transaction_state",
        },
        only_wire=THROTTLE,
    ),
    Table(
        75,
        messages.MetadataResponse,
        {
            "topics.topic": "topics.name",
            "topics.error": "topics.error_code",
            "topics.topic_id": "topics.topic_id",
            "topics.partitions.partition.partition": "topics.partitions.partition_index",
            "topics.partitions.error": "topics.partitions.error_code",
            "topics.partitions.leader": "topics.partitions.leader_id",
            "topics.partitions.leader_epoch": "topics.partitions.leader_epoch",
            "topics.partitions.replicas": "topics.partitions.replica_nodes",
            "topics.partitions.isr": "topics.partitions.isr_nodes",
            "topics.partitions.offline": "topics.partitions.offline_replicas",
        },
        only_core=dict.fromkeys(("brokers", "controller_id", "cluster_id"), "not told here")
        | {"transaction_version": "as in Metadata", "topics.partitions.partition.topic": "the topic it stands under"},
        only_wire=THROTTLE
        | NEXT_PAGE
        | {
            "topics.is_internal": "from the name",
            "topics.topic_authorized_operations": "no authorizer",
            "topics.partitions.eligible_leader_replicas": "from the image",
            "topics.partitions.last_known_elr": "from the image",
        },
    ),
]  # fmt: skip
