"""Between the wire's many shapes and the core's one: each API's request inwards, each response outwards.

The problem: the core's messages are flat, have no versions and name topics by name. The wire groups partitions by
topic, says some things only from some version on, and since KIP-516 names topics by id. The idea: two small functions
for each API, and no version beyond this file.

    {"topic_data": [{"name": "orders", "partition_data": [{"index": 0, …}, {"index": 1, …}]}]}
        ⇅
    ProduceRequest(partitions=(ProducePartition(orders-0, …), ProducePartition(orders-1, …)))

Invariants:

- Answers keep the order of the request, and name a topic as the request did.
- A topic id that this broker does not know travels through the core as a name that no topic can have (`?` and the id's
  digits). The core finds no such topic, and on the way out that becomes UNKNOWN_TOPIC_ID (100).
- What has no place in the core is answered here: fetch sessions (none is ever opened, so a session's later epochs are
  refused, as Kafka refuses those of a session it has forgotten), endpoint types, authorized operations.

What we leave out: throttling (`throttle_time_ms` is always 0) and fetch sessions (KIP-227).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeAlias, TypeVar

from minikafka.protocol import messages
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.types import NO_LEADER, BrokerId, TopicPartition

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
API_VERSIONS, CREATE_TOPICS, OFFSET_FOR_LEADER_EPOCH, DESCRIBE_CLUSTER = 18, 19, 23, 60

FETCH_SESSION_ID_NOT_FOUND = 70
INVALID_FETCH_SESSION_EPOCH = 71
MISMATCHED_ENDPOINT_TYPE = 114
UNSUPPORTED_ENDPOINT_TYPE = 115
UNKNOWN_REPLICA: BrokerId = 2**31 - 1
"""Who claims over TCP to be a follower is none: brokers of this cluster talk inside the process."""
NO_TOPIC_ID = bytes(16)
INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state"})
TOPIC_OPERATIONS = 3576
"""Every operation a topic has, as bits: what a Kafka without an authorizer answers."""
CLUSTER_OPERATIONS = 8096
NOT_ASKED = -2147483648


class View(Protocol):
    """What the answering broker knows of the cluster; only what the wire needs beyond the core's messages."""

    @property
    def cluster_id(self) -> str:
        """22 characters that no other cluster has."""
        ...

    def topic_name(self, topic_id: str) -> str | None:
        """Name of the topic with this id (32 hexadecimal digits)."""
        ...

    def topic_id(self, topic: str) -> str | None:
        """Id of the topic with this name."""
        ...

    def endpoint(self, broker: BrokerId) -> messages.BrokerEndpoint | None:
        """Where clients reach a broker."""
        ...

    def coordinator(self) -> messages.BrokerEndpoint | None:
        """The broker to which every group and transaction is referred."""
        ...


Question: TypeAlias = messages.Request | Body
"""What a request came to: a message for the core, or the answer itself when the core has no part in it."""
Result = TypeVar("Result", messages.ProducePartitionResult, messages.FetchPartitionResult,
                 messages.ListOffsetsPartitionResult, messages.EpochEndPartitionResult)  # fmt: skip


def request_to_core(key: int, version: int, body: Body, view: View) -> Question:
    """The core's message for a decoded request."""
    match key:
        case 0:
            return produce_request(body, view)
        case 1:
            return fetch_request(body, view)
        case 2:
            return list_offsets_request(body)
        case 3:
            return metadata_request(version, body, view)
        case 10:
            return find_coordinator_response(body, view)
        case 19:
            return create_topics_request(body)
        case 23:
            return epoch_end_request(body)
        case 60:
            return describe_cluster_request(body)
        case _:
            raise AssertionError(f"API {key} is advertised, but has no adapter")


def response_to_wire(response: messages.Message, asked: Body, view: View) -> Body:
    """The wire's form of an answer of the core; `asked` is the request as it was decoded."""
    match response:
        case messages.ProduceResponse():
            return produce_response(response, view)
        case messages.FetchResponse():
            return fetch_response(response, asked, view)
        case messages.ListOffsetsResponse():
            return list_offsets_response(response)
        case messages.MetadataResponse() if "endpoint_type" in asked:
            return describe_cluster_response(response, asked, view)
        case messages.MetadataResponse():
            return metadata_response(response, asked, view)
        case messages.CreateTopicsResponse():
            return create_topics_response(response)
        case messages.OffsetForLeaderEpochResponse():
            return epoch_end_response(response)
        case _:
            raise AssertionError(f"{type(response).__name__} is no answer for a client")


# --- topics by name and by id -----------------------------------------------------------------------------------------


