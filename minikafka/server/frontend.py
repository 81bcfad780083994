"""A broker's reception: requests of its clients go in to the core, answers of the core go out to the right connection.

    bytes ⇄ Connection ⇄ dict of one version ⇄ adapters ⇄ dataclass in an Envelope ⇄ Broker.handle
            (tcp.py)      (codec.py)                         (this file)

The core knows a client by a node's name, as it knows every peer: each connection is a client of its own, `client-17`.

- One question of a connection is in the core at a time, so its answer needs no number to be recognised.
- When the connection is gone the core is told, and an answer that comes later is dropped.
- Where all brokers live in one process nobody is a replica over TCP: a fetch that claims to be a follower's is one of a
  broker that no partition knows.
- A controller opens the Envelope in which a broker passes a client's request on, and answers in one.

What we leave out: quotas, authentication, request logs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, Message, expects_response
from minikafka.protocol.quorum_messages import NotControllerResponse
from minikafka.server import codec, versions
from minikafka.server.adapters import Question, request_to_core, response_to_wire
from minikafka.server.codec import CodecError, RequestHeader
from minikafka.server.compiler import Body
from minikafka.server.fetch_sessions import Exchange, FetchSessions
from minikafka.server.limits import NetworkConfig
from minikafka.server.tape import Caller
from minikafka.server.tcp import Connection
from minikafka.server.traffic import Sample, Traffic
from minikafka.server.versions import SERVED, Served
from minikafka.server.view import Ask, View
from minikafka.types import NodeId

FETCH, ENVELOPE = 1, 58
LOOKS = 4
"""So many for idle connections, within the time that one may be idle."""

log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """A question that is in the core."""

    header: RequestHeader
    ask: Ask
    in_envelope: bool
    exchange: Exchange | None = None
    """Of a fetch."""
    sample: Sample | None = None
    """For the metrics, if there are any."""

    def answer(self, response: Message) -> Body:
        """The wire's form of the answer to it."""
        return response_to_wire(self.header.api_key, response, self.ask)


