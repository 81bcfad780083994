"""What clients ask that neither writes nor reads records: who leads, which offsets there are, new topics.

* Metadata is answered from this broker's image: by a broker that is cut off, from an old one.
* Offsets are answered by leaders only, up to the high watermark.
* Topics are created by the controller; any broker passes the request on.

Mirrors the corresponding handlers of `KafkaApis` and `ForwardingManager`. What we leave out: a lookup by time opens no
compressed batch, and answers with its first offset.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.broker.replica_manager import ReplicaManager
from minikafka.config import ServerConfig
from minikafka.effects import Effect, Send
from minikafka.metadata.image import TopicImage, is_legal_topic_name
from minikafka.protocol.admin_messages import CreateTopicResult, CreateTopicsRequest, CreateTopicsResponse, NewTopicSpec
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    EARLIEST_TIMESTAMP,
    LATEST_TIMESTAMP,
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
from minikafka.protocol.records import CorruptBatch, RecordBatch, split_batches
from minikafka.types import NO_LEADER, Millis, NodeId, Offset, TopicPartition


class ClientRequests:
    """Answers them for one broker."""

    def __init__(
        self,
        node: NodeId,
        controller: NodeId,
        config: ServerConfig,
        replicas: ReplicaManager,
        next_correlation_id: Callable[[], int],
    ) -> None:
        self.node = node
        self.controller = controller
        self.config = config
        self.replicas = replicas
        self.image = replicas.image
        self._next_correlation_id = next_correlation_id
        self._forwarded: dict[int, Envelope | None] = {}
        """Requests passed on to the controller, by our correlation id; None: our own, nobody waits."""

    # --- who leads ---

    def metadata(self, envelope: Envelope, request: MetadataRequest) -> list[Effect]:
        """The cluster as this broker has read it."""
        names = sorted(self.image.topics) if request.topics is None else request.topics
        brokers = tuple(
            BrokerEndpoint(broker, one.host, one.port, one.rack)
            for broker, one in sorted(self.image.brokers.items())
            if not one.fenced
        )
        topics = tuple(self._describe(name) for name in names)
        response = MetadataResponse(brokers, topics, brokers[0].broker_id if brokers else NO_LEADER)
        effects: list[Effect] = [Send(envelope.reply(response))]
        unknown = [topic.topic for topic in topics if topic.error == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
        if unknown and request.allow_auto_topic_creation and self.config.auto_create_topics_enable:
            specs = tuple(NewTopicSpec(name) for name in unknown)
            effects += self._pass_on(None, CreateTopicsRequest(specs))
        return effects

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
            tuple(broker for broker in partition.replicas if not self.image.is_active(broker)),
        )

    # --- which offsets ---

    def list_offsets(self, envelope: Envelope, request: ListOffsetsRequest) -> list[Effect]:
        """Start, end, or the first offset at a time."""
        results = tuple(self._offset_for(asked) for asked in request.partitions)
        return [Send(envelope.reply(ListOffsetsResponse(results)))]

    def _offset_for(self, asked: ListOffsetsPartition) -> ListOffsetsPartitionResult:
        partition, error = self.replicas.reader.check(asked.partition, asked.current_leader_epoch)
        if partition is None:
            return ListOffsetsPartitionResult(asked.partition, error)
        log = partition.log
        if asked.timestamp == EARLIEST_TIMESTAMP:
            epoch = log.epochs.epoch_at(log.log_start_offset)
            return ListOffsetsPartitionResult(asked.partition, ErrorCode.NONE, -1, log.log_start_offset, epoch)
        if asked.timestamp == LATEST_TIMESTAMP:
            return ListOffsetsPartitionResult(
                asked.partition, ErrorCode.NONE, -1, log.high_watermark, partition.leader_epoch
            )
        committed = log.read(log.log_start_offset, 1 << 62, log.high_watermark)
        for batch in split_batches(committed):
            if batch.max_timestamp_ms >= asked.timestamp:
                at_ms, offset = _first_at(batch, asked.timestamp)
                return ListOffsetsPartitionResult(asked.partition, ErrorCode.NONE, at_ms, offset, batch.leader_epoch)
        return ListOffsetsPartitionResult(asked.partition, ErrorCode.NONE)

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

    # --- new topics ---

    def forward(self, envelope: Envelope, request: CreateTopicsRequest) -> list[Effect]:
        """Pass a request on to the controller; its answer will be passed back."""
        return self._pass_on(envelope, request)

    def forwarded(self, envelope: Envelope) -> list[Effect]:
        """The controller's answer goes to whoever asked."""
        waiting = self._forwarded.pop(envelope.correlation_id, None)
        if waiting is None or not isinstance(envelope.message, CreateTopicsResponse):
            return []
        return [Send(waiting.reply(envelope.message))]

    def connection_lost(self, peer: NodeId) -> list[Effect]:
        """A client that is gone waits for nothing; a controller that is gone answers nothing."""
        if peer != self.controller:
            self._forwarded = {
                number: waiting
                for number, waiting in self._forwarded.items()
                if waiting is None or waiting.source != peer
            }
            return []
        waiting_clients = [waiting for waiting in self._forwarded.values() if waiting is not None]
        self._forwarded.clear()
        return [Send(waiting.reply(_timed_out(waiting))) for waiting in waiting_clients]

    def _pass_on(self, envelope: Envelope | None, request: CreateTopicsRequest) -> list[Effect]:
        number = self._next_correlation_id()
        self._forwarded[number] = envelope
        return [Send(Envelope(self.node, self.controller, request, number, "forward"))]


def _first_at(batch: RecordBatch, timestamp_ms: Millis) -> tuple[Millis, Offset]:
    """(time, offset) of the first record at or after a time, in a batch that has one."""
    try:
        for record in batch.records():
            if record.timestamp_ms >= timestamp_ms:
                return record.timestamp_ms, record.offset
    except CorruptBatch:
        pass
    # Compressed, or its head promises what its records do not keep: the batch itself is the best answer.
    return batch.max_timestamp_ms, batch.base_offset


def _timed_out(waiting: Envelope) -> CreateTopicsResponse:
    request = waiting.message
    assert isinstance(request, CreateTopicsRequest), "only topics are forwarded"
    sentence = "The broker lost its connection to the controller; the topic may or may not exist."
    return CreateTopicsResponse(
        tuple(CreateTopicResult(topic.name, ErrorCode.REQUEST_TIMED_OUT, sentence) for topic in request.topics)
    )
