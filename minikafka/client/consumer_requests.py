"""Requests under way: who was asked what, on which connection, and until when an answer counts.

```
 data         fetches, offsets, metadata      a long poll of a fetch does not stand in the way of a heartbeat:
 coordinator  joins, heartbeats, commits      the coordinator has a connection of its own
```

* An answer is taken once, and only while its request is under way: late ones find nobody.
* A request that is not answered in time costs its connection, and with it everything else on it.

Mirrors `ConsumerNetworkClient`. What we leave out: backing off longer each time (`retry.backoff.max.ms`).
"""

from __future__ import annotations

from dataclasses import dataclass

from minikafka.effects import Effect, Send
from minikafka.protocol.messages import Envelope, Request
from minikafka.types import Millis, NodeId

DATA, COORDINATOR, PROBE = "data", "coordinator", "probe"


@dataclass(slots=True)
class Asked:
    """A request under way."""

    broker: NodeId
    due_ms: Millis
    request: Request
    channel: str
    ticket: int = 0
    """What the application asked for; 0: the consumer needs it itself."""
    sent_ms: Millis = 0


class Requests:
    """All requests of one consumer."""

    def __init__(self, node: NodeId, request_timeout_ms: Millis) -> None:
        self.node = node
        self.request_timeout_ms = request_timeout_ms
        self._asked: dict[int, Asked] = {}
        self._correlation_id = 0
        self._connections: dict[tuple[NodeId, str], int] = {}
        """How often a connection to that broker was given up."""

    def send(
        self,
        broker: NodeId,
        request: Request,
        now: Millis,
        channel: str = DATA,
        ticket: int = 0,
        timeout_ms: Millis | None = None,
    ) -> list[Effect]:
        """Put a request on its way."""
        self._correlation_id += 1
        given_up = self._connections.get((broker, channel), 0)
        due = now + (self.request_timeout_ms if timeout_ms is None else timeout_ms)
        self._asked[self._correlation_id] = Asked(broker, due, request, channel, ticket, now)
        name = channel if given_up == 0 else f"{channel}#{given_up}"
        return [Send(Envelope(self.node, broker, request, self._correlation_id, name))]

    def answered(self, correlation_id: int) -> Asked | None:
        """The request that this answer belongs to; None for an answer nobody waits for any more."""
        return self._asked.pop(correlation_id, None)

    def lost_with(self, peer: NodeId) -> list[Asked]:
        """The connections to a broker are gone, and with them these requests."""
        return self._take([number for number, asked in self._asked.items() if asked.broker == peer])

    def too_late(self, now: Millis) -> list[Asked]:
        """Requests whose time is over, and what shares their connections."""
        dead = {(asked.broker, asked.channel) for asked in self._asked.values() if asked.due_ms <= now}
        for connection in sorted(dead):
            self._connections[connection] = self._connections.get(connection, 0) + 1
        return self._take([number for number, asked in self._asked.items() if (asked.broker, asked.channel) in dead])

    def forget(self, kind: type[Request]) -> None:
        """Whatever is answered to requests of this kind no longer matters."""
        self._take([number for number, asked in self._asked.items() if isinstance(asked.request, kind)])

    def is_under_way(self, kind: type[Request], broker: NodeId | None = None, ticket: int = 0) -> bool:
        """Is such a request waiting for its answer?"""
        return any(
            type(asked.request) is kind
            and asked.ticket == ticket
            and asked.channel != PROBE
            and broker in (None, asked.broker)
            for asked in self._asked.values()
        )

    def next_due_ms(self) -> Millis | None:
        """When the first of them is given up."""
        return min((asked.due_ms for asked in self._asked.values()), default=None)

    def _take(self, numbers: list[int]) -> list[Asked]:
        return [self._asked.pop(number) for number in numbers]
