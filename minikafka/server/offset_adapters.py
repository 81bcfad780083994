"""Offsets of groups, committed, fetched and forgotten: requests inwards, responses outwards (see `adapters.py`).

- OffsetFetch changed its shape when one request came to name many groups: the answer is made in both.
- From version 10 on topics are named by id; one that this broker does not know is UNKNOWN_TOPIC_ID, commit or fetch.

What we leave out: how long an offset shall be kept (`retention_time_ms`, versions 2 to 4): the broker's setting counts.
"""

from __future__ import annotations

from minikafka.protocol import group_messages as groups
from minikafka.protocol import transaction_messages as txn
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import (
    Ask,
    by_topic,
    error_out,
    first,
    id_out,
    its_partition,
    name_in,
    partitions_in,
    unknown_id,
)
from minikafka.types import TopicPartition

# --- committing -------------------------------------------------------------------------------------------------------


def commit_request(ask: Ask) -> groups.OffsetCommitRequest:
    """Offsets outside of a transaction."""
    body = ask.body
    return groups.OffsetCommitRequest(
        group=body["group_id"],
        generation=body["generation_id_or_member_epoch"],
        member_id=body["member_id"],
        offsets=_offsets(ask),
        group_instance_id=body["group_instance_id"],
        knows_member_epochs=ask.version >= 9,
    )


def transactional_commit_request(ask: Ask) -> txn.TxnOffsetCommitRequest:
    """Offsets that count once the transaction commits."""
    body = ask.body
    return txn.TxnOffsetCommitRequest(
        transactional_id=body["transactional_id"],
        group=body["group_id"],
        producer_id=body["producer_id"],
        producer_epoch=body["producer_epoch"],
        offsets=_offsets(ask),
        generation=body["generation_id"],
        member_id=body["member_id"],
        group_instance_id=body["group_instance_id"],
        adds_partition=ask.version >= 5,
        knows_abortable=ask.version >= 4,
    )


def _offsets(ask: Ask) -> tuple[groups.OffsetToCommit, ...]:
    return tuple(
        groups.OffsetToCommit(
            TopicPartition(name_in(topic, "name", ask.view), entry["partition_index"]),
            entry["committed_offset"],
            entry["committed_leader_epoch"],
            entry["committed_metadata"],
        )
        for topic in ask.body["topics"]
        for entry in topic["partitions"]
    )


def commit_response(response: groups.OffsetCommitResponse | txn.TxnOffsetCommitResponse, ask: Ask) -> Body:
    """One error for each offset."""
    return {"topics": _errors(response.partitions, ask)}


def _errors(results: tuple[tuple[TopicPartition, ErrorCode], ...], ask: Ask) -> list[Body]:
    return [
        {
            "name": topic,
            "topic_id": id_out(topic, ask.view),
            "partitions": [
                {"partition_index": one.partition, "error_code": error_out(topic, error)} for one, error in group
            ],
        }
        for topic, group in by_topic(results, first)
    ]


# --- fetching ---------------------------------------------------------------------------------------------------------


def fetch_request(ask: Ask) -> groups.OffsetFetchRequest:
    """One group below version 8, any number from then on."""
    asked = ask.body["groups"] if ask.version >= 8 else [ask.body | {"member_id": None, "member_epoch": -1}]
    wanted = tuple(
        groups.OffsetFetchGroup(
            one["group_id"],
            None if one["topics"] is None else partitions_in(one["topics"], "partition_indexes", ask.view),
            one["member_id"],
            one["member_epoch"],
        )
        for one in asked
    )
    return groups.OffsetFetchRequest(wanted, ask.body["require_stable"])


def fetch_response(response: groups.OffsetFetchResponse, ask: Ask) -> Body:
    """The first group stands also where it stood before there were many."""
    found = [
        {"group_id": one.group, "error_code": one.error, "topics": _fetched(one.offsets, ask)}
        for one in response.groups
    ]
    alone: Body = dict(found[0]) if found else {"error_code": ErrorCode.NONE, "topics": []}
    if ask.version < 2 and alone["error_code"]:
        alone["topics"] = _all_refused(ask.body["topics"], response.groups[0].error)
    return alone | {"groups": found}


def _fetched(offsets: tuple[groups.FetchedOffset, ...], ask: Ask) -> list[Body]:
    return [
        {
            "name": topic,
            "topic_id": id_out(topic, ask.view),
            "partitions": [_offset(one) for one in group],
        }
        for topic, group in by_topic(offsets, its_partition)
    ]


def _offset(one: groups.FetchedOffset) -> Body:
    return {
        "partition_index": one.partition.partition,
        "committed_offset": one.offset,
        "committed_leader_epoch": one.leader_epoch,
        "metadata": one.metadata,
        "error_code": ErrorCode.UNKNOWN_TOPIC_ID if unknown_id(one.partition.topic) else one.error,
    }


def _all_refused(topics: list[Body], error: ErrorCode) -> list[Body]:
    """Version 1 has no error for the group, so each partition bears it."""
    nothing = {"committed_offset": -1, "committed_leader_epoch": -1, "metadata": "", "error_code": error}
    return [
        {
            "name": topic["name"],
            "partitions": [{"partition_index": one} | nothing for one in topic["partition_indexes"]],
        }
        for topic in topics
    ]


# --- forgetting -------------------------------------------------------------------------------------------------------


def delete_request(ask: Ask) -> groups.OffsetDeleteRequest:
    """Offsets that nobody reads from."""
    partitions = tuple(
        TopicPartition(topic["name"], entry["partition_index"])
        for topic in ask.body["topics"]
        for entry in topic["partitions"]
    )
    return groups.OffsetDeleteRequest(ask.body["group_id"], partitions)


def delete_response(response: groups.OffsetDeleteResponse, ask: Ask) -> Body:
    """One error for each offset, or one for all."""
    return {"error_code": response.error, "topics": _errors(response.partitions, ask)}
