"""A producer without a cluster: the test plays every broker, and decides what is answered and when."""

from __future__ import annotations

from minikafka.client.accumulator import PendingRecord
from minikafka.client.producer import ProducerNode
from minikafka.config import ProducerConfig, read_settings
from minikafka.effects import Observe, Send, SetTimer
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import CoordinatorEndpoint, FindCoordinatorRequest, FindCoordinatorResponse
from minikafka.protocol.messages import (
    BrokerEndpoint,
    MetadataRequest,
    MetadataResponse,
    PartitionMetadata,
    ProducePartitionResult,
    ProduceRequest,
    ProduceResponse,
    TopicMetadata,
)
from minikafka.protocol.records import RecordBatch
from minikafka.protocol.transaction_messages import InitProducerIdRequest, InitProducerIdResponse
from minikafka.types import TopicPartition

ORDERS = TopicPartition("orders", 0)


class Scripted:
    """The world around one producer. Broker 1 leads everything; metadata and coordinators are answered at once."""

    def __init__(self, partitions=1, version=2, numbered=True, **settings):
        dotted = {name.replace("_", "."): value for name, value in settings.items()}
        config = read_settings(ProducerConfig, {"linger.ms": 0, "enable.idempotence": numbered, **dotted}, "producer")
        self.node = ProducerNode("producer-A", config, ("broker-1",))
        self.now = 0
        self.partitions = partitions
        self.version = version
        self.producer_id, self.epoch = 7, 0
        self.sent = []
        """Envelopes that wait for an answer of the test."""
        self.facts = []
        self.timers = []

    # --- the application ---

    def send(self, *values, partition=0, key=None):
        for value in values:
            record = PendingRecord("orders", partition, key, value.encode(), (), self.now, value)
            self.take(self.node.produce(record, self.now))

    def flush(self):
        self.take(self.node.flush(self.now))

    @property
    def reports(self):
        return [(report.record.opaque, report.error.name, report.offset) for report in self.node.reports]

    # --- the world ---

    def take(self, effects):
        for effect in effects:
            if isinstance(effect, Send):
                self._arrives(effect.envelope)
            elif isinstance(effect, SetTimer):
                self.timers.append((self.now + effect.after_ms, effect.timer))
            else:
                assert isinstance(effect, Observe)
                self.facts.append(effect.fact)

    def _arrives(self, envelope):
        match envelope.message:
            case MetadataRequest():
                self.answer(envelope, self.metadata())
            case FindCoordinatorRequest() as asked:
                self.answer(envelope, FindCoordinatorResponse((CoordinatorEndpoint(asked.keys[0], ErrorCode.NONE, 1),)))
            case InitProducerIdRequest() if self.epoch is not None:
                self.answer(envelope, InitProducerIdResponse(ErrorCode.NONE, self.producer_id, self.epoch))
            case _:
                self.sent.append(envelope)

    def metadata(self):
        partitions = tuple(
            PartitionMetadata(TopicPartition("orders", number), ErrorCode.NONE, 1, 0, (1,), (1,))
            for number in range(self.partitions)
        )
        error = ErrorCode.NONE if partitions else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        topic = TopicMetadata("orders", error, "", partitions)
        return MetadataResponse((BrokerEndpoint(1),), (topic,), transaction_version=self.version)

    def answer(self, envelope, message):
        self.take(self.node.handle(envelope.reply(message), self.now))

    def produced(self):
        """Produce requests that wait: [(partition, values, epoch, base sequence), ...] of each."""
        return [[_shown(one) for one in envelope.message.partitions] for envelope in self.sent if _produces(envelope)]

    def answer_produce(self, error=ErrorCode.NONE, offset=0):
        """Answer the oldest produce request, each partition alike."""
        at = next(at for at, envelope in enumerate(self.sent) if _produces(envelope))
        envelope = self.sent.pop(at)
        results = tuple(ProducePartitionResult(one.partition, error, offset) for one in envelope.message.partitions)
        self.answer(envelope, ProduceResponse(results))

    def answer_next(self, kind, message):
        """Answer the oldest request of a kind; returns the request."""
        at = next(at for at, envelope in enumerate(self.sent) if isinstance(envelope.message, kind))
        envelope = self.sent.pop(at)
        self.answer(envelope, message)
        return envelope.message

    def lose_connection(self):
        """Everything under way is lost."""
        self.sent.clear()
        self.take(self.node.disconnected("broker-1", self.now))

    def wait(self, milliseconds):
        end = self.now + milliseconds
        while self.timers and min(self.timers, key=lambda one: one[0])[0] <= end:
            due = min(self.timers, key=lambda one: one[0])
            self.timers.remove(due)
            self.now = max(self.now, due[0])
            self.take(self.node.fire(due[1], self.now))
        self.now = end


def _produces(envelope):
    return isinstance(envelope.message, ProduceRequest)


def _shown(one):
    batch = RecordBatch(one.records)
    values = "".join(record.value.decode() for record in batch.records())
    return one.partition.partition, values, batch.producer_epoch, batch.base_sequence
