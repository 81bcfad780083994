"""Metadata, DescribeCluster, DescribeTopicPartitions, CreateTopics: inwards and outwards (see `adapters.py`).

What we leave out: authorization. Whoever asks for the operations it may perform gets all of them, as a Kafka without an
authorizer answers.
"""

from __future__ import annotations

from minikafka.protocol import admin_messages, messages
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import NO_TOPIC_ID, Ask, endpoint_out, name_in, unknown_id
from minikafka.types import INTERNAL_TOPICS

MISMATCHED_ENDPOINT_TYPE = 114
UNSUPPORTED_ENDPOINT_TYPE = 115
TOPIC_OPERATIONS = 3576
"""Every operation a topic has, as bits."""
CLUSTER_OPERATIONS = 8096
"""Every operation a cluster has, as bits."""
NOT_ASKED = -2147483648
MOST_PARTITIONS_OF_A_PAGE = 2_000
"""`max.request.partition.size.limit`"""


# --- Metadata and DescribeCluster -------------------------------------------------------------------------------------


def metadata_request(ask: Ask) -> messages.MetadataRequest | Body:
    """No topics at all, null, asks for every one; version 0 has no null and says it with an empty list."""
    version, body = ask.version, ask.body
    asked = body["topics"]
    if asked is None or (version == 0 and not asked):
        return messages.MetadataRequest(None, body["allow_auto_topic_creation"])
    if any(_asks_wrongly(topic, version) for topic in asked):
        return {"brokers": [], "topics": [_invalid_topic(topic) for topic in asked]}
    names = tuple(name_in(topic, "name", ask.view) for topic in asked)
    by_name = not any(map(unknown_id, names))  # a topic cannot be created from its id
    return messages.MetadataRequest(names, body["allow_auto_topic_creation"] and by_name)


def _asks_wrongly(topic: Body, version: int) -> bool:
    """Ids stand in the request from version 10 on, but may be asked for from 12 on."""
    has_id = topic["topic_id"] != NO_TOPIC_ID
    if version < 12:
        return has_id or topic["name"] is None
    return not has_id and topic["name"] is None


def metadata_response(response: messages.MetadataResponse, ask: Ask) -> Body:
    """The cluster as this broker has replayed it."""
    asked = ask.body
    operations = TOPIC_OPERATIONS if asked["include_topic_authorized_operations"] else NOT_ASKED
    return {
        "brokers": [endpoint_out(broker, "node_id") for broker in response.brokers],
        "cluster_id": response.cluster_id or ask.view.cluster_id,
        "controller_id": response.controller_id,
        "topics": [_topic_out(topic, operations) for topic in response.topics],
        "cluster_authorized_operations": (
            CLUSTER_OPERATIONS if asked["include_cluster_authorized_operations"] else NOT_ASKED
        ),
    }


def _invalid_topic(topic: Body) -> Body:
    identity = {"name": topic["name"] or "", "topic_id": topic["topic_id"], "is_internal": False, "partitions": []}
    return identity | {"error_code": ErrorCode.INVALID_REQUEST}


def _topic_out(topic: messages.TopicMetadata, operations: int) -> Body:
    asked_id = unknown_id(topic.topic)
    return {
        "error_code": ErrorCode.UNKNOWN_TOPIC_ID if asked_id else topic.error,
        "name": None if asked_id else topic.topic,
        "topic_id": asked_id or bytes.fromhex(topic.topic_id) or NO_TOPIC_ID,
        "is_internal": topic.topic in INTERNAL_TOPICS,
        "partitions": [_partition_out(partition) for partition in topic.partitions],
        "topic_authorized_operations": operations,
    }


def _partition_out(partition: messages.PartitionMetadata) -> Body:
    return {
        "error_code": partition.error,
        "partition_index": partition.partition.partition,
        "leader_id": partition.leader,
        "leader_epoch": partition.leader_epoch,
        "replica_nodes": partition.replicas,
        "isr_nodes": partition.isr,
        "offline_replicas": partition.offline,
    }


def describe_cluster_request(ask: Ask) -> messages.MetadataRequest | Body:
    """Brokers are described by the metadata; a broker does not speak for the controllers (KIP-919)."""
    kind = ask.body["endpoint_type"]
    if kind == 1:
        return messages.MetadataRequest(())
    mismatched = kind == 2
    return {
        "error_code": MISMATCHED_ENDPOINT_TYPE if mismatched else UNSUPPORTED_ENDPOINT_TYPE,
        "error_message": "This listener belongs to a broker." if mismatched else "There is no such endpoint type.",
        "endpoint_type": kind,
        "cluster_id": "",
        "brokers": [],
    }


