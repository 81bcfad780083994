"""What goes into and comes out of admin calls: confluent-kafka's names and fields.

What we leave out: authorized operations, ACLs, SCRAM credentials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Generic, NamedTuple, TypeVar

from minikafka.api import KafkaError, KafkaException, TopicPartition
from minikafka.config import ConfigError, unknown_name
from minikafka.protocol.admin_messages import NewPartitionsSpec, NewTopicSpec

Value = TypeVar("Value", covariant=True)


class Outcome(Generic[Value]):
    """A result that is already there, with the calls of a future."""

    def __init__(self, error: KafkaError | None, value: Value) -> None:
        self._error = error
        self._value = value

    def result(self, timeout: float | None = None) -> Value:
        """What was asked for, or raises `KafkaException`."""
        if self._error is not None:
            raise KafkaException(self._error)
        return self._value

    def exception(self, timeout: float | None = None) -> KafkaException | None:
        """The exception `result` would raise."""
        return None if self._error is None else KafkaException(self._error)

    def done(self) -> bool:
        """Always."""
        return True


class NewTopic:
    """A topic to create."""

    def __init__(
        self,
        topic: str,
        num_partitions: int = -1,
        replication_factor: int = -1,
        replica_assignment: Sequence[Sequence[int]] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> None:
        """-1 asks for the brokers' defaults; `replica_assignment` lists the brokers of each partition in order."""
        self.topic = topic
        self.num_partitions = num_partitions
        self.replication_factor = replication_factor
        self.replica_assignment = replica_assignment
        self.config = dict(config or {})

    def spec(self) -> NewTopicSpec:
        """As it goes into the request."""
        configs = tuple((name, str(value)) for name, value in self.config.items())
        return NewTopicSpec(
            self.topic, self.num_partitions, self.replication_factor, _rows(self.replica_assignment), configs
        )


class NewPartitions:
    """How many partitions a topic shall have in all."""

    def __init__(
        self, topic: str, new_total_count: int, replica_assignment: Sequence[Sequence[int]] | None = None
    ) -> None:
        """`replica_assignment` lists the brokers of each new partition."""
        self.topic = topic
        self.new_total_count = new_total_count
        self.replica_assignment = replica_assignment

    def spec(self) -> NewPartitionsSpec:
        """As it goes into the request."""
        return NewPartitionsSpec(self.topic, self.new_total_count, _rows(self.replica_assignment))


def _rows(assignment: Sequence[Sequence[int]] | None) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(replicas) for replicas in assignment or ())


class ResourceType(IntEnum):
    """What has settings."""

    TOPIC = 2
    BROKER = 4
    GROUP = 32


class ConfigSource(IntEnum):
    """Where a setting's value comes from."""

    UNKNOWN_CONFIG = 0
    DYNAMIC_TOPIC_CONFIG = 1
    DYNAMIC_BROKER_CONFIG = 2
    DYNAMIC_DEFAULT_BROKER_CONFIG = 3
    STATIC_BROKER_CONFIG = 4
    DEFAULT_CONFIG = 5
    GROUP_CONFIG = 8


