"""One connection of ours to one peer, with at most one request under way.

* An answer counts only if it belongs to the request that is under way: late answers to older ones are ignored.
* When time runs out we give the connection up and name the next one anew; the peer may still act on what it got.
* One timer watches the request, set again only when it has run out: busy loops do not leave a trail of timers.

Mirrors what `NetworkClient` and `NodeToControllerRequestThread` do for one node. What we leave out: several requests
under way on one connection, and back-off that grows.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.effects import Effect, Send, SetTimer, Timer
from minikafka.protocol.messages import Envelope, Request
from minikafka.types import Millis, NodeId

REQUEST_TIMEOUT = "request-timeout"


class Channel:
    """A named connection from `owner`, with a request timeout in milliseconds."""

    def __init__(self, owner: NodeId, name: str, next_correlation_id: Callable[[], int], timeout_ms: Millis) -> None:
        self.owner = owner
        self.name = name
        self.timeout_ms = timeout_ms
        self.peer: NodeId | None = None
        self.in_flight: Envelope | None = None
        self._next_correlation_id = next_correlation_id
        self._connection = 0
        self._due_ms: Millis = 0
        self._watched = False

    @property
    def is_busy(self) -> bool:
        """Is a request under way?"""
        return self.in_flight is not None

    def send(self, peer: NodeId, request: Request, now: Millis) -> list[Effect]:
        """Send a request; there must be none under way."""
        assert not self.is_busy, f"{self.owner} has a request under way on {self.name}"
        label = self.name if self._connection == 0 else f"{self.name}#{self._connection}"
        self.peer = peer
        self.in_flight = Envelope(self.owner, peer, request, self._next_correlation_id(), label)
        self._due_ms = now + self.timeout_ms
        effects: list[Effect] = [Send(self.in_flight)]
        return effects + self._watch(now)

    def answered(self, envelope: Envelope) -> bool:
        """Is this the answer to the request under way? Then the channel is free again."""
        if self.in_flight is None or envelope.correlation_id != self.in_flight.correlation_id:
            return False
        self.in_flight = None
        return True

    def lost(self, peer: NodeId) -> bool:
        """The connection to `peer` broke. True if a request was under way on it."""
        if self.in_flight is None or self.peer != peer:
            return False
        self.in_flight = None
        return True

    def check(self, now: Millis) -> tuple[bool, list[Effect]]:
        """The watch has run out: (did a request time out?, what to do)."""
        self._watched = False
        if self.in_flight is None:
            return False, []
        if now < self._due_ms:
            return False, self._watch(now)
        self.abandon()
        return True, []

    def abandon(self) -> None:
        """Give the connection up: the next request goes over a new one."""
        self.in_flight = None
        self._connection += 1

    def _watch(self, now: Millis) -> list[Effect]:
        if self._watched:
            return []
        self._watched = True
        return [SetTimer(Timer(REQUEST_TIMEOUT, 0, self.name), max(self._due_ms - now, 1))]
