"""Connections outwards: how a broker or a controller that has its own process reaches the others.

    Send(Envelope to broker-2, channel "fetch")  →  PeerRequest  →  frame  →  127.0.0.1:9093
    Envelope from broker-2, is_response          ←  dataclass    ←  frame  ←

- One TCP connection for each peer and channel, opened when it is first needed. Answers come in the order of the
  questions.
- A follower's fetches are a session with its leader, which outlives the connection (`peer_sessions.py`).
- A channel that goes on under a new name (`fetch#1`) has given its old connection up: that is closed, and what was
  asked on it is never answered.
- The core is told of a lost *peer*: when one connection with it breaks while an answer is due, all of them are closed.

Mirrors `NetworkClient` and `NodeToControllerRequestThread`. What we leave out: ApiVersions before the first request
(all processes of a cluster are of one version here), and addresses that change.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping

from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, FetchResponse, Message, Response
from minikafka.protocol.quorum_messages import NotControllerResponse
from minikafka.server import codec, peer_requests, peer_responses
from minikafka.server.codec import CORRELATION_IDS, SIZE_BYTES, CodecError
from minikafka.server.frontend import ENVELOPE
from minikafka.server.peer_requests import FETCH, PeerRequest
from minikafka.server.peer_sessions import PeerSession, is_of_follower
from minikafka.server.view import View
from minikafka.types import NodeId

LOOPBACK = bytes([127, 0, 0, 1])
"""The client's address that an Envelope carries; nobody here looks at it."""

log = logging.getLogger(__name__)


class PeerConnection(asyncio.Protocol):
    """Our end of one connection to one peer."""

    def __init__(self, peers: Peers, peer: NodeId, channel: str, session: PeerSession) -> None:
        self.peers = peers
        self.peer = peer
        self.channel = channel
        self.session = session
        self.waiting: deque[tuple[Envelope, PeerRequest]] = deque()
        """Asked and not yet answered."""
        self.connecting: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        """Asked before the connection stood."""
        self._received = bytearray()

    def ask(self, envelope: Envelope) -> None:
        """Send a request."""
        asked = self._in_wire_form(envelope.message)
        frame = frame_of(asked, envelope.correlation_id % CORRELATION_IDS, self.peers.node)
        self.waiting.append((envelope, asked))
        if self._transport is None:
            self._unsent.append(frame)
        else:
            self._transport.write(frame)

    def _in_wire_form(self, question: Message) -> PeerRequest:
        if is_of_follower(question):
            return PeerRequest(*FETCH, self.session.question(question, self.peers.view()))
        return peer_requests.request_out(question, self.peers.view())

    def give_up(self) -> None:
        """Close; what was asked is never answered."""
        self.waiting.clear()
        if self.connecting is not None:
            self.connecting.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def connect(self, address: tuple[str, int]) -> None:
        """Open it, or tell that nobody is there."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, *address)
        except OSError:
            self.peers.broken(self)

    # --- called by asyncio ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The peer has accepted."""
        assert isinstance(transport, asyncio.Transport), "TCP makes stream transports"
        self._transport = transport
        transport.writelines(self._unsent)
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        """Part of an answer, or several."""
        self._received += data
        try:
            while (frame := self._next_frame()) is not None:
                self._answered(frame)
        except (CodecError, ValueError):
            log.exception("%s: an answer of %s cannot be read", self.peers.node, self.peer)
            self.peers.broken(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone, or has closed, or we have."""
        self._transport = None
        self.peers.broken(self)

    # --- answers ---

    def _next_frame(self) -> bytes | None:
        end = SIZE_BYTES + int.from_bytes(self._received[:SIZE_BYTES], "big")
        if len(self._received) < max(end, SIZE_BYTES + 1):
            return None
        frame = bytes(self._received[SIZE_BYTES:end])
        del self._received[:end]
        return frame

    def _answered(self, frame: bytes) -> None:
        if not self.waiting:
            return
        envelope, asked = self.waiting.popleft()
        response = answer_of(envelope, asked, frame, self.peers.view(), self.session)
        self.peers.deliver(envelope.reply(response))


def frame_of(asked: PeerRequest, correlation_id: int, node: NodeId) -> bytes:
    """The bytes of a request, in an Envelope if it is passed on (KIP-590)."""
    frame = codec.request_frame(asked.key, asked.version, correlation_id, node, asked.body)
    if not asked.is_passed_on:
        return frame
    sealed = {"request_data": frame[SIZE_BYTES:], "request_principal": None, "client_host_address": LOOPBACK}
    return codec.request_frame(ENVELOPE, 0, correlation_id, node, sealed)


def answer_of(envelope: Envelope, asked: PeerRequest, frame: bytes, view: View, session: PeerSession) -> Response:
    """What the peer has said. Raises `CodecError`."""
    key, version = (ENVELOPE, 0) if asked.is_passed_on else (asked.key, asked.version)
    number, body = codec.decode_response(key, version, frame)
    if number != envelope.correlation_id % CORRELATION_IDS:
        raise CodecError(f"{codec.api_of(asked.key).name}: an answer to {number}, not to {envelope.correlation_id}.")
    if asked.is_passed_on:
        if body["error_code"] != ErrorCode.NONE:
            return NotControllerResponse()
        _, body = codec.decode_response(asked.key, asked.version, body["response_data"])
    response = peer_responses.response_in(envelope.message, body, view)
    if isinstance(response, FetchResponse) and is_of_follower(envelope.message):
        return session.answer(response, body)
    return response


class Peers:
    """All connections of one node to others."""

    def __init__(
        self,
        node: NodeId,
        addresses: Mapping[NodeId, tuple[str, int]],
        view: Callable[[], View],
        deliver: Callable[[Envelope], None],
        lost: Callable[[NodeId], None],
    ) -> None:
        """`deliver` hands an answer to the node, `lost` tells it that a peer is gone."""
        self.node = node
        self.addresses = addresses
        self.view = view
        self.deliver = deliver
        self._lost = lost
        self._connections: dict[tuple[NodeId, str], PeerConnection] = {}
        self._sessions: dict[tuple[NodeId, str], PeerSession] = {}

    def send(self, envelope: Envelope) -> None:
        """Ask a peer, over the connection of this channel."""
        place = (envelope.destination, envelope.channel.partition("#")[0])
        connection = self._connections.get(place)
        if connection is not None and connection.channel != envelope.channel:
            del self._connections[place]
            connection.give_up()
            connection = None
        if connection is None:
            session = self._sessions.setdefault(place, PeerSession())
            session.begin_anew()
            connection = PeerConnection(self, envelope.destination, envelope.channel, session)
            self._connections[place] = connection
            opening = connection.connect(self.addresses[envelope.destination])
            connection.connecting = asyncio.get_running_loop().create_task(opening)
        connection.ask(envelope)

    def broken(self, connection: PeerConnection) -> None:
        """One connection does not work any more: if an answer was due on it, the peer counts as lost."""
        place = (connection.peer, connection.channel.partition("#")[0])
        if self._connections.get(place) is not connection:
            return
        if not connection.waiting:
            del self._connections[place]
            connection.give_up()
            return
        for other in [one for one in self._connections if one[0] == connection.peer]:
            self._connections.pop(other).give_up()
        self._lost(connection.peer)
