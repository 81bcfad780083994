"""One connection without a network: what it makes of the bytes it gets, however they are cut."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from minikafka.server import codec, versions
from minikafka.server.codec import RequestHeader
from minikafka.server.tcp import BUFFER_SIZE, OUTGOING_BYTES, Connection

METADATA, PRODUCE = 3, 0


class Pipe(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.writes = 0
        self.is_reading_now = True
        self.closed = False

    def writelines(self, list_of_data: Any) -> None:
        self.writes += 1
        self.written += b"".join(list_of_data)

    def pause_reading(self) -> None:
        self.is_reading_now = False

    def resume_reading(self) -> None:
        self.is_reading_now = True

    def close(self) -> None:
        self.closed = True


class Slow:
    """An application that answers when it is told to; `at_once` answers by itself."""

    transaction_version = 2
    served = versions.SERVED
    is_paused = False

    def __init__(self, at_once: bool = False) -> None:
        self.asked: list[tuple[int, Any]] = []
        self.at_once = at_once
        self.gone = 0

    def request(self, connection: Connection, header: RequestHeader, body: Any) -> None:
        taken = [entry["records"] for topic in body.get("topic_data", []) for entry in topic["partition_data"]]
        self.asked.append((header.correlation_id, [bytes(records) for records in taken]))
        if self.at_once:
            connection.answer(answer())

    def closed(self, connection: Connection) -> None:
        self.gone += 1


def answer() -> dict[str, Any]:
    return {"brokers": [], "topics": [], "responses": []}


def connected(at_once: bool = False, limit: int = 10_000_000) -> tuple[Connection, Slow, Pipe]:
    application, pipe = Slow(at_once), Pipe()
    connection = Connection("client-1", application, limit)
    connection.connection_made(pipe)
    return connection, application, pipe


def feed(connection: Connection, pipe: Pipe, data: bytes, size: int = 1 << 30) -> bytes:
    """Give as much as the connection takes, in pieces of at most `size`; what it did not take comes back."""
    given, view = 0, memoryview(data)
    while given < len(data) and pipe.is_reading_now and not pipe.closed:
        room = connection.get_buffer(-1)
        assert len(room) > 0
        piece = view[given : given + min(size, len(room))]
        room[: len(piece)] = piece
        connection.buffer_updated(len(piece))
        given += len(piece)
    return data[given:]


def metadata(number: int) -> bytes:
    return codec.request_frame(METADATA, 9, number, "me", {"topics": []})


def produce(number: int, records: bytes) -> bytes:
    topics = [{"name": "orders", "partition_data": [{"index": 0, "records": records}]}]
    return codec.request_frame(PRODUCE, 9, number, "me", {"acks": 1, "timeout_ms": 1, "topic_data": topics})


def test_frames_of_all_sizes_in_pieces_of_all_sizes() -> None:
    source = random.Random(3)
    sizes = [source.choice([0, 1, 100, BUFFER_SIZE - 60, BUFFER_SIZE, BUFFER_SIZE + 1, 100_000]) for _ in range(30)]
    contents = [source.randbytes(size) for size in sizes]
    stream = b"".join(produce(number, content) for number, content in enumerate(contents))
    for size in (77, 1_000, 65_536, 1 << 30):
        connection, application, pipe = connected(at_once=True)
        assert feed(connection, pipe, stream, size) == b""
        assert application.asked == [(number, [content]) for number, content in enumerate(contents)]
        assert len(connection.buffer) == BUFFER_SIZE


def test_one_request_at_a_time() -> None:
    connection, application, pipe = connected()
    feed(connection, pipe, metadata(1) + metadata(2) + metadata(3))
    for number in (1, 2, 3):
        assert [asked for asked, _ in application.asked] == list(range(1, number + 1))
        connection.answer(answer())
    assert pipe.writes == 3


def test_answers_that_are_ready_together_leave_in_one_write() -> None:
    connection, _, pipe = connected(at_once=True)
    feed(connection, pipe, b"".join(map(metadata, range(20))))
    assert pipe.writes == 1


def test_no_answer_lets_the_next_request_in() -> None:
    connection, application, pipe = connected()
    feed(connection, pipe, metadata(1) + metadata(2))
    connection.answer_nothing()
    assert [asked for asked, _ in application.asked] == [1, 2]
    assert pipe.written == b""


def test_while_a_request_waits_only_one_buffer_is_read() -> None:
    connection, application, pipe = connected()
    stream = b"".join(map(metadata, range(5_000)))
    rest = feed(connection, pipe, stream)
    assert not pipe.is_reading_now
    assert len(stream) - len(rest) <= BUFFER_SIZE
    application.at_once = True
    connection.answer(answer())
    assert pipe.is_reading_now
    assert feed(connection, pipe, rest) == b""
    assert [asked for asked, _ in application.asked] == list(range(5_000))


def test_a_client_that_does_not_read_is_not_served() -> None:
    connection, application, pipe = connected(at_once=True)
    connection.pause_writing()
    feed(connection, pipe, metadata(1) + metadata(2))
    assert application.asked == []
    connection.resume_writing()
    assert len(application.asked) == 2


def test_large_answers_do_not_pile_up_before_a_client_that_does_not_read() -> None:
    connection, application, pipe = connected()
    size = 100_000
    large = answer() | {"topics": [topic_named("n" * 30_000)] * (size // 30_000 + 1)}

    def request(connection: Connection, header: RequestHeader, body: Any) -> None:
        application.asked.append((header.correlation_id, []))
        connection.answer(large)
        if len(pipe.written) > 65_536:  # what a transport does whose client is slow
            connection.pause_writing()

    application.request = request  # type: ignore[method-assign]
    feed(connection, pipe, b"".join(map(metadata, range(500))))
    assert len(application.asked) == 1
    assert len(pipe.written) < OUTGOING_BYTES + 2 * size
    pipe.written = b""
    connection.resume_writing()
    assert [number for number, _ in application.asked] == [0, 1]


def topic_named(name: str) -> dict[str, Any]:
    topic = {"error_code": 0, "name": name, "is_internal": False, "partitions": []}
    return topic | {"topic_authorized_operations": 0}


def test_a_large_request_that_waits_does_not_hide_a_hang_up() -> None:
    connection, application, pipe = connected()
    feed(connection, pipe, produce(1, b"x" * 1_000_000))
    assert len(application.asked) == 1
    assert pipe.is_reading_now
    assert len(connection.buffer) == BUFFER_SIZE
    connection.connection_lost(None)
    assert application.gone == 1
    connection.answer(answer())
    assert pipe.written == b""


def test_an_answer_that_cannot_be_written_closes_the_connection(caplog: Any) -> None:
    connection, _, pipe = connected()
    feed(connection, pipe, metadata(1))
    connection.answer({"brokers": [{}]})
    assert pipe.closed
    assert "no answer" in caplog.text


def test_while_the_application_stands_still_requests_wait_in_the_buffer() -> None:
    application = Slow(at_once=True)
    connection = Connection("client-1", application, 1_000_000)
    pipe = Pipe()
    connection.connection_made(pipe)
    application.is_paused = True
    frame = codec.request_frame(METADATA, 9, 5, "me", {"topics": []})
    connection.get_buffer(-1)[: len(frame)] = frame
    connection.buffer_updated(len(frame))
    assert (application.asked, pipe.written) == ([], b"")
    application.is_paused = False
    connection.go_on()
    assert application.asked == [(5, [])]
    assert pipe.written
