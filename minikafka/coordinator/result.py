"""A decision that has not happened yet.

Whoever coordinates reads its state and returns records and an answer; it changes nothing. The records are appended to
a log, and when they are committed they are replayed, here and wherever the log is copied; only then is the answer sent.
So a failover needs no code of its own: the next leader replays the same log.

Mirrors `CoordinatorResult` and `ControllerResult`. What we leave out: writes that may be undone one by one; a shard
is rebuilt from its log instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from minikafka.protocol.facts import Fact
from minikafka.protocol.messages import Response
from minikafka.types import Epoch, Millis

LogRecord = TypeVar("LogRecord", covariant=True)
Answer = TypeVar("Answer", covariant=True)


class KeyedRecord(NamedTuple):
    """A record of a compacted log: the newest value of a key counts, and None takes the key away."""

    key: bytes
    value: bytes | None


class Wake(NamedTuple):
    """Call the shard's `wake` with this after so many milliseconds. It cannot be called off: a stale one is ignored."""

    after_ms: Millis
    name: str
    """What it is about: `session-timeout`."""
    key: str = ""
    """Whom: a group, or a transactional id."""
    guards: int = 0
    """Generation, epoch or round for which it was set; compared when it comes."""
    detail: str = ""
    """Whom within it: a member."""
    again_ms: Millis = 0
    """If what is decided when it comes cannot be written, it comes again after so long; 0: it does not."""


class ProducerStamp(NamedTuple):
    """The producer on whose behalf records are written, as part of its transaction."""

    producer_id: int
    producer_epoch: Epoch


@dataclass(frozen=True, slots=True)
class CoordinatorResult(Generic[LogRecord, Answer]):
    """Records to append together, and the answer to give once they are committed."""

    records: tuple[LogRecord, ...]
    response: Answer
    answers: tuple[tuple[int, Response], ...] = ()
    """(ticket, answer) for requests that were left waiting earlier."""
    told: tuple[Fact, ...] = ()
    """What is true once the records are committed."""
    wakes: tuple[Wake, ...] = ()
    """Timers, set as soon as the records are appended, and also if they cannot be."""
    orders: tuple[object, ...] = ()
    """What somebody else shall do once the records are committed."""
    producer: ProducerStamp | None = None
    """The records are part of this producer's transaction."""


ShardResult: TypeAlias = CoordinatorResult[KeyedRecord, Response | None]
"""What a shard of a coordinator decides; without a response the request goes on waiting under its ticket."""

NOTHING: ShardResult = CoordinatorResult((), None)
"""Nothing to write, nothing to say."""