def name_in(topic: Body, field: str, view: View) -> str:
    """The topic's name, from the name or from the id, whichever this version carries."""
    topic_id: bytes = topic["topic_id"]
    if topic_id == NO_TOPIC_ID:
        name: str = topic[field]
        return name
    return view.topic_name(topic_id.hex()) or f"?{topic_id.hex()}"


def id_out(topic: str, view: View) -> bytes:
    """The id to answer with: the one that was asked for, if it is unknown."""
    return bytes.fromhex(topic[1:] if topic.startswith("?") else view.topic_id(topic) or "") or NO_TOPIC_ID


def error_out(topic: str, error: ErrorCode) -> int:
    """An unknown topic that was asked for by id is an unknown id."""
    by_id = topic.startswith("?") and error == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return ErrorCode.UNKNOWN_TOPIC_ID if by_id else error


def by_topic(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """Neighbours of the same topic, together, in the order of the request."""
    for topic, group in groupby(results, lambda result: result.partition.topic):
        yield topic, list(group)


def leader_hint(leader: BrokerId, leader_epoch: int) -> Body:
    """KIP-951: who leads instead; at its default, and so not written, when nobody said."""
    return {"leader_id": leader, "leader_epoch": leader_epoch}


def node_endpoints(leaders: set[BrokerId], view: View) -> list[Body]:
    """KIP-951: where to find the leaders that were named."""
    known = [view.endpoint(leader) for leader in sorted(leaders - {NO_LEADER})]
    return [endpoint_out(endpoint, "node_id") for endpoint in known if endpoint is not None]


def endpoint_out(endpoint: messages.BrokerEndpoint, id_field: str) -> Body:
    """A broker as clients reach it."""
    return {id_field: endpoint.broker_id, "host": endpoint.host, "port": endpoint.port, "rack": endpoint.rack}


# --- Produce ----------------------------------------------------------------------------------------------------------


def produce_request(body: Body, view: View) -> messages.ProduceRequest:
    """The one copy of the records on their way in is made here: the frame they lie in is used again."""
    partitions = tuple(
        messages.ProducePartition(
            TopicPartition(name_in(topic, "name", view), entry["index"]), bytes(entry["records"] or b"")
        )
        for topic in body["topic_data"]
        for entry in topic["partition_data"]
    )
    return messages.ProduceRequest(body["acks"], body["timeout_ms"], partitions, body["transactional_id"])


def produce_response(response: messages.ProduceResponse, view: View) -> Body:
    """Errors of single records (v8+) are never told: a bad record refuses its whole batch."""
    topics = [
        {"name": topic, "topic_id": id_out(topic, view), "partition_responses": [_produced(one) for one in results]}
        for topic, results in by_topic(response.partitions)
    ]
    return {
        "responses": topics,
        "node_endpoints": node_endpoints({r.current_leader for r in response.partitions}, view),
    }


def _produced(result: messages.ProducePartitionResult) -> Body:
    return {
        "index": result.partition.partition,
        "error_code": error_out(result.partition.topic, result.error),
        "base_offset": result.base_offset,
        "log_append_time_ms": result.log_append_time_ms,
        "log_start_offset": result.log_start_offset,
        "record_errors": [],
        "current_leader": leader_hint(result.current_leader, result.current_leader_epoch),
    }


# --- Fetch ------------------------------------------------------------------------------------------------------------


def fetch_request(body: Body, view: View) -> messages.FetchRequest | Body:
    """A reader, or the refusal of a session. From version 15 on the reader says in `replica_state` who it is."""
    refused = refused_session(body["session_id"], body["session_epoch"])
    if refused:
        return {"error_code": refused, "responses": []}
    replica_id, state = body["replica_id"], body["replica_state"]
    if replica_id == -1:
        replica_id = state["replica_id"]
    return messages.FetchRequest(
        replica_id=replica_id if replica_id < 0 else UNKNOWN_REPLICA,
        partitions=tuple(
            _wanted(TopicPartition(name_in(topic, "topic", view), entry["partition"]), entry)
            for topic in body["topics"]
            for entry in topic["partitions"]
        ),
        replica_epoch=state["replica_epoch"],
        max_wait_ms=body["max_wait_ms"],
        min_bytes=body["min_bytes"],
        max_bytes=body["max_bytes"],
        isolation_level=body["isolation_level"],
    )


def refused_session(session_id: int, session_epoch: int) -> int:
    """The error for a fetch that counts on a session, 0 for one that names all it wants (KIP-227)."""
    if session_epoch in (0, -1):
        return 0
    return INVALID_FETCH_SESSION_EPOCH if session_id == 0 else FETCH_SESSION_ID_NOT_FOUND


def _wanted(partition: TopicPartition, entry: Body) -> messages.FetchPartition:
    return messages.FetchPartition(
        partition,
        fetch_offset=entry["fetch_offset"],
        current_leader_epoch=entry["current_leader_epoch"],
        last_fetched_epoch=entry["last_fetched_epoch"],
        max_bytes=entry["partition_max_bytes"],
        log_start_offset=entry["log_start_offset"],
    )


def fetch_response(response: messages.FetchResponse, asked: Body, view: View) -> Body:
    """Session 0: no session was opened, so the next fetch names all its partitions again."""
    committed_only = asked["isolation_level"] == 1
    topics = [
        {
            "topic": topic,
            "topic_id": id_out(topic, view),
            "partitions": [_fetched(one, committed_only) for one in results],
        }
        for topic, results in by_topic(response.partitions)
    ]
    return {
        "responses": topics,
        "node_endpoints": node_endpoints({r.current_leader for r in response.partitions}, view),
    }


def _fetched(result: messages.FetchPartitionResult, committed_only: bool) -> Body:
    misled = result.error == ErrorCode.NOT_LEADER_OR_FOLLOWER
    return {
        "partition_index": result.partition.partition,
        "error_code": error_out(result.partition.topic, result.error),
        "high_watermark": result.high_watermark,
        "last_stable_offset": result.high_watermark,  # until there are transactions
        "log_start_offset": result.log_start_offset,
        "aborted_transactions": [] if committed_only else None,
        "records": result.records,
        "diverging_epoch": {"epoch": result.diverging_epoch, "end_offset": result.diverging_end_offset},
        "current_leader": leader_hint(result.current_leader, result.current_leader_epoch) if misled else NO_HINT,
    }


NO_HINT = leader_hint(NO_LEADER, -1)


# --- ListOffsets and OffsetForLeaderEpoch -----------------------------------------------------------------------------


def list_offsets_request(body: Body) -> messages.ListOffsetsRequest | Body:
    """Timestamps below 0 ask for ends of the log. Only the two that are older than version 7 are served."""
    if any(
        entry["timestamp"] < messages.EARLIEST_TIMESTAMP for topic in body["topics"] for entry in topic["partitions"]
    ):
        return {"topics": [_unsupported(topic) for topic in body["topics"]]}
    partitions = tuple(
        messages.ListOffsetsPartition(
            TopicPartition(topic["name"], entry["partition_index"]), entry["timestamp"], entry["current_leader_epoch"]
        )
        for topic in body["topics"]
        for entry in topic["partitions"]
    )
    return messages.ListOffsetsRequest(partitions, body["replica_id"], body["isolation_level"])


def _unsupported(topic: Body) -> Body:
    refused = [
        {"partition_index": entry["partition_index"], "error_code": ErrorCode.UNSUPPORTED_VERSION}
        for entry in topic["partitions"]
    ]
    return {"name": topic["name"], "partitions": refused}


def list_offsets_response(response: messages.ListOffsetsResponse) -> Body:
    """One offset for each partition."""
    topics = [
        {"name": topic, "partitions": [_listed(one) for one in results]}
        for topic, results in by_topic(response.partitions)
    ]
    return {"topics": topics}


def _listed(result: messages.ListOffsetsPartitionResult) -> Body:
    return {
        "partition_index": result.partition.partition,
        "error_code": result.error,
        "timestamp": result.timestamp,
        "offset": result.offset,
        "leader_epoch": result.leader_epoch,
    }


def epoch_end_request(body: Body) -> messages.OffsetForLeaderEpochRequest:
    """Where epochs end (KIP-320)."""
    partitions = tuple(
        messages.EpochEndPartition(
            TopicPartition(topic["topic"], entry["partition"]), entry["leader_epoch"], entry["current_leader_epoch"]
        )
        for topic in body["topics"]
        for entry in topic["partitions"]
    )
    return messages.OffsetForLeaderEpochRequest(partitions, body["replica_id"])


def epoch_end_response(response: messages.OffsetForLeaderEpochResponse) -> Body:
    """One end for each partition."""
    topics = [
        {"topic": topic, "partitions": [_ended(one) for one in results]}
        for topic, results in by_topic(response.partitions)
    ]
    return {"topics": topics}


def _ended(result: messages.EpochEndPartitionResult) -> Body:
    return {
        "error_code": result.error,
        "partition": result.partition.partition,
        "leader_epoch": result.leader_epoch,
        "end_offset": result.end_offset,
    }


# --- Metadata and DescribeCluster -------------------------------------------------------------------------------------


def metadata_request(version: int, body: Body, view: View) -> messages.MetadataRequest | Body:
    """No topics at all, null, asks for every one; version 0 has no null and says it with an empty list."""
    asked = body["topics"]
    if asked is None or (version == 0 and not asked):
        return messages.MetadataRequest(None, body["allow_auto_topic_creation"])
    if any(topic["name"] is None and (version < 12 or topic["topic_id"] == NO_TOPIC_ID) for topic in asked):
        return {"brokers": [], "topics": [_invalid_topic(topic) for topic in asked]}  # ids may be asked for from 12 on
    names = tuple(name_in(topic, "name", view) for topic in asked)
    by_name = not any(name.startswith("?") for name in names)  # a topic cannot be created from its id
    return messages.MetadataRequest(names, body["allow_auto_topic_creation"] and by_name)


def metadata_response(response: messages.MetadataResponse, asked: Body, view: View) -> Body:
    """The cluster as this broker has replayed it."""
    operations = TOPIC_OPERATIONS if asked["include_topic_authorized_operations"] else NOT_ASKED
    return {
        "brokers": [endpoint_out(broker, "node_id") for broker in response.brokers],
        "cluster_id": response.cluster_id or view.cluster_id,
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
    by_unknown_id = topic.topic.startswith("?")
    topic_id = topic.topic[1:] if by_unknown_id else topic.topic_id
    return {
        "error_code": ErrorCode.UNKNOWN_TOPIC_ID if by_unknown_id else topic.error,
        "name": None if by_unknown_id else topic.topic,
        "topic_id": bytes.fromhex(topic_id) or NO_TOPIC_ID,
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


def describe_cluster_request(body: Body) -> messages.MetadataRequest | Body:
    """Brokers are described by the metadata; a broker does not speak for the controllers (KIP-919)."""
    if body["endpoint_type"] == 1:
        return messages.MetadataRequest(())
    mismatched = body["endpoint_type"] == 2
    return {
        "error_code": MISMATCHED_ENDPOINT_TYPE if mismatched else UNSUPPORTED_ENDPOINT_TYPE,
        "error_message": "This listener belongs to a broker." if mismatched else "There is no such endpoint type.",
        "endpoint_type": body["endpoint_type"],
        "cluster_id": "",
        "brokers": [],
    }


def describe_cluster_response(response: messages.MetadataResponse, asked: Body, view: View) -> Body:
    """The brokers that are not fenced."""
    operations = CLUSTER_OPERATIONS if asked["include_cluster_authorized_operations"] else NOT_ASKED
    return {
        "error_code": ErrorCode.NONE,
        "cluster_id": response.cluster_id or view.cluster_id,
        "controller_id": response.controller_id,
        "brokers": [endpoint_out(broker, "broker_id") | {"is_fenced": False} for broker in response.brokers],
        "cluster_authorized_operations": operations,
    }


# --- FindCoordinator --------------------------------------------------------------------------------------------------


def find_coordinator_response(body: Body, view: View) -> Body:
    """A broker that does not show JoinGroup or OffsetCommit: so a client learns at once that there are no groups yet.

    Without an answer librdkafka would look for a coordinator for 45 s before it closes.
    """
    found = view.coordinator()
    coordinator = NO_COORDINATOR if found is None else endpoint_out(found, "node_id") | {"error_code": ErrorCode.NONE}
    answer = coordinator | {"error_message": None}
    return answer | {"coordinators": [answer | {"key": key} for key in body["coordinator_keys"]]}


NO_COORDINATOR = {"node_id": -1, "host": "", "port": -1, "error_code": ErrorCode.COORDINATOR_NOT_AVAILABLE}


# --- CreateTopics -----------------------------------------------------------------------------------------------------


def create_topics_request(body: Body) -> messages.CreateTopicsRequest:
    """Topics to create; the core checks them."""
    return messages.CreateTopicsRequest(
        tuple(_new_topic(topic) for topic in body["topics"]), body["timeout_ms"], body["validate_only"]
    )


def _new_topic(topic: Body) -> messages.NewTopicSpec:
    assignments = sorted(topic["assignments"], key=lambda entry: entry["partition_index"])
    return messages.NewTopicSpec(
        topic["name"],
        topic["num_partitions"],
        topic["replication_factor"],
        tuple(tuple(entry["broker_ids"]) for entry in assignments),
        tuple((config["name"], config["value"] or "") for config in topic["configs"]),
    )


def create_topics_response(response: messages.CreateTopicsResponse) -> Body:
    """What became of each topic; one named twice has one answer."""
    once = {topic.name: topic for topic in response.topics}
    return {"topics": [_created(topic) for topic in once.values()]}


def _created(topic: messages.CreateTopicResult) -> dict[str, Any]:
    return {
        "name": topic.name,
        "topic_id": bytes.fromhex(topic.topic_id) or NO_TOPIC_ID,
        "error_code": topic.error,
        "error_message": topic.error_message,
        "num_partitions": topic.num_partitions,
        "replication_factor": topic.replication_factor,
        "configs": [],
    }
