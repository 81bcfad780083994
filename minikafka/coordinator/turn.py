"""One turn of a group coordinator's shard: what it is asked with, and what it has to say when it is done.

Who decides about groups answers more than the one who asks: a leader's SyncGroup answers all who wait for it. So the
functions of this room are given a turn, put into it what shall be written and said, and `result` hands it over.

What we leave out: nothing; it is a sheet of paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from minikafka.config import ServerConfig
from minikafka.coordinator.result import CoordinatorResult, KeyedRecord, ProducerStamp, ShardResult, Wake
from minikafka.protocol.facts import Fact
from minikafka.protocol.messages import Response
from minikafka.types import Millis

NOBODY = 0
"""The ticket of a turn that no request began."""


@dataclass(slots=True)
class Turn:
    """Collects what one turn decides."""

    now: Millis
    config: ServerConfig
    ticket: int = NOBODY
    """Of the request that began it."""
    records: list[KeyedRecord] = field(default_factory=list)
    answers: list[tuple[int, Response]] = field(default_factory=list)
    told: list[Fact] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    producer: ProducerStamp | None = None

    def answer(self, response: Response, ticket: int | None = None) -> None:
        """Answer whoever asked, or somebody who waits."""
        self.answers.append((self.ticket if ticket is None else ticket, response))

    def wake(
        self, after_ms: Millis, name: str, group: str, guards: int = 0, member: str = "", again_ms: Millis = 0
    ) -> None:
        """Set a timer."""
        self.wakes.append(Wake(after_ms, name, group, guards, member, again_ms))

    def result(self) -> ShardResult:
        """All of it, for the host."""
        return CoordinatorResult(
            tuple(self.records), None, tuple(self.answers), tuple(self.told), tuple(self.wakes), (), self.producer
        )
