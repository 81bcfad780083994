"""What a node can do to the world: send, set a timer, and tell what it did. Nothing else leaves a node.

A node never reads a clock, opens a socket or draws a random number: whoever drives it (the simulation, the TCP host)
passes the time in and carries the effects out. So the class that runs in a lesson is the class that serves clients.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias

from minikafka.protocol.facts import Fact
from minikafka.protocol.messages import Envelope
from minikafka.types import NO_OFFSET, Millis, NodeId, Offset


class Timer(NamedTuple):
    """A timer says what it guards, so that a node can see that it has become stale and ignore it."""

    name: str
    """Which loop this is, as `heartbeat` or `isr-check`; shown in the trace."""
    guards: int = 0
    """The epoch, correlation id or deadline for which it was set; compared when it fires."""
    key: str = ""
    """Which of several of the same name: a peer, a partition."""


class Send(NamedTuple):
    """Put this envelope on its connection."""

    envelope: Envelope


class SetTimer(NamedTuple):
    """Call `fire(timer, now)` after this many milliseconds, if the node still runs."""

    timer: Timer
    after_ms: Millis


class Observe(NamedTuple):
    """This happened here. For traces and checkers only: no node ever sees it."""

    fact: Fact
    of_record: Offset = NO_OFFSET
    """Offset of the committed metadata record that it tells of: a controller that commits it again, since it did not
    know that a former leader had, says the same once more. -1: it tells of nothing else."""


Effect: TypeAlias = Send | SetTimer | Observe


class Node(Protocol):
    """A process without its operating system: it is called, and returns what it wants done."""

    id: NodeId

    def start(self, now: Millis) -> list[Effect]:
        """The process starts: recover what the disk holds, say hello."""
        ...

    def handle(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """A message has arrived."""
        ...

    def disconnected(self, peer: NodeId, now: Millis) -> list[Effect]:
        """A connection to or from `peer` is gone; answers that were due on it will never come."""
        ...

    def fire(self, timer: Timer, now: Millis) -> list[Effect]:
        """A timer set earlier has run out."""
        ...