def describe_cluster_response(response: messages.MetadataResponse, ask: Ask) -> Body:
    """The brokers that are not fenced."""
    operations = CLUSTER_OPERATIONS if ask.body["include_cluster_authorized_operations"] else NOT_ASKED
    return {
        "error_code": ErrorCode.NONE,
        "cluster_id": response.cluster_id or ask.view.cluster_id,
        "controller_id": response.controller_id,
        "brokers": [endpoint_out(broker, "broker_id") | {"is_fenced": False} for broker in response.brokers],
        "cluster_authorized_operations": operations,
    }


# --- CreateTopics -----------------------------------------------------------------------------------------------------


def create_topics_request(ask: Ask) -> admin_messages.CreateTopicsRequest:
    """Topics to create; the core checks them."""
    return admin_messages.CreateTopicsRequest(
        tuple(_new_topic(topic) for topic in ask.body["topics"]), ask.body["timeout_ms"], ask.body["validate_only"]
    )


def _new_topic(topic: Body) -> admin_messages.NewTopicSpec:
    replicas = {entry["partition_index"]: tuple(entry["broker_ids"]) for entry in topic["assignments"]}
    return admin_messages.NewTopicSpec(
        topic["name"],
        topic["num_partitions"],
        topic["replication_factor"],
        # a number that is left out has no replicas, which the core refuses
        tuple(replicas.get(number, ()) for number in range(len(topic["assignments"]))),
        tuple((config["name"], config["value"] or "") for config in topic["configs"]),
    )


def create_topics_response(response: admin_messages.CreateTopicsResponse, _ask: Ask) -> Body:
    """What became of each topic; one named twice has one answer."""
    once = {topic.name: topic for topic in response.topics}
    return {"topics": [_created(topic) for topic in once.values()]}


def _created(topic: admin_messages.CreateTopicResult) -> Body:
    return {
        "name": topic.name,
        "topic_id": bytes.fromhex(topic.topic_id) or NO_TOPIC_ID,
        "error_code": topic.error,
        "error_message": topic.error_message,
        "num_partitions": topic.num_partitions,
        "replication_factor": topic.replication_factor,
        "configs": [],
    }


# --- DescribeTopicPartitions ------------------------------------------------------------------------------------------


def describe_partitions_request(ask: Ask) -> messages.MetadataRequest:
    """Topics by name, or all of them, from the cursor on."""
    names = sorted({topic["name"] for topic in ask.body["topics"]} or ask.view.image.topics)
    cursor = ask.body["cursor"]
    return messages.MetadataRequest(tuple(name for name in names if cursor is None or name >= cursor["topic_name"]))


def describe_partitions_response(response: messages.MetadataResponse, ask: Ask) -> Body:
    """One page: as many partitions as were asked for, and where the next one begins (KIP-966)."""
    cursor, room = ask.body["cursor"], max(1, min(ask.body["response_partition_limit"], MOST_PARTITIONS_OF_A_PAGE))
    topics: list[Body] = []
    for topic in response.topics:
        first = cursor["partition_index"] if cursor and cursor["topic_name"] == topic.topic else 0
        wanted = [one for one in topic.partitions if one.partition.partition >= first]
        if not room:
            return {"topics": topics, "next_cursor": _cursor(topic.topic, 0)}
        described = _topic_out(topic, TOPIC_OPERATIONS)
        topics.append(described | {"partitions": [_described_partition(one, ask) for one in wanted[:room]]})
        if len(wanted) > room:
            return {"topics": topics, "next_cursor": _cursor(topic.topic, wanted[room].partition.partition)}
        room -= len(wanted)
    return {"topics": topics, "next_cursor": None}


def _described_partition(partition: messages.PartitionMetadata, ask: Ask) -> Body:
    """With the replicas that hold all that was committed (KIP-966): empty lists, never null, where there are none."""
    known = ask.view.image.partition(partition.partition)
    return _partition_out(partition) | {
        "eligible_leader_replicas": known.elr if known is not None else (),
        "last_known_elr": known.last_known_elr if known is not None else (),
    }


def _cursor(topic: str, partition: int) -> Body:
    return {"topic_name": topic, "partition_index": partition}
