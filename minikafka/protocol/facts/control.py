"""Facts stated by the active controller: who is alive, and who leads."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId, Epoch, Millis, Offset, TopicPartition


class QuorumLeaderElected(NamedTuple):
    """This controller is active in this quorum epoch."""

    epoch: Epoch


class BrokerRegistered(NamedTuple):
    """A broker process was given its broker epoch. `clean` is False when it may have lost its last writes."""

    broker: BrokerId
    broker_epoch: Epoch
    clean: bool


class RegistrationRefused(NamedTuple):
    """The former process of this broker still counts as alive."""

    broker: BrokerId
    error: ErrorCode


class BrokerFenced(NamedTuple):
    """No heartbeat for `silent_ms`: this broker may lead nothing until it reports again."""

    broker: BrokerId
    silent_ms: Millis


class BrokerUnfenced(NamedTuple):
    """This broker has caught up with the metadata log and may lead again."""

    broker: BrokerId


class BrokerLeaving(NamedTuple):
    """This broker has asked to be let go: what it leads is given to others, and it is in no ISR any more."""

    broker: BrokerId


class BrokerReleased(NamedTuple):
    """A broker that asked to be let go leads nothing, and all others have read so: it may stop."""

    broker: BrokerId


class BrokerUnregistered(NamedTuple):
    """This broker is gone for good."""

    broker: BrokerId


class TopicCreated(NamedTuple):
    """A topic exists; a `PartitionChanged` for each of its partitions follows."""

    topic: str
    topic_id: str


class TopicDeleted(NamedTuple):
    """A topic is gone; brokers drop their replicas when they read of it."""

    topic: str
    topic_id: str


class ConfigChanged(NamedTuple):
    """A setting was written; None: taken back."""

    resource_type: int
    """2 a topic, 4 a broker (name "": all of them), 32 a group."""
    resource_name: str
    name: str
    value: str | None
    metadata_offset: Offset


class PartitionChanged(NamedTuple):
    """The controller wrote a new state of a partition into the metadata log."""

    partition: TopicPartition
    replicas: tuple[BrokerId, ...]
    """In assignment order."""
    leader: BrokerId
    leader_epoch: Epoch
    isr: tuple[BrokerId, ...]
    elr: tuple[BrokerId, ...]
    last_known_leader: BrokerId
    partition_epoch: Epoch
    old_leader: BrokerId
    """Leader before this change; -1 for none. The same as `leader` when only the ISR changed."""
    old_leader_epoch: Epoch
    """-1: the partition is new."""
    old_isr: tuple[BrokerId, ...]
    old_elr: tuple[BrokerId, ...]
    recovering: bool
    """True: this leader was chosen uncleanly, so data may be missing (LeaderRecoveryState RECOVERING)."""
    metadata_offset: Offset


ControlFact: TypeAlias = (
    QuorumLeaderElected
    | BrokerRegistered
    | RegistrationRefused
    | BrokerFenced
    | BrokerUnfenced
    | BrokerLeaving
    | BrokerReleased
    | BrokerUnregistered
    | TopicCreated
    | TopicDeleted
    | ConfigChanged
    | PartitionChanged
)
