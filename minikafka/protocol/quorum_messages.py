"""What controllers say to each other: votes, the beginning and the end of a leader's epoch, snapshots.

The metadata log itself travels in `FetchRequest`, like every other log. Voters are named by their replica ids
(`controller_replica_id`): node ids are unique in a cluster, and broker 1 is not controller 1.

What we leave out: voters that join and leave (KIP-853), directory ids.
"""

from __future__ import annotations

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.message import message
from minikafka.protocol.messages import Request, Response
from minikafka.types import NO_EPOCH, NO_LEADER, NO_OFFSET, Epoch, Millis, Offset


@message
class VoteRequest(Request):
    """Would you vote for me (`pre_vote`), or: vote for me."""

    candidate: int
    epoch: Epoch
    last_epoch: Epoch
    """Leader epoch of the candidate's last record."""
    end_offset: Offset
    pre_vote: bool = False


@message
class VoteResponse(Response):
    """The answer, with what the voter knows."""

    error: ErrorCode
    epoch: Epoch
    leader: int
    granted: bool


@message
class BeginQuorumEpochRequest(Request):
    """I lead this epoch; fetch from me."""

    leader: int
    epoch: Epoch


@message
class BeginQuorumEpochResponse(Response):
    """Answer to `BeginQuorumEpochRequest`."""

    error: ErrorCode
    epoch: Epoch = NO_EPOCH
    leader: int = NO_LEADER


@message
class EndQuorumEpochRequest(Request):
    """I resign; here is who should stand next, the most advanced first."""

    leader: int
    epoch: Epoch
    successors: tuple[int, ...] = ()


@message
class EndQuorumEpochResponse(Response):
    """Answer to `EndQuorumEpochRequest`."""

    error: ErrorCode
    epoch: Epoch = NO_EPOCH
    leader: int = NO_LEADER


@message
class FetchSnapshotRequest(Request):
    """A piece of the snapshot that ends at (epoch, offset), from a byte position on."""

    replica_id: int
    snapshot_end_offset: Offset
    snapshot_epoch: Epoch
    position: int
    current_leader_epoch: Epoch = NO_EPOCH
    max_bytes: int = 1 << 20


@message
class FetchSnapshotResponse(Response):
    """The bytes, and how many there are in all."""

    error: ErrorCode
    size: int = 0
    position: int = 0
    data: bytes = b""
    leader: int = NO_LEADER
    epoch: Epoch = NO_EPOCH


@message
class NotControllerResponse(Response):
    """Whatever was asked of a controller: it is not the active one, and has done nothing.

    In Kafka the error stands in the answer of each kind, or in the Envelope that carries a request passed on.
    """

    leader: int = NO_LEADER
    """Who is active, as far as it knows; -1: it does not."""
    epoch: Epoch = NO_EPOCH
    error: ErrorCode = ErrorCode.NOT_CONTROLLER


@message
class DescribeQuorumRequest(Request):
    """How does the quorum stand?"""


@message
class QuorumReplica:
    """A voter or observer as the leader of the quorum knows it."""

    replica_id: int
    log_end_offset: Offset = NO_OFFSET
    last_fetch_ms: Millis = -1
    last_caught_up_ms: Millis = -1


@message
class DescribeQuorumResponse(Response):
    """Answer to `DescribeQuorumRequest`; only the leader knows."""

    error: ErrorCode
    leader: int = NO_LEADER
    epoch: Epoch = NO_EPOCH
    high_watermark: Offset = NO_OFFSET
    voters: tuple[QuorumReplica, ...] = ()
    observers: tuple[QuorumReplica, ...] = ()
