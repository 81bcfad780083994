"""The lab on `minikafka serve`: its `Server`, on a thread of this process, on disk."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.base import QUICK
from lab.real import RealLab
from minikafka.server.host import Server

START_WITHIN_S = 60


class ServedLab(RealLab):
    """confluent-kafka beside a server."""

    backend = "serve"

    def __init__(self, brokers: int = 3) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="minikafka-lab-")
        self.server = Server(brokers, config=QUICK, data_dir=Path(self.folder.name) / "data")
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        self._wait_for(self.server.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._wait_for(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(START_WITHIN_S)
        self.loop.close()
        self.folder.cleanup()
        assert self.server.failures == [], f"a node died of a bug: {self.server.failures}"

    @property
    def servers(self) -> str:
        """HOST:PORT,..."""
        return self.server.bootstrap_servers

    def address(self, broker: int) -> tuple[str, int]:
        """Where one broker listens."""
        return self.server.listeners[broker].address

    def strike(self, verb: str, broker: int) -> None:
        """See `Lab.strike`."""
        match verb:
            case "restart":
                self._wait_for(self.server.restart(broker))
            case "leave":
                self._wait_for(self.server.leave(broker))
            case _:
                self._wait_for(_soon(getattr(self.server, verb), broker))

    def _wait_for(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(START_WITHIN_S)


async def _soon(function: Any, *arguments: Any) -> Any:
    return function(*arguments)
