"""A decision that has not happened yet.

Whoever coordinates reads its state and returns records and an answer; it changes nothing. The records are appended to
a log, and when they are committed they are replayed, here and wherever the log is copied; only then is the answer sent.
So a failover needs no code of its own: the next leader replays the same log.

Mirrors `CoordinatorResult` and `ControllerResult`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

LogRecord = TypeVar("LogRecord", covariant=True)
Answer = TypeVar("Answer", covariant=True)


@dataclass(frozen=True, slots=True)
class CoordinatorResult(Generic[LogRecord, Answer]):
    """Records to append together, and the answer to give once they are committed."""

    records: tuple[LogRecord, ...]
    response: Answer
