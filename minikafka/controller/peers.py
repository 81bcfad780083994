"""The connections of one controller to the others: one request under way on each, asked again after a pause.

```
 free ──send──▶ under way ──answer──▶ free
                    │ lost, or no answer for controller.quorum.request.timeout.ms
                    ▼
                 pausing: 20 ms, 40 ms, … 1 s ──▶ free
```

* An answer counts only if it belongs to the request that is under way.
* Whoever has become something else in the quorum gives up what is under way, and goes on over new connections.

Mirrors `RequestManager`; the pause that grows is that of `NetworkClient` (`reconnect.backoff.max.ms`). What we leave
out: voters that change their addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

from minikafka.config import ServerConfig
from minikafka.effects import Effect, Send
from minikafka.protocol.messages import Envelope, Request
from minikafka.types import Millis, NodeId

CHANNEL = "quorum"
MOST_BACKOFF_MS: Millis = 1_000


@dataclass(slots=True)
class Peer:
    """One other voter."""

    node: NodeId
    in_flight: Envelope | None = None
    due_ms: Millis = 0
    """When the request under way has waited too long, or else the pause is over."""
    failures: int = 0
    connection: int = 0


class Peers:
    """All other voters, by replica id."""

    def __init__(self, owner: NodeId, nodes: dict[int, NodeId], config: ServerConfig) -> None:
        self.owner = owner
        self.config = config
        self.peers = {voter: Peer(node) for voter, node in nodes.items()}
        self._correlation_id = 0

    def send(self, voter: int, request: Request, now: Millis) -> list[Effect]:
        """Ask, unless something is under way there or its pause is not over."""
        peer = self.peers[voter]
        if peer.in_flight is not None or now < peer.due_ms:
            return []
        self._correlation_id += 1
        label = CHANNEL if peer.connection == 0 else f"{CHANNEL}#{peer.connection}"
        peer.in_flight = Envelope(self.owner, peer.node, request, self._correlation_id, label)
        peer.due_ms = now + self.config.controller_quorum_request_timeout_ms
        return [Send(peer.in_flight)]

    def answered(self, envelope: Envelope) -> tuple[int, Request] | None:
        """Who has answered which request; None: nobody waits for this answer."""
        for voter, peer in self.peers.items():
            asked = peer.in_flight
            if asked is not None and asked.correlation_id == envelope.correlation_id and peer.node == envelope.source:
                peer.in_flight, peer.due_ms, peer.failures = None, 0, 0
                assert isinstance(asked.message, Request), "only requests are sent here"
                return voter, asked.message
        return None

    def failed(self, voter: int, now: Millis) -> None:
        """It has refused, its connection broke, or it did not answer: pause."""
        peer = self.peers[voter]
        peer.in_flight = None
        pause = self.config.controller_quorum_retry_backoff_ms * (1 << min(peer.failures, 10))
        peer.due_ms = now + min(pause, MOST_BACKOFF_MS)
        peer.failures += 1

    def lost(self, node: NodeId, now: Millis) -> None:
        """The connections with a node broke."""
        for voter, peer in self.peers.items():
            if peer.node == node and peer.in_flight is not None:
                self.failed(voter, now)

    def expire(self, now: Millis) -> None:
        """Give up what has waited too long."""
        for voter, peer in self.peers.items():
            if peer.in_flight is not None and now >= peer.due_ms:
                peer.connection += 1
                self.failed(voter, now)

    def give_up(self) -> None:
        """What is under way has lost its meaning."""
        for peer in self.peers.values():
            peer.connection += peer.in_flight is not None
            peer.in_flight, peer.due_ms, peer.failures = None, 0, 0

    def next_due_ms(self, now: Millis) -> Millis | None:
        """When something here must be looked at again."""
        return min([peer.due_ms for peer in self.peers.values() if peer.due_ms > now], default=None)
