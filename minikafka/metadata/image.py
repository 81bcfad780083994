"""The cluster as the metadata log tells it, up to some offset.

Controller and brokers hold one image each and change it in `replay` only. Two nodes that have replayed the same offset
have the same image; a node that lags behind has an older one, and acts on it in good faith.

Mirrors `MetadataImage`. What we leave out: deltas as objects of their own, features, quotas, ACLs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from minikafka.metadata.records import (
    TOPIC_SETTINGS,
    BrokerRegistrationChangeRecord,
    ClearElrRecord,
    ConfigRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
    UnregisterBrokerRecord,
)
from minikafka.types import NO_LEADER, BrokerId, Epoch, Offset, TopicPartition

_LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")


@dataclass(frozen=True, slots=True)
class BrokerRegistration:
    """One broker as the controller has it."""

    broker_id: BrokerId
    incarnation_id: str
    broker_epoch: Epoch
    fenced: bool
    host: str = ""
    port: int = 0
    rack: str | None = None
    in_controlled_shutdown: bool = False
    """It has asked to be let go: it serves what it still leads, and may lead nothing new."""

    @property
    def is_active(self) -> bool:
        """May it lead, and be in sync?"""
        return not self.fenced and not self.in_controlled_shutdown


@dataclass(frozen=True, slots=True)
class PartitionRegistration:
    """One partition as the controller has it. Mirrors `PartitionRegistration`."""

    replicas: tuple[BrokerId, ...]
    """In assignment order."""
    isr: tuple[BrokerId, ...]
    leader: BrokerId
    """-1: nobody."""
    leader_epoch: Epoch
    partition_epoch: Epoch
    elr: tuple[BrokerId, ...] = ()
    """Eligible leader replicas: left the ISR, but surely hold all that is committed (KIP-966)."""
    last_known_elr: tuple[BrokerId, ...] = ()
    """Empty, or the last leader there was before the partition lost all of ISR and leader."""
    recovering: bool = False
    """The leader was chosen uncleanly and has not yet said that it is done."""
    adding_replicas: tuple[BrokerId, ...] = ()
    """Among `replicas`: those that a reassignment adds; they must catch up first."""
    removing_replicas: tuple[BrokerId, ...] = ()
    """Among `replicas`: those that go once the others are in sync."""

    @property
    def is_reassigning(self) -> bool:
        """Is a reassignment under way?"""
        return bool(self.adding_replicas or self.removing_replicas)

    @property
    def last_known_leader(self) -> BrokerId | None:
        """Counts only when there is exactly one entry."""
        return self.last_known_elr[0] if len(self.last_known_elr) == 1 else None


@dataclass(slots=True)
class TopicImage:
    """One topic."""

    topic: str
    topic_id: str
    partitions: dict[int, PartitionRegistration] = field(default_factory=dict)
    configs: dict[str, str] = field(default_factory=dict)


class MetadataImage:
    """The sum of all records below `next_offset`. Changed by `replay` only."""

    def __init__(self) -> None:
        self.next_offset: Offset = 0
        self.brokers: dict[BrokerId, BrokerRegistration] = {}
        self.topics: dict[str, TopicImage] = {}
        self.settings: dict[tuple[int, str], dict[str, str]] = {}
        """Dynamic settings of brokers and groups by (type, name); those of topics lie with the topic."""
        self.next_producer_id = 0

    def replay(self, record: MetadataRecord) -> None:
        """Apply one committed record."""
        match record:
            case RegisterBrokerRecord():
                self.brokers[record.broker_id] = BrokerRegistration(
                    record.broker_id, record.incarnation_id, record.broker_epoch, True,
                    record.host, record.port, record.rack,
                )  # fmt: skip
            case UnregisterBrokerRecord():
                del self.brokers[record.broker_id]
            case BrokerRegistrationChangeRecord():
                self.brokers[record.broker_id] = merge_broker(self.brokers[record.broker_id], record)
            case TopicRecord():
                self.topics[record.topic] = TopicImage(record.topic, record.topic_id)
            case RemoveTopicRecord():
                del self.topics[record.topic]
            case ConfigRecord():
                self._configure(record)
            case PartitionRecord():
                self.topics[record.topic].partitions[record.partition] = registration_of(record)
            case PartitionChangeRecord():
                partitions = self.topics[record.topic].partitions
                partitions[record.partition] = merge(partitions[record.partition], record)
            case ClearElrRecord():
                for change in cleared_by(record, self):
                    self.replay(change)
            case ProducerIdsRecord():
                self.next_producer_id = record.next_producer_id

    def become(self, other: MetadataImage) -> None:
        """Be what another image is, from a snapshot; who holds this one, or its brokers, sees the change."""
        self.next_offset, self.next_producer_id = other.next_offset, other.next_producer_id
        for mine, theirs in ((self.brokers, other.brokers), (self.topics, other.topics)):
            mine.clear()
            mine.update(theirs)  # type: ignore[arg-type]  # each with its own kind
        self.settings = other.settings

    def partition(self, partition: TopicPartition) -> PartitionRegistration | None:
        """A partition by name, None when it does not exist."""
        topic = self.topics.get(partition.topic)
        return topic.partitions.get(partition.partition) if topic else None

    def partitions(self) -> list[tuple[TopicPartition, PartitionRegistration]]:
        """All partitions, in a fixed order."""
        return [
            (TopicPartition(name, number), registration)
            for name, topic in sorted(self.topics.items())
            for number, registration in sorted(topic.partitions.items())
        ]

    def is_active(self, broker: BrokerId) -> bool:
        """Registered, not fenced, and not about to leave: may it lead, and be in sync?"""
        registration = self.brokers.get(broker)
        return registration is not None and registration.is_active

    def is_alive(self, broker: BrokerId) -> bool:
        """Registered and not fenced: a broker that is about to leave still serves."""
        registration = self.brokers.get(broker)
        return registration is not None and not registration.fenced

    def active_brokers(self) -> frozenset[BrokerId]:
        """All brokers that may lead."""
        return frozenset(broker for broker, registration in self.brokers.items() if registration.is_active)

    def unfenced_brokers(self) -> frozenset[BrokerId]:
        """All brokers that have a session, those that are about to leave among them."""
        return frozenset(broker for broker, registration in self.brokers.items() if not registration.fenced)

    def topic_with_id(self, topic_id: str) -> TopicImage | None:
        """A topic by its id, None when it does not exist."""
        return next((topic for topic in self.topics.values() if topic.topic_id == topic_id), None)

    def _configure(self, record: ConfigRecord) -> None:
        if record.resource_type == TOPIC_SETTINGS:
            configs = self.topics[record.resource_name].configs
        else:
            configs = self.settings.setdefault((record.resource_type, record.resource_name), {})
        if record.value is not None:
            configs[record.name] = record.value
            return
        configs.pop(record.name, None)
        if record.resource_type != TOPIC_SETTINGS and not configs:
            del self.settings[record.resource_type, record.resource_name]


def merge(old: PartitionRegistration, change: PartitionChangeRecord) -> PartitionRegistration:
    """A partition after a change record. Mirrors `PartitionRegistration.merge`."""
    return PartitionRegistration(
        replicas=old.replicas if change.replicas is None else change.replicas,
        isr=old.isr if change.isr is None else change.isr,
        leader=old.leader if change.leader is None else change.leader,
        leader_epoch=old.leader_epoch + (change.leader is not None),
        partition_epoch=old.partition_epoch + 1,
        elr=old.elr if change.elr is None else change.elr,
        last_known_elr=old.last_known_elr if change.last_known_elr is None else change.last_known_elr,
        recovering=old.recovering if change.recovering is None else change.recovering,
        adding_replicas=old.adding_replicas if change.adding_replicas is None else change.adding_replicas,
        removing_replicas=old.removing_replicas if change.removing_replicas is None else change.removing_replicas,
    )


def registration_of(record: PartitionRecord) -> PartitionRegistration:
    """A partition as its first record tells it."""
    return PartitionRegistration(
        record.replicas, record.isr, record.leader, record.leader_epoch, record.partition_epoch, record.elr,
        record.last_known_elr, record.recovering, record.adding_replicas, record.removing_replicas,
    )  # fmt: skip


def merge_broker(old: BrokerRegistration, change: BrokerRegistrationChangeRecord) -> BrokerRegistration:
    """A broker after a change record."""
    leaving = change.in_controlled_shutdown
    return replace(
        old,
        fenced=old.fenced if change.fenced is None else change.fenced,
        in_controlled_shutdown=old.in_controlled_shutdown if leaving is None else leaving,
    )


def cleared_by(record: ClearElrRecord, image: MetadataImage) -> list[PartitionChangeRecord]:
    """What a `ClearElrRecord` comes to, partition by partition (KIP-966)."""
    return [
        PartitionChangeRecord(name.topic, name.partition, elr=(), last_known_elr=())
        for name, partition in image.partitions()
        if record.topic in ("", name.topic) and (partition.elr or partition.last_known_elr)
    ]


def is_legal_topic_name(name: str) -> bool:
    """1 to 249 letters, digits, `.`, `_` or `-`, and neither `.` nor `..` (`Topic.validate`)."""
    return _LEGAL_NAME.fullmatch(name) is not None and name not in {".", ".."}


def leader_or_none(leader: BrokerId) -> BrokerId | None:
    """-1 on the wire and in records is nobody."""
    return None if leader == NO_LEADER else leader
