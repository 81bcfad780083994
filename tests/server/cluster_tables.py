"""Which field of the core's messages is which of the wire's: records and the cluster. See `test_adapters.py`."""

from __future__ import annotations

import dataclasses

from minikafka.protocol import admin_messages, messages

PRODUCE, FETCH, LIST_OFFSETS, METADATA, FIND_COORDINATOR, CREATE_TOPICS, EPOCH_END, DESCRIBE_CLUSTER = (
    0, 1, 2, 3, 10, 19, 23, 60,
)  # fmt: skip
THROTTLE = {"throttle_time_ms": "nobody is throttled"}
BY_ID = {"topic_id": "the id is looked up from the name"}


@dataclasses.dataclass(frozen=True)
class Table:
    """Which field of the core is which of the wire, and what has no counterpart, with the reason."""

    key: int
    core: type
    fields: dict[str, str]
    """Path in the core → path on the wire."""
    only_core: dict[str, str] = dataclasses.field(default_factory=dict)
    only_wire: dict[str, str] = dataclasses.field(default_factory=dict)


def FLAGS(*names: str) -> dict[str, str]:  # noqa: N802
    return dict.fromkeys(names, "follows from the version")


CLUSTER_REQUESTS = [
    Table(
        PRODUCE,
        messages.ProduceRequest,
        {
            "acks": "acks",
            "timeout_ms": "timeout_ms",
            "transactional_id": "transactional_id",
            "partitions.partition.topic": "topic_data.name",
            "partitions.partition.partition": "topic_data.partition_data.index",
            "partitions.records": "topic_data.partition_data.records",
        },
        only_core=FLAGS("adds_partition", "knows_abortable"),
        only_wire={"topic_data.topic_id": BY_ID["topic_id"]},
    ),
    Table(
        FETCH,
        messages.FetchRequest,
        {
            "replica_id": "replica_id",
            "replica_epoch": "replica_state.replica_epoch",
            "max_wait_ms": "max_wait_ms",
            "min_bytes": "min_bytes",
            "max_bytes": "max_bytes",
            "isolation_level": "isolation_level",
            "rack_id": "rack_id",
            "partitions.partition.topic": "topics.topic",
            "partitions.partition.partition": "topics.partitions.partition",
            "partitions.fetch_offset": "topics.partitions.fetch_offset",
            "partitions.current_leader_epoch": "topics.partitions.current_leader_epoch",
            "partitions.last_fetched_epoch": "topics.partitions.last_fetched_epoch",
            "partitions.max_bytes": "topics.partitions.partition_max_bytes",
            "partitions.log_start_offset": "topics.partitions.log_start_offset",
            "partitions.high_watermark": "topics.partitions.high_watermark",
        },
        only_core={
            "cluster_voter": "follows from the replica id, where replicas are trusted",
        },
        only_wire={
            "cluster_id": "for controllers",
            "replica_state.replica_id": "the newer place of replica_id",
            "session_id": "see test_fetch_sessions.py",
            "session_epoch": "see test_fetch_sessions.py",
            "forgotten_topics_data.topic": "see test_fetch_sessions.py",
            "forgotten_topics_data.topic_id": "see test_fetch_sessions.py",
            "forgotten_topics_data.partitions": "see test_fetch_sessions.py",
            "topics.topic_id": BY_ID["topic_id"],
            "topics.partitions.replica_directory_id": "one log directory",
        },
    ),
    Table(
        LIST_OFFSETS,
        messages.ListOffsetsRequest,
        {
            "replica_id": "replica_id",
            "isolation_level": "isolation_level",
            "partitions.partition.topic": "topics.name",
            "partitions.partition.partition": "topics.partitions.partition_index",
            "partitions.timestamp": "topics.partitions.timestamp",
            "partitions.current_leader_epoch": "topics.partitions.current_leader_epoch",
        },
        only_wire={"timeout_ms": "for tiered storage"},
    ),
    Table(
        METADATA,
        messages.MetadataRequest,
        {"topics": "topics.name", "allow_auto_topic_creation": "allow_auto_topic_creation"},
        only_wire={
            "topics.topic_id": BY_ID["topic_id"],
            "include_cluster_authorized_operations": "answered by the adapter",
            "include_topic_authorized_operations": "answered by the adapter",
        },
    ),
    Table(
        CREATE_TOPICS,
        admin_messages.CreateTopicsRequest,
        {
            "timeout_ms": "timeout_ms",
            "validate_only": "validate_only",
            "topics.name": "topics.name",
            "topics.num_partitions": "topics.num_partitions",
            "topics.replication_factor": "topics.replication_factor",
            "topics.assignment.0": "topics.assignments.broker_ids",
            "topics.configs.0": "topics.configs.name",
            "topics.configs.1": "topics.configs.value",
        },
        only_wire={"topics.assignments.partition_index": "the position in `assignment`"},
    ),
    Table(
        EPOCH_END,
        messages.OffsetForLeaderEpochRequest,
        {
            "replica_id": "replica_id",
            "partitions.partition.topic": "topics.topic",
            "partitions.partition.partition": "topics.partitions.partition",
            "partitions.leader_epoch": "topics.partitions.leader_epoch",
            "partitions.current_leader_epoch": "topics.partitions.current_leader_epoch",
        },
    ),
]

