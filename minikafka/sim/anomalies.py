"""Judge a history of clients by the names that Jepsen gave to what can go wrong.

```
 log of orders-0, as sends and polls show it      0:{v1} 1:{v2} 3:{v4}      offset 2 is a control record
 its indices                                      0      1      2           gaps are taken out
```

* The logs are put together from acknowledged sends, from unknown ones that were seen, and from *all* polls: a consumer
  must never be shown bad data, whatever became of its operation.
* Some anomalies are no faults: Kafka does not isolate writes, and a rebalance moves a reader. They are reported, and
  allowed.

Mirrors `jepsen.tests.kafka`. What we leave out: cycles of more than committed transactions (processes, real time), and
Elle's search for the smallest one: one cycle of each kind is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from minikafka.sim.history import FAIL, INFO, OK, ClientHistory, Key, Moved, Operation, Poll, Send, Value
from minikafka.types import NodeId, Offset

BAD = (
    "inconsistent-offsets", "duplicate", "lost-write", "unseen", "G1a", "precommitted-read", "G1c",
    "poll-skip", "nonmonotonic-poll", "int-poll-skip", "int-nonmonotonic-poll", "nonmonotonic-send",
    "int-nonmonotonic-send",
)  # fmt: skip
ALLOWED = (
    "G0", "G1c with ww", "G-single", "G2", "int-send-skip", "poll-skip by rebalance", "nonmonotonic-poll by rebalance",
)  # fmt: skip
"""Reported, and no fault: writes are not isolated, polls are no snapshot, a rebalance moves a reader."""


@dataclass(slots=True)
class Verdict:
    """What was found in a history."""

    anomalies: dict[str, list[str]] = field(default_factory=dict)
    """For each name, a sentence for each case."""
    allowed: tuple[str, ...] = ALLOWED

    @property
    def bad(self) -> list[str]:
        """Names of what must not be, the telling ones first."""
        return [name for name in BAD if name in self.anomalies and name not in self.allowed]

    def add(self, name: str, sentence: str) -> None:
        """One more case."""
        self.anomalies.setdefault(name, []).append(sentence)


def check(history: ClientHistory, allowed: tuple[str, ...] = ()) -> Verdict:
    """Find every anomaly. `allowed` names more that are no fault here: without idempotence there are duplicates."""
    verdict = Verdict(allowed=ALLOWED + allowed)
    logs = _logs(history)
    _of_offsets(logs, verdict)
    _of_writes(history, logs, verdict)
    _of_reads(history, verdict)
    _of_polls(history, logs, verdict)
    _of_sends(history, logs, verdict)
    _of_cycles(history, logs, verdict)
    return verdict


# --- the logs ---


@dataclass(slots=True)
class _Log:
    """One partition, as clients know it."""

    values: dict[Offset, list[Value]] = field(default_factory=dict)
    offsets: dict[Value, list[Offset]] = field(default_factory=dict)
    index: dict[Offset, int] = field(default_factory=dict)
    order: list[Offset] = field(default_factory=list)
    read: set[Value] = field(default_factory=set)
    """Values that somebody has polled."""
    open_to_all: set[Offset] = field(default_factory=set)
    """What a reader of committed records must be shown: what was acknowledged, or shown to another such reader."""
    highest_read: int = -1
    """Highest index that somebody has polled."""

    def put(self, offset: Offset, value: Value) -> None:
        """This value stands there."""
        if value not in self.values.setdefault(offset, []):
            self.values[offset].append(value)
            self.offsets.setdefault(value, []).append(offset)

    def last_index(self, value: Value) -> int | None:
        """Where a value stands last."""
        found = self.offsets.get(value)
        return self.index[max(found)] if found else None


def _logs(history: ClientHistory) -> dict[Key, _Log]:
    logs: defaultdict[Key, _Log] = defaultdict(_Log)
    for operation in history.operations:
        for action in operation.actions:
            if isinstance(action, Poll):
                logs[action.key].read |= {value for _, value in action.records}
                for offset, value in action.records:
                    logs[action.key].put(offset, value)
                    if operation.read_committed:
                        logs[action.key].open_to_all.add(offset)
            elif isinstance(action, Send) and operation.outcome == OK and action.offset is not None:
                logs[action.key].put(action.offset, action.value)
                logs[action.key].open_to_all.add(action.offset)
    for operation in history.operations:
        for send in operation.sends():
            seen = operation.outcome == INFO and send.value in logs[send.key].read
            if seen and send.offset is not None:
                logs[send.key].put(send.offset, send.value)
    for log in logs.values():
        log.order = sorted(log.values)
        log.index = {offset: index for index, offset in enumerate(log.order)}
        log.highest_read = max((log.index[log.offsets[value][-1]] for value in log.read), default=-1)
    return logs


def _of_offsets(logs: dict[Key, _Log], verdict: Verdict) -> None:
    for key, log in logs.items():
        for offset in log.order:
            if len(log.values[offset]) > 1:
                verdict.add("inconsistent-offsets", f"Offset {offset} of {key} holds {_and(log.values[offset])}.")
        for value, offsets in log.offsets.items():
            if len(offsets) > 1:
                verdict.add("duplicate", f"{value} stands in {key} at offsets {_and(sorted(offsets))}.")


# --- writes and reads ---


def _of_writes(history: ClientHistory, logs: dict[Key, _Log], verdict: Verdict) -> None:
    for operation in history.operations:
        visible = any(send.value in logs[send.key].read for send in operation.sends())
        if not (operation.outcome == OK or (operation.outcome == INFO and visible)):
            continue
        for send in operation.sends():
            log = logs[send.key]
            if send.value in log.read:
                continue
            index = log.last_index(send.value)
            if index is not None and index <= log.highest_read:
                verdict.add(
                    "lost-write",
                    f"{operation.process} sent {send.value} to {send.key}; it was never read, though "
                    f"offset {log.order[log.highest_read]} was.",
                )
            if history.caught_up and operation.outcome == OK:
                verdict.add("unseen", f"{operation.process} sent {send.value} to {send.key}; in the end nobody saw it.")


def _of_reads(history: ClientHistory, verdict: Verdict) -> None:
    failed = {
        (send.key, send.value): operation
        for operation in history.operations
        if operation.outcome == FAIL
        for send in operation.sends()
    }
    for operation in history.operations:
        own = {(send.key, send.value) for send in operation.sends()}
        for poll in operation.polls():
            for _, value in poll.records:
                sender = failed.get((poll.key, value))
                if sender is not None and operation.outcome == OK and operation.read_committed:
                    verdict.add("G1a", f"{operation.process} read {value} of {poll.key}: {sender.process} aborted it.")
                if (poll.key, value) in own:
                    verdict.add(
                        "precommitted-read", f"{operation.process} read {value}, which it sent in the same transaction."
                    )


# --- polls of one reader ---


def _of_polls(history: ClientHistory, logs: dict[Key, _Log], verdict: Verdict) -> None:
    last: dict[tuple[NodeId, Key], int] = {}
    for operation in history.operations:
        first_here: dict[Key, int] = {}
        here: dict[Key, int] = {}
        for action in operation.actions:
            if isinstance(action, Moved):
                _forget(last, operation.process, action.key)
                here.pop(action.key, None)
            elif isinstance(action, Poll):
                _inside(operation, action, logs[action.key], here, first_here, verdict)
        if operation.outcome != OK:
            continue
        for key, index in first_here.items():
            _between(operation, key, last.get((operation.process, key)), index, logs[key], verdict)
        last.update({(operation.process, key): index for key, index in here.items()})


def _forget(last: dict[tuple[NodeId, Key], int], process: NodeId, key: Key) -> None:
    for place in [place for place in last if place[0] == process and key in ("", place[1])]:
        del last[place]


def _inside(
    operation: Operation, poll: Poll, log: _Log, here: dict[Key, int], first_here: dict[Key, int], verdict: Verdict
) -> None:
    for offset, value in poll.records:
        index, before = log.index[offset], here.get(poll.key)
        first_here.setdefault(poll.key, index)
        here[poll.key] = index
        if before is None or poll.key in operation.rebalanced or _follows(operation, log, before, index):
            continue
        name = "int-nonmonotonic-poll" if index <= before else "int-poll-skip"
        after = f"after offset {log.order[before]} of {poll.key}"
        verdict.add(name, f"Within one operation {operation.process} read {value} {after}.")


def _follows(operation: Operation, log: _Log, before: int, index: int) -> bool:
    """Is there nothing between these two that this reader must be shown?"""
    if index <= before:
        return False
    between = log.order[before + 1 : index]
    return not [offset for offset in between if not operation.read_committed or offset in log.open_to_all]


def _between(operation: Operation, key: Key, before: int | None, index: int, log: _Log, verdict: Verdict) -> None:
    if before is None or _follows(operation, log, before, index):
        return
    name = "nonmonotonic-poll" if index <= before else "poll-skip"
    name += " by rebalance" if operation.subscribed else ""
    verdict.add(name, f"{operation.process} read {key} up to offset {log.order[before]}, then from {log.order[index]}.")


# --- sends of one writer ---


def _of_sends(history: ClientHistory, logs: dict[Key, _Log], verdict: Verdict) -> None:
    last: dict[tuple[NodeId, Key], tuple[int, Value]] = {}
    for operation in history.operations:
        if operation.outcome == FAIL:
            continue
        here: dict[Key, tuple[int, Value]] = {}
        for send in operation.sends():
            index = logs[send.key].last_index(send.value)
            if index is None:
                continue
            _next_send(operation, send, index, here.get(send.key), last.get((operation.process, send.key)), verdict)
            here[send.key] = (index, send.value)
        last.update({(operation.process, key): place for key, place in here.items()})


def _next_send(
    operation: Operation,
    send: Send,
    index: int,
    inside: tuple[int, Value] | None,
    before: tuple[int, Value] | None,
    verdict: Verdict,
) -> None:
    who = operation.process
    if inside is not None and index < inside[0]:
        sentence = f"{who} sent {inside[1]} before {send.value}; {send.key} has them reversed."
        verdict.add("int-nonmonotonic-send", sentence)
    elif inside is not None and index > inside[0] + 1:
        verdict.add("int-send-skip", f"{who} sent {inside[1]} and {send.value}; others stand between them.")
    elif inside is None and before is not None and index < before[0]:
        sentence = f"{who} sent {before[1]} before {send.value}; {send.key} has them reversed."
        verdict.add("nonmonotonic-send", sentence)


# --- cycles of transactions ---


class _Edge(NamedTuple):
    kind: str
    """`ww`, `wr` or `rw`."""
    to: int


def _of_cycles(history: ClientHistory, logs: dict[Key, _Log], verdict: Verdict) -> None:
    graph = _graph(history, logs)
    for name, kinds, needs in (
        ("G0", ("ww",), "ww"),
        ("G1c", ("wr",), "wr"),
        ("G1c with ww", ("ww", "wr"), "wr"),
        ("G-single", ("ww", "wr"), "rw"),
        ("G2", ("ww", "wr", "rw"), "rw"),
    ):
        if (name == "G1c with ww" and "G1c" in verdict.anomalies) or (name == "G2" and "G-single" in verdict.anomalies):
            continue
        cycle = _cycle(graph, kinds, needs)
        if cycle:
            verdict.add(name, " → ".join(str(history.operations[number]) for number in cycle))


def _graph(history: ClientHistory, logs: dict[Key, _Log]) -> dict[int, list[_Edge]]:
    """Who must come before whom: operations by number, with an edge for each reason."""
    wrote = {
        (send.key, send.value): number
        for number, operation in enumerate(history.operations)
        if operation.outcome != FAIL
        for send in operation.sends()
    }
    graph: defaultdict[int, list[_Edge]] = defaultdict(list)

    def writer(key: Key, index: int) -> int | None:
        log = logs[key]
        return wrote.get((key, log.values[log.order[index]][0])) if 0 <= index < len(log.order) else None

    def edge(one: int | None, kind: str, other: int | None) -> None:
        if one is not None and other is not None and one != other:
            graph[one].append(_Edge(kind, other))

    for key, log in logs.items():
        for index in range(1, len(log.order)):
            edge(writer(key, index - 1), "ww", writer(key, index))
    for number, operation in enumerate(history.operations):
        if operation.outcome == OK:
            for key, index in _last_read(operation, logs):
                edge(writer(key, index), "wr", number)
                edge(number, "rw", writer(key, index + 1))
    return graph


def _last_read(operation: Operation, logs: dict[Key, _Log]) -> Iterator[tuple[Key, int]]:
    highest: dict[Key, int] = {}
    for poll in operation.polls():
        for offset, _ in poll.records:
            highest[poll.key] = max(highest.get(poll.key, -1), logs[poll.key].index[offset])
    yield from highest.items()


def _cycle(graph: dict[int, list[_Edge]], kinds: tuple[str, ...], needs: str) -> list[int]:
    """A cycle that begins with an edge of the kind it needs and goes on along these kinds; empty if there is none."""
    for start in list(graph):
        for first in graph[start]:
            if first.kind == needs:
                path = _path(graph, first.to, start, kinds)
                if path:
                    return [start, *path]
    return []


def _path(graph: dict[int, list[_Edge]], start: int, goal: int, kinds: tuple[str, ...]) -> list[int]:
    came_from: dict[int, int] = {start: start}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        if here == goal:
            path = [here]
            while path[-1] != start:
                path.append(came_from[path[-1]])
            return path[::-1]
        for edge in graph.get(here, ()):
            if edge.kind in kinds and edge.to not in came_from:
                came_from[edge.to] = here
                waiting.append(edge.to)
    return []


def _and(things: list[Value] | list[Offset]) -> str:
    return " and ".join(map(str, things))
