"""Topics: create them, give them more partitions, delete them.

* A topic's id is new each time; a topic that is deleted and created again is another one, with other records.
* What a request asks for is done topic by topic: one that is refused does not harm its neighbours.
* Partitions are never taken away, and more of them send keys elsewhere.

Mirrors `ReplicationControlManager.createTopics`, `createPartitions` and `deleteTopics`. What we leave out: policies
of your own (`create.topic.policy.class.name`), partition limits.
"""

from __future__ import annotations

from minikafka.config import ConfigError, ServerConfig
from minikafka.controller import placement
from minikafka.controller.placement import UsableBroker
from minikafka.coordinator.result import CoordinatorResult
from minikafka.metadata import settings
from minikafka.metadata.image import MetadataImage, TopicImage, is_legal_topic_name
from minikafka.metadata.records import ConfigRecord, MetadataRecord, PartitionRecord, RemoveTopicRecord, TopicRecord
from minikafka.protocol.admin_messages import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreateTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
    DeletedTopic,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    NamedResult,
    NewPartitionsSpec,
    NewTopicSpec,
)
from minikafka.protocol.errors import ErrorCode
from minikafka.types import BrokerId

MAX_PARTITIONS_IN_REQUEST = 10_000
"""`ReplicationControlManager.MAX_PARTITIONS_PER_BATCH`."""

Rows = tuple[tuple[BrokerId, ...], ...]
Verdict = tuple[ErrorCode, str]
FINE: Verdict = (ErrorCode.NONE, "")


# --- create ---


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
        settings.check_topic_settings(config, dict(spec.configs))
    except ConfigError as problem:
        return [], _refused(spec, ErrorCode.INVALID_CONFIG, str(problem))
    error, message, assignment = place_replicas(image, config, spec)
    if error != ErrorCode.NONE:
        return [], _refused(spec, error, message)
    records: list[MetadataRecord] = [TopicRecord(spec.name, topic_id)]
    records += [ConfigRecord(spec.name, name, value) for name, value in spec.configs]
    records += new_partitions(image, spec.name, assignment, 0)
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


def place_replicas(image: MetadataImage, config: ServerConfig, spec: NewTopicSpec) -> tuple[ErrorCode, str, Rows]:
    """Replicas of each partition: as asked, or dealt over the brokers and their racks."""
    if spec.assignment:
        if spec.num_partitions != -1 or spec.replication_factor != -1:
            sentence = "Give either an assignment or numbers of partitions and replicas."
            return ErrorCode.INVALID_REQUEST, sentence, ()
        return (*check_assignment(image, spec.assignment, len(spec.assignment[0])), spec.assignment)
    count = config.num_partitions if spec.num_partitions == -1 else spec.num_partitions
    replicas = config.default_replication_factor if spec.replication_factor == -1 else spec.replication_factor
    if count < 1:
        return ErrorCode.INVALID_PARTITIONS, f"A topic has at least one partition, not {count}.", ()
    brokers = usable_brokers(image)
    if not 1 <= replicas <= len(brokers) or all(broker.fenced for broker in brokers):
        alive = sum(not broker.fenced for broker in brokers)
        sentence = f"Replication factor {replicas} does not fit: {len(brokers)} brokers are registered, {alive} alive."
        return ErrorCode.INVALID_REPLICATION_FACTOR, sentence, ()
    return ErrorCode.NONE, "", placement.place_replicas(brokers, count, replicas)


def usable_brokers(image: MetadataImage) -> list[UsableBroker]:
    """Brokers that may be given replicas: all but those that are about to leave."""
    return [
        UsableBroker(number, broker.rack, broker.fenced)
        for number, broker in sorted(image.brokers.items())
        if not broker.in_controlled_shutdown
    ]


def check_assignment(image: MetadataImage, assignment: Rows, size: int) -> Verdict:
    """Are these lists of replicas possible: known brokers, none twice, all lists of one size, each with a live one?"""
    for replicas in assignment:
        known = set(replicas) <= image.brokers.keys()
        if not replicas or len(set(replicas)) < len(replicas) or not known or len(replicas) != size:
            brokers = sorted(image.brokers)
            return ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"Replicas {replicas} do not fit the brokers {brokers}."
        if not any(image.is_active(broker) for broker in replicas):
            return ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"Of the replicas {replicas} none is alive."
    return FINE


