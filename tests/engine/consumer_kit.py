"""A consumer alone with a test that plays every broker: it sees each request, and answers what it likes."""

from __future__ import annotations

from minikafka.client.consumer import ConsumerNode
from minikafka.config import ConsumerConfig, read_settings
from minikafka.effects import Observe, Send, SetTimer
from minikafka.protocol import consumer_protocol
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    CoordinatorEndpoint,
    FetchedOffset,
    FindCoordinatorRequest,
    FindCoordinatorResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    JoinedMember,
    JoinGroupRequest,
    JoinGroupResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchGroupResult,
    OffsetFetchRequest,
    OffsetFetchResponse,
    SyncGroupRequest,
    SyncGroupResponse,
)
from minikafka.protocol.messages import (
    BrokerEndpoint,
    Envelope,
    FetchPartitionResult,
    FetchRequest,
    FetchResponse,
    ListOffsetsPartitionResult,
    ListOffsetsRequest,
    ListOffsetsResponse,
    MetadataRequest,
    MetadataResponse,
    PartitionMetadata,
    TopicMetadata,
)
from minikafka.protocol.records import build_batch
from minikafka.types import TopicPartition

NONE = ErrorCode.NONE
A0, A1, A2, A3 = (TopicPartition("a", number) for number in range(4))


def config(**settings) -> ConsumerConfig:
    return read_settings(
        ConsumerConfig, {name.replace("_", "."): value for name, value in settings.items()}, "consumer"
    )


def batch(offset, *values, epoch=0, **options) -> bytes:
    made = build_batch([(0, None, value.encode(), ()) for value in values], **options)
    return made.stamped(offset, epoch).data


