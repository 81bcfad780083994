"""What clients ask that neither writes nor reads records: who leads, which offsets there are.

* Metadata is answered from this broker's image: by a broker that is cut off, from an old one.
* Offsets are answered by leaders only, up to the high watermark (read_committed: the last stable offset).
* A topic that nobody knows may be created by being asked for; the controller creates it, and the client asks again.

Mirrors the corresponding handlers of `KafkaApis`. What we leave out: a lookup by time opens no
compressed batch, and answers with its first offset.
"""

from __future__ import annotations

from minikafka.broker import reading
from minikafka.broker.forwarding import Forwarder
from minikafka.broker.internal_topics import TopicCreation
from minikafka.broker.replica_manager import ReplicaManager
from minikafka.config import ServerConfig
from minikafka.effects import Effect, Send
from minikafka.metadata.image import TopicImage, is_legal_topic_name
from minikafka.protocol.admin_messages import CreateTopicsRequest
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import FindCoordinatorRequest
from minikafka.protocol.messages import (
    EARLIEST_TIMESTAMP,
    LATEST_TIMESTAMP,
    MAX_TIMESTAMP,
    BrokerEndpoint,
    Envelope,
    EpochEndPartition,
    EpochEndPartitionResult,
    ListOffsetsPartition,
    ListOffsetsPartitionResult,
    ListOffsetsRequest,
    ListOffsetsResponse,
    MetadataRequest,
    MetadataResponse,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    PartitionMetadata,
    TopicMetadata,
)
from minikafka.types import NO_LEADER, Millis, TopicPartition


class ClientRequests:
    """Answers them for one broker."""

    def __init__(
        self, config: ServerConfig, replicas: ReplicaManager, forwarder: Forwarder, creation: TopicCreation
    ) -> None:
        self.config = config
        self.replicas = replicas
        self.image = replicas.image
        self.forwarder = forwarder
        self.creation = creation

    # --- who leads ---

    def metadata(self, envelope: Envelope, request: MetadataRequest, now: Millis) -> list[Effect]:
        """The cluster as this broker has read it."""
        names = sorted(self.image.topics) if request.topics is None else request.topics
        brokers = tuple(
            BrokerEndpoint(broker, one.host, one.port, one.rack)
            for broker, one in sorted(self.image.brokers.items())
            if not one.fenced
        )
        topics = tuple(self._describe(name) for name in names)
        response = MetadataResponse(
            brokers,
            topics,
            brokers[0].broker_id if brokers else NO_LEADER,
            transaction_version=self.config.transaction_version,
        )
        effects: list[Effect] = [Send(envelope.reply(response))]
        unknown = [topic.topic for topic in topics if topic.error == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
        if unknown and request.allow_auto_topic_creation and self.config.auto_create_topics_enable:
            effects += self._create(self.creation.ensure(tuple(unknown)), now)
        return effects

    def find_coordinator(self, envelope: Envelope, request: FindCoordinatorRequest, now: Millis) -> list[Effect]:
        """Who coordinates a group or a transactional id; the first question creates the topic for it."""
        response, missing = self.creation.find_coordinators(request)
        return [Send(envelope.reply(response)), *self._create(missing, now)]

    def _create(self, request: CreateTopicsRequest | None, now: Millis) -> list[Effect]:
        return [] if request is None else self.forwarder.forward(None, request, now)

    def _describe(self, name: str) -> TopicMetadata:
        topic = self.image.topics.get(name)
        if topic is None:
            legal = is_legal_topic_name(name)
            return TopicMetadata(
                name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION if legal else ErrorCode.INVALID_TOPIC_EXCEPTION
            )
        partitions = tuple(self._describe_partition(topic, number) for number in sorted(topic.partitions))
        return TopicMetadata(name, ErrorCode.NONE, topic.topic_id, partitions)

    def _describe_partition(self, topic: TopicImage, number: int) -> PartitionMetadata:
        partition = topic.partitions[number]
        return PartitionMetadata(
            TopicPartition(topic.topic, number),
            ErrorCode.LEADER_NOT_AVAILABLE if partition.leader == NO_LEADER else ErrorCode.NONE,
            partition.leader,
            partition.leader_epoch,
            partition.replicas,
            partition.isr,
            tuple(broker for broker in partition.replicas if not self.image.is_alive(broker)),
        )

    # --- which offsets ---

    def list_offsets(self, envelope: Envelope, request: ListOffsetsRequest) -> list[Effect]:
        """Start, end, or the first offset at a time."""
        committed = request.isolation_level == reading.READ_COMMITTED
        results = tuple(self._offset_for(asked, committed) for asked in request.partitions)
        return [Send(envelope.reply(ListOffsetsResponse(results)))]

    def _offset_for(self, asked: ListOffsetsPartition, committed: bool) -> ListOffsetsPartitionResult:
        partition, error = self.replicas.reader.check(asked.partition, asked.current_leader_epoch)
        if partition is None:
            return ListOffsetsPartitionResult(asked.partition, error)
        log = partition.log
        if asked.timestamp == EARLIEST_TIMESTAMP:
            epoch = log.epochs.epoch_at(log.log_start_offset)
            return ListOffsetsPartitionResult(asked.partition, ErrorCode.NONE, -1, log.log_start_offset, epoch)
        end = log.last_stable_offset if committed else log.high_watermark
        if asked.timestamp == LATEST_TIMESTAMP and log.high_watermark < partition.epoch_start_offset:
            # KIP-207: a new leader does not know yet how far its predecessor's watermark had got.
            return ListOffsetsPartitionResult(asked.partition, ErrorCode.OFFSET_NOT_AVAILABLE)
        if asked.timestamp == LATEST_TIMESTAMP:
            return ListOffsetsPartitionResult(asked.partition, ErrorCode.NONE, -1, end, partition.leader_epoch)
        if asked.timestamp == MAX_TIMESTAMP:
            found = log.offset_of_largest_time()
        else:
            found = log.offset_for_time(asked.timestamp)
        if found is None or found[1] >= end:
            return ListOffsetsPartitionResult(asked.partition, ErrorCode.NONE)
        return ListOffsetsPartitionResult(asked.partition, ErrorCode.NONE, *found)

    def end_of_epochs(self, envelope: Envelope, request: OffsetForLeaderEpochRequest) -> list[Effect]:
        """Where leader epochs end in the logs led here."""
        results = tuple(self._end_of_epoch(asked) for asked in request.partitions)
        return [Send(envelope.reply(OffsetForLeaderEpochResponse(results)))]

    def _end_of_epoch(self, asked: EpochEndPartition) -> EpochEndPartitionResult:
        partition, error = self.replicas.reader.check(asked.partition, asked.current_leader_epoch)
        if partition is None:
            return EpochEndPartitionResult(asked.partition, error)
        end = partition.log.end_of_epoch(asked.leader_epoch)
        if end is None:
            return EpochEndPartitionResult(asked.partition, ErrorCode.NONE)
        return EpochEndPartitionResult(asked.partition, ErrorCode.NONE, end.epoch, end.end_offset)
