"""One connection of a client: bytes in, requests one at a time, answers in order.

The problem: TCP delivers a stream, not messages. One read may bring half a request or seven; the client may send
faster than we answer, or read slower than we write. The idea: a frame is its size and then that many bytes.

    00 00 00 1a │ 26 bytes: header and body │ 00 00 00 18 │ 24 bytes …

Invariants:

- At most one request of a connection is in progress; the next frame is not looked at before the last was answered
  (Kafka mutes the channel: `SocketServer.Processor`). So answers come in the order of the requests, and a fetch that
  waits for records holds up what was sent behind it on the same connection, and nothing on any other.
- A produce with acks=0 has no answer at all; the next request follows at once.
- A frame that is negative, larger than `socket.request.max.bytes`, not a request, or of an API or version that was not
  offered closes the connection without an answer. Bytes left over behind a body are ignored.
- Answers that are ready together leave in one write, until there are 64 KiB of them. A client that does not read is not
  served until it does: what waits for it is at most that much and one answer, however many questions it has sent.
- Memory: one buffer, of 32 KiB until a larger frame has begun, then of exactly its size (untouched pages of it cost
  nothing before they are filled).

What we leave out: TLS and SASL, quotas. How many connections there may be, and how long idle: `limits.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Protocol

from minikafka.server import codec, versions
from minikafka.server.codec import CodecError, RequestHeader
from minikafka.server.compiler import Body, Buffer

BUFFER_SIZE = 32_768
SIZE_BYTES = 4
OUTGOING_BYTES = 65_536
"""Answers of so many bytes are not kept waiting for others."""

log = logging.getLogger(__name__)


class Application(Protocol):
    """Whoever answers the requests of a connection."""

    transaction_version: int
    """The feature level to be shown."""
    served: versions.Served
    """Which requests are answered."""
    is_paused: bool
    """It stands still: requests are not looked at."""

    def request(self, connection: Connection, header: RequestHeader, body: Body) -> None:
        """Must lead, now or later, to `connection.answer` or `connection.answer_nothing`."""
        ...

    def closed(self, connection: Connection) -> None:
        """The connection is gone; an answer that is still due will not be read by anybody."""
        ...


class Connection(asyncio.BufferedProtocol):
    """The server's end of one TCP connection. Kafka: `KafkaChannel`."""

    def __init__(self, name: str, application: Application, max_frame_bytes: int) -> None:
        self.name = name
        """Unique in the server; the core knows the client by it."""
        self.application = application
        self.max_frame_bytes = max_frame_bytes
        """`socket.request.max.bytes`"""
        self.transport: asyncio.Transport | None = None
        """None when nothing further is said on it."""
        self._socket: asyncio.Transport | None = None
        """The same, as long as the client has not taken all."""
        self.buffer = bytearray(BUFFER_SIZE)
        self.start = 0
        """Where the next frame starts."""
        self.filled = 0
        """Behind the last byte received."""
        self.pending: RequestHeader | None = None
        """The request in progress."""
        self.outgoing: list[Buffer] = []
        self._outgoing_bytes = 0
        self.is_working = False
        self.is_writable = True
        self.is_refused = False
        """One too many: closed as soon as it is made."""
        self._used_s = time.monotonic()
        self._unsent_bytes = 0
        """Of its answers, when it was last looked at."""

    # --- called by asyncio ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        assert isinstance(transport, asyncio.Transport), "a listener makes stream transports"
        self.transport = self._socket = transport
        if self.is_refused:
            self.close("There are `max.connections` already.")

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone, or we have closed."""
        self.transport = self._socket = None
        self.application.closed(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return memoryview(self.buffer)[self.filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes have come."""
        self.filled += nbytes
        self._used_s = time.monotonic()
        self._work()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self.is_writable = False

    def resume_writing(self) -> None:
        """It has caught up."""
        self.is_writable = True
        self._work()

    # --- called by the application ---

    @property
    def host(self) -> str:
        """Where the client is, as Kafka writes it: `/127.0.0.1`."""
        peer = self.transport.get_extra_info("peername") if self.transport is not None else None
        return f"/{peer[0]}" if peer else ""

    def idle_ms(self) -> float:
        """For how long nothing has come or gone; 0 while an answer is due."""
        unsent = 0 if self._socket is None else self._socket.get_write_buffer_size()
        if unsent != self._unsent_bytes:
            self._unsent_bytes, self._used_s = unsent, time.monotonic()
        return 0 if self.pending is not None else (time.monotonic() - self._used_s) * 1000

    def answer(self, body: Body) -> None:
        """The answer to the request in progress; then comes the next."""
        header, self.pending = self.pending, None
        self._used_s = time.monotonic()
        assert header is not None, "an answer without a request"
        try:
            self._respond(header.api_version, header, body)
        except CodecError:  # our mistake, not the client's: say so loudly, and do not leave it waiting
            log.exception("%s: no answer", self.name)
            self.close("An answer could not be written.")
        self._work()

    def answer_nothing(self) -> None:
        """The request in progress has no answer (acks=0); then comes the next."""
        self.pending = None
        self._work()

    def close(self, why: str) -> None:
        """Write what was answered, then close; nothing further is read."""
        if self.transport is not None:
            log.info("%s: closed. %s", self.name, why)
            self._flush()
            self.transport.close()
            self.transport = None

    def go_on(self) -> None:
        """The application looks at requests again."""
        self._work()

    def expire(self) -> None:
        """Nobody uses it: close, and do not wait for a client that takes its answers no more."""
        log.info("%s: closed. Nobody used it.", self.name)
        self.abort()

    def abort(self) -> None:
        """Close as a process that dies does."""
        if self._socket is not None:
            self._socket.abort()

    # --- frames ---

    def _work(self) -> None:
        """Take whole frames until one waits for its answer, or there is none; then write what was answered."""
        if self.is_working:
            return  # an answer given at once; the loop below goes on with the next frame
        self.is_working = True
        try:
            while self.transport is not None and self._may_take():
                frame = self._next_frame()
                if frame is None:
                    break
                self._request(frame)
        except CodecError as refused:
            self.close(str(refused))
        finally:
            self.is_working = False
        if self.transport is not None:
            self._flush()
            self._keep_reading(self.transport)

    def _may_take(self) -> bool:
        return self.pending is None and self.is_writable and not self.application.is_paused

    def _next_frame(self) -> memoryview | None:
        """The next frame without its size, None while it is not whole. Valid until the next read."""
        received = self.filled - self.start
        size = 0
        if received >= SIZE_BYTES:
            size = int.from_bytes(self.buffer[self.start : self.start + SIZE_BYTES], "big", signed=True)
            if not 0 <= size <= self.max_frame_bytes:
                raise CodecError(f"A frame of {size} bytes; socket.request.max.bytes is {self.max_frame_bytes}.")
        if received < SIZE_BYTES + size or received < SIZE_BYTES:
            self._make_room(SIZE_BYTES + size)
            return None
        begin, self.start = self.start + SIZE_BYTES, self.start + SIZE_BYTES + size
        return memoryview(self.buffer)[begin : self.start]

    def _make_room(self, wanted: int) -> None:
        """Make sure that `wanted` bytes from `start` on fit into the buffer, and that it is no larger than needed."""
        received = self.filled - self.start
        size = max(wanted, BUFFER_SIZE)
        if received and self.start + wanted <= len(self.buffer) and len(self.buffer) <= size:
            return
        rest = self.buffer[self.start : self.filled]
        if len(self.buffer) != size:
            self.buffer = bytearray(size)
        self.buffer[:received] = rest
        self.start, self.filled = 0, received

    def _keep_reading(self, transport: asyncio.Transport) -> None:
        """Read ahead while a request waits, so that a lost connection is noticed; but no more than the buffer holds."""
        if self.start == self.filled:
            self._make_room(SIZE_BYTES)
        if self.filled < len(self.buffer):
            transport.resume_reading()
        else:
            transport.pause_reading()

    # --- requests ---

    def _request(self, frame: memoryview) -> None:
        header, start = codec.decode_request_header(frame)
        key, version = header.api_key, header.api_version
        if not versions.is_served(key, version, self.application.served):
            if key != versions.API_VERSIONS:
                raise CodecError(f"{codec.api_of(key).name} version {version} is not served.")
            self._respond(0, header, versions.fallback_response())
            return
        body = codec.decode(key, version, "request", frame, start)
        if key == versions.API_VERSIONS:
            level, served = self.application.transaction_version, self.application.served
            self._respond(version, header, versions.api_versions_response(version, body, level, served))
            return
        self.pending = header
        self.application.request(self, header, body)

    def _respond(self, version: int, header: RequestHeader, body: Body) -> None:
        pieces = codec.response_frame(header.api_key, version, header.correlation_id, body)
        self.outgoing += pieces
        self._outgoing_bytes += sum(map(len, pieces))
        if self._outgoing_bytes >= OUTGOING_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self.outgoing and self.transport is not None:
            outgoing, self.outgoing, self._outgoing_bytes = self.outgoing, [], 0
            self.transport.writelines(outgoing)
