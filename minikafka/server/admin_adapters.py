"""What administrators ask: requests inwards, responses outwards (see `adapters.py`).

- Access lists have no place in the core: who asks for them is told that security is disabled, as a Kafka without an
  authorizer answers.

What we leave out: documentation of settings, and where to reach the controllers (DescribeQuorum 2): no client can.
"""

from __future__ import annotations

from minikafka.protocol import admin_messages as admin
from minikafka.protocol import quorum_messages as quorum
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import NO_TOPIC_ID, Ask, by_topic, first, its_partition, partitions_in
from minikafka.types import METADATA_PARTITION, TopicPartition

LOG_DIRECTORY = "data"
NO_AUTHORIZER = {"error_code": ErrorCode.SECURITY_DISABLED, "error_message": "No Authorizer is configured."}

# --- topics -----------------------------------------------------------------------------------------------------------


def delete_topics_request(ask: Ask) -> admin.DeleteTopicsRequest:
    """By name below version 6, by name or id from then on."""
    named = [(name, "") for name in ask.body["topic_names"]]
    either = [(topic["name"], "" if topic["name"] else topic["topic_id"].hex()) for topic in ask.body["topics"]]
    return admin.DeleteTopicsRequest(tuple(either if ask.version >= 6 else named), ask.body["timeout_ms"])


def delete_topics_response(response: admin.DeleteTopicsResponse, _ask: Ask) -> Body:
    """What became of each."""
    deleted = [
        {
            "name": one.name,
            "topic_id": bytes.fromhex(one.topic_id) or NO_TOPIC_ID,
            "error_code": one.error,
            "error_message": one.error_message,
        }
        for one in response.topics
    ]
    return {"responses": deleted}


def create_partitions_request(ask: Ask) -> admin.CreatePartitionsRequest:
    """More partitions."""
    topics = tuple(
        admin.NewPartitionsSpec(
            topic["name"], topic["count"], tuple(tuple(one["broker_ids"]) for one in topic["assignments"] or ())
        )
        for topic in ask.body["topics"]
    )
    return admin.CreatePartitionsRequest(topics, ask.body["timeout_ms"], ask.body["validate_only"])


def create_partitions_response(response: admin.CreatePartitionsResponse, _ask: Ask) -> Body:
    """What became of each."""
    results = [
        {"name": one.name, "error_code": one.error, "error_message": one.error_message} for one in response.topics
    ]
    return {"results": results}


def delete_records_request(ask: Ask) -> admin.DeleteRecordsRequest:
    """Drop everything below these offsets."""
    partitions = tuple(
        (TopicPartition(topic["name"], entry["partition_index"]), entry["offset"])
        for topic in ask.body["topics"]
        for entry in topic["partitions"]
    )
    return admin.DeleteRecordsRequest(partitions, ask.body["timeout_ms"])


def delete_records_response(response: admin.DeleteRecordsResponse, _ask: Ask) -> Body:
    """Where each log begins now."""
    topics = [
        {
            "name": topic,
            "partitions": [
                {"partition_index": one.partition, "low_watermark": low, "error_code": error}
                for one, error, low in group
            ],
        }
        for topic, group in by_topic(response.partitions, first)
    ]
    return {"topics": topics}


# --- settings ---------------------------------------------------------------------------------------------------------


def describe_configs_request(ask: Ask) -> admin.DescribeConfigsRequest:
    """Settings in force."""
    resources = tuple(
        (
            one["resource_type"],
            one["resource_name"],
            None if one["configuration_keys"] is None else tuple(one["configuration_keys"]),
        )
        for one in ask.body["resources"]
    )
    return admin.DescribeConfigsRequest(resources)


def describe_configs_response(response: admin.DescribeConfigsResponse, ask: Ask) -> Body:
    """Each with what else is set for it, if that was asked for."""
    results = [
        _result(one) | {"configs": [_setting(entry, ask.body["include_synonyms"]) for entry in one.entries]}
        for one in response.resources
    ]
    return {"results": results}


def _result(one: admin.DescribedConfigs | admin.ResourceResult) -> Body:
    return {
        "error_code": one.error,
        "error_message": one.error_message,
        "resource_type": one.resource_type,
        "resource_name": one.resource_name,
    }


def _setting(entry: admin.ConfigEntry, with_synonyms: bool) -> Body:
    synonyms = entry.synonyms if with_synonyms else ()
    return {
        "name": entry.name,
        "value": entry.value,
        "read_only": entry.read_only,
        "config_source": entry.source,
        "is_sensitive": False,
        "synonyms": [{"name": name, "value": value, "source": source} for name, value, source in synonyms],
        "config_type": entry.config_type,
        "documentation": None,
    }


def alter_configs_request(ask: Ask) -> admin.IncrementalAlterConfigsRequest:
    """Change settings."""
    resources = ask.body["resources"]
    changes = tuple(
        admin.ConfigChange(
            one["resource_type"],
            one["resource_name"],
            config["name"],
            config["config_operation"],
            config["value"],
        )
        for one in resources
        for config in one["configs"]
    )
    named = tuple((one["resource_type"], one["resource_name"]) for one in resources)
    return admin.IncrementalAlterConfigsRequest(changes, named, ask.body["validate_only"])


def alter_configs_response(response: admin.IncrementalAlterConfigsResponse, _ask: Ask) -> Body:
    """What became of each resource."""
    return {"responses": [_result(one) for one in response.resources]}


# --- leaders and replicas ---------------------------------------------------------------------------------------------


