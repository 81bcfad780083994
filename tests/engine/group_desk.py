"""A group coordinator's shard on a table: what it decides is written and replayed at once, and time goes on by hand."""

from __future__ import annotations

from minikafka.config import ServerConfig
from minikafka.coordinator.group import GroupState
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import KeyedRecord, Wake
from minikafka.metadata.image import MetadataImage
from minikafka.metadata.records import PartitionRecord, TopicRecord
from minikafka.protocol import consumer_protocol
from minikafka.protocol.consumer_protocol import Assigned, Subscription
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import (
    ConsumerGroupHeartbeatRequest,
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    LeavingMember,
    OffsetCommitRequest,
    OffsetFetchGroup,
    OffsetFetchRequest,
    OffsetToCommit,
    SyncGroupRequest,
)
from minikafka.protocol.messages import Request, Response
from minikafka.types import TopicPartition


def tea(number: int) -> TopicPartition:
    return TopicPartition("tea", number)


def subscribe(*topics: str) -> bytes:
    return consumer_protocol.pack_subscription(Subscription(topics))


def assignment(*numbers: int) -> bytes:
    return consumer_protocol.pack_assignment(Assigned(tuple(tea(number) for number in numbers)))


TEA = subscribe("tea")


class Desk:
    """One shard, the log it writes, its timers, and the answers it gave."""

    def __init__(self, partitions: int = 2, log=(), **config) -> None:
        self.image = MetadataImage()
        self.topic("tea", partitions)
        self.topic("milk", 1)
        self.shard = GroupShard(ServerConfig(**config), self.image, leader_epoch=0)
        self.log: list[KeyedRecord] = []
        self.now = 0
        self.timers: list[tuple[int, Wake]] = []
        self.answers: dict[int, Response] = {}
        self.told: list = []
        self.asked = 0
        for record in log:
            self._write(record)
        self._take(self.shard.loaded(0))

    def topic(self, name: str, partitions: int) -> None:
        if name not in self.image.topics:
            self.image.replay(TopicRecord(name, name))
        for number in range(len(self.image.topics[name].partitions), partitions):
            self.image.replay(PartitionRecord(name, number, (1,), (1,), 1))

    def _write(self, record: KeyedRecord, producer_id: int = -1) -> None:
        self.log.append(record)
        self.shard.replay(record, producer_id)

    def _take(self, result) -> None:
        for record in result.records:
            self._write(record, result.producer.producer_id if result.producer else -1)
        self.answers.update(result.answers)
        self.told += result.told
        self.timers += [(self.now + wake.after_ms, wake) for wake in result.wakes]

    def failover(self) -> Desk:
        """What a new coordinator makes of the log."""
        return Desk(len(self.image.topics["tea"].partitions), tuple(self.log))

    def ask(self, request: Request) -> int:
        """Ask, and take a number to look for the answer."""
        self.asked += 1
        self._take(self.shard.handle(request, self.asked, self.now))
        return self.asked

    def say(self, request: Request):
        """Ask, and be answered at once."""
        return self.answers[self.ask(request)]

    def run(self, duration_ms: int) -> None:
        """Let time go on."""
        end = self.now + duration_ms
        while due := [one for one in self.timers if one[0] <= end]:
            first = min(due, key=lambda one: one[0])
            self.timers.remove(first)
            self.now = first[0]
            self._take(self.shard.wake(first[1], self.now))
        self.now = end

    @property
    def group(self):
        return self.shard.book.groups["g"]

    # --- members of the classic group g ---

    def join(self, member: str = "", protocols=(("range", TEA),), instance=None, known=True, session=45_000, **more):
        request = JoinGroupRequest(
            "g", session, 60_000, member, instance, "consumer", protocols, "client", "/host", known, **more
        )
        return self.ask(request)

    def enter(self, **more) -> tuple[int, str]:
        """A newcomer takes an id and joins with it: (number of its join, member id)."""
        answer = self.answers[self.join(**more)]
        assert answer.error == ErrorCode.MEMBER_ID_REQUIRED
        return self.join(answer.member_id, **more), answer.member_id

    def sync(self, member: str, generation: int, instance=None) -> int:
        return self.ask(SyncGroupRequest("g", generation, member, instance, "consumer", "range"))

    def spread(self, leader: str, generation: int, parts: dict[str, bytes]) -> int:
        """The leader brings the assignment."""
        return self.ask(SyncGroupRequest("g", generation, leader, None, "consumer", "range", tuple(parts.items())))

    def beat(self, member: str, generation: int, instance=None) -> ErrorCode:
        return self.say(HeartbeatRequest("g", generation, member, instance)).error

    def leave(self, *members: str):
        return self.say(LeaveGroupRequest("g", tuple(LeavingMember(member) for member in members)))

    def stable(self, members: int = 1, **more) -> list[str]:
        """A Stable group with so many members, the leader first; the n-th owns tea-n."""
        entered = [self.enter(**more) for _ in range(members)]
        while self.group.state is GroupState.PREPARING_REBALANCE:
            self.run(500)
        ids = [member for _, member in entered]
        generation = self.group.generation
        for member in ids[1:]:
            self.sync(member, generation)
        self.spread(ids[0], generation, {member: assignment(number) for number, member in enumerate(ids)})
        return ids

    # --- offsets ---

    def commit(self, offset: int, member: str = "", generation: int = -1, instance=None, number: int = 0, **more):
        offsets = (OffsetToCommit(tea(number), offset, **more),)
        answer = self.say(OffsetCommitRequest("g", generation, member, offsets, instance))
        return answer.partitions[0][1]

    def committed(self, number: int = 0, require_stable: bool = False) -> int:
        answer = self.say(OffsetFetchRequest((OffsetFetchGroup("g", (tea(number),)),), require_stable))
        offset = answer.groups[0].offsets[0]
        return offset.offset if offset.error == ErrorCode.NONE else offset.error

    # --- members of the KIP-848 group g ---

    def heartbeat(self, member: str, epoch: int, owned=None, **more):
        given = None if owned is None else tuple(tea(number) for number in owned)
        return self.say(ConsumerGroupHeartbeatRequest("g", member, epoch, owned=given, **more))

    def come(self, member: str, topics=("tea",), **more):
        """Join a KIP-848 group."""
        return self.heartbeat(member, 0, (), rebalance_timeout_ms=30_000, subscribed_topics=topics, **more)
