"""Which replicas are in sync, and who leads while brokers come and go.

Functions here read the image and return records; nothing changes before those are committed and replayed.

* A fenced broker is in no ISR, and a leader is always in the ISR it leads.
* A leader *proposes* another ISR. The proposal names the leader epoch and partition epoch it was made in; if the
  controller has moved on, it is refused: an old leader cannot undo an election it has not heard of (KIP-497).

Mirrors `ReplicationControlManager`; topics, elections and reassignments have files of their own. What we leave out:
several partitions in one AlterPartition, log directories.
"""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.controller import partition_change
from minikafka.controller.partition_change import ElectionRules
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata import settings
from minikafka.metadata.image import MetadataImage, PartitionRegistration, merge
from minikafka.metadata.records import MetadataRecord, PartitionChangeRecord
from minikafka.protocol.controller_messages import AlterPartitionRequest, AlterPartitionResponse
from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId


def election_rules(image: MetadataImage, config: ServerConfig, topic: str, live: frozenset[BrokerId]) -> ElectionRules:
    """What a topic's settings say about elections."""
    in_force = settings.topic_settings(image, config, topic)
    return ElectionRules(
        live,
        in_force.min_insync_replicas,
        in_force.unclean_leader_election_enable,
        config.eligible_leader_replicas_enable,
    )


def without_broker(
    image: MetadataImage, config: ServerConfig, broker: BrokerId, *, unclean: bool
) -> list[PartitionChangeRecord]:
    """Changes for all partitions once `broker` is gone; `unclean`: it may also have lost its last writes."""
    live = image.active_brokers() - {broker}
    changes = []
    for name, partition in image.partitions():
        if broker not in partition.isr and not (unclean and broker in partition.elr) and broker != partition.leader:
            continue
        change = partition_change.change_partition(
            name,
            partition,
            tuple(member for member in partition.isr if member != broker),
            election_rules(image, config, name.topic, live),
            unclean_shutdown=frozenset({broker}) if unclean else frozenset(),
        )
        if change is not None:
            changes.append(change)
    return changes


def with_broker(image: MetadataImage, config: ServerConfig, broker: BrokerId) -> list[PartitionChangeRecord]:
    """Elections in partitions that had no leader, now that `broker` is back."""
    live = image.active_brokers() | {broker}
    changes = [
        partition_change.change_partition(
            name, partition, partition.isr, election_rules(image, config, name.topic, live)
        )
        for name, partition in image.partitions()
        if partition.leader < 0 and broker in partition.replicas
    ]
    return [change for change in changes if change is not None]


# --- ISR changes that leaders propose ---


def alter_partition(
    image: MetadataImage, config: ServerConfig, request: AlterPartitionRequest
) -> CoordinatorResult[MetadataRecord, AlterPartitionResponse]:
    """Take a leader's new ISR, or refuse it and say how things stand."""
    partition = image.partition(request.partition)
    if partition is None:
        return _refusal(request, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    error = check_alter_partition(image, partition, request)
    if error != ErrorCode.NONE:
        return _refusal(request, error)
    change = partition_change.change_partition(
        request.partition,
        partition,
        tuple(member.broker_id for member in request.new_isr),
        election_rules(image, config, request.partition.topic, image.active_brokers()),
        recovered=not request.recovering,
    )
    after = partition if change is None else merge(partition, change)
    # The proposal may have completed a reassignment that takes the proposer itself away.
    error = ErrorCode.NONE if after.leader == request.broker_id else ErrorCode.NEW_LEADER_ELECTED
    response = AlterPartitionResponse(
        request.partition,
        error,
        after.leader,
        after.leader_epoch,
        after.isr,
        after.partition_epoch,
        after.recovering,
    )
    return CoordinatorResult(() if change is None else (change,), response)


def check_alter_partition(
    image: MetadataImage, partition: PartitionRegistration, request: AlterPartitionRequest
) -> ErrorCode:
    """Why a proposal cannot be taken, NONE if it can (`validateAlterPartitionData`)."""
    sender = image.brokers.get(request.broker_id)
    if sender is None or sender.broker_epoch != request.broker_epoch:
        return ErrorCode.STALE_BROKER_EPOCH
    if request.leader_epoch > partition.leader_epoch or request.partition_epoch > partition.partition_epoch:
        return ErrorCode.NOT_CONTROLLER
    if request.leader_epoch < partition.leader_epoch:
        return ErrorCode.FENCED_LEADER_EPOCH
    if request.broker_id != partition.leader:
        return ErrorCode.INVALID_REQUEST
    if request.partition_epoch < partition.partition_epoch:
        return ErrorCode.INVALID_UPDATE_VERSION
    members = [member.broker_id for member in request.new_isr]
    if request.broker_id not in members or not set(members) <= set(partition.replicas):
        return ErrorCode.INVALID_REQUEST
    if request.recovering and (len(members) > 1 or not partition.recovering):
        # KIP-704: while a leader recovers it is alone, and a leader that was chosen cleanly has nothing to recover.
        return ErrorCode.INVALID_REQUEST
    for member in request.new_isr:
        broker = image.brokers.get(member.broker_id)
        # KIP-903: a follower that has restarted since the leader saw it is another process, perhaps with less data.
        if broker is None or not broker.is_active or member.broker_epoch not in (-1, broker.broker_epoch):
            return ErrorCode.INELIGIBLE_REPLICA
    return ErrorCode.NONE


def _refusal(
    request: AlterPartitionRequest, error: ErrorCode
) -> CoordinatorResult[MetadataRecord, AlterPartitionResponse]:
    return CoordinatorResult((), AlterPartitionResponse(request.partition, error))
