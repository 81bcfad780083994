"""Where groups and transactions are kept: two topics that nobody creates by hand, and who leads their partitions.

```
 FindCoordinator(group "billing") ─▶ hash("billing") mod 50 = 17 ─▶ leader of __consumer_offsets-17
 no such topic yet? ─▶ ask the controller for it ─▶ answer COORDINATOR_NOT_AVAILABLE: the client asks again
```

* The coordinator of a group is whoever leads that partition: a failover of coordinators is a failover of leaders.
* The number of partitions must not change while there is anything in them: every key would move.
* With fewer brokers than the replication factor the controller refuses, and no coordinator is ever found.

Mirrors `AutoTopicCreationManager` and `KafkaApis.getCoordinator`. What we leave out: share groups and their topic.
"""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.metadata.image import MetadataImage
from minikafka.protocol.admin_messages import CreateTopicsRequest, CreateTopicsResponse, NewTopicSpec
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import CoordinatorEndpoint, FindCoordinatorRequest, FindCoordinatorResponse
from minikafka.types import (
    CONSUMER_OFFSETS_TOPIC,
    INTERNAL_TOPICS,
    TRANSACTION_STATE_TOPIC,
    TopicPartition,
    coordinator_partition,
)

GROUP_KEY, TRANSACTION_KEY = 0, 1


def topic_for(key_type: int) -> str | None:
    """Which internal topic keeps groups (0) or transactional ids (1); None for other types."""
    return {GROUP_KEY: CONSUMER_OFFSETS_TOPIC, TRANSACTION_KEY: TRANSACTION_STATE_TOPIC}.get(key_type)


def spec_of(topic: str, config: ServerConfig) -> NewTopicSpec:
    """The internal topic as the controller is asked for it."""
    if topic == CONSUMER_OFFSETS_TOPIC:
        configs = {"cleanup.policy": "compact", "segment.bytes": str(config.offsets_topic_segment_bytes)}
        return NewTopicSpec(
            topic,
            config.offsets_topic_num_partitions,
            config.offsets_topic_replication_factor,
            configs=tuple(configs.items()),
        )
    assert topic == TRANSACTION_STATE_TOPIC, f"{topic} is no internal topic"
    configs = {
        "cleanup.policy": "compact",
        "segment.bytes": str(config.transaction_state_log_segment_bytes),
        "min.insync.replicas": str(config.transaction_state_log_min_isr),
        "unclean.leader.election.enable": "false",
    }
    return NewTopicSpec(
        topic,
        config.transaction_state_log_num_partitions,
        config.transaction_state_log_replication_factor,
        configs=tuple(configs.items()),
    )


def partition_for(topic: str, key: str, image: MetadataImage, config: ServerConfig) -> TopicPartition:
    """The partition of an internal topic that keeps `key`; before the topic exists, the one that will."""
    known = image.topics.get(topic)
    count = len(known.partitions) if known is not None else spec_of(topic, config).num_partitions
    return TopicPartition(topic, coordinator_partition(key, count))


def find_coordinator(key_type: int, key: str, image: MetadataImage, config: ServerConfig) -> CoordinatorEndpoint:
    """Who leads the partition of `key`, as far as this broker has read."""
    topic = topic_for(key_type)
    if topic is None:
        return CoordinatorEndpoint(key, ErrorCode.INVALID_REQUEST, error_message=f"Key type {key_type} is unknown.")
    partition = image.partition(partition_for(topic, key, image, config))
    if partition is None or not image.is_active(partition.leader):
        return CoordinatorEndpoint(key, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    broker = image.brokers[partition.leader]
    return CoordinatorEndpoint(key, ErrorCode.NONE, partition.leader, broker.host, broker.port)


class TopicCreation:
    """What one broker has asked the controller to create, so that it does not ask twice at a time."""

    def __init__(self, image: MetadataImage, config: ServerConfig) -> None:
        self.image = image
        self.config = config
        self._asked: dict[str, None] = {}

    def find_coordinators(
        self, request: FindCoordinatorRequest
    ) -> tuple[FindCoordinatorResponse, CreateTopicsRequest | None]:
        """The answer, and what to ask the controller for when the internal topic does not exist yet."""
        found = tuple(find_coordinator(request.key_type, key, self.image, self.config) for key in request.keys)
        topic = topic_for(request.key_type)
        missing = (topic,) if topic is not None and request.keys else ()
        return FindCoordinatorResponse(found), self.ensure(missing)

    def ensure(self, topics: tuple[str, ...]) -> CreateTopicsRequest | None:
        """A request for those topics that do not exist and are not asked for yet; None if there are none."""
        wanted = [topic for topic in topics if topic not in self.image.topics and topic not in self._asked]
        self._asked.update(dict.fromkeys(wanted))
        specs = [spec_of(topic, self.config) if topic in INTERNAL_TOPICS else NewTopicSpec(topic) for topic in wanted]
        return CreateTopicsRequest(tuple(specs)) if specs else None

    def answered(self, response: CreateTopicsResponse) -> None:
        """The controller has answered: whatever it said, it may be asked again."""
        for topic in response.topics:
            self._asked.pop(topic.name, None)
