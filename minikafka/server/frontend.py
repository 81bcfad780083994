"""A broker's reception: requests of its clients go in to the core, answers of the core go out to the right connection.

    bytes ⇄ Connection ⇄ dict of one version ⇄ adapters ⇄ dataclass in an Envelope ⇄ Broker.handle
            (tcp.py)      (codec.py)                         (this file)

The core knows a client by a node's name, as it knows every peer: each connection is a client of its own, `client-17`.

- One question of a connection is in the core at a time, so its answer needs no number to be recognised.
- When the connection is gone the core is told, and an answer that comes later is dropped.
- Over TCP nobody is a replica: brokers of this cluster talk in the process, so a fetch that claims to be a follower's
  is one of a broker that no partition knows.

What we leave out: quotas, authentication, request logs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from minikafka.protocol.messages import Envelope, expects_response
from minikafka.server.adapters import request_to_core, response_to_wire
from minikafka.server.codec import RequestHeader
from minikafka.server.compiler import Body
from minikafka.server.tcp import Connection
from minikafka.server.view import Ask, View
from minikafka.types import NodeId

log = logging.getLogger(__name__)


class Frontend:
    """All connections of one broker. Kafka: `SocketServer` and the door of `KafkaApis`."""

    def __init__(
        self,
        broker: NodeId,
        view: View,
        transaction_version: int,
        max_request_bytes: int,
        clients: Iterator[NodeId],
        deliver: Callable[[Envelope], None],
        hung_up: Callable[[NodeId], None],
    ) -> None:
        """`clients` names new connections, `deliver` calls the broker, `hung_up` tells it that a client is gone."""
        self.broker = broker
        self.view = view
        self.transaction_version = transaction_version
        """The feature level that clients are told."""
        self.max_request_bytes = max_request_bytes
        self.connections: dict[NodeId, Connection] = {}
        self._asked: dict[NodeId, tuple[int, Ask]] = {}
        self._clients = clients
        self._deliver = deliver
        self._hung_up = hung_up
        self._questions = 0

    def new_connection(self) -> Connection:
        """For a client that has just connected."""
        name = next(self._clients)
        self.connections[name] = Connection(name, self, self.max_request_bytes)
        return self.connections[name]

    def request(self, connection: Connection, header: RequestHeader, body: Body) -> None:
        """A whole request has come: ask the core, or answer what it has no part in."""
        ask = Ask(header.api_version, body, self.view, header.client_id or "", connection.host)
        question = request_to_core(header.api_key, ask)
        if isinstance(question, dict):
            connection.answer(question)
            return
        self._asked[connection.name] = header.api_key, ask
        self._questions += 1
        self._deliver(Envelope(connection.name, self.broker, question, self._questions))
        if not expects_response(question):
            connection.answer_nothing()

    def answer(self, envelope: Envelope) -> None:
        """The core has answered a client."""
        connection, asked = self.connections.get(envelope.destination), self._asked.pop(envelope.destination, None)
        if connection is None or asked is None:
            return
        try:
            body = response_to_wire(asked[0], envelope.message, asked[1])
        except Exception:  # a mistake of ours in one answer: this client learns nothing, and nobody else is harmed
            log.exception("%s: no answer", connection.name)
            connection.close("An answer could not be made.")
            return
        connection.answer(body)

    def closed(self, connection: Connection) -> None:
        """A client is gone."""
        self._asked.pop(connection.name, None)
        if self.connections.pop(connection.name, None) is not None:
            self._hung_up(connection.name)

    def abort(self) -> None:
        """The broker has died: so do its connections, without a word."""
        connections, self.connections = list(self.connections.values()), {}
        for connection in connections:
            connection.abort()
