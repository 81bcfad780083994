"""How far behind a group is, second by second, and what of it is told by which number: read from a trace.

    16 s  orders-0   log start 0   LSO 31   HW 31   committed 30   handled 30   client lag 0

What a group tool shows, what the client itself shows and what was really handled are three numbers. They agree while
all is well, so a diagnosis lives where they part.

What we leave out: a poll that brings nothing leaves no fact behind, so the time between polls is the time between
batches that were handed over; groups that share a member's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from minikafka.stage import reading


class Behind(NamedTuple):
    """One partition at one moment, as one group stands to it."""

    second: int
    partition: str
    log_start: int
    last_stable: int
    high_watermark: int
    committed: int | None
    handled: int
    """Records handed to the application, each time it was handed."""
    client_lag: int | None
    """What the client's own metric says: it ends at the LSO if the reader is read_committed."""

    @property
    def lag(self) -> int | None:
        """What a group tool shows."""
        return None if self.committed is None else self.high_watermark - self.committed


class Group(NamedTuple):
    """The group itself at one moment."""

    second: int
    generation: int
    failed: int
    """Commits that failed so far."""
    between_batches_ms: Mapping[str, int]
    """By member: the longest time between two batches handed to it, since the moment before."""


class _Seen:
    """What has been told so far."""

    def __init__(self, group: str, members: tuple[str, ...], committed_only: bool) -> None:
        self.group, self.members, self.committed_only = group, members, committed_only
        self.marks: dict[str, dict[str, int]] = {}
        self.generation, self.failed = 0, 0
        self.last: dict[str, int] = {}
        self.longest: dict[str, int] = {}

    def mark(self, partition: str, name: str, value: int) -> None:
        self.marks.setdefault(partition, {})[name] = value

    def take(self, ms: int, node: str, kind: str, content: Mapping[str, Any]) -> None:
        match kind:
            case "HighWatermarkMoved" if content["as_leader"]:
                self.mark(content["partition"], "high_watermark", content["high_watermark"])
            case "LastStableOffsetMoved":
                self.mark(content["partition"], "last_stable", content["last_stable_offset"])
            case "LogStartMoved":
                self.mark(content["partition"], "log_start", content["log_start_offset"])
            case "OffsetCommitted" if content["group"] == self.group:
                self.mark(content["partition"], "committed", content["offset"])
            case "GroupChanged" if content["group"] == self.group:
                self.generation = content["generation"]
            case "CommitFailed" if node in self.members:
                self.failed += 1
            case "RecordsConsumed" if node in self.members:
                self._handed(ms, node, content)

    def _handed(self, ms: int, node: str, content: Mapping[str, Any]) -> None:
        before = self.marks.get(content["partition"], {}).get("handled", 0)
        self.mark(content["partition"], "handled", before + len(content["records"]))
        self.mark(content["partition"], "position", content["position"])
        if node in self.last:
            self.longest[node] = max(self.longest.get(node, 0), ms - self.last[node])
        self.last[node] = ms

    def behind(self, second: int, partition: str) -> Behind:
        marks = self.marks.get(partition, {})
        high_watermark = marks.get("high_watermark", 0)
        stable = min(marks.get("last_stable", high_watermark), high_watermark)
        end, position = stable if self.committed_only else high_watermark, marks.get("position")
        lag = None if position is None else max(end - position, 0)
        return Behind(
            second, partition, marks.get("log_start", 0), stable, high_watermark, marks.get("committed"),
            marks.get("handled", 0), lag,
        )  # fmt: skip


def behind(
    trace: reading.HasJson | Mapping[str, Any],
    group: str,
    members: tuple[str, ...],
    topic: str,
    seconds: tuple[int, ...],
    *,
    committed_only: bool = False,
) -> list[tuple[list[Behind], Group]]:
    """Every partition of a topic and the group, at each of these moments, counted from the topic's first record."""
    recorded = reading.trace_json(trace)
    partitions = sorted(name for name in _partitions(recorded) if name.rpartition("-")[0] == topic)
    told = list(_told(recorded))
    start = next(ms for ms, _, kind, content in told if _is_append(kind, content, topic))
    seen, place = _Seen(group, members, committed_only), 0
    found: list[tuple[list[Behind], Group]] = []
    for second in seconds:
        while place < len(told) and told[place][0] < start + 1000 * second:
            seen.take(*told[place])
            place += 1
        now = Group(second, seen.generation, seen.failed, {name: seen.longest.get(name, 0) for name in members})
        found.append(([seen.behind(second, name) for name in partitions], now))
        seen.longest.clear()
    return found


def _is_append(kind: str, content: Mapping[str, Any], topic: str) -> bool:
    return kind == "RecordsAppended" and content["partition"].rpartition("-")[0] == topic


def _partitions(recorded: reading.Json) -> set[str]:
    return {fact[3]["partition"] for fact in recorded["facts"] if fact[2] == "BecameLeader"}


def _told(recorded: reading.Json) -> Iterator[tuple[int, str, str, Mapping[str, Any]]]:
    at = [0]
    for step in recorded["steps"]:
        at.append(at[-1] + step[0])
    for step, node, kind, content, _, _ in recorded["facts"]:
        yield at[step], recorded["nodes"][node]["id"] if node >= 0 else "", kind, content