def elect_request(ask: Ask) -> admin.ElectLeadersRequest:
    """Elect the preferred replicas, or anybody."""
    topics = ask.body["topic_partitions"]
    wanted = None if topics is None else partitions_in(topics, "partitions", ask.view, "topic")
    return admin.ElectLeadersRequest(ask.body["election_type"], wanted, ask.body["timeout_ms"])


def elect_response(response: admin.ElectLeadersResponse, _ask: Ask) -> Body:
    """How each election ended."""
    results = [
        {
            "topic": topic,
            "partition_result": [
                {"partition_id": one.partition, "error_code": error, "error_message": message}
                for one, error, message in group
            ],
        }
        for topic, group in by_topic(response.partitions, first)
    ]
    return {"error_code": response.error, "replica_election_results": results}


def reassign_request(ask: Ask) -> admin.AlterPartitionReassignmentsRequest:
    """New replicas; null cancels."""
    partitions = tuple(
        (
            TopicPartition(topic["name"], entry["partition_index"]),
            None if entry["replicas"] is None else tuple(entry["replicas"]),
        )
        for topic in ask.body["topics"]
        for entry in topic["partitions"]
    )
    return admin.AlterPartitionReassignmentsRequest(
        partitions, ask.body["timeout_ms"], ask.body["allow_replication_factor_change"]
    )


def reassign_response(response: admin.AlterPartitionReassignmentsResponse, ask: Ask) -> Body:
    """Begun, or refused."""
    responses = [
        {
            "name": topic,
            "partitions": [
                {"partition_index": one.partition, "error_code": error, "error_message": message}
                for one, error, message in group
            ],
        }
        for topic, group in by_topic(response.partitions, first)
    ]
    return {
        "allow_replication_factor_change": ask.body["allow_replication_factor_change"],
        "error_code": response.error,
        "error_message": response.error_message,
        "responses": responses,
    }


def list_reassignments_request(ask: Ask) -> admin.ListPartitionReassignmentsRequest:
    """What is on the move?"""
    topics = ask.body["topics"]
    wanted = None if topics is None else partitions_in(topics, "partition_indexes", ask.view)
    return admin.ListPartitionReassignmentsRequest(wanted)


def list_reassignments_response(response: admin.ListPartitionReassignmentsResponse, _ask: Ask) -> Body:
    """Where from, and where to."""
    topics = [
        {"name": topic, "partitions": [_moving(one) for one in group]}
        for topic, group in by_topic(response.partitions, its_partition)
    ]
    return {"error_code": response.error, "error_message": None, "topics": topics}


def _moving(one: admin.OngoingReassignment) -> Body:
    return {
        "partition_index": one.partition.partition,
        "replicas": one.replicas,
        "adding_replicas": one.adding,
        "removing_replicas": one.removing,
    }


def log_dirs_request(ask: Ask) -> admin.DescribeLogDirsRequest:
    """How much lies where?"""
    topics = ask.body["topics"]
    wanted = None if topics is None else partitions_in(topics, "partitions", ask.view, "topic")
    return admin.DescribeLogDirsRequest(wanted)


def log_dirs_response(response: admin.DescribeLogDirsResponse, _ask: Ask) -> Body:
    """There is one log directory."""
    topics = [
        {
            "name": topic,
            "partitions": [
                {"partition_index": one.partition, "partition_size": size, "offset_lag": lag, "is_future_key": False}
                for one, size, lag in group
            ],
        }
        for topic, group in by_topic(response.partitions, first)
    ]
    directory = {"error_code": ErrorCode.NONE, "log_dir": LOG_DIRECTORY, "topics": topics}
    return {"error_code": response.error, "results": [directory]}


def quorum_request(ask: Ask) -> quorum.DescribeQuorumRequest | Body:
    """The metadata log is the only one whose leader the controllers elect among themselves."""
    asked = [
        (topic["topic_name"], one["partition_index"]) for topic in ask.body["topics"] for one in topic["partitions"]
    ]
    if all(one == METADATA_PARTITION for one in asked):
        return quorum.DescribeQuorumRequest()
    return {"error_code": ErrorCode.INVALID_REQUEST, "error_message": None, "topics": [], "nodes": []}


def quorum_response(response: quorum.DescribeQuorumResponse, _ask: Ask) -> Body:
    """Who leads, and how far everybody has got."""
    partition = {
        "partition_index": METADATA_PARTITION.partition,
        "error_code": response.error,
        "error_message": None,
        "leader_id": response.leader,
        "leader_epoch": response.epoch,
        "high_watermark": response.high_watermark,
        "current_voters": [_replica(one) for one in response.voters],
        "observers": [_replica(one) for one in response.observers],
    }
    topics = [{"topic_name": METADATA_PARTITION.topic, "partitions": [partition]}]
    return {"error_code": ErrorCode.NONE, "error_message": None, "topics": topics, "nodes": []}


def _replica(one: quorum.QuorumReplica) -> Body:
    return {
        "replica_id": one.replica_id,
        "replica_directory_id": NO_TOPIC_ID,
        "log_end_offset": one.log_end_offset,
        "last_fetch_timestamp": one.last_fetch_ms,
        "last_caught_up_timestamp": one.last_caught_up_ms,
    }


# --- access lists -----------------------------------------------------------------------------------------------------


def describe_acls(_ask: Ask) -> Body:
    """There are none."""
    return NO_AUTHORIZER | {"resources": []}


def create_acls(ask: Ask) -> Body:
    """Nowhere to put them."""
    return {"results": [NO_AUTHORIZER for _ in ask.body["creations"]]}


def delete_acls(ask: Ask) -> Body:
    """Nothing to delete."""
    return {"filter_results": [NO_AUTHORIZER | {"matching_acls": []} for _ in ask.body["filters"]]}
