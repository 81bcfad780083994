"""Which replicas are in sync, and who leads: decisions about topics and partitions.

Functions here read the image and return records; nothing changes before those are committed and replayed.

* A fenced broker is in no ISR, and a leader is always in the ISR it leads.
* A leader *proposes* another ISR. The proposal names the leader epoch and partition epoch it was made in; if the
  controller has moved on, it is refused: an old leader cannot undo an election it has not heard of (KIP-497).

Mirrors `ReplicationControlManager`. What we leave out: deleting topics, more partitions, reassignment, racks,
preferred elections, and the periodic try of unclean elections.
"""

from __future__ import annotations

from minikafka.config import ConfigError, ServerConfig
from minikafka.controller import partition_change
from minikafka.controller.partition_change import ElectionRules
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata.image import MetadataImage, PartitionRegistration, is_legal_topic_name, merge
from minikafka.metadata.records import (
    ConfigRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    TopicRecord,
)
from minikafka.protocol.admin_messages import CreateTopicResult, CreateTopicsRequest, CreateTopicsResponse, NewTopicSpec
from minikafka.protocol.controller_messages import AlterPartitionRequest, AlterPartitionResponse
from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId

MAX_PARTITIONS_IN_REQUEST = 10_000
"""`ReplicationControlManager.MAX_PARTITIONS_PER_BATCH`."""


def election_rules(image: MetadataImage, config: ServerConfig, topic: str, live: frozenset[BrokerId]) -> ElectionRules:
    """What a topic's settings say about elections."""
    settings = config.topic(image.topics[topic].configs)
    return ElectionRules(
        live,
        settings.min_insync_replicas,
        settings.unclean_leader_election_enable,
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
    response = AlterPartitionResponse(
        request.partition,
        ErrorCode.NONE,
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
        if broker is None or broker.fenced or member.broker_epoch not in (-1, broker.broker_epoch):
            return ErrorCode.INELIGIBLE_REPLICA
    return ErrorCode.NONE


def _refusal(
    request: AlterPartitionRequest, error: ErrorCode
) -> CoordinatorResult[MetadataRecord, AlterPartitionResponse]:
    return CoordinatorResult((), AlterPartitionResponse(request.partition, error))


# --- Topics ---


def create_topics(
    image: MetadataImage, config: ServerConfig, request: CreateTopicsRequest, topic_ids: tuple[str, ...]
) -> CoordinatorResult[MetadataRecord, CreateTopicsResponse]:
    """Create what can be created; each topic has its own answer. `topic_ids` holds a fresh id for each."""
    records: list[MetadataRecord] = []
    results: list[CreateTopicResult] = []
    if sum(_partitions_asked(config, topic) for topic in request.topics) > MAX_PARTITIONS_IN_REQUEST:
        sentence = f"A request may create {MAX_PARTITIONS_IN_REQUEST} partitions at most."
        refused = tuple(_refused(topic, ErrorCode.POLICY_VIOLATION, sentence) for topic in request.topics)
        return CoordinatorResult((), CreateTopicsResponse(refused))
    names = [topic.name for topic in request.topics]
    for spec, topic_id in zip(request.topics, topic_ids, strict=True):
        if names.count(spec.name) > 1:
            # One answer for all of them, as Kafka gives.
            if all(result.name != spec.name for result in results):
                results.append(_refused(spec, ErrorCode.INVALID_REQUEST, "The request names this topic twice."))
            continue
        created, result = _create_topic(image, config, spec, topic_id)
        results.append(result)
        if not request.validate_only:
            records += created
    return CoordinatorResult(tuple(records), CreateTopicsResponse(tuple(results)))


def _partitions_asked(config: ServerConfig, spec: NewTopicSpec) -> int:
    if spec.assignment:
        return len(spec.assignment)
    return config.num_partitions if spec.num_partitions == -1 else max(spec.num_partitions, 0)


def _create_topic(
    image: MetadataImage, config: ServerConfig, spec: NewTopicSpec, topic_id: str
) -> tuple[list[MetadataRecord], CreateTopicResult]:
    error, message = check_topic_name(image, spec.name)
    if error != ErrorCode.NONE:
        return [], _refused(spec, error, message)
    try:
        config.topic(dict(spec.configs))
    except ConfigError as problem:
        return [], _refused(spec, ErrorCode.INVALID_CONFIG, str(problem))
    error, message, assignment = place_replicas(image, config, spec)
    if error != ErrorCode.NONE:
        return [], _refused(spec, error, message)
    records: list[MetadataRecord] = [TopicRecord(spec.name, topic_id)]
    records += [ConfigRecord(spec.name, name, value) for name, value in spec.configs]
    for number, replicas in enumerate(assignment):
        isr = tuple(broker for broker in replicas if image.is_active(broker))
        records.append(PartitionRecord(spec.name, number, replicas, isr, isr[0]))
    result = CreateTopicResult(spec.name, ErrorCode.NONE, None, topic_id, len(assignment), len(assignment[0]))
    return records, result


def check_topic_name(image: MetadataImage, name: str) -> tuple[ErrorCode, str]:
    """Is the name legal and free? `.` and `_` count as the same letter, since metrics cannot tell them apart."""
    if not is_legal_topic_name(name):
        return (
            ErrorCode.INVALID_TOPIC_EXCEPTION,
            f"{name!r} is no topic name: 1 to 249 letters, digits, '.', '_' or '-'.",
        )
    if name in image.topics:
        return ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic {name!r} already exists."
    for other in image.topics:
        if other.replace(".", "_") == name.replace(".", "_"):
            return ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic {name!r} collides with {other!r}: '.' and '_' look alike."
    return ErrorCode.NONE, ""


def place_replicas(
    image: MetadataImage, config: ServerConfig, spec: NewTopicSpec
) -> tuple[ErrorCode, str, tuple[tuple[BrokerId, ...], ...]]:
    """Replicas of each partition: as asked, or dealt over the active brokers, a new first one for each partition."""
    brokers = sorted(image.active_brokers())
    if spec.assignment:
        return _check_assignment(brokers, spec)
    count = config.num_partitions if spec.num_partitions == -1 else spec.num_partitions
    replicas = config.default_replication_factor if spec.replication_factor == -1 else spec.replication_factor
    if count < 1:
        return ErrorCode.INVALID_PARTITIONS, f"A topic has at least one partition, not {count}.", ()
    if not 1 <= replicas <= len(brokers):
        return (
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"Replication factor {replicas} does not fit: {len(brokers)} brokers are alive.",
            (),
        )
    dealt = tuple(tuple(brokers[(number + step) % len(brokers)] for step in range(replicas)) for number in range(count))
    return ErrorCode.NONE, "", dealt


def _check_assignment(
    brokers: list[BrokerId], spec: NewTopicSpec
) -> tuple[ErrorCode, str, tuple[tuple[BrokerId, ...], ...]]:
    if spec.num_partitions != -1 or spec.replication_factor != -1:
        return ErrorCode.INVALID_REQUEST, "Give either an assignment or numbers of partitions and replicas.", ()
    sizes = {len(replicas) for replicas in spec.assignment}
    for replicas in spec.assignment:
        if not replicas or len(set(replicas)) < len(replicas) or not set(replicas) <= set(brokers) or len(sizes) > 1:
            return ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"Replicas {replicas} do not fit the brokers {brokers}.", ()
    return ErrorCode.NONE, "", spec.assignment


def _refused(spec: NewTopicSpec, error: ErrorCode, message: str) -> CreateTopicResult:
    return CreateTopicResult(spec.name, error, message)
