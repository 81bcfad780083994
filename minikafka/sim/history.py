"""What clients saw, and nothing else: operations with their outcome, in the order in which they were completed.

```
 producer-A   ok    send orders-0 v1 @0
 producer-A   info  send orders-0 v2          nobody said whether it is there
 consumer-C   ok    poll orders-0 0:v1 1:v2   it is
```

* An outcome is `ok`, `fail` (certainly not happened) or `info` (unknown). What is unknown counts only once somebody has
  read it.
* Every value that is sent is another one, so a value names its send.
* `history_of` reads a history off the facts of a run, as far as clients state them: no look into any broker.

Mirrors the model of Jepsen's Kafka workload. What we leave out: real time, so no staleness of polls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.trace.trace import Recorder, Told
from minikafka.types import NodeId, Offset

Key: TypeAlias = str
"""A partition, as `orders-0`."""
Value: TypeAlias = str

OK, FAIL, INFO = "ok", "fail", "info"


class Send(NamedTuple):
    """One record sent; its offset if the sender was told one."""

    key: Key
    value: Value
    offset: Offset | None = None


class Poll(NamedTuple):
    """Records of one partition that one poll returned."""

    key: Key
    records: tuple[tuple[Offset, Value], ...]


class Moved(NamedTuple):
    """This client was put somewhere else in a partition: by a seek, an assignment, a rebalance."""

    key: Key


Action: TypeAlias = Send | Poll | Moved


@dataclass(frozen=True, slots=True)
class Operation:
    """What one client did in one go: a send, a poll, or a whole transaction."""

    process: NodeId
    outcome: str
    actions: tuple[Action, ...]
    subscribed: bool = False
    """Does a group say which partitions this client reads? Else it does so itself (assign)."""
    rebalanced: frozenset[Key] = frozenset()
    """Partitions that came or went while it was going on."""
    read_committed: bool = True
    """Must it not be shown what was aborted?"""

    def sends(self) -> list[Send]:
        """What it sent, in order."""
        return [action for action in self.actions if isinstance(action, Send)]

    def polls(self) -> list[Poll]:
        """What it read, in order."""
        return [action for action in self.actions if isinstance(action, Poll)]

    def __str__(self) -> str:
        return f"{self.process} {self.outcome} {', '.join(map(_words, self.actions))}"


@dataclass(frozen=True, slots=True)
class ClientHistory:
    """All operations of a run."""

    operations: tuple[Operation, ...]
    caught_up: bool = False
    """Did somebody, at the end, read every partition to its end?"""


def _words(action: Action) -> str:
    match action:
        case Send(key, value, offset):
            return f"send {key} {value}" + ("" if offset is None else f" @{offset}")
        case Poll(key, records):
            return f"poll {key} " + " ".join(f"{offset}:{value}" for offset, value in records)
        case Moved(key):
            return f"moved in {key}"


# --- from the facts of a run ---

CERTAINLY_NOT = frozenset(
    {
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.NOT_ENOUGH_REPLICAS,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    }
)
"""After one attempt that ended so, the record is nowhere."""


@dataclass(slots=True)
class _Writer:
    """A producer while its run is read."""

    attempts: dict[Value, int] = field(default_factory=dict)
    known: dict[Value, Send] = field(default_factory=dict)
    """Sends of the open transaction, or those nobody has answered yet."""
    in_transaction: bool = False


@dataclass(slots=True)
class _Reading:
    """A run while it is turned into a history."""

    uncommitted: frozenset[NodeId]
    subscribed: set[NodeId] = field(default_factory=set)
    writers: defaultdict[NodeId, _Writer] = field(default_factory=lambda: defaultdict(_Writer))
    operations: list[Operation] = field(default_factory=list)


def history_of(recorder: Recorder, uncommitted: Iterable[NodeId] = (), *, caught_up: bool = False) -> ClientHistory:
    """The history of a recorded run. `uncommitted` are the consumers that read what is not committed."""
    reading = _Reading(frozenset(uncommitted))
    moves = _moves(recorder)
    for told in recorder.told:
        while moves and moves[0][0] <= told.step:
            _, node, key = moves.pop(0)
            reading.operations.append(Operation(node, OK, (Moved(key),)))
        _take(reading, told)
    for node, writer in reading.writers.items():
        _close(reading, node, writer, INFO)
    return ClientHistory(tuple(reading.operations), caught_up)


def _moves(recorder: Recorder) -> list[tuple[int, NodeId, Key]]:
    """Calls with which an application says where a consumer reads on: (step, consumer, ...)."""
    return [
        (recorder.forgotten_steps + number, step.node, "")
        for number, step in enumerate(recorder.steps, 1)
        if step.kind == "call" and str(step.what).startswith(("read from", "assign", "seek", "subscribe"))
    ]


def _take(reading: _Reading, told: Told) -> None:
    node = told.node
    match told.fact:
        case facts.ProduceSent(partition, values=values, attempt=attempt):
            for value in map(_text, values):
                reading.writers[node].attempts[value] = attempt
                reading.writers[node].known.setdefault(value, Send(str(partition), value))
        case facts.ProduceAcknowledged() as fact:
            _acknowledged(reading, node, fact)
        case facts.ProduceFailed(_, error, values):
            _failed(reading, node, error, [_text(value) for value in values])
        case facts.TransactionBegun():
            reading.writers[node].in_transaction = True
        case facts.TransactionEnded(_, committed):
            _close(reading, node, reading.writers[node], OK if committed else FAIL)
        case facts.RecordsConsumed(partition, records):
            got = tuple((offset, _text(value)) for offset, _, _, value in records)
            reading.operations.append(_poll(reading, node, str(partition), got))
        case facts.FetchFailed(partition, error=ErrorCode.OFFSET_OUT_OF_RANGE):
            reading.operations.append(Operation(node, OK, (Moved(str(partition)),)))
        case facts.PartitionsAssigned(partitions=given) | facts.PartitionsRevoked(partitions=given):
            reading.subscribed.add(node)
            moved = tuple(Moved(str(partition)) for partition in given)
            reading.operations.append(Operation(node, OK, moved, subscribed=True))


def _poll(reading: _Reading, node: NodeId, key: Key, records: tuple[tuple[Offset, Value], ...]) -> Operation:
    committed_only = node not in reading.uncommitted
    return Operation(node, OK, (Poll(key, records),), node in reading.subscribed, read_committed=committed_only)


def _acknowledged(reading: _Reading, node: NodeId, fact: facts.ProduceAcknowledged) -> None:
    """With acks=0 or 1 nobody promised that it stays: that is unknown, until somebody has read it."""
    writer = reading.writers[node]
    for delta, value in enumerate(map(_text, fact.values)):
        offset = fact.base_offset + delta if fact.base_offset >= 0 and fact.acks == -1 else None
        send = Send(str(fact.partition), value, offset)
        if writer.in_transaction:
            writer.known[value] = send
        else:
            writer.known.pop(value, None)
            reading.operations.append(Operation(node, OK if fact.acks == -1 else INFO, (send,)))


def _failed(reading: _Reading, node: NodeId, error: ErrorCode, values: list[Value]) -> None:
    writer = reading.writers[node]
    if writer.in_transaction:
        return
    for value in values:
        send = writer.known.pop(value, Send("", value))
        certain = writer.attempts.get(value, 0) <= 1 and error in CERTAINLY_NOT
        reading.operations.append(Operation(node, FAIL if certain else INFO, (send,)))


def _close(reading: _Reading, node: NodeId, writer: _Writer, outcome: str) -> None:
    """The end of a transaction, or of the run."""
    if writer.known:
        sends = tuple(writer.known.values())
        if writer.in_transaction:
            reading.operations.append(Operation(node, outcome, sends))
        else:
            reading.operations += [Operation(node, INFO, (send,)) for send in sends]
    writer.known, writer.in_transaction = {}, False


def _text(value: bytes | None) -> Value:
    return "" if value is None else value.decode("utf-8", "replace")