class AlterConfigOpType(IntEnum):
    """What to do with a setting. APPEND and SUBTRACT are for lists."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class ElectionType(IntEnum):
    """The first replica, or anybody who is alive."""

    PREFERRED = 0
    UNCLEAN = 1


class ConfigEntry:
    """One setting: as it is described, or as it shall become."""

    def __init__(
        self,
        name: str,
        value: str | None,
        source: ConfigSource = ConfigSource.UNKNOWN_CONFIG,
        is_read_only: bool = False,
        is_default: bool = False,
        synonyms: Mapping[str, Any] | None = None,
        incremental_operation: AlterConfigOpType | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.source = source
        self.is_read_only = is_read_only
        self.is_default = is_default
        self.synonyms = dict(synonyms or {})
        self.incremental_operation = incremental_operation

    def __repr__(self) -> str:
        return f"ConfigEntry({self.name}={self.value!r}, {self.source.name})"


class ConfigResource:
    """A topic, a broker or a group with its settings; the name of the broker "" stands for all brokers."""

    Type = ResourceType

    def __init__(
        self,
        restype: ResourceType | str,
        name: str,
        incremental_configs: Sequence[ConfigEntry] | None = None,
    ) -> None:
        """`restype` as `ConfigResource.Type.TOPIC` or `"topic"`. Raises `ConfigError` for another type."""
        self.restype = _resource_type(restype)
        self.name = name
        self.incremental_configs = list(incremental_configs or ())

    def add_incremental_config(self, entry: ConfigEntry) -> None:
        """One more change."""
        self.incremental_configs.append(entry)

    def __repr__(self) -> str:
        return f"ConfigResource({self.restype.name}, {self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConfigResource) and self._key() == other._key()

    def __hash__(self) -> int:
        return sum(self.name.encode()) * 31 + self.restype

    def _key(self) -> tuple[int, str]:
        return int(self.restype), self.name


def _resource_type(restype: ResourceType | str) -> ResourceType:
    if isinstance(restype, ResourceType):
        return restype
    names = [kind.name for kind in ResourceType]
    if restype.upper() not in names:
        raise ConfigError(unknown_name("type of resource", restype, names))
    return ResourceType[restype.upper()]


class OffsetSpec:
    """Which offset: the first, the end, that of the largest timestamp, or the first at or after a time."""

    def __init__(self, timestamp: int) -> None:
        self.timestamp = timestamp

    @classmethod
    def earliest(cls) -> OffsetSpec:
        """Where the log starts."""
        return cls(-2)

    @classmethod
    def latest(cls) -> OffsetSpec:
        """The high watermark."""
        return cls(-1)

    @classmethod
    def max_timestamp(cls) -> OffsetSpec:
        """The record with the largest timestamp."""
        return cls(-3)

    @classmethod
    def for_timestamp(cls, timestamp: int) -> OffsetSpec:
        """The first record at or after this time in milliseconds."""
        return cls(timestamp)


class ListOffsetsResultInfo(NamedTuple):
    """An offset that was looked up."""

    offset: int
    timestamp: int
    leader_epoch: int


class DeletedRecords(NamedTuple):
    """Below this offset nothing is left."""

    low_watermark: int


class Node(NamedTuple):
    """A broker."""

    id: int
    host: str = ""
    port: int = 0
    rack: str | None = None


class TopicPartitionInfo(NamedTuple):
    """One partition of a topic."""

    id: int
    leader: Node | None
    replicas: list[Node]
    isr: list[Node]


class TopicDescription(NamedTuple):
    """A topic and its partitions."""

    name: str
    topic_id: str
    partitions: list[TopicPartitionInfo]
    is_internal: bool = False


class TopicCollection:
    """Topics by name."""

    def __init__(self, topic_names: Sequence[str]) -> None:
        self.topic_names = list(topic_names)


class DescribeClusterResult(NamedTuple):
    """The brokers that are alive."""

    cluster_id: str
    controller: Node | None
    nodes: list[Node]


class PartitionReassignment(NamedTuple):
    """A partition on the move (confluent-kafka has no such call; the names are those of Kafka's Java client)."""

    replicas: list[int]
    adding_replicas: list[int]
    removing_replicas: list[int]


class ConsumerGroupTopicPartitions:
    """Partitions of a group, with the offsets it has committed."""

    def __init__(self, group_id: str, topic_partitions: Sequence[TopicPartition] | None = None) -> None:
        """Without partitions: all that the group has committed."""
        self.group_id = group_id
        self.topic_partitions = None if topic_partitions is None else list(topic_partitions)


class ConsumerGroupListing(NamedTuple):
    """A group in a list."""

    group_id: str
    is_simple_consumer_group: bool
    state: str
    type: str


class ListConsumerGroupsResult(NamedTuple):
    """All groups, and why some brokers could not be asked."""

    valid: list[ConsumerGroupListing]
    errors: list[KafkaException]


class MemberAssignment(NamedTuple):
    """What a member reads."""

    topic_partitions: list[TopicPartition]


class MemberDescription(NamedTuple):
    """One member of a group."""

    member_id: str
    client_id: str
    host: str
    assignment: MemberAssignment
    group_instance_id: str | None = None


class ConsumerGroupDescription(NamedTuple):
    """A group and its members."""

    group_id: str
    is_simple_consumer_group: bool
    members: list[MemberDescription]
    partition_assignor: str
    state: str
    type: str
