"""What members of a classic group tell each other through the coordinator, as Kafka packs it.

The coordinator of a classic group passes these bytes along and computes nothing from them: each member sends a
subscription with its JoinGroup, the leader reads them all, and packs an assignment for each.

```
 subscription   version │ topics │ user data │ v1: owned partitions │ v2: generation │ v3: rack
 assignment     version │ partitions by topic │ user data
```

* A reader takes what it knows from a newer version and leaves the rest, so old and new members share a group.
* We write version 3 and read 0 and later; what an older version lacks has its default.
* The sticky assignors keep a memory of their own in the user data: sticky its partitions and generation, cooperative
  sticky the generation only.

Mirrors `ConsumerProtocol` with `ConsumerProtocolSubscription.json` and `ConsumerProtocolAssignment.json`. What we leave
out: nothing of the layout; the rack is carried, but no assignor here looks at it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from minikafka.protocol.message import message
from minikafka.types import NO_EPOCH, Epoch, TopicPartition

NEWEST_VERSION = 3


class MalformedBytes(ValueError):
    """These are not a subscription or an assignment; the message says where they end."""


@message
class Subscription:
    """What a member wants, and what it believes to own."""

    topics: tuple[str, ...]
    user_data: bytes | None = None
    owned: tuple[TopicPartition, ...] = ()
    """v1+. Empty from members of eager groups: they give everything up before they join."""
    generation: Epoch = NO_EPOCH
    """v2+. The generation in which it got what it owns; an older claim loses."""
    rack: str | None = None
    """v3+."""


@message
class Assigned:
    """What a member gets."""

    partitions: tuple[TopicPartition, ...]
    user_data: bytes | None = None


def pack_subscription(subscription: Subscription, version: int = NEWEST_VERSION) -> bytes:
    """The bytes of a subscription, topics and partitions sorted as Java does."""
    parts = [struct.pack(">hi", version, len(subscription.topics))]
    parts += [_string(topic) for topic in sorted(subscription.topics)]
    parts.append(_bytes(subscription.user_data))
    if version >= 1:
        parts.append(_by_topic(subscription.owned))
    if version >= 2:
        parts.append(struct.pack(">i", subscription.generation))
    if version >= 3:
        parts.append(struct.pack(">h", -1) if subscription.rack is None else _string(subscription.rack))
    return b"".join(parts)


def unpack_subscription(data: bytes) -> Subscription:
    """Read a subscription of any version. Raises `MalformedBytes`."""
    reader = _Reader(data)
    version = reader.version()
    topics = tuple(reader.string() for _ in range(reader.count()))
    user_data = reader.bytes()
    owned = reader.by_topic() if version >= 1 else ()
    generation = reader.number() if version >= 2 else NO_EPOCH
    rack = reader.nullable_string() if version >= 3 else None
    return Subscription(topics, user_data, owned, generation, rack)


def pack_assignment(assigned: Assigned, version: int = NEWEST_VERSION) -> bytes:
    """The bytes of an assignment."""
    return struct.pack(">h", version) + _by_topic(assigned.partitions) + _bytes(assigned.user_data)


def unpack_assignment(data: bytes) -> Assigned:
    """Read an assignment of any version. No bytes at all mean: nothing for you. Raises `MalformedBytes`."""
    if not data:
        return Assigned(())
    reader = _Reader(data)
    reader.version()
    partitions = reader.by_topic()
    return Assigned(partitions, reader.bytes())


# --- what sticky assignors remember ---


def pack_sticky_memory(owned: Iterable[TopicPartition], generation: Epoch) -> bytes:
    """User data of a `sticky` member: what it had in the last generation (`StickyAssignor`, schema v1)."""
    return _by_topic(owned) + struct.pack(">i", generation)


def unpack_sticky_memory(data: bytes | None) -> tuple[tuple[TopicPartition, ...], Epoch]:
    """(owned, generation) from the user data of a `sticky` member; schema v0 has no generation."""
    if not data:
        return (), NO_EPOCH
    reader = _Reader(data)
    owned = reader.by_topic()
    return owned, reader.number() if reader.has_more else NO_EPOCH


def pack_generation(generation: Epoch) -> bytes:
    """User data of a `cooperative-sticky` member."""
    return struct.pack(">i", generation)


# --- pieces ---


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _bytes(data: bytes | None) -> bytes:
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def _by_topic(partitions: Iterable[TopicPartition]) -> bytes:
    topics: dict[str, list[int]] = {}
    for topic, number in sorted(partitions):
        topics.setdefault(topic, []).append(number)
    parts = [struct.pack(">i", len(topics))]
    for topic, numbers in topics.items():
        parts += [_string(topic), struct.pack(f">i{len(numbers)}i", len(numbers), *numbers)]
    return b"".join(parts)


class _Reader:
    """Takes one piece after the other from bytes that may end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def has_more(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._data):
            raise MalformedBytes(f"{size} bytes are missing at byte {self._at} of {len(self._data)}")
        self._at += size
        return self._data[self._at - size : self._at]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "big", signed=True)

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def version(self) -> int:
        version = self.short()
        if version < 0:
            raise MalformedBytes(f"version {version}")
        return version

    def count(self) -> int:
        count = self.number()
        if not 0 <= count <= len(self._data):
            raise MalformedBytes(f"a list of {count} at byte {self._at} of {len(self._data)}")
        return count

    def string(self) -> str:
        try:
            return self.take(self.short()).decode()
        except UnicodeDecodeError as error:
            raise MalformedBytes(str(error)) from None

    def nullable_string(self) -> str | None:
        size = self.short()
        self._at -= 2
        return self.string() if size >= 0 else (self.take(2), None)[1]

    def bytes(self) -> bytes | None:
        size = self.number()
        return None if size < 0 else self.take(size)

    def by_topic(self) -> tuple[TopicPartition, ...]:
        found: list[TopicPartition] = []
        for _ in range(self.count()):
            topic = self.string()
            found += [TopicPartition(topic, self.number()) for _ in range(self.count())]
        return tuple(found)