class Desk:
    """The node, the time, what is under way, and what it said."""

    def __init__(self, topics=None, leaders=(1, 2, 3), **settings) -> None:
        self.node = ConsumerNode("consumer-C", config(**settings), ("broker-1", "broker-2", "broker-3"))
        self.now = 0
        self.topics = {"a": 2} if topics is None else topics
        self.leaders = leaders
        self.epoch = 0
        self.open = []
        self.facts = []
        self.timers = []
        self.coordinator = 2
        self.committed = {}
        self.ends = {}
        self.silent = ()
        """Kinds of requests that are not answered by themselves."""

    # --- driving ---

    def do(self, effects):
        for effect in effects:
            match effect:
                case Send(envelope):
                    self.open.append(envelope)
                case SetTimer(timer, after_ms):
                    self.timers.append((self.now + after_ms, timer))
                case Observe(fact):
                    self.facts.append(fact)
        self._answer_by_itself()

    def call(self, name, *arguments, **options):
        self.do(getattr(self.node, name)(*arguments, now=self.now, **options))

    def poll(self, most=None):
        self.do(self.node.poll(True, self.now, most))
        found = [(one.partition, one.record.offset) for one in self.node.state.buffer]
        if self.node.is_polling:
            self.do(self.node.poll(False, self.now))
        return found

    def wait_in_poll(self, most=None):
        self.do(self.node.poll(True, self.now, most))

    def leave_poll(self):
        self.do(self.node.poll(False, self.now))

    def pass_ms(self, milliseconds):
        end = self.now + milliseconds
        while due := sorted(one for one in self.timers if one[0] <= end):
            self.timers.remove(due[0])
            self.now = max(self.now, due[0][0])
            self.do(self.node.fire(due[0][1], self.now))
        self.now = end

    def requests(self, kind):
        return [one.message for one in self.open if isinstance(one.message, kind)]

    def take(self, kind):
        found = next(one for one in self.open if isinstance(one.message, kind))
        self.open.remove(found)
        return found

    def answer(self, kind, response):
        envelope = self.take(kind)
        self.do(self.node.handle(envelope.reply(response), self.now))
        return envelope.message

    def disconnect(self, broker):
        self.open = [one for one in self.open if one.destination != f"broker-{broker}"]
        self.do(self.node.disconnected(f"broker-{broker}", self.now))

    def told(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]

    # --- a broker's usual answers ---

    def _answer_by_itself(self):
        for envelope in list(self.open):
            answer = None if type(envelope.message) in self.silent else self._usual(envelope.message)
            if answer is not None and envelope in self.open:
                self.open.remove(envelope)
                self.do(self.node.handle(envelope.reply(answer), self.now))

    def _usual(self, request):
        match request:
            case MetadataRequest():
                return self.metadata(request)
            case FindCoordinatorRequest():
                return FindCoordinatorResponse((CoordinatorEndpoint(request.keys[0], NONE, self.coordinator),))
            case OffsetFetchRequest(groups=(asked,)):
                offsets = tuple(self.fetched_offset(one) for one in asked.partitions)
                return OffsetFetchResponse((OffsetFetchGroupResult(asked.group, NONE, offsets),))
            case ListOffsetsRequest():
                return ListOffsetsResponse(tuple(self.offset_for(one) for one in request.partitions))
            case OffsetCommitRequest():
                self.committed |= {one.partition: one.offset for one in request.offsets}
                return OffsetCommitResponse(tuple((one.partition, NONE) for one in request.offsets))
            case HeartbeatRequest():
                return HeartbeatResponse(NONE)
        return None

    def fetched_offset(self, partition):
        return FetchedOffset(partition, self.committed.get(partition, -1))

    def offset_for(self, asked):
        end = self.ends.get(asked.partition, 0)
        return ListOffsetsPartitionResult(asked.partition, NONE, -1, 0 if asked.timestamp == -2 else end, self.epoch)

    def metadata(self, request):
        names = sorted(self.topics) if request.topics is None else request.topics
        topics = tuple(self._topic(name) for name in names)
        return MetadataResponse(tuple(BrokerEndpoint(number) for number in (1, 2, 3)), topics)

    def _topic(self, name):
        if name not in self.topics:
            return TopicMetadata(name, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        partitions = tuple(
            PartitionMetadata(
                TopicPartition(name, number), NONE, self.leaders[number % 3], self.epoch, (1, 2, 3), (1, 2, 3)
            )
            for number in range(self.topics[name])
        )
        return TopicMetadata(name, NONE, "", partitions)

    def records(self, *results, **fields):
        """Answer the first fetch that asks for these partitions: (partition, bytes)…"""
        wanted = {partition for partition, _ in results}
        envelope = next(
            one
            for one in self.open
            if isinstance(one.message, FetchRequest) and wanted <= {part.partition for part in one.message.partitions}
        )
        self.open.remove(envelope)
        usual = {"high_watermark": 100, "log_start_offset": 0, "last_stable_offset": 100} | fields
        answers = tuple(FetchPartitionResult(one, NONE, records=data, **usual) for one, data in results)
        self.do(self.node.handle(envelope.reply(FetchResponse(answers)), self.now))
        return envelope.message

    def metadata_envelope(self):
        """An answer to nothing that was asked."""
        return Envelope("broker-1", "consumer-C", self.metadata(MetadataRequest()), 999_999, "data", True)

    # --- a coordinator's answers ---

    def joined(self, generation=1, leader="me", members=(), protocol="range", member="me", **fields):
        """Answer a JoinGroup: a new generation."""
        request = self.requests(JoinGroupRequest)[0]
        mine = JoinedMember(member, request.group_instance_id, dict(request.protocols)[protocol])
        everybody = (mine, *members) if leader == member else ()
        response = JoinGroupResponse(NONE, generation, "consumer", protocol, leader, member, everybody, **fields)
        return self.answer(JoinGroupRequest, response)

    def synced(self, *partitions):
        """Answer a SyncGroup: these are yours."""
        packed = consumer_protocol.pack_assignment(consumer_protocol.Assigned(partitions))
        return self.answer(SyncGroupRequest, SyncGroupResponse(NONE, "consumer", "range", packed))

    def member_of(self, *partitions, generation=1, **options):
        """Subscribe, join and own these partitions."""
        self.call("subscribe", ("a",))
        self.wait_in_poll()
        self.joined(generation, leader="other", **options)
        self.synced(*partitions)
