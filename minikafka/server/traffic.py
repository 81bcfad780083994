"""What goes through one broker's port, counted since it started: how long requests take, and how many bytes they move.

    client ──Produce, 3 records──▶ broker      messages in 3, bytes in 180
           ◀──────answer────────               totaltimems{request="Produce"}: one more below 5 ms

- Counted only with `--metrics`; without it nobody looks.
- A time runs from the request, whole and read, until its answer is handed to the socket: a fetch that waits for records
  counts with its wait, and a produce with acks=all with the followers' time (Kafka: `TotalTimeMs`, of which
  `RemoteTimeMs` is that wait).
- Bytes in are those of batches that were appended, bytes out those that consumers were given; neither counts headers of
  requests. What a follower fetches is no bytes out (Kafka has `ReplicationBytesOut`).

Mirrors `RequestMetrics` and `BrokerTopicMetrics`. What we leave out: the parts of a request's time, sizes of requests,
replication, and ApiVersions, which is answered before anybody is asked; with acks=0 a batch counts though it may have
been refused, since nobody answers.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import (
    FetchRequest,
    FetchResponse,
    Message,
    ProducePartition,
    ProduceRequest,
    ProduceResponse,
)
from minikafka.protocol.records import CorruptBatch, split_batches
from minikafka.types import TopicPartition

UP_TO_MS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 30_000.0)
"""Upper ends of the buckets; beyond the last is one more."""


class Histogram:
    """How often a time fell between two bounds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(UP_TO_MS) + 1)
        self.sum_ms = 0.0

    def add(self, value_ms: float) -> None:
        """One more; a time that equals a bound lies below it (Prometheus: `le`)."""
        self.counts[bisect_left(UP_TO_MS, value_ms)] += 1
        self.sum_ms += value_ms

    def buckets(self) -> list[tuple[str, int]]:
        """Each bound with how many lie at or below it; the last holds all."""
        below, found = 0, []
        for bound, count in zip([*map(str, UP_TO_MS), "+Inf"], self.counts, strict=True):
            below += count
            found.append((bound, below))
        return found


class Sample(NamedTuple):
    """A request on its way."""

    since_s: float
    name: str
    question: Message | None
    """None: it was answered without the core."""


class Traffic:
    """One broker's counters. They begin at nothing with every start, as Kafka's do."""

    def __init__(self) -> None:
        self.times: dict[str, Histogram] = {}
        """By the name of the request."""
        self.messages_in: Counter[str] = Counter()
        """By topic, as the two below."""
        self.bytes_in: Counter[str] = Counter()
        self.bytes_out: Counter[str] = Counter()

    def asked(self, name: str, question: Message | None) -> Sample:
        """A request has come."""
        return Sample(time.perf_counter(), name, question)

    def answered(self, sample: Sample, answer: Message | None) -> None:
        """Its answer has gone; None where there is none, or none of the core's."""
        taken_ms = (time.perf_counter() - sample.since_s) * 1_000
        for name in names_of(sample):
            self.times.setdefault(name, Histogram()).add(taken_ms)
        match sample.question, answer:
            case ProduceRequest(partitions=sent), (ProduceResponse() | None):
                self._came_in(sent, set() if answer is None else refused(answer))
            case FetchRequest(replica_id=reader), FetchResponse(partitions=read) if reader < 0:
                for one in read:
                    if one.records:
                        self.bytes_out[one.partition.topic] += len(one.records)

    def _came_in(self, sent: Sequence[ProducePartition], refused: set[TopicPartition]) -> None:
        for one in sent:
            if one.partition not in refused:
                self.bytes_in[one.partition.topic] += len(one.records)
                self.messages_in[one.partition.topic] += messages_in(one.records)


def names_of(sample: Sample) -> list[str]:
    """Fetches of consumers and of followers are also counted apart, as in Kafka's `RequestMetrics`."""
    if not isinstance(sample.question, FetchRequest):
        return [sample.name]
    return [sample.name, "FetchConsumer" if sample.question.replica_id < 0 else "FetchFollower"]


def refused(answer: ProduceResponse) -> set[TopicPartition]:
    """Partitions to which nothing was appended."""
    return {one.partition for one in answer.partitions if one.error != ErrorCode.NONE}


def messages_in(records: bytes) -> int:
    """Records of batches, compressed or not: each header says how many it has."""
    try:
        return sum(batch.count for batch in split_batches(records))
    except CorruptBatch:  # acks=0: it was refused, and nobody was told
        return 0
