"""What a client believes about the cluster: who leads each partition, in which leader epoch.

Brokers answer from what they have replayed, so an answer can be older than what the client knows already. The leader
epoch decides: an older one is ignored (KIP-320).

Mirrors `org.apache.kafka.clients.Metadata`. What we leave out: rebootstrapping after a long silence (KIP-899).
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import MetadataRequest, MetadataResponse
from minikafka.types import NO_LEADER, BrokerId, Epoch, NodeId, TopicPartition, broker_node


class LeaderAndEpoch(NamedTuple):
    """Who leads, since which election; leader -1: nobody."""

    leader: BrokerId
    epoch: Epoch


class ClusterMetadata:
    """One client's view, and whom to ask for a newer one."""

    def __init__(self, bootstrap: tuple[NodeId, ...]) -> None:
        """`bootstrap` are the brokers to ask first, in order."""
        self.bootstrap = bootstrap
        self.leaders: dict[TopicPartition, LeaderAndEpoch] = {}
        self.partitions_of: dict[str, int] = {}
        self.errors: dict[str, ErrorCode] = {}
        self.topics: set[str] = set()
        self._brokers: tuple[NodeId, ...] = ()
        self._turn = 0

    def request(self, allow_auto_topic_creation: bool) -> MetadataRequest:
        """Ask for all topics this client cares about."""
        return MetadataRequest(tuple(sorted(self.topics)), allow_auto_topic_creation)

    def whom_to_ask(self) -> NodeId:
        """A broker; after `ask_another` the next one."""
        candidates = self._brokers or self.bootstrap
        return candidates[self._turn % len(candidates)]

    def ask_another(self) -> None:
        """The one asked last did not help."""
        self._turn += 1
        if self._turn % max(len(self._brokers), 1) == 0:
            self._brokers = ()

    def leader_of(self, partition: TopicPartition) -> BrokerId | None:
        """Who leads, None if nobody does as far as this client knows."""
        known = self.leaders.get(partition)
        return None if known is None or known.leader == NO_LEADER else known.leader

    def epoch_of(self, partition: TopicPartition) -> Epoch:
        """The leader epoch this client believes in; -1 before the first answer."""
        known = self.leaders.get(partition)
        return -1 if known is None else known.epoch

    def update(self, response: MetadataResponse) -> list[facts.Fact]:
        """Take what is newer."""
        if response.brokers:
            self._brokers = tuple(broker_node(broker.broker_id) for broker in response.brokers)
        told: list[facts.Fact] = []
        for topic in response.topics:
            self.errors[topic.topic] = topic.error
            if topic.error == ErrorCode.NONE:
                self.partitions_of[topic.topic] = len(topic.partitions)
            for one in topic.partitions:
                told += self.learn(one.partition, one.leader, one.leader_epoch)
        return told

    def learn(self, partition: TopicPartition, leader: BrokerId, epoch: Epoch) -> list[facts.Fact]:
        """A broker names a leader (in metadata, or with an error: KIP-951); older epochs are ignored."""
        known = self.leaders.get(partition)
        if (known is not None and epoch < known.epoch) or known == (leader, epoch):
            return []
        self.leaders[partition] = LeaderAndEpoch(leader, epoch)
        return [facts.LeaderLearned(partition, leader, epoch)]
