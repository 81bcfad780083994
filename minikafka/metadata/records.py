"""The records of `__cluster_metadata`: every change of the cluster, one line each.

Topics, partitions, leaders, brokers: nothing of the cluster's state exists anywhere but as the sum of these records
(KIP-500, KIP-631). Brokers copy the log and replay it, so each of them knows the same past, some of them a little late.

What we leave out: records of features, ACLs, quotas, delegation tokens and share groups; Kafka's binary encoding and
version numbers of each record (ours are JSON, readable in a dump).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from minikafka.types import BrokerId, Epoch


@dataclass(frozen=True, slots=True)
class RegisterBrokerRecord:
    """A broker process has registered. It starts fenced; its epoch is the offset of this record."""

    broker_id: BrokerId
    incarnation_id: str
    broker_epoch: Epoch
    host: str = ""
    port: int = 0
    rack: str | None = None


@dataclass(frozen=True, slots=True)
class UnregisterBrokerRecord:
    """A broker is gone for good, and its registration with it."""

    broker_id: BrokerId
    broker_epoch: Epoch


@dataclass(frozen=True, slots=True)
class BrokerRegistrationChangeRecord:
    """A broker was fenced or unfenced, or begins a controlled shutdown; None leaves a field as it was."""

    broker_id: BrokerId
    broker_epoch: Epoch
    fenced: bool | None = None
    in_controlled_shutdown: bool | None = None


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """A topic exists. Its id outlives a topic of the same name that is created later."""

    topic: str
    topic_id: str


@dataclass(frozen=True, slots=True)
class RemoveTopicRecord:
    """A topic is gone, with its partitions and settings. Its name is free again; its id never comes back."""

    topic: str
    topic_id: str


TOPIC_SETTINGS, BROKER_SETTINGS, GROUP_SETTINGS = 2, 4, 32
"""What a `ConfigRecord` is about, by Kafka's numbers (`ConfigResource.Type`)."""


@dataclass(frozen=True, slots=True)
class ConfigRecord:
    """A setting of a topic, of a broker (by its number; "" stands for all brokers) or of a group; None removes it."""

    resource_name: str
    name: str
    value: str | None
    resource_type: int = TOPIC_SETTINGS


@dataclass(frozen=True, slots=True)
class PartitionRecord:
    """A partition exists, with its replicas in assignment order: the first is the preferred leader."""

    topic: str
    partition: int
    replicas: tuple[BrokerId, ...]
    isr: tuple[BrokerId, ...]
    leader: BrokerId
    leader_epoch: Epoch = 0
    partition_epoch: Epoch = 0
    elr: tuple[BrokerId, ...] = ()
    last_known_elr: tuple[BrokerId, ...] = ()
    recovering: bool = False
    adding_replicas: tuple[BrokerId, ...] = ()
    removing_replicas: tuple[BrokerId, ...] = ()


@dataclass(frozen=True, slots=True)
class PartitionChangeRecord:
    """What changed of a partition; None leaves a field as it was. Every change raises the partition epoch by one.

    A `leader` that is written, even the same one or -1, raises the leader epoch by one.
    """

    topic: str
    partition: int
    isr: tuple[BrokerId, ...] | None = None
    leader: BrokerId | None = None
    elr: tuple[BrokerId, ...] | None = None
    last_known_elr: tuple[BrokerId, ...] | None = None
    recovering: bool | None = None
    replicas: tuple[BrokerId, ...] | None = None
    adding_replicas: tuple[BrokerId, ...] | None = None
    removing_replicas: tuple[BrokerId, ...] | None = None

    @property
    def is_no_op(self) -> bool:
        """Does it change nothing?"""
        return self == PartitionChangeRecord(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class ClearElrRecord:
    """Nobody counts as eligible any more: min.insync.replicas has changed (KIP-966). Topic "": in all topics."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class ProducerIdsRecord:
    """A broker has been given the producer ids below `next_producer_id`; nobody else ever gets them."""

    broker_id: BrokerId
    broker_epoch: Epoch
    next_producer_id: int


MetadataRecord: TypeAlias = (
    RegisterBrokerRecord
    | UnregisterBrokerRecord
    | BrokerRegistrationChangeRecord
    | TopicRecord
    | RemoveTopicRecord
    | ConfigRecord
    | PartitionRecord
    | PartitionChangeRecord
    | ClearElrRecord
    | ProducerIdsRecord
)

_TYPES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        RegisterBrokerRecord,
        UnregisterBrokerRecord,
        BrokerRegistrationChangeRecord,
        TopicRecord,
        RemoveTopicRecord,
        ConfigRecord,
        PartitionRecord,
        PartitionChangeRecord,
        ClearElrRecord,
        ProducerIdsRecord,
    )
}


def encode(record: MetadataRecord) -> bytes:
    """The record as the value of a log record."""
    body = {"type": type(record).__name__} | asdict(record)
    return json.dumps(body, separators=(",", ":")).encode()


@lru_cache(maxsize=1_000)  # every broker and controller reads every record, and none changes one
def decode(value: bytes) -> MetadataRecord:
    """The record that `encode` wrote."""
    body = json.loads(value)
    kind = _TYPES[body.pop("type")]
    record: MetadataRecord = kind(**{name: _frozen(item) for name, item in body.items()})
    return record


def _frozen(item: Any) -> Any:
    return tuple(item) if isinstance(item, list) else item
