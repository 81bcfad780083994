"""How far groups lag behind: what was committed, and what of it there is left to read.

    orders-0    high watermark 120     committed by "billing" 100     lag 20

- Known to whoever leads the group's partition of `__consumer_offsets` and whoever leads the topic's: both are in this
  process. A broker that was replaced and does not know it yet counts for nothing: the higher epoch does.
- A partition without a leader has no lag that anybody could know, so none is told.

Kafka's brokers do not tell it (`kafka-consumer-groups --describe` and exporters ask for both offsets), so the names are
those of the exporter that most people use, `kafka_exporter`. What we leave out: groups that never committed anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from minikafka.broker.broker import Broker
from minikafka.broker.coordinator_host import Led
from minikafka.broker.partition import Partition
from minikafka.coordinator.group_shard import GroupShard
from minikafka.types import Offset, TopicPartition


class Standing(NamedTuple):
    """One partition that a group has committed for."""

    group: str
    partition: TopicPartition
    committed: Offset
    lag: Offset | None
    """None: nobody leads the partition."""


def lags(brokers: Iterable[Broker]) -> Iterator[Standing]:
    """All groups of the cluster, by name."""
    brokers = list(brokers)
    leaders = leaders_of(brokers)
    found = []
    for shard in shards_of(brokers):
        for group, offsets in shard.book.offsets.by_group.items():
            for partition, committed in offsets.items():
                leader, offset = leaders.get(partition), committed.value.offset
                lag = None if leader is None else max(leader.log.high_watermark - offset, 0)
                found.append(Standing(group, partition, offset, lag))
    yield from sorted(found, key=lambda one: (one.group, one.partition))


def members(brokers: Iterable[Broker]) -> Iterator[tuple[str, int]]:
    """Each group and how many members it has."""
    groups = [group for shard in shards_of(brokers) for group in shard.book.groups.values()]
    yield from sorted((group.group_id, len(group.members)) for group in groups)


def leaders_of(brokers: Iterable[Broker]) -> dict[TopicPartition, Partition]:
    """Who leads each partition; of two that both think so, the later."""
    found: dict[TopicPartition, Partition] = {}
    for broker in brokers:
        for name, one in broker.replicas.partitions.items():
            if one.is_leader and (name not in found or found[name].leader_epoch < one.leader_epoch):
                found[name] = one
    return found


def shards_of(brokers: Iterable[Broker]) -> list[GroupShard]:
    """The group coordinators of the cluster that have read all they lead; of two for one partition, the later."""
    latest: dict[TopicPartition, Led] = {}
    for broker in brokers:
        for name, led in broker.groups.led.items():
            if led.loaded and (name not in latest or latest[name].leader_epoch < led.leader_epoch):
                latest[name] = led
    return [led.shard for led in latest.values() if isinstance(led.shard, GroupShard)]
