"""Facts about the world: faults that strike, and what the checkers see."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from minikafka.types import Millis, NodeId


class NodeStarted(NamedTuple):
    """A process starts for the first time."""

    node: NodeId


class NodeCrashed(NamedTuple):
    """The process is gone. Without `power_lost` the page cache stays."""

    node: NodeId
    power_lost: bool


class NodeRestarted(NamedTuple):
    """The process starts again on the same disk."""

    node: NodeId


class NodePaused(NamedTuple):
    """The process stands still (a long garbage collection, SIGSTOP); what arrives waits."""

    node: NodeId


class NodeResumed(NamedTuple):
    """The process goes on, without knowing that it stood still."""

    node: NodeId


class LinkCut(NamedTuple):
    """Nothing passes between these two; neither is told."""

    one: NodeId
    other: NodeId


class LinkHealed(NamedTuple):
    """Messages pass again between these two."""

    one: NodeId
    other: NodeId


class ConnectionsLost(NamedTuple):
    """All connections between these two broke; both are told. Requests under way are lost, or arrive late."""

    one: NodeId
    other: NodeId
    late_ms: Millis
    """How much later requests under way are still processed; -1: they are lost."""


class LinkSlowed(NamedTuple):
    """Messages between these two take so much longer; 0: no longer."""

    one: NodeId
    other: NodeId
    extra_ms: Millis


class MessagesDelayed(NamedTuple):
    """Every message of one kind takes so much longer, with all that follows it on its connection; 0: no longer."""

    kind: str
    extra_ms: Millis


class DiskFilled(NamedTuple):
    """The disk takes no more bytes until it is freed."""

    node: NodeId
    full: bool


class DiskSlowed(NamedTuple):
    """Each write takes so long, and the process waits for it; 0: no time again."""

    node: NodeId
    write_ms: Millis


class DiskLies(NamedTuple):
    """The disk says that it flushes, and does not; or it does again what it says."""

    node: NodeId
    lying: bool


class DiskDamaged(NamedTuple):
    """What is left of the log written last, after the power went."""

    node: NodeId
    damage: str
    """`torn`: half of the last write is there. `flipped`: one bit of what was not durable is wrong."""
    path: str


class PromiseBroken(NamedTuple):
    """A checker saw what must never be seen."""

    promise: str
    """Number in the list of promises, as `I2`."""
    name: str
    """Its name, as `leader completeness`."""
    sentence: str


class LossBeyondPromise(NamedTuple):
    """A record is gone, but more failed than Kafka promises to survive."""

    sentence: str


class Note(NamedTuple):
    """The scenario says what it is about to do."""

    text: str


WorldFact: TypeAlias = (
    NodeStarted
    | NodeCrashed
    | NodeRestarted
    | NodePaused
    | NodeResumed
    | LinkCut
    | LinkHealed
    | ConnectionsLost
    | LinkSlowed
    | MessagesDelayed
    | DiskFilled
    | DiskSlowed
    | DiskLies
    | DiskDamaged
    | PromiseBroken
    | LossBeyondPromise
    | Note
)
