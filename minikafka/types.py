"""Words that every room uses: offsets, epochs, partitions, and the names of nodes.

All times are whole virtual or real milliseconds, all sizes bytes, all offsets count records from 0.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

Offset: TypeAlias = int
"""Position of a record in a partition. The first record ever written has offset 0."""

Epoch: TypeAlias = int
"""A number that only rises and says who is newer: leader epoch, broker epoch, partition epoch, quorum epoch."""

Millis: TypeAlias = int
"""A moment or a duration in whole milliseconds."""

BrokerId: TypeAlias = int
"""Kafka's `node.id` of a broker. 0 is a broker like any other, so never test it for truth."""

NodeId: TypeAlias = str
"""Who can receive an envelope: `broker-1`, `controller-1`, `producer-A`. Unique in one cluster."""

NO_OFFSET: Offset = -1
NO_EPOCH: Epoch = -1
NO_LEADER: BrokerId = -1
NO_PRODUCER_ID = -1
NO_SEQUENCE = -1


class TopicPartition(NamedTuple):
    """One partition of one topic; sorts by topic, then number."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


METADATA_PARTITION = TopicPartition("__cluster_metadata", 0)
"""The controllers' log (KIP-500). It has one partition and no topic record of its own."""


CONSUMER_OFFSETS_TOPIC = "__consumer_offsets"
TRANSACTION_STATE_TOPIC = "__transaction_state"
INTERNAL_TOPICS = frozenset({CONSUMER_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC})

CONTROLLER_ID_BASE = 3_000
"""Node ids are unique in a cluster: controller 1 has replica id 3001 where broker and controller ids meet."""


def controller_replica_id(controller_id: int) -> int:
    """The id under which controller 1, 2, ... fetches the metadata log and stands for election: 3001, 3002, ..."""
    return CONTROLLER_ID_BASE + controller_id


def java_hash(text: str) -> int:
    """Java's `String.hashCode`, a signed 32-bit number, over UTF-16 code units."""
    value = 0
    data = text.encode("utf-16-be")
    for index in range(0, len(data), 2):
        value = (value * 31 + (data[index] << 8) + data[index + 1]) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def coordinator_partition(key: str, partitions: int) -> int:
    """Which partition of an internal topic a group or transactional id belongs to (`Utils.abs`: the minimum is 0)."""
    value = java_hash(key)
    return (0 if value == -(1 << 31) else abs(value)) % partitions


def broker_node(broker_id: BrokerId) -> NodeId:
    """Node name of a broker: 1 → `broker-1`."""
    return f"broker-{broker_id}"


def controller_node(controller_id: int) -> NodeId:
    """Node name of a controller: 1 → `controller-1`."""
    return f"controller-{controller_id}"


def number_of(node: NodeId) -> int:
    """The number in the name of a broker or controller: `broker-2` → 2."""
    return int(node.rpartition("-")[2])
