"""Elections that somebody asks for, and those that the controller holds unasked.

* The preferred leader is the first replica. Leaders that moved away after a crash move back, once it is in sync.
* An unclean election is asked for by a person who knows that records may be lost, or allowed by
  `unclean.leader.election.enable`; it is held only where there is no leader.

Mirrors `ReplicationControlManager.electLeaders` and its periodic tasks. What we leave out: elections because of a
failed log directory.
"""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.controller import partition_change, replication_control
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata.image import MetadataImage, PartitionRegistration
from minikafka.metadata.records import MetadataRecord, PartitionChangeRecord
from minikafka.protocol.admin_messages import (
    PREFERRED_ELECTION,
    UNCLEAN_ELECTION,
    ElectLeadersRequest,
    ElectLeadersResponse,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.types import NO_LEADER, TopicPartition

MAX_ELECTIONS_IN_ONE_PASS = 1_000
"""`ReplicationControlManager.MAX_ELECTIONS_PER_IMBALANCE`."""


def elect_leaders(
    image: MetadataImage, config: ServerConfig, request: ElectLeadersRequest
) -> CoordinatorResult[MetadataRecord, ElectLeadersResponse]:
    """Hold the elections asked for. Asked for all partitions, only those that needed one are in the answer."""
    if request.election_type not in (PREFERRED_ELECTION, UNCLEAN_ELECTION):
        return CoordinatorResult((), ElectLeadersResponse(ErrorCode.INVALID_REQUEST))
    asked = [name for name, _ in image.partitions()] if request.partitions is None else list(request.partitions)
    records: list[MetadataRecord] = []
    results = []
    for name in asked:
        error, change = _elect(image, config, name, request.election_type)
        if change is not None:
            records.append(change)
        if request.partitions is not None or error != ErrorCode.ELECTION_NOT_NEEDED:
            results.append((name, error, None if error == ErrorCode.NONE else error.name))
    return CoordinatorResult(tuple(records), ElectLeadersResponse(ErrorCode.NONE, tuple(results)))


def _elect(
    image: MetadataImage, config: ServerConfig, name: TopicPartition, election_type: int
) -> tuple[ErrorCode, PartitionChangeRecord | None]:
    partition = image.partition(name)
    if partition is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None
    preferred = election_type == PREFERRED_ELECTION
    if (preferred and has_preferred_leader(partition)) or (not preferred and partition.leader != NO_LEADER):
        return ErrorCode.ELECTION_NOT_NEEDED, None
    change = hold_election(image, config, name, partition, prefer=preferred, unclean=not preferred)
    if change is not None and change.leader is not None:
        return ErrorCode.NONE, change
    if preferred:
        return ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, None
    return ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE, None


def has_preferred_leader(partition: PartitionRegistration) -> bool:
    """Does the first replica lead?"""
    return partition.leader == partition.replicas[0]


def hold_election(
    image: MetadataImage,
    config: ServerConfig,
    name: TopicPartition,
    partition: PartitionRegistration,
    *,
    prefer: bool = False,
    unclean: bool = False,
) -> PartitionChangeRecord | None:
    """The change that an election comes to; None when nobody else may lead."""
    rules = replication_control.election_rules(image, config, name.topic, image.active_brokers())
    if unclean:
        rules = rules._replace(unclean_allowed=True)
    return partition_change.change_partition(name, partition, partition.isr, rules, prefer=prefer)


def back_to_preferred(image: MetadataImage, config: ServerConfig) -> tuple[PartitionChangeRecord, ...]:
    """Every leader.imbalance.check.interval.seconds: give partitions back to their first replica."""
    changes: list[PartitionChangeRecord] = []
    for name, partition in image.partitions():
        first = partition.replicas[0]
        if has_preferred_leader(partition) or first not in partition.isr or not image.is_active(first):
            continue
        change = hold_election(image, config, name, partition, prefer=True)
        if change is not None and len(changes) < MAX_ELECTIONS_IN_ONE_PASS:
            changes.append(change)
    return tuple(changes)


def unclean_where_allowed(image: MetadataImage, config: ServerConfig) -> tuple[PartitionChangeRecord, ...]:
    """Every unclean.leader.election.interval.ms: partitions without a leader whose topic allows what may lose records.

    So it helps to allow it while the partition is down already.
    """
    changes = [
        hold_election(image, config, name, partition)
        for name, partition in image.partitions()
        if partition.leader == NO_LEADER
    ]
    return tuple(change for change in changes if change is not None)
