"""How nodes, keys, values and sets are called in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minikafka.protocol.records import CorruptBatch, Record, split_batches
from minikafka.types import NodeId, TopicPartition


def name_of(node: NodeId) -> str:
    """How a node is called in a sentence: `broker-1` → `Broker 1`, `producer-A` → `Producer A`."""
    if not node:
        return "The world"
    role, _, rest = node.partition("-")
    return f"{role.capitalize()} {rest}" if rest else role.capitalize()


def lower(node: NodeId) -> str:
    """The same in the middle of a sentence."""
    role, _, rest = node.partition("-")
    return f"{role} {rest}" if rest else role


def text_of(value: bytes | None) -> str:
    """A key or value for people."""
    return "null" if value is None else value.decode("utf-8", "replace")


def listed(items: Iterable[object]) -> str:
    """`1, 2 and 3`; `nobody` for none."""
    words = [str(item) for item in items]
    if not words:
        return "nobody"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def counted(count: int, what: str) -> str:
    """`1 record`, `1,000 records`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def values_of(values: Sequence[bytes | None]) -> str:
    """The values of a batch, shortened."""
    words = [text_of(value) for value in values]
    return listed(words) if len(words) <= 4 else f"{words[0]} … {words[-1]} ({len(words)} records)"


def records_of(data: bytes) -> list[tuple[Record, int]]:
    """The records in a run of batches, each with its leader epoch; compressed batches are passed over."""
    found: list[tuple[Record, int]] = []
    for batch in split_batches(data):
        if batch.is_control:
            continue
        try:
            found += [(record, batch.leader_epoch) for record in batch.records()]
        except CorruptBatch:
            continue
    return found


def within(partition: TopicPartition) -> str:
    """` in orders-1`; nothing for partition 0, the only one of most stories."""
    return f" in {partition}" if partition.partition else ""


def of(partition: TopicPartition) -> str:
    """` of orders-1`; nothing for partition 0 of a topic that is not internal."""
    return f" of {partition}" if partition.partition or partition.topic.startswith("__") else ""


def members_of(members: Iterable[int]) -> str:
    """A set of brokers: `{1, 2}`."""
    return "{" + ", ".join(str(member) for member in sorted(members)) + "}"


def acks_of(acks: int) -> str:
    """The setting for the number on the wire."""
    return "all" if acks == -1 else str(acks)


def in_text(who: str) -> str:
    """A name of `name_of` in the middle of a sentence."""
    return who[:1].lower() + who[1:]
