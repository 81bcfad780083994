"""What an administrator asks of a cluster: topics, settings, elections, reassignments.

Brokers pass on to the active controller what changes the metadata log, and answer the rest themselves.

What we leave out: ACLs, quotas, delegation tokens, client telemetry.
"""

from __future__ import annotations

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.message import message
from minikafka.protocol.messages import Request, Response
from minikafka.types import BrokerId, Millis, Offset, TopicPartition

# --- CreateTopics (admin → broker → controller) ---


@message
class NewTopicSpec:
    """A topic to create. -1 asks for the broker's default; `assignment` fixes the replicas of each partition."""

    name: str
    num_partitions: int = -1
    replication_factor: int = -1
    assignment: tuple[tuple[BrokerId, ...], ...] = ()
    configs: tuple[tuple[str, str], ...] = ()


@message
class CreateTopicsRequest(Request):
    """Create topics; all brokers forward this to the active controller."""

    topics: tuple[NewTopicSpec, ...]
    timeout_ms: Millis = 30_000
    validate_only: bool = False


@message
class CreateTopicResult:
    """What became of one topic. `error_message` is one sentence for people."""

    name: str
    error: ErrorCode
    error_message: str | None = None
    topic_id: str = ""
    num_partitions: int = -1
    replication_factor: int = -1


@message
class CreateTopicsResponse(Response):
    """Answer to `CreateTopicsRequest`, one result for each topic."""

    topics: tuple[CreateTopicResult, ...]


@message
class DeleteTopicsRequest(Request):
    """Delete topics, by name or by id (32 hexadecimal digits); exactly one of the two is set for each."""

    topics: tuple[tuple[str | None, str], ...]
    """(name, topic id)."""
    timeout_ms: Millis = 30_000


@message
class DeletedTopic:
    """What became of one topic."""

    name: str | None
    topic_id: str
    error: ErrorCode
    error_message: str | None = None


@message
class DeleteTopicsResponse(Response):
    """Answer to `DeleteTopicsRequest`."""

    topics: tuple[DeletedTopic, ...]


@message
class NewPartitionsSpec:
    """How many partitions a topic shall have in all; `assignment` fixes the replicas of the new ones."""

    name: str
    total: int
    assignment: tuple[tuple[BrokerId, ...], ...] = ()


@message
class CreatePartitionsRequest(Request):
    """More partitions. Keys hash to other partitions from then on."""

    topics: tuple[NewPartitionsSpec, ...]
    timeout_ms: Millis = 30_000
    validate_only: bool = False


@message
class NamedResult:
    """What became of one named thing."""

    name: str
    error: ErrorCode
    error_message: str | None = None


@message
class CreatePartitionsResponse(Response):
    """Answer to `CreatePartitionsRequest`."""

    topics: tuple[NamedResult, ...]


# --- settings ---

TOPIC_RESOURCE, BROKER_RESOURCE, GROUP_RESOURCE = 2, 4, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3


@message
class ConfigChange:
    """One setting of one resource. The name of the broker resource "" stands for all brokers."""

    resource_type: int
    resource_name: str
    name: str
    operation: int
    value: str | None = None


@message
class IncrementalAlterConfigsRequest(Request):
    """Change settings while the cluster runs."""

    changes: tuple[ConfigChange, ...]
    resources: tuple[tuple[int, str], ...] = ()
    """(type, name) of all resources named, in order."""
    validate_only: bool = False


@message
class ResourceResult:
    """What became of one resource."""

    resource_type: int
    resource_name: str
    error: ErrorCode
    error_message: str | None = None


@message
class IncrementalAlterConfigsResponse(Response):
    """Answer to `IncrementalAlterConfigsRequest`."""

    resources: tuple[ResourceResult, ...]


@message
class DescribeConfigsRequest(Request):
    """(type, name, wanted keys or None for all) of each resource."""

    resources: tuple[tuple[int, str, tuple[str, ...] | None], ...]


@message
class ConfigEntry:
    """One setting in force. Sources as on the wire: 1 topic, 2 broker, 3 all brokers, 4 file, 5 default, 8 group."""

    name: str
    value: str | None
    source: int
    read_only: bool = False
    config_type: int = 0
    """Kafka's number for the type: 1 boolean, 2 string, 3 int, 5 long, 6 double, 7 list."""
    synonyms: tuple[tuple[str, str, int], ...] = ()
    """(name, value, source) of everything that is set for it, the one in force first."""


@message
class DescribedConfigs:
    """The settings of one resource."""

    resource_type: int
    resource_name: str
    error: ErrorCode
    error_message: str | None = None
    entries: tuple[ConfigEntry, ...] = ()


@message
class DescribeConfigsResponse(Response):
    """Answer to `DescribeConfigsRequest`."""

    resources: tuple[DescribedConfigs, ...]


# --- leaders and replicas ---

PREFERRED_ELECTION, UNCLEAN_ELECTION = 0, 1


@message
class ElectLeadersRequest(Request):
    """Elect the preferred replica, or anybody alive. None: all partitions."""

    election_type: int
    partitions: tuple[TopicPartition, ...] | None
    timeout_ms: Millis = 60_000


@message
class ElectLeadersResponse(Response):
    """One (partition, error, message) for each partition asked for."""

    error: ErrorCode
    partitions: tuple[tuple[TopicPartition, ErrorCode, str | None], ...] = ()


@message
class AlterPartitionReassignmentsRequest(Request):
    """New replicas for partitions; None cancels what is under way."""

    partitions: tuple[tuple[TopicPartition, tuple[BrokerId, ...] | None], ...]
    timeout_ms: Millis = 60_000
    allow_replication_factor_change: bool = True


@message
class AlterPartitionReassignmentsResponse(Response):
    """One (partition, error, message) for each."""

    error: ErrorCode
    error_message: str | None = None
    partitions: tuple[tuple[TopicPartition, ErrorCode, str | None], ...] = ()


@message
class ListPartitionReassignmentsRequest(Request):
    """Which partitions are on the move? None: all of them."""

    partitions: tuple[TopicPartition, ...] | None = None


@message
class OngoingReassignment:
    """A partition on the move."""

    partition: TopicPartition
    replicas: tuple[BrokerId, ...]
    adding: tuple[BrokerId, ...]
    removing: tuple[BrokerId, ...]


@message
class ListPartitionReassignmentsResponse(Response):
    """Answer to `ListPartitionReassignmentsRequest`."""

    error: ErrorCode
    partitions: tuple[OngoingReassignment, ...] = ()


@message
class UnregisterBrokerRequest(Request):
    """Strike a broker off the list: it will not come back."""

    broker_id: BrokerId


@message
class UnregisterBrokerResponse(Response):
    """Answer to `UnregisterBrokerRequest`."""

    error: ErrorCode
    error_message: str | None = None


# --- answered by leaders ---


@message
class DeleteRecordsRequest(Request):
    """Drop everything below these offsets; -1: below the high watermark."""

    partitions: tuple[tuple[TopicPartition, Offset], ...]
    timeout_ms: Millis = 30_000


@message
class DeleteRecordsResponse(Response):
    """One (partition, error, low watermark: the smallest log start of all live replicas) for each."""

    partitions: tuple[tuple[TopicPartition, ErrorCode, Offset], ...]


@message
class DescribeLogDirsRequest(Request):
    """How much lies where? None: all partitions."""

    partitions: tuple[TopicPartition, ...] | None = None


@message
class DescribeLogDirsResponse(Response):
    """One (partition, size in bytes, offset lag of the copy) for each replica this broker holds."""

    error: ErrorCode
    partitions: tuple[tuple[TopicPartition, int, Offset], ...] = ()
