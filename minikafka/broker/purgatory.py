"""Requests that wait: a produce for the high watermark, a fetch for records.

Waiting is not a sleeping thread but an entry in a list, looked at again whenever the partition it waits for has moved,
and answered at the latest when its time is up.

Mirrors `DelayedProduce`, `DelayedFetch` and their purgatory. What we leave out: the timing wheel; one timer for
whoever is due first does the same for a few requests.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    waiting: dict[TopicPartition, Offset]
    """Last offset of each batch that still waits."""

    @property
    def due_ms(self) -> Millis:
        """When it is answered whatever has happened."""
        return self.since_ms + self.request.timeout_ms


@dataclass(slots=True)
class ParkedFetch:
    """A fetch that found too little."""

    envelope: Envelope
    request: FetchRequest
    since_ms: Millis
    settled: bool = False
    """Answered, and to be taken off the list."""

    @property
    def due_ms(self) -> Millis:
        """When it is answered, with nothing if need be."""
        return self.since_ms + self.request.max_wait_ms


@dataclass(slots=True)
class Purgatory:
    """All parked requests of one broker."""

    produces: list[ParkedProduce] = field(default_factory=list)
    fetches: list[ParkedFetch] = field(default_factory=list)

    def waiting_for(self, partition: TopicPartition) -> tuple[list[ParkedProduce], list[ParkedFetch]]:
        """Requests that may be answerable now that `partition` has moved."""
        produces = [parked for parked in self.produces if partition in parked.waiting]
        fetches = [
            parked
            for parked in self.fetches
            if any(asked.partition == partition for asked in parked.request.partitions)
        ]
        return produces, fetches

    def due(self, now: Millis) -> tuple[list[ParkedProduce], list[ParkedFetch]]:
        """Requests whose time is up."""
        return (
            [parked for parked in self.produces if parked.due_ms <= now],
            [parked for parked in self.fetches if parked.due_ms <= now],
        )

    def next_due_ms(self) -> Millis | None:
        """When the first of them must be answered."""
        return min((parked.due_ms for parked in self._all()), default=None)

    def forget(self, peer: NodeId) -> None:
        """Nobody waits there any more."""
        self.produces = [parked for parked in self.produces if parked.envelope.source != peer]
        self.fetches = [parked for parked in self.fetches if parked.envelope.source != peer]

    def _all(self) -> Iterator[ParkedProduce | ParkedFetch]:
        yield from self.produces
        yield from self.fetches
