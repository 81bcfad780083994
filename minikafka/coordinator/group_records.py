"""What a group coordinator writes down: the records of `__consumer_offsets`.

The topic is compacted, so a record is a key and its newest value, and a key without a value (a tombstone) is gone:

| key | value |
| --- | --- |
| `OffsetCommitKey` | next offset to read of one partition by one group |
| `GroupMetadataKey` | a classic group: generation, members, assignments |
| `ConsumerGroupMetadataKey` | a KIP-848 group: its epoch |
| `ConsumerGroupMemberMetadataKey` | what one member wants |
| `ConsumerGroupTargetAssignmentMetadataKey` | the epoch of the target assignment |
| `ConsumerGroupTargetAssignmentMemberKey` | what one member shall own in the end |
| `ConsumerGroupCurrentMemberAssignmentKey` | what it owns now, and what it has still to give up |

Mirrors the record types of `group-coordinator`. What we leave out: Kafka's versioned binary (ours are JSON with the
same meaning), partition metadata (replaced by the hash in the epoch record since 4.1), regular expressions (resolved
anew when a heartbeat comes), share and streams groups.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, fields, replace
from typing import Any

from minikafka.coordinator.result import KeyedRecord
from minikafka.types import Epoch, Millis, Offset, TopicPartition


@dataclass(frozen=True, slots=True)
class OffsetCommitKey:
    """Whose offset of which partition."""

    group: str
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class OffsetCommitValue:
    """A committed offset."""

    offset: Offset
    leader_epoch: Epoch
    metadata: str
    commit_timestamp_ms: Millis


@dataclass(frozen=True, slots=True)
class GroupMetadataKey:
    """A classic group."""

    group: str


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A member of a classic group."""

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: Millis
    session_timeout_ms: Millis
    subscription: bytes
    """Its metadata for the chosen protocol."""
    assignment: bytes


@dataclass(frozen=True, slots=True)
class GroupMetadataValue:
    """A generation of a classic group, complete with its assignment; no members: the group is empty."""

    protocol_type: str
    generation: Epoch
    protocol: str | None
    leader: str | None
    current_state_timestamp_ms: Millis
    members: tuple[StoredMember, ...]


@dataclass(frozen=True, slots=True)
class ConsumerGroupMetadataKey:
    """A KIP-848 group."""

    group: str


@dataclass(frozen=True, slots=True)
class ConsumerGroupMetadataValue:
    """Its epoch, and a hash of the topics on which that epoch rests."""

    epoch: Epoch
    metadata_hash: int = 0


@dataclass(frozen=True, slots=True)
class ConsumerGroupMemberMetadataKey:
    """A member of a KIP-848 group."""

    group: str
    member_id: str


@dataclass(frozen=True, slots=True)
class ConsumerGroupMemberMetadataValue:
    """Who it is and what it wants."""

    instance_id: str | None
    rack_id: str | None
    client_id: str
    client_host: str
    subscribed_topics: tuple[str, ...]
    subscribed_regex: str | None
    rebalance_timeout_ms: Millis
    server_assignor: str | None


@dataclass(frozen=True, slots=True)
class ConsumerGroupTargetAssignmentMetadataKey:
    """The target assignment of a group."""

    group: str


@dataclass(frozen=True, slots=True)
class ConsumerGroupTargetAssignmentMetadataValue:
    """For which group epoch it was computed."""

    assignment_epoch: Epoch
    assignment_timestamp_ms: Millis = 0


@dataclass(frozen=True, slots=True)
class ConsumerGroupTargetAssignmentMemberKey:
    """One member's part of it."""

    group: str
    member_id: str


@dataclass(frozen=True, slots=True)
class ConsumerGroupTargetAssignmentMemberValue:
    """What it shall own in the end."""

    partitions: tuple[TopicPartition, ...]


@dataclass(frozen=True, slots=True)
class ConsumerGroupCurrentMemberAssignmentKey:
    """What a member owns now."""

    group: str
    member_id: str


