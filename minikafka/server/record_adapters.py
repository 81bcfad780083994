"""Produce, Fetch, ListOffsets and OffsetForLeaderEpoch: requests inwards, responses outwards (see `adapters.py`).

- Answers keep the order of the request, and name a topic as the request did.
- A fetch names all that it wants here, also one of a session: see `fetch_sessions.py`.
- What a version does not allow, or no client may, never reaches the core: its refusal stands at the end of the answer.

What we leave out: throttling (`throttle_time_ms` is always 0), errors of single records, and the client that may write
to internal topics in Kafka (`__admin_client`).
"""

from __future__ import annotations

from collections import Counter

from minikafka.config import MAX_LONG
from minikafka.protocol import messages
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body, Buffer
from minikafka.server.view import (
    Ask,
    by_topic,
    error_out,
    id_out,
    its_partition,
    leader_hint,
    name_in,
    node_endpoints,
)
from minikafka.types import (
    CONTROLLER_ID_BASE,
    INTERNAL_TOPICS,
    METADATA_PARTITION,
    NO_EPOCH,
    NO_LEADER,
    NO_OFFSET,
    BrokerId,
    TopicPartition,
)

FETCH_MAX_BYTES = 57_671_680
"""An answer holds no more, whatever a reader asks for: the default of Kafka's `fetch.max.bytes`."""
CONSUMER = -1
UNKNOWN_REPLICA: BrokerId = 2**31 - 1
"""Who claims over TCP to be a follower is none, where the brokers of a cluster talk inside one process."""
SPECIAL_TIMESTAMPS = {
    messages.LATEST_TIMESTAMP: (1, messages.LATEST_TIMESTAMP),
    messages.EARLIEST_TIMESTAMP: (1, messages.EARLIEST_TIMESTAMP),
    messages.MAX_TIMESTAMP: (7, messages.MAX_TIMESTAMP),
    -4: (8, messages.EARLIEST_TIMESTAMP),
    -5: (9, MAX_LONG),
    -6: (11, MAX_LONG),
}
"""Each with its first version and what the core is asked for. -4 is the first record that is not in tiered storage; -5
and -6 are places there, of which there is none: no record is that young."""
NO_HINT = leader_hint(NO_LEADER, -1)
ZSTD, FIRST_WITH_ZSTD = 4, 7
_CODEC = 22
"""The byte of a batch whose lowest three bits name its codec."""


# --- Produce ----------------------------------------------------------------------------------------------------------


def produce_request(ask: Ask) -> messages.ProduceRequest:
    """The one copy of the records on their way in is made here: the frame they lie in is used again."""
    body = ask.body
    _mark_refused(ask)
    partitions = tuple(
        messages.ProducePartition(
            TopicPartition(name_in(topic, "name", ask.view), entry["index"]), bytes(entry["records"] or b"")
        )
        for topic in body["topic_data"]
        for entry in topic["partition_data"]
        if "error_code" not in entry
    )
    return messages.ProduceRequest(
        body["acks"],
        body["timeout_ms"],
        partitions,
        body["transactional_id"],
        adds_partition=ask.version >= 12,
        knows_abortable=ask.version >= 11,
    )


def _mark_refused(ask: Ask) -> None:
    """Give an error to what shall not reach the core. `ProduceRequest.validateRecords`, `appendRecordsToLeader`."""
    for topic in ask.body["topic_data"]:
        is_internal = name_in(topic, "name", ask.view) in INTERNAL_TOPICS
        for entry in topic["partition_data"]:
            if is_internal:  # what a coordinator cannot read would be the end of it
                entry["error_code"] = ErrorCode.INVALID_TOPIC_EXCEPTION
            elif ask.version < FIRST_WITH_ZSTD and _has_codec(entry["records"], ZSTD):  # KIP-110
                entry["error_code"] = ErrorCode.UNSUPPORTED_COMPRESSION_TYPE


def _has_codec(records: Buffer | None, codec: int) -> bool:
    return records is not None and len(records) > _CODEC and records[_CODEC] & 7 == codec


