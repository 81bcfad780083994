"""Requests that wait: a produce for the high watermark, a fetch for records.

Waiting is not a sleeping thread but an entry in a list, looked at again whenever the partition it waits for has moved,
and answered at the latest when its time is up.

Mirrors `DelayedProduce`, `DelayedFetch` and their purgatory. What we leave out: the timing wheel; one timer for
whoever is due first does the same for a few requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from minikafka.protocol.messages import Envelope, FetchRequest, ProducePartitionResult, ProduceRequest
from minikafka.types import Millis, NodeId, Offset, TopicPartition


@dataclass(slots=True)
class ParkedProduce:
    """An acks=all request whose batches are appended and not yet committed."""

    envelope: Envelope
    request: ProduceRequest
    since_ms: Millis
    results: dict[TopicPartition, ProducePartitionResult]
    """In the order of the request; final for partitions that are not in `waiting`."""
    last_offsets: dict[TopicPartition, Offset]
    """Last offset of each batch that was appended."""
    waiting: dict[TopicPartition, Offset]
    """Last offset of each batch that still waits."""
    due_ms: Millis
    """When it is answered whatever has happened."""


@dataclass(slots=True)
class ParkedFetch:
    """A fetch that found too little."""

    envelope: Envelope
    request: FetchRequest
    partitions: frozenset[TopicPartition]
    """Those it asks for."""
    due_ms: Millis
    """When it is answered, with nothing if need be."""
    settled: bool = False
    """Answered, and to be taken off the list."""


@dataclass(slots=True)
class Purgatory:
    """All parked requests of one broker."""

    produces: list[ParkedProduce] = field(default_factory=list)
    fetches: list[ParkedFetch] = field(default_factory=list)

    def produces_for(self, partition: TopicPartition) -> list[ParkedProduce]:
        """Produce requests that wait for this partition."""
        return [parked for parked in self.produces if partition in parked.waiting]

    def fetches_for(self, partition: TopicPartition, of_followers: bool) -> list[ParkedFetch]:
        """Fetches that wait for this partition: those of replicas, or those of everybody else."""
        return [
            parked
            for parked in self.fetches
            if partition in parked.partitions and (parked.request.replica_id >= 0) == of_followers
        ]

    def due(self, now: Millis) -> tuple[list[ParkedProduce], list[ParkedFetch]]:
        """Requests whose time is up."""
        return (
            [parked for parked in self.produces if parked.due_ms <= now],
            [parked for parked in self.fetches if parked.due_ms <= now],
        )

    def next_due_ms(self) -> Millis | None:
        """When the first of them must be answered."""
        if not self.produces and not self.fetches:
            return None
        return min([*[parked.due_ms for parked in self.produces], *[parked.due_ms for parked in self.fetches]])

    def drop_settled(self) -> None:
        """Take off the lists what has been answered."""
        self.produces = [parked for parked in self.produces if parked.waiting]
        self.fetches = [parked for parked in self.fetches if not parked.settled]

    def forget(self, peer: NodeId) -> None:
        """Nobody waits there any more."""
        self.produces = [parked for parked in self.produces if parked.envelope.source != peer]
        self.fetches = [parked for parked in self.fetches if parked.envelope.source != peer]
