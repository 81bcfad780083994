"""A client's connections by name, and the numbers of its requests.

A connection that does not answer is given up: the client opens another one, under another name, while the server may
still act on what came over the old one (D1).

What we leave out: nothing is closed; the old connection simply hears no more.
"""

from __future__ import annotations

from minikafka.effects import Send
from minikafka.protocol.messages import Envelope, Request
from minikafka.types import NodeId


class Connections:
    """One client's."""

    def __init__(self, node: NodeId) -> None:
        self.node = node
        self._correlation_id = 0
        self._given_up: dict[NodeId, int] = {}

    def request(self, peer: NodeId, message: Request) -> tuple[int, Send]:
        """A request on the present connection for data: (its number, the effect)."""
        number = self.next_number()
        return number, Send(Envelope(self.node, peer, message, number, self._channel(peer)))

    def next_number(self) -> int:
        """The next correlation id."""
        self._correlation_id += 1
        return self._correlation_id

    def give_up(self, peer: NodeId) -> None:
        """From now on another connection is used."""
        self._given_up[peer] = self._given_up.get(peer, 0) + 1

    def _channel(self, peer: NodeId) -> str:
        given_up = self._given_up.get(peer, 0)
        return f"data#{given_up}" if given_up else "data"