def produce_response(response: messages.ProduceResponse, ask: Ask) -> Body:
    """Errors of single records (v8+) are never told: a bad record refuses its whole batch."""
    refused = tuple(
        messages.ProducePartitionResult(
            TopicPartition(name_in(topic, "name", ask.view), entry["index"]), entry["error_code"]
        )
        for topic in ask.body.get("topic_data", ())
        for entry in topic["partition_data"]
        if "error_code" in entry
    )
    topics = [
        {"name": topic, "topic_id": id_out(topic, ask.view), "partition_responses": [_produced(one) for one in results]}
        for topic, results in by_topic(response.partitions + refused, its_partition)
    ]
    return {
        "responses": topics,
        "node_endpoints": node_endpoints({r.current_leader for r in response.partitions}, ask.view),
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


def fetch_request(ask: Ask) -> messages.FetchRequest:
    """A reader. From version 15 on it says in `replica_state` who it is."""
    body, replica_id = ask.body, _replica_id(ask.body)
    trusted = ask.trusts_replicas and replica_id != CONSUMER
    max_bytes = body["max_bytes"] if trusted else min(body["max_bytes"], FETCH_MAX_BYTES)
    return messages.FetchRequest(
        replica_id=replica_id if replica_id < 0 or ask.trusts_replicas else UNKNOWN_REPLICA,
        partitions=tuple(
            _wanted(TopicPartition(name, entry["partition"]), entry)
            for name, entries in ((name_in(topic, "topic", ask.view), topic["partitions"]) for topic in body["topics"])
            for entry in entries
        ),
        replica_epoch=body["replica_state"]["replica_epoch"],
        max_wait_ms=body["max_wait_ms"],
        min_bytes=body["min_bytes"],
        max_bytes=max_bytes,
        isolation_level=body["isolation_level"],
        rack_id=body["rack_id"],
        cluster_voter=ask.trusts_replicas and replica_id > CONTROLLER_ID_BASE,
    )


def _replica_id(body: Body) -> int:
    replica_id: int = body["replica_id"]
    return body["replica_state"]["replica_id"] if replica_id == CONSUMER else replica_id


def _wanted(partition: TopicPartition, entry: Body) -> messages.FetchPartition:
    return messages.FetchPartition(
        partition,
        fetch_offset=entry["fetch_offset"],
        current_leader_epoch=entry["current_leader_epoch"],
        last_fetched_epoch=entry["last_fetched_epoch"],
        max_bytes=entry["partition_max_bytes"],
        log_start_offset=entry["log_start_offset"],
        high_watermark=entry["high_watermark"],
    )


def fetch_response(response: messages.FetchResponse, ask: Ask) -> Body:
    """All partitions; what its session leaves out is left out later (`fetch_sessions.py`)."""
    to_follower = ask.trusts_replicas and _replica_id(ask.body) != CONSUMER
    topics = [
        {
            "topic": topic,
            "topic_id": id_out(topic, ask.view),
            "partitions": [_fetched(one, to_follower) for one in results],
        }
        for topic, results in by_topic(response.partitions, its_partition)
    ]
    return {
        "responses": topics,
        "node_endpoints": node_endpoints({r.current_leader for r in response.partitions}, ask.view),
    }


def _fetched(result: messages.FetchPartitionResult, to_follower: bool) -> Body:
    """Beside an error a consumer is told no offset at all; our followers go on from the leader's first one."""
    misled = result.error == ErrorCode.NOT_LEADER_OR_FOLLOWER or result.partition == METADATA_PARTITION
    snapshot_end, snapshot_epoch = result.snapshot_id or (NO_OFFSET, NO_EPOCH)
    return {
        "partition_index": result.partition.partition,
        "error_code": error_out(result.partition.topic, result.error),
        "high_watermark": result.high_watermark,
        "last_stable_offset": result.last_stable_offset,
        "log_start_offset": NO_OFFSET if result.error and not to_follower else result.log_start_offset,
        "aborted_transactions": _aborted(result.aborted_transactions),
        "preferred_read_replica": result.preferred_read_replica,
        "records": result.records,
        "diverging_epoch": {"epoch": result.diverging_epoch, "end_offset": result.diverging_end_offset},
        "current_leader": leader_hint(result.current_leader, result.current_leader_epoch) if misled else NO_HINT,
        "snapshot_id": {"end_offset": snapshot_end, "epoch": snapshot_epoch},
    }


def _aborted(transactions: tuple[tuple[int, int], ...] | None) -> list[Body] | None:
    if transactions is None:
        return None
    return [{"producer_id": producer, "first_offset": offset} for producer, offset in transactions]


# --- ListOffsets and OffsetForLeaderEpoch -----------------------------------------------------------------------------


def list_offsets_request(ask: Ask) -> messages.ListOffsetsRequest | Body:
    """Timestamps below 0 ask for places in the log, each from some version on."""
    body = ask.body
    known = SPECIAL_TIMESTAMPS.keys()
    asked = [entry["timestamp"] for topic in body["topics"] for entry in topic["partitions"]]
    if any(one < 0 and (one not in known or ask.version < SPECIAL_TIMESTAMPS[one][0]) for one in asked):
        return {"topics": [_unsupported(topic) for topic in body["topics"]]}
    twice = _named_twice(ask)
    partitions = tuple(
        messages.ListOffsetsPartition(
            partition,
            SPECIAL_TIMESTAMPS.get(entry["timestamp"], (0, entry["timestamp"]))[1],
            entry["current_leader_epoch"],
        )
        for topic in body["topics"]
        for entry in topic["partitions"]
        if (partition := TopicPartition(topic["name"], entry["partition_index"])) not in twice
    )
    return messages.ListOffsetsRequest(partitions, body["replica_id"], body["isolation_level"])


def _named_twice(ask: Ask) -> dict[TopicPartition, ErrorCode]:
    """Kafka refuses them. In the order of the request."""
    counted = Counter(
        TopicPartition(topic["name"], entry["partition_index"])
        for topic in ask.body["topics"]
        for entry in topic["partitions"]
    )
    return {partition: ErrorCode.INVALID_REQUEST for partition, times in counted.items() if times > 1}


def _unsupported(topic: Body) -> Body:
    refused = [
        {"partition_index": entry["partition_index"], "error_code": ErrorCode.UNSUPPORTED_VERSION}
        for entry in topic["partitions"]
    ]
    return {"name": topic["name"], "partitions": refused}


def list_offsets_response(response: messages.ListOffsetsResponse, ask: Ask) -> Body:
    """One offset for each partition."""
    refused = tuple(
        messages.ListOffsetsPartitionResult(partition, error) for partition, error in _named_twice(ask).items()
    )
    topics = [
        {"name": topic, "partitions": [_listed(one) for one in results]}
        for topic, results in by_topic(response.partitions + refused, its_partition)
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


def epoch_end_request(ask: Ask) -> messages.OffsetForLeaderEpochRequest:
    """Where epochs end (KIP-320)."""
    partitions = tuple(
        messages.EpochEndPartition(
            TopicPartition(topic["topic"], entry["partition"]), entry["leader_epoch"], entry["current_leader_epoch"]
        )
        for topic in ask.body["topics"]
        for entry in topic["partitions"]
    )
    return messages.OffsetForLeaderEpochRequest(partitions, ask.body["replica_id"])


def epoch_end_response(response: messages.OffsetForLeaderEpochResponse, _ask: Ask) -> Body:
    """One end for each partition."""
    topics = [
        {"topic": topic, "partitions": [_ended(one) for one in results]}
        for topic, results in by_topic(response.partitions, its_partition)
    ]
    return {"topics": topics}


def _ended(result: messages.EpochEndPartitionResult) -> Body:
    return {
        "error_code": result.error,
        "partition": result.partition.partition,
        "leader_epoch": result.leader_epoch,
        "end_offset": result.end_offset,
    }