CLUSTER_RESPONSES = [
    Table(
        PRODUCE,
        messages.ProduceResponse,
        {
            "partitions.partition.topic": "responses.name",
            "partitions.partition.partition": "responses.partition_responses.index",
            "partitions.error": "responses.partition_responses.error_code",
            "partitions.base_offset": "responses.partition_responses.base_offset",
            "partitions.log_append_time_ms": "responses.partition_responses.log_append_time_ms",
            "partitions.log_start_offset": "responses.partition_responses.log_start_offset",
            "partitions.current_leader": "responses.partition_responses.current_leader.leader_id",
            "partitions.current_leader_epoch": "responses.partition_responses.current_leader.leader_epoch",
        },
        only_wire=THROTTLE
        | {
            "responses.topic_id": BY_ID["topic_id"],
            "responses.partition_responses.record_errors.batch_index": "a bad record refuses its whole batch",
            "responses.partition_responses.record_errors.batch_index_error_message": "likewise",
            "responses.partition_responses.error_message": "the code says it",
            "node_endpoints.node_id": "looked up for the current leaders",
            "node_endpoints.host": "likewise",
            "node_endpoints.port": "likewise",
            "node_endpoints.rack": "likewise",
        },
    ),
    Table(
        FETCH,
        messages.FetchResponse,
        {
            "partitions.partition.topic": "responses.topic",
            "partitions.partition.partition": "responses.partitions.partition_index",
            "partitions.error": "responses.partitions.error_code",
            "partitions.high_watermark": "responses.partitions.high_watermark",
            "partitions.last_stable_offset": "responses.partitions.last_stable_offset",
            "partitions.aborted_transactions.0": "responses.partitions.aborted_transactions.producer_id",
            "partitions.aborted_transactions.1": "responses.partitions.aborted_transactions.first_offset",
            "partitions.preferred_read_replica": "responses.partitions.preferred_read_replica",
            "partitions.log_start_offset": "responses.partitions.log_start_offset",
            "partitions.records": "responses.partitions.records",
            "partitions.diverging_epoch": "responses.partitions.diverging_epoch.epoch",
            "partitions.diverging_end_offset": "responses.partitions.diverging_epoch.end_offset",
            "partitions.current_leader": "responses.partitions.current_leader.leader_id",
            "partitions.current_leader_epoch": "responses.partitions.current_leader.leader_epoch",
        },
        only_core={
            "partitions.snapshot_id": "for controllers, see test_peers.py",
        },
        only_wire=THROTTLE
        | {
            "error_code": "see test_fetch_sessions.py",
            "session_id": "see test_fetch_sessions.py",
            "responses.topic_id": BY_ID["topic_id"],
            "responses.partitions.snapshot_id.end_offset": "for controllers, see test_peers.py",
            "responses.partitions.snapshot_id.epoch": "likewise",
            "node_endpoints.node_id": "looked up for the current leaders",
            "node_endpoints.host": "likewise",
            "node_endpoints.port": "likewise",
            "node_endpoints.rack": "likewise",
        },
    ),
    Table(
        LIST_OFFSETS,
        messages.ListOffsetsResponse,
        {
            "partitions.partition.topic": "topics.name",
            "partitions.partition.partition": "topics.partitions.partition_index",
            "partitions.error": "topics.partitions.error_code",
            "partitions.timestamp": "topics.partitions.timestamp",
            "partitions.offset": "topics.partitions.offset",
            "partitions.leader_epoch": "topics.partitions.leader_epoch",
        },
        only_wire=THROTTLE,
    ),
    Table(
        METADATA,
        messages.MetadataResponse,
        {
            "brokers.broker_id": "brokers.node_id",
            "brokers.host": "brokers.host",
            "brokers.port": "brokers.port",
            "brokers.rack": "brokers.rack",
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
            "controller_id": "controller_id",
            "cluster_id": "cluster_id",
        },
        only_core={
            "topics.partitions.partition.topic": "the topic it stands under",
            "transaction_version": "real clients learn it from ApiVersions",
        },
        only_wire=THROTTLE
        | {
            "error_code": "for rebootstrapping",
            "topics.is_internal": "from the name",
            "topics.topic_authorized_operations": "no authorizer",
            "cluster_authorized_operations": "no authorizer",
        },
    ),
    Table(
        CREATE_TOPICS,
        admin_messages.CreateTopicsResponse,
        {
            "topics.name": "topics.name",
            "topics.topic_id": "topics.topic_id",
            "topics.error": "topics.error_code",
            "topics.error_message": "topics.error_message",
            "topics.num_partitions": "topics.num_partitions",
            "topics.replication_factor": "topics.replication_factor",
        },
        only_wire=THROTTLE
        | {"topics.topic_config_error_code": "no authorizer"}
        | {
            f"topics.configs.{name}": "not told yet"
            for name in ("name", "value", "read_only", "config_source", "is_sensitive")
        },
    ),
    Table(
        EPOCH_END,
        messages.OffsetForLeaderEpochResponse,
        {
            "partitions.partition.topic": "topics.topic",
            "partitions.partition.partition": "topics.partitions.partition",
            "partitions.error": "topics.partitions.error_code",
            "partitions.leader_epoch": "topics.partitions.leader_epoch",
            "partitions.end_offset": "topics.partitions.end_offset",
        },
        only_wire=THROTTLE,
    ),
    Table(
        DESCRIBE_CLUSTER,
        messages.MetadataResponse,
        {
            "brokers.broker_id": "brokers.broker_id",
            "brokers.host": "brokers.host",
            "brokers.port": "brokers.port",
            "brokers.rack": "brokers.rack",
            "controller_id": "controller_id",
            "cluster_id": "cluster_id",
        },
        only_core={"topics": "none were asked for", "transaction_version": "as in Metadata"},
        only_wire=THROTTLE
        | {
            "error_code": "said by the adapter",
            "error_message": "said by the adapter",
            "endpoint_type": "brokers",
            "brokers.is_fenced": "fenced brokers are not described",
            "cluster_authorized_operations": "no authorizer",
        },
    ),
]
