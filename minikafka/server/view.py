"""What the wire needs to know of the cluster beyond the core's messages: topic ids, and where brokers are.

The problem: the core names topics by name, as people do. Since KIP-516 the wire names them by id, so that a topic that
was deleted and made anew is another one. The idea: look it up in what this broker has replayed, on the way in and on
the way out.

    00000001000000000000000700000000  →  orders          an id that this broker knows
    00000001000000000000009900000000  →  ?0000000100…    a name that no topic can have

- A topic id that this broker does not know travels through the core as `?` and the id's digits. The core finds no such
  topic, and on the way out that becomes UNKNOWN_TOPIC_ID (100).

What we leave out: metadata of topics that were deleted; Kafka answers for those ids as for unknown ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol, TypeVar

from minikafka.metadata.image import MetadataImage
from minikafka.protocol import messages
from minikafka.protocol.errors import ErrorCode
from minikafka.server.compiler import Body
from minikafka.types import METADATA_PARTITION, NO_LEADER, BrokerId, TopicPartition

NO_TOPIC_ID = bytes(16)
METADATA_TOPIC_ID = bytes(15) + b"\1"
"""Of the controllers' log, which no topic record names (KIP-595)."""
Result = TypeVar("Result")
_UNKNOWN_ID = re.compile(r"\?[0-9a-f]{32}")


class HasPartition(Protocol):
    """A result for one partition."""

    @property
    def partition(self) -> TopicPartition:
        """The partition it is of."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """What this broker has replayed, as the wire needs it. Kafka: `KRaftMetadataCache`."""

    image: MetadataImage
    cluster_id: str
    holds_metadata_log: bool = False
    """A controller's: who fetches here fetches `__cluster_metadata`."""

    def topic_name(self, topic_id: str) -> str | None:
        """Name of the topic with this id (32 hexadecimal digits)."""
        if self.holds_metadata_log and topic_id == METADATA_TOPIC_ID.hex():
            return METADATA_PARTITION.topic
        topic = self.image.topic_with_id(topic_id)
        return None if topic is None else topic.topic

    def topic_id(self, topic: str) -> str | None:
        """Id of the topic with this name."""
        if self.holds_metadata_log and topic == METADATA_PARTITION.topic:
            return METADATA_TOPIC_ID.hex()
        known = self.image.topics.get(topic)
        return None if known is None else known.topic_id

    def endpoint(self, broker: BrokerId) -> messages.BrokerEndpoint | None:
        """Where clients reach a broker that is not fenced."""
        known = self.image.brokers.get(broker)
        if known is None or known.fenced:
            return None
        return messages.BrokerEndpoint(broker, known.host, known.port, known.rack)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as it came, with all that its translation may need."""

    version: int
    body: Body
    view: View
    client_id: str = ""
    client_host: str = ""
    trusts_replicas: bool = False
    """May somebody who connects be a follower? Only where brokers are processes of their own."""


def name_in(topic: Body, field: str, view: View) -> str:
    """The topic's name, from the name or from the id, whichever this version carries."""
    topic_id: bytes = topic.get("topic_id", NO_TOPIC_ID)
    if topic_id == NO_TOPIC_ID and field in topic:
        name: str = topic[field]
        return name
    return view.topic_name(topic_id.hex()) or f"?{topic_id.hex()}"


def unknown_id(topic: str) -> bytes | None:
    """The id in the name that stands for a topic nobody knows here; None for every other name."""
    return bytes.fromhex(topic[1:]) if _UNKNOWN_ID.fullmatch(topic) else None


def id_out(topic: str, view: View) -> bytes:
    """The id to answer with: the one that was asked for, if it is unknown."""
    return unknown_id(topic) or bytes.fromhex(view.topic_id(topic) or "") or NO_TOPIC_ID


def error_out(topic: str, error: ErrorCode) -> int:
    """An unknown topic that was asked for by id is an unknown id."""
    if error == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION and unknown_id(topic):
        return ErrorCode.UNKNOWN_TOPIC_ID
    return error


def by_topic(results: Sequence[Result], of: Callable[[Result], TopicPartition]) -> Iterator[tuple[str, list[Result]]]:
    """Neighbours of the same topic, together, in the order of the request; `of` says which partition a result is of."""
    for topic, group in groupby(results, lambda result: of(result).topic):
        yield topic, list(group)


def its_partition(result: HasPartition) -> TopicPartition:
    """The partition of a result that is an object."""
    return result.partition


def first(result: tuple[TopicPartition, *tuple[Any, ...]]) -> TopicPartition:
    """The partition of a result that is a tuple: it stands first."""
    return result[0]


def partitions_in(topics: Sequence[Body], numbers: str, view: View, name: str = "name") -> tuple[TopicPartition, ...]:
    """All partitions that a request lists as numbers under their topics."""
    return tuple(
        TopicPartition(name_in(topic, name, view), number) for topic in topics for number in topic[numbers]
    )  # fmt: skip


def numbers_out(partitions: Sequence[TopicPartition]) -> list[tuple[str, list[int]]]:
    """Each topic with the numbers of its partitions."""
    return [(topic, [one.partition for one in group]) for topic, group in by_topic(partitions, lambda one: one)]


def leader_hint(leader: BrokerId, leader_epoch: int) -> Body:
    """KIP-951: who leads instead; at its default, and so not written, when nobody said."""
    return {"leader_id": leader, "leader_epoch": leader_epoch}


def node_endpoints(leaders: set[BrokerId], view: View) -> list[Body]:
    """KIP-951: where to find the leaders that were named."""
    known = [view.endpoint(leader) for leader in sorted(leaders - {NO_LEADER})]
    return [endpoint_out(endpoint, "node_id") for endpoint in known if endpoint is not None]


def endpoint_out(endpoint: messages.BrokerEndpoint, id_field: str) -> Body:
    """A broker as clients reach it."""
    return {id_field: endpoint.broker_id, "host": endpoint.host, "port": endpoint.port, "rack": endpoint.rack}
