"""What members of consumer groups say to their coordinator, and what they are told.

Two protocols live side by side. Classic: join, sync, heartbeat, and the assignment is computed by one of the members.
KIP-848: one heartbeat that says everything, and the coordinator computes the assignment.

What we leave out: authorized operations, share groups, streams groups.
"""

from __future__ import annotations

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.message import message
from minikafka.protocol.messages import Request, Response
from minikafka.types import NO_EPOCH, NO_LEADER, NO_OFFSET, BrokerId, Epoch, Millis, Offset, TopicPartition

# --- FindCoordinator (clients → any broker) ---

GROUP_KEY, TRANSACTION_KEY = 0, 1


@message
class FindCoordinatorRequest(Request):
    """Which broker coordinates these groups (key type 0) or transactional ids (1)?"""

    key_type: int
    keys: tuple[str, ...]


@message
class CoordinatorEndpoint:
    """Who coordinates `key`; COORDINATOR_NOT_AVAILABLE while nobody does."""

    key: str
    error: ErrorCode
    broker_id: BrokerId = NO_LEADER
    host: str = ""
    port: int = 0
    error_message: str | None = None


@message
class FindCoordinatorResponse(Response):
    """Answer to `FindCoordinatorRequest`, in its order."""

    coordinators: tuple[CoordinatorEndpoint, ...]


# --- the classic protocol ---


@message
class JoinGroupRequest(Request):
    """I want to be in the group's next generation."""

    group: str
    session_timeout_ms: Millis
    rebalance_timeout_ms: Millis
    member_id: str = ""
    """Empty: I am new."""
    group_instance_id: str | None = None
    protocol_type: str = "consumer"
    protocols: tuple[tuple[str, bytes], ...] = ()
    """(assignor name, subscription as Kafka packs it), the preferred one first."""
    client_id: str = ""
    client_host: str = ""
    requires_known_member_id: bool = True
    """JoinGroup v4+: a new dynamic member is given an id and must join again with it."""
    supports_skip_assignment: bool = True
    """JoinGroup v9+."""
    reason: str = ""


@message
class JoinedMember:
    """What the leader of a classic group is told of each member."""

    member_id: str
    group_instance_id: str | None
    metadata: bytes


@message
class JoinGroupResponse(Response):
    """The new generation. `members` is filled for the leader only."""

    error: ErrorCode
    generation: Epoch = NO_EPOCH
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader: str = ""
    member_id: str = ""
    members: tuple[JoinedMember, ...] = ()
    skip_assignment: bool = False


@message
class SyncGroupRequest(Request):
    """The leader brings the assignment; everybody waits for its own."""

    group: str
    generation: Epoch
    member_id: str
    group_instance_id: str | None = None
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignments: tuple[tuple[str, bytes], ...] = ()
    """(member id, assignment as Kafka packs it)."""
    requires_protocol: bool = False
    """SyncGroup v5+: protocol type and name are mandatory."""


@message
class SyncGroupResponse(Response):
    """This member's assignment."""

    error: ErrorCode
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignment: bytes = b""


@message
class HeartbeatRequest(Request):
    """I am alive."""

    group: str
    generation: Epoch
    member_id: str
    group_instance_id: str | None = None


@message
class HeartbeatResponse(Response):
    """REBALANCE_IN_PROGRESS: join again."""

    error: ErrorCode


@message
class LeavingMember:
    """Who leaves; static members are named by their instance id."""

    member_id: str
    group_instance_id: str | None = None
    reason: str | None = None


@message
class LeaveGroupRequest(Request):
    """These members leave now, without waiting for a timeout."""

    group: str
    members: tuple[LeavingMember, ...]


@message
class LeaveGroupResponse(Response):
    """One (member id, instance id, error) for each."""

    error: ErrorCode
    members: tuple[tuple[str, str | None, ErrorCode], ...] = ()


# --- KIP-848 ---


@message
class ConsumerGroupHeartbeatRequest(Request):
    """All that a member has to say; None means: as before."""

    group: str
    member_id: str
    member_epoch: Epoch
    """0 joins, -1 leaves, -2: a static member leaves for a while."""
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: Millis = -1
    subscribed_topics: tuple[str, ...] | None = None
    subscribed_regex: str | None = None
    server_assignor: str | None = None
    owned: tuple[TopicPartition, ...] | None = None
    client_id: str = ""
    client_host: str = ""
    requires_member_id: bool = True
    """ConsumerGroupHeartbeat v1+: the client makes the id."""


@message
class ConsumerGroupHeartbeatResponse(Response):
    """`assignment` None: as before."""

    error: ErrorCode
    error_message: str | None = None
    member_id: str | None = None
    member_epoch: Epoch = 0
    heartbeat_interval_ms: Millis = 0
    assignment: tuple[TopicPartition, ...] | None = None


# --- offsets ---