class Frontend:
    """All connections of one broker. Kafka: `SocketServer` and the door of `KafkaApis`."""

    def __init__(
        self,
        broker: NodeId,
        view: Callable[[], View],
        transaction_version: int,
        limits: NetworkConfig,
        clients: Iterator[NodeId],
        sessions: FetchSessions,
        deliver: Callable[[Envelope], None],
        hung_up: Callable[[NodeId], None],
        served: Served = SERVED,
        trusts_replicas: bool = False,
    ) -> None:
        """`clients` names new connections, `deliver` calls the broker, `hung_up` tells it that a client is gone."""
        self.broker = broker
        self.view = view
        self.transaction_version = transaction_version
        """The feature level that clients are told."""
        self.limits = limits
        self._looks_for_idle = False
        self.is_paused = False
        """The broker stands still: connections are taken, and nothing on them is read."""
        self.connections: dict[NodeId, Connection] = {}
        self.traffic: Traffic | None = None
        """Counts, where somebody wants to know."""
        self.served = served
        self.trusts_replicas = trusts_replicas
        self.sessions = sessions
        self._asked: dict[NodeId, Asked] = {}
        self._clients = clients
        self._deliver = deliver
        self._hung_up = hung_up
        self._questions = 0

    def new_connection(self) -> Connection:
        """For a client that has just connected."""
        connection = Connection(next(self._clients), self, self.limits.socket_request_max_bytes)
        if len(self.connections) >= self.limits.max_connections:
            connection.is_refused = True
        else:
            self.connections[connection.name] = connection
            self._look_for_idle()
        return connection

    def _look_for_idle(self) -> None:
        """Now and then, as long as there is anybody: close what nobody uses."""
        if not self._looks_for_idle:
            self._looks_for_idle = True
            wait_s = self.limits.connections_max_idle_ms / 1000 / LOOKS
            asyncio.get_running_loop().call_later(wait_s, self._close_idle)

    def _close_idle(self) -> None:
        self._looks_for_idle = False
        for connection in list(self.connections.values()):
            if connection.idle_ms() >= self.limits.connections_max_idle_ms:
                connection.expire()
        if self.connections:
            self._look_for_idle()

    def request(self, connection: Connection, header: RequestHeader, body: Body) -> None:
        """A whole request has come: ask the core, or answer what it has no part in."""
        inner = header if header.api_key != ENVELOPE else None
        try:
            if inner is None:
                inner, body = _opened(body)
            question, ask, exchange = self._question(connection, inner, body)
        except (CodecError, ValueError) as refused:
            connection.close(str(refused))
            return
        sample = None
        if self.traffic is not None:
            name = codec.api_of(inner.api_key).name
            sample = self.traffic.asked(name, None if isinstance(question, dict) else question)
        if isinstance(question, dict):
            connection.answer(question)
            self._count(sample, None)
            return
        self._asked[connection.name] = Asked(inner, ask, header.api_key == ENVELOPE, exchange, sample)
        self._questions += 1
        self._deliver(Envelope(connection.name, self.broker, question, self._questions))
        if not expects_response(question):
            self._count(sample, None)
            connection.answer_nothing()

    def _question(
        self, connection: Connection, header: RequestHeader, body: Body
    ) -> tuple[Question, Ask, Exchange | None]:
        exchange, is_refused = None, False
        if header.api_key == FETCH:
            body, exchange = self.sessions.begin(body, header.api_version)
            is_refused = exchange is None
        client = header.client_id or ""
        ask = Ask(header.api_version, body, self.view(), client, connection.host, self.trusts_replicas)
        return body if is_refused else request_to_core(header.api_key, ask), ask, exchange

    def answer(self, envelope: Envelope) -> None:
        """The core has answered a client."""
        connection, asked = self.connections.get(envelope.destination), self._asked.pop(envelope.destination, None)
        if connection is None or asked is None:
            return
        try:
            body = _sealed(asked, envelope.message) if asked.in_envelope else asked.answer(envelope.message)
            body = body if asked.exchange is None else self.sessions.end(body, asked.exchange)
        except Exception:  # a mistake of ours in one answer: this client learns nothing, and nobody else is harmed
            log.exception("%s: no answer", connection.name)
            connection.close("An answer could not be made.")
            return
        connection.answer(body)
        self._count(asked.sample, envelope.message)

    def _count(self, sample: Sample | None, answer: Message | None) -> None:
        if self.traffic is not None and sample is not None:
            self.traffic.answered(sample, answer)

    def caller(self, connection: NodeId) -> Caller | None:
        """Who waits on this connection for an answer, and to which of his questions."""
        asked = self._asked.get(connection)
        return None if asked is None else Caller(asked.ask.client_id, asked.header.correlation_id)

    def closed(self, connection: Connection) -> None:
        """A client is gone."""
        self._asked.pop(connection.name, None)
        if self.connections.pop(connection.name, None) is not None:
            self._hung_up(connection.name)

    def resume(self) -> None:
        """The broker goes on, with what has come meanwhile."""
        self.is_paused = False
        for connection in list(self.connections.values()):
            connection.go_on()

    def abort(self) -> None:
        """The broker has died: so do its connections, without a word."""
        connections, self.connections = list(self.connections.values()), {}
        for connection in connections:
            connection.abort()


def _opened(envelope: Body) -> tuple[RequestHeader, Body]:
    """The request inside an Envelope (KIP-590). Raises `CodecError`."""
    data = envelope["request_data"]
    header, start = codec.decode_request_header(data)
    if header.api_key not in versions.PASSED_ON or not versions.is_served(header.api_key, header.api_version):
        raise CodecError(f"{codec.api_of(header.api_key).name} does not travel in an Envelope.")
    return header, codec.decode(header.api_key, header.api_version, "request", data, start)


def _sealed(asked: Asked, response: Message) -> Body:
    """The answer in its Envelope; one that was not the active controller's has nothing inside."""
    if isinstance(response, NotControllerResponse):
        return {"response_data": None, "error_code": response.error}
    header = asked.header
    pieces = codec.response_frame(header.api_key, header.api_version, header.correlation_id, asked.answer(response))
    return {"response_data": b"".join(pieces)[codec.SIZE_BYTES :], "error_code": ErrorCode.NONE}
