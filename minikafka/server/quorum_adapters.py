"""What voters say to each other, and snapshots: requests inwards, responses outwards (see `adapters.py`).

Each names the one partition that controllers replicate among themselves, `__cluster_metadata-0`, as if there were many.

What we leave out: directory ids and the endpoints of voters (KIP-853), which come and go with voters.
"""

from __future__ import annotations

from typing import Any

from minikafka.protocol import quorum_messages as quorum
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.server.view import Ask, leader_hint
from minikafka.types import METADATA_PARTITION


def the_partition(body: Body) -> Body:
    """The only partition that is spoken of. Raises `ValueError` for a message that names none."""
    partitions = [one for topic in body["topics"] for one in topic["partitions"]]
    if len(partitions) != 1:
        raise ValueError(f"a message about the metadata log names one partition, not {len(partitions)}")
    found: Body = partitions[0]
    return found


def about_metadata(name: str, partition: Body) -> list[Body]:
    """The topics of a message that is about the metadata log; `name` is what its field for the name is called."""
    return [{name: METADATA_PARTITION.topic, "partitions": [partition]}]


def vote_request(ask: Ask) -> quorum.VoteRequest:
    """Vote for me; or would you?"""
    one = the_partition(ask.body)
    return quorum.VoteRequest(
        one["replica_id"], one["replica_epoch"], one["last_offset_epoch"], one["last_offset"], one["pre_vote"]
    )


def vote_response(response: quorum.VoteResponse, _ask: Ask) -> Body:
    """Granted, or not."""
    return _answer(_partition(response) | {"vote_granted": response.granted})


def begin_request(ask: Ask) -> quorum.BeginQuorumEpochRequest:
    """I lead."""
    one = the_partition(ask.body)
    return quorum.BeginQuorumEpochRequest(one["leader_id"], one["leader_epoch"])


def begin_response(response: quorum.BeginQuorumEpochResponse, _ask: Ask) -> Body:
    """Heard."""
    return _answer(_partition(response))


def end_request(ask: Ask) -> quorum.EndQuorumEpochRequest:
    """I resign."""
    one = the_partition(ask.body)
    named = [candidate["candidate_id"] for candidate in one["preferred_candidates"]]
    return quorum.EndQuorumEpochRequest(
        one["leader_id"], one["leader_epoch"], tuple(named or one["preferred_successors"])
    )  # fmt: skip


def end_response(response: quorum.EndQuorumEpochResponse, _ask: Ask) -> Body:
    """Heard."""
    return _answer(_partition(response))


def _answer(partition: Body) -> Body:
    return {"error_code": ErrorCode.NONE, "topics": about_metadata("topic_name", partition)}


def _partition(response: Any) -> Body:
    return {
        "partition_index": METADATA_PARTITION.partition,
        "error_code": response.error,
        "leader_id": response.leader,
        "leader_epoch": response.epoch,
    }


def snapshot_request(ask: Ask) -> quorum.FetchSnapshotRequest:
    """The next piece."""
    one = the_partition(ask.body)
    return quorum.FetchSnapshotRequest(
        ask.body["replica_id"],
        one["snapshot_id"]["end_offset"],
        one["snapshot_id"]["epoch"],
        one["position"],
        one["current_leader_epoch"],
        ask.body["max_bytes"],
    )


def snapshot_response(response: quorum.FetchSnapshotResponse, ask: Ask) -> Body:
    """Its bytes, which need not end where a record does."""
    partition = {
        "index": METADATA_PARTITION.partition,
        "error_code": response.error,
        "snapshot_id": the_partition(ask.body)["snapshot_id"],
        "current_leader": leader_hint(response.leader, response.epoch),
        "size": response.size,
        "position": response.position,
        "unaligned_records": response.data,
    }
    return {"error_code": ErrorCode.NONE, "topics": about_metadata("name", partition)}