@message
class OffsetToCommit:
    """Next offset to read of one partition."""

    partition: TopicPartition
    offset: Offset
    leader_epoch: Epoch = NO_EPOCH
    metadata: str | None = ""


@message
class OffsetCommitRequest(Request):
    """Write these offsets down, if I am who I say (I28)."""

    group: str
    generation: Epoch
    """Generation of a classic member, member epoch of a KIP-848 one; -1 for a consumer without a group membership."""
    member_id: str
    offsets: tuple[OffsetToCommit, ...]
    group_instance_id: str | None = None
    knows_member_epochs: bool = True
    """OffsetCommit v9+: may commit to a KIP-848 group, and is told GROUP_ID_NOT_FOUND."""


@message
class OffsetCommitResponse(Response):
    """One (partition, error) for each offset."""

    partitions: tuple[tuple[TopicPartition, ErrorCode], ...]


@message
class OffsetFetchGroup:
    """What is asked of one group; `partitions` None asks for all that were committed."""

    group: str
    partitions: tuple[TopicPartition, ...] | None = None
    member_id: str | None = None
    member_epoch: Epoch = NO_EPOCH


@message
class OffsetFetchRequest(Request):
    """What is committed?"""

    groups: tuple[OffsetFetchGroup, ...]
    require_stable: bool = False
    """Answer UNSTABLE_OFFSET_COMMIT while a transaction that commits offsets is undecided (KIP-447)."""


@message
class FetchedOffset:
    """A committed offset; -1 when nothing was committed."""

    partition: TopicPartition
    offset: Offset = NO_OFFSET
    leader_epoch: Epoch = NO_EPOCH
    metadata: str | None = ""
    error: ErrorCode = ErrorCode.NONE


@message
class OffsetFetchGroupResult:
    """The offsets of one group."""

    group: str
    error: ErrorCode
    offsets: tuple[FetchedOffset, ...] = ()


@message
class OffsetFetchResponse(Response):
    """Answer to `OffsetFetchRequest`, in its order."""

    groups: tuple[OffsetFetchGroupResult, ...]


# --- looking at groups ---


@message
class DescribeGroupsRequest(Request):
    """How do these classic groups stand?"""

    groups: tuple[str, ...]


@message
class DescribedMember:
    """A member as its coordinator has it."""

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    metadata: bytes = b""
    assignment: bytes = b""


@message
class DescribedGroup:
    """A classic group as its coordinator has it."""

    group: str
    error: ErrorCode
    state: str = ""
    protocol_type: str = ""
    protocol: str = ""
    members: tuple[DescribedMember, ...] = ()
    error_message: str | None = None


@message
class DescribeGroupsResponse(Response):
    """Answer to `DescribeGroupsRequest`."""

    groups: tuple[DescribedGroup, ...]


@message
class DescribedConsumerMember:
    """A member of a KIP-848 group."""

    member_id: str
    instance_id: str | None
    rack_id: str | None
    member_epoch: Epoch
    client_id: str
    client_host: str
    subscribed_topics: tuple[str, ...]
    subscribed_regex: str | None
    assignment: tuple[TopicPartition, ...]
    target_assignment: tuple[TopicPartition, ...]
    member_type: int = -1
    """0 classic, 1 consumer."""


@message
class DescribedConsumerGroup:
    """A KIP-848 group."""

    group: str
    error: ErrorCode
    error_message: str | None = None
    state: str = ""
    group_epoch: Epoch = 0
    assignment_epoch: Epoch = 0
    assignor: str = ""
    members: tuple[DescribedConsumerMember, ...] = ()


@message
class ConsumerGroupDescribeRequest(Request):
    """How do these KIP-848 groups stand?"""

    groups: tuple[str, ...]


@message
class ConsumerGroupDescribeResponse(Response):
    """Answer to `ConsumerGroupDescribeRequest`."""

    groups: tuple[DescribedConsumerGroup, ...]


@message
class ListGroupsRequest(Request):
    """Which groups does this broker coordinate? Empty filters let everything pass."""

    states: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@message
class ListedGroup:
    """One group in a list."""

    group: str
    protocol_type: str
    state: str
    group_type: str


@message
class ListGroupsResponse(Response):
    """Answer to `ListGroupsRequest`."""

    error: ErrorCode
    groups: tuple[ListedGroup, ...] = ()


@message
class DeleteGroupsRequest(Request):
    """Forget these empty groups and their offsets."""

    groups: tuple[str, ...]


@message
class DeleteGroupsResponse(Response):
    """One (group, error) for each."""

    groups: tuple[tuple[str, ErrorCode], ...]


@message
class OffsetDeleteRequest(Request):
    """Forget these offsets of a group."""

    group: str
    partitions: tuple[TopicPartition, ...]


@message
class OffsetDeleteResponse(Response):
    """One (partition, error) for each."""

    error: ErrorCode
    partitions: tuple[tuple[TopicPartition, ErrorCode], ...] = ()
