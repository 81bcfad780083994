"""A `Server` on its own thread, so that a test can use blocking clients beside it."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, Self, TypeVar

import pytest

from minikafka.server import codec
from minikafka.server.host import Server
from minikafka.server.processes import READY_WITHIN_S, Processes

Result = TypeVar("Result")
PATIENCE_S = 60


class Complaints(logging.Handler):
    """Keeps what one server says about mistakes of its own."""

    def __init__(self, level: int, thread: threading.Thread) -> None:
        super().__init__(level)
        self.thread = thread
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread.ident:
            self.said.append(self.format(record))


def run_alone(what: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run` on a thread of its own: this one's loop may be that of a browser."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(asyncio.run, what).result()


class Running:
    """Starts a server in a thread; every call into it is made on that thread's event loop."""

    def __init__(self, kind: type[Server | Processes] = Server, **arguments: Any) -> None:
        self.server: Any = kind(**arguments)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.complaints = Complaints(logging.ERROR, self.thread)

    def __enter__(self) -> Self:
        for name in ("minikafka", "asyncio"):
            logging.getLogger(name).addHandler(self.complaints)
        self.thread.start()
        self.wait_for(self.server.start())
        return self

    def __exit__(self, *error: object) -> None:
        self.wait_for(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE_S)
        self.loop.close()
        for name in ("minikafka", "asyncio"):
            logging.getLogger(name).removeHandler(self.complaints)
        assert self.server.failures == [], "a node died of a bug"
        assert self.complaints.said == []

    def wait_for(self, what: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(PATIENCE_S + READY_WITHIN_S)

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        async def called() -> Result:
            return function(*arguments)

        return self.wait_for(called())

    def crash(self, broker: int) -> None:
        self.call(self.server.crash, broker)

    def restart(self, broker: int) -> None:
        self.wait_for(self.server.restart(broker))

    @property
    def bootstrap(self) -> str:
        servers: str = self.server.bootstrap_servers
        return servers

    def connect(self, broker: int = 1) -> Wire:
        host, port = self.bootstrap.split(",")[broker - 1].rsplit(":", 1)
        return Wire((host, int(port)))


class Wire:
    """A client that writes bytes, right or wrong, and reads whole answers."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.correlation_id = 100

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def __del__(self) -> None:
        if hasattr(self, "socket"):  # else nobody was there
            self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, size: int) -> bytes:
        """So many bytes, fewer if the server closes."""
        data = b""
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except ConnectionResetError:
                break
            if not more:
                break
            data += more
        return data

    def frame(self) -> bytes | None:
        """The next answer without its size, None when the connection was closed."""
        size = self.read(4)
        return self.read(int.from_bytes(size, "big")) if len(size) == 4 else None

    def is_closed(self) -> bool:
        """Wait until the server closes; False if it answers instead."""
        return self.read(1) == b""

    def is_silent(self, seconds: float = 0.2) -> bool:
        """Nothing comes and the connection stays open."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) != b"" and False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE_S)

    def ask(self, key: int, version: int, body: dict[str, Any], client_id: str | None = "test") -> dict[str, Any]:
        """One request and its answer."""
        self.correlation_id += 1
        self.send(codec.request_frame(key, version, self.correlation_id, client_id, body))
        return self.answer(key, version, self.correlation_id)

    def answer(self, key: int, version: int, correlation_id: int) -> dict[str, Any]:
        frame = self.frame()
        assert frame is not None, "the connection was closed"
        echoed, body = codec.decode_response(key, version, frame)
        assert echoed == correlation_id
        return body


def needed(module: str) -> ModuleType:
    """A module of the test extra: without it the tests of a file are skipped, but in CI they fail."""
    if os.environ.get("CI"):
        return importlib.import_module(module)
    found: ModuleType = pytest.importorskip(module, reason=f"cannot import `{module}`; `make test` installs it")
    return found


def eventually(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of `condition`; fails after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)
    return value