def new_partitions(image: MetadataImage, topic: str, assignment: Rows, first: int) -> list[MetadataRecord]:
    """Records for new partitions: the ISR is whoever is alive, and its first leads."""
    records: list[MetadataRecord] = []
    for number, replicas in enumerate(assignment, first):
        isr = tuple(broker for broker in replicas if image.is_active(broker))
        records.append(PartitionRecord(topic, number, replicas, isr, isr[0]))
    return records


def _refused(spec: NewTopicSpec, error: ErrorCode, message: str) -> CreateTopicResult:
    return CreateTopicResult(spec.name, error, message)


# --- more partitions ---


def create_partitions(
    image: MetadataImage, request: CreatePartitionsRequest
) -> CoordinatorResult[MetadataRecord, CreatePartitionsResponse]:
    """Give topics more partitions; each topic has its own answer."""
    records: list[MetadataRecord] = []
    results: list[NamedResult] = []
    if sum(max(topic.total, 0) for topic in request.topics) > MAX_PARTITIONS_IN_REQUEST:
        sentence = f"A request may create {MAX_PARTITIONS_IN_REQUEST} partitions at most."
        refused = tuple(NamedResult(topic.name, ErrorCode.POLICY_VIOLATION, sentence) for topic in request.topics)
        return CoordinatorResult((), CreatePartitionsResponse(refused))
    names = [topic.name for topic in request.topics]
    for spec in request.topics:
        if names.count(spec.name) > 1:
            if all(result.name != spec.name for result in results):
                sentence = "The request names this topic twice."
                results.append(NamedResult(spec.name, ErrorCode.INVALID_REQUEST, sentence))
            continue
        (error, sentence), added = _more_partitions(image, spec)
        results.append(NamedResult(spec.name, error, sentence or None))
        records += added
    return CoordinatorResult(() if request.validate_only else tuple(records), CreatePartitionsResponse(tuple(results)))


def _more_partitions(image: MetadataImage, spec: NewPartitionsSpec) -> tuple[Verdict, list[MetadataRecord]]:
    topic = image.topics.get(spec.name)
    if topic is None:
        return (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"There is no topic {spec.name!r}."), []
    there = len(topic.partitions)
    if spec.total <= there:
        sentence = f"Topic {spec.name!r} has {there} partitions; {spec.total} would not be more."
        return (ErrorCode.INVALID_PARTITIONS, sentence), []
    verdict, assignment = _place_more(image, topic, spec)
    if verdict[0] != ErrorCode.NONE:
        return verdict, []
    return FINE, new_partitions(image, spec.name, assignment, there)


def _place_more(image: MetadataImage, topic: TopicImage, spec: NewPartitionsSpec) -> tuple[Verdict, Rows]:
    there, size = len(topic.partitions), len(topic.partitions[0].replicas)
    more = spec.total - there
    if spec.assignment:
        if len(spec.assignment) != more:
            sentence = f"{more} partitions are new, but {len(spec.assignment)} assignments are given."
            return (ErrorCode.INVALID_REPLICA_ASSIGNMENT, sentence), ()
        return check_assignment(image, spec.assignment, size), spec.assignment
    brokers = usable_brokers(image)
    if size > len(brokers) or all(broker.fenced for broker in brokers):
        return (ErrorCode.INVALID_REPLICATION_FACTOR, f"Replication factor {size} does not fit the brokers left."), ()
    return FINE, placement.place_replicas(brokers, more, size, there)


# --- delete ---


def delete_topics(
    image: MetadataImage, request: DeleteTopicsRequest
) -> CoordinatorResult[MetadataRecord, DeleteTopicsResponse]:
    """Delete topics by name or id; each has its own answer. Brokers drop the replicas when they read of it."""
    records: dict[str, MetadataRecord] = {}
    results: list[DeletedTopic] = []
    for name, topic_id in request.topics:
        topic = image.topics.get(name) if name is not None else image.topic_with_id(topic_id)
        if topic is None:
            error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if name is not None else ErrorCode.UNKNOWN_TOPIC_ID
            results.append(DeletedTopic(name, topic_id, error, "There is no such topic."))
        elif topic.topic in records:
            sentence = "The request names this topic twice."
            results.append(DeletedTopic(topic.topic, topic.topic_id, ErrorCode.INVALID_REQUEST, sentence))
        else:
            records[topic.topic] = RemoveTopicRecord(topic.topic, topic.topic_id)
            results.append(DeletedTopic(topic.topic, topic.topic_id, ErrorCode.NONE))
    return CoordinatorResult(tuple(records.values()), DeleteTopicsResponse(tuple(results)))