@dataclass(frozen=True, slots=True)
class ConsumerGroupCurrentMemberAssignmentValue:
    """How far it has come towards the target."""

    member_epoch: Epoch
    previous_member_epoch: Epoch
    state: str
    assigned: tuple[tuple[TopicPartition, Epoch], ...]
    """With the epoch in which each was assigned (KIP-1251)."""
    pending_revocation: tuple[TopicPartition, ...] = ()


Key = (
    OffsetCommitKey
    | GroupMetadataKey
    | ConsumerGroupMetadataKey
    | ConsumerGroupMemberMetadataKey
    | ConsumerGroupTargetAssignmentMetadataKey
    | ConsumerGroupTargetAssignmentMemberKey
    | ConsumerGroupCurrentMemberAssignmentKey
)
Value = (
    OffsetCommitValue
    | GroupMetadataValue
    | ConsumerGroupMetadataValue
    | ConsumerGroupMemberMetadataValue
    | ConsumerGroupTargetAssignmentMetadataValue
    | ConsumerGroupTargetAssignmentMemberValue
    | ConsumerGroupCurrentMemberAssignmentValue
)

_KINDS: dict[str, tuple[type[Any], type[Any]]] = {
    "OffsetCommit": (OffsetCommitKey, OffsetCommitValue),
    "GroupMetadata": (GroupMetadataKey, GroupMetadataValue),
    "ConsumerGroupMetadata": (ConsumerGroupMetadataKey, ConsumerGroupMetadataValue),
    "ConsumerGroupMemberMetadata": (ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue),
    "ConsumerGroupTargetAssignmentMetadata": (
        ConsumerGroupTargetAssignmentMetadataKey,
        ConsumerGroupTargetAssignmentMetadataValue,
    ),
    "ConsumerGroupTargetAssignmentMember": (
        ConsumerGroupTargetAssignmentMemberKey,
        ConsumerGroupTargetAssignmentMemberValue,
    ),
    "ConsumerGroupCurrentMemberAssignment": (
        ConsumerGroupCurrentMemberAssignmentKey,
        ConsumerGroupCurrentMemberAssignmentValue,
    ),
}


def record(key: Key, value: Value | None) -> KeyedRecord:
    """A record for the log; without a value it takes the key away."""
    kind = type(key).__name__.removesuffix("Key")
    packed = None if value is None else json.dumps(_pack(value), separators=(",", ":")).encode()
    return KeyedRecord(json.dumps([kind, _pack(key)], separators=(",", ":")).encode(), packed)


def read(packed: KeyedRecord) -> tuple[Key, Value | None]:
    """What `record` wrote."""
    kind, body = json.loads(packed.key)
    key_type, value_type = _KINDS[kind]
    key: Key = key_type(*body)
    if packed.value is None:
        return key, None
    return key, _unpack(value_type, json.loads(packed.value))


def _pack(item: Any) -> Any:
    """Dataclasses become lists of their fields, bytes become base64 in a box."""
    if isinstance(item, bytes):
        return {"b": base64.b64encode(item).decode()}
    if isinstance(item, tuple):
        return [_pack(one) for one in item]
    if hasattr(item, "__dataclass_fields__"):
        return [_pack(getattr(item, field.name)) for field in fields(item)]
    return item


def _unpack(kind: type[Any], body: Any) -> Any:
    value = kind(*(_frozen(one) for one in body))
    if isinstance(value, GroupMetadataValue):
        members = tuple(StoredMember(*one) for one in value.members)  # type: ignore[misc]
        return replace(value, members=members)
    if isinstance(value, ConsumerGroupTargetAssignmentMemberValue):
        return ConsumerGroupTargetAssignmentMemberValue(tuple(TopicPartition(*one) for one in value.partitions))
    if isinstance(value, ConsumerGroupCurrentMemberAssignmentValue):
        assigned = tuple((TopicPartition(*partition), epoch) for partition, epoch in value.assigned)
        pending = tuple(TopicPartition(*one) for one in value.pending_revocation)
        return ConsumerGroupCurrentMemberAssignmentValue(
            value.member_epoch, value.previous_member_epoch, value.state, assigned, pending
        )
    return value


def _frozen(item: Any) -> Any:
    if isinstance(item, list):
        return tuple(_frozen(one) for one in item)
    return base64.b64decode(item["b"]) if isinstance(item, dict) else item
