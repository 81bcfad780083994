"""Connections between nodes, as TCP makes them: in order, and all or nothing.

```
 client ──request 1, request 2──▶ server      the server takes one request of a connection at a time:
        ◀──answer 1─────────────              request 2 waits until answer 1 is on its way
```

* A live connection neither drops nor duplicates nor reorders. Faults are: latency, a link that is cut (messages wait
  until it heals), and a connection that breaks (D1).
* After a break nobody gets an answer that was due; a request under way is lost, or arrives late all the same.
* Until a client has noticed the break it writes into the dead connection, and what it writes is lost: no request
  overtakes an older one by a connection that its sender has not opened.
* A client that gives a connection up opens another one under a new name; the server may still act on the old one.

What we leave out: bandwidth, retransmission timeouts, half-open connections of machines that restarted behind a cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from minikafka.protocol.messages import Envelope, expects_response
from minikafka.trace.trace import Sent
from minikafka.types import Millis, NodeId

ConnectionKey = tuple[NodeId, NodeId, str]
"""(client, server, channel)."""


@dataclass(slots=True)
class Message:
    """One envelope on its way."""

    number: int
    envelope: Envelope
    connection: Connection
    parent: int
    record: Sent
    """Where it is written down."""
    late: bool = False
    """Its connection has broken; it arrives all the same, and its answer goes nowhere."""

    def as_it_comes(self) -> Envelope:
        """What the receiver gets: it can tell by which connection a request has come."""
        one = self.envelope
        return one if one.is_response else one.by(self.connection.number)


def _nothing_yet() -> dict[bool, Millis]:
    return {False: 0, True: 0}


@dataclass(slots=True)
class Connection:
    """From a client to a server."""

    client: NodeId
    server: NodeId
    number: int
    """Connections of the same name follow each other; an answer goes back by the one its request has come by."""
    open: bool = True
    busy: bool = False
    """The server is working on a request of this connection."""
    waiting: deque[Message] = field(default_factory=deque)
    """Requests that have arrived while it was busy."""
    in_flight: list[Message] = field(default_factory=list)
    last_arrival_ms: dict[bool, Millis] = field(default_factory=_nothing_yet)
    """When the newest message of each direction arrives: the next one may not come before it."""


class Network:
    """All connections. It decides when a message arrives; the simulation makes it happen."""

    def __init__(
        self, random: Random, schedule: Callable[[Millis, Message], None], latency_ms: tuple[Millis, Millis]
    ) -> None:
        self.random = random
        self.schedule = schedule
        self._low_ms, high = latency_ms
        self._span_ms = high - self._low_ms + 1
        self.connections: dict[ConnectionKey, Connection] = {}
        self.cuts: set[tuple[NodeId, NodeId]] = set()
        self.slow_ms: dict[tuple[NodeId, NodeId], Millis] = {}
        """Extra latency of a link."""
        self.delay_ms: dict[str, Millis] = {}
        """Extra latency of one kind of message, by the name of its class."""
        self._opened = 0
        self._held: list[Message] = []
        self.unnoticed: set[ConnectionKey] = set()
        """Connections that have broken, and whose client has not noticed yet."""

    def is_cut(self, one: NodeId, other: NodeId) -> bool:
        """Does nothing pass between these two?"""
        return link(one, other) in self.cuts

    def connection_for(self, envelope: Envelope) -> Connection | None:
        """The connection an envelope travels on; a request opens one.

        None: it goes nowhere, since its connection has broken.
        """
        if envelope.is_response:
            connection = self.connections.get((envelope.destination, envelope.source, envelope.channel))
            is_it = connection is not None and connection.open and connection.number == envelope.connection
            return connection if is_it else None
        key = (envelope.source, envelope.destination, envelope.channel)
        if key in self.unnoticed:
            return None
        connection = self.connections.get(key)
        if connection is None or not connection.open:
            self._opened += 1
            connection = self.connections[key] = Connection(envelope.source, envelope.destination, self._opened)
        return connection

    def send(self, message: Message, now: Millis) -> None:
        """Put a message on its way, behind those before it."""
        message.connection.in_flight.append(message)
        if self.cuts and self.is_cut(message.envelope.source, message.envelope.destination):
            self._held.append(message)
        else:
            self._dispatch(message, now)

    def _dispatch(self, message: Message, now: Millis) -> None:
        envelope, connection = message.envelope, message.connection
        latency = self._low_ms + int(self.random.random() * self._span_ms)
        if self.slow_ms:
            latency += self.slow_ms.get(link(envelope.source, envelope.destination), 0)
        if self.delay_ms:
            latency += self.delay_ms.get(type(envelope.message).__name__, 0)
        arrival = max(now + latency, connection.last_arrival_ms[envelope.is_response])
        connection.last_arrival_ms[envelope.is_response] = arrival
        self.schedule(arrival, message)

    def hold(self, message: Message) -> None:
        """A message would arrive now, but its link has been cut meanwhile."""
        self._held.append(message)

    def arrive(self, message: Message) -> bool:
        """Take a message off its connection. False: the server is busy, and will get it later."""
        connection = message.connection
        if message.envelope.is_response or message.late or not connection.open:
            _forget(message)
            return True
        if connection.busy:
            connection.waiting.append(message)
            return False
        _forget(message)
        connection.busy = expects_response(message.envelope.message)
        return True

    def answered(self, connection: Connection) -> Message | None:
        """The server has answered: the next request of this connection, if one waits."""
        connection.busy = False
        return connection.waiting.popleft() if connection.waiting else None

    def heal(self, now: Millis) -> list[tuple[NodeId, NodeId]]:
        """All links work again; what waited sets out in the order in which it was sent. Returns the links."""
        healed = sorted(self.cuts)
        self.cuts.clear()
        self.slow_ms.clear()
        self.delay_ms.clear()
        held, self._held = self._held, []
        for message in sorted(held, key=lambda message: message.number):
            if message in message.connection.in_flight:
                self._dispatch(message, now)
        return healed

    def close(self, one: NodeId, other: NodeId | None = None) -> tuple[list[Message], list[NodeId]]:
        """Break connections of `one`, with `other` or with everybody: (what was under way, who notices)."""
        lost: list[Message] = []
        peers: set[NodeId] = set()
        for key, connection in list(self.connections.items()):
            ends = {connection.client, connection.server}
            if one not in ends or (other is not None and other not in ends):
                continue
            connection.open = False
            lost += connection.in_flight
            connection.in_flight = []
            connection.waiting.clear()
            peers |= ends
            del self.connections[key]
            if not self.is_cut(connection.client, connection.server):
                self.unnoticed.add(key)
        self._held = [message for message in self._held if message.connection.open]
        return lost, sorted(peers - {one})

    def noticed(self, client: NodeId, server: NodeId | None = None) -> None:
        """A client knows now that its connections to a server are gone, or those to all: its process begins anew."""
        self.unnoticed = {key for key in self.unnoticed if key[0] != client or server not in (None, key[1])}


def link(one: NodeId, other: NodeId) -> tuple[NodeId, NodeId]:
    """The two ends of a link, in a fixed order."""
    return (one, other) if one < other else (other, one)


def _forget(message: Message) -> None:
    if message in message.connection.in_flight:
        message.connection.in_flight.remove(message)
