"""The back door of a running server: `minikafka status` and `minikafka fault` come in through it.

    DIR/control.sock    {"verb": "crash", "broker": 2}  →  {"said": "crash: broker 2 is down."}
                        {"verb": "status"}              →  {"nodes": [["broker-1", "127.0.0.1:9092", "up", 4003], …]}

- A Unix socket, made with mode 0600 from the first moment: who may open it is for the operating system to say, so there
  is no password and no port. One line of JSON each way.
- It lies in the data directory; for a server that keeps nothing, in a directory of the user's own.

What we leave out: Windows, which has no such socket here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import Any

from minikafka.server import faults
from minikafka.server.faults import Cluster, Standing
from minikafka.server.host import ServeError

SOCKET = "control.sock"
ONLY_THE_OWNER = 0o077
LONGEST_PATH = 100
"""What every system takes as the name of a socket."""

log = logging.getLogger(__name__)


class ControlError(ValueError):
    """The server could not be asked, or has refused; the message is one sentence."""


def place(data_dir: Path | None) -> Path:
    """Where the socket of a server is. Raises `ControlError` when somebody else has made the directory."""
    if data_dir is not None:
        return data_dir / SOCKET
    own = Path(tempfile.gettempdir()) / f"minikafka-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    found = own.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & ONLY_THE_OWNER:
        raise ControlError(f"{own} is not a directory that only you may open.")
    return own / SOCKET


# --- the server's side ------------------------------------------------------------------------------------------------


class Door:
    """Listens for the commands of a server's owner."""

    def __init__(self, cluster: Cluster, path: Path) -> None:
        self.cluster = cluster
        self.path = path
        self.accepting: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen; where that cannot be, say so in the log and go without."""
        if not hasattr(asyncio, "start_unix_server") or len(str(self.path)) > LONGEST_PATH:
            log.warning("no control socket: %s cannot be one", self.path)
            return
        if self.path.exists() and _answers(self.path):
            log.warning("no control socket: another server has %s", self.path)
            return
        self.path.unlink(missing_ok=True)
        before = os.umask(ONLY_THE_OWNER | stat.S_IXUSR)
        try:
            self.accepting = await asyncio.start_unix_server(self._serve, self.path)
        finally:
            os.umask(before)

    def close(self) -> None:
        """Listen no more."""
        if self.accepting is not None:
            self.accepting.close()
            self.path.unlink(missing_ok=True)
            self.accepting = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            if line:
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):  # gone, or a line longer than any of ours
            pass
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            verb, broker = asked["verb"], asked.get("broker")
        except (ValueError, TypeError, KeyError, AttributeError):
            return {"error": "This is no command."}
        if verb == "status":
            return {"nodes": [list(one) for one in self.cluster.standings()]}
        if not isinstance(broker, int):
            return {"error": "A fault needs the number of a broker."}
        try:
            return {"said": await faults.inflict(self.cluster, str(verb), broker)}
        except (faults.Refused, ServeError) as refused:
            return {"error": str(refused)}


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        return trial.connect_ex(str(path)) == 0


# --- the terminal's side ----------------------------------------------------------------------------------------------


def ask(path: Path, command: dict[str, Any]) -> dict[str, Any]:
    """One command and its answer. Raises `ControlError`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        try:
            door.connect(str(path))
            door.sendall(json.dumps(command).encode() + b"\n")
            with door.makefile("rb") as answers:
                line = answers.readline()
        except OSError as refused:
            raise ControlError(f"No server answers at {path}: {refused.strerror or refused}.") from None
    if not line:
        raise ControlError(f"The server at {path} has ended without an answer.")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise ControlError(answer["error"])
    return answer


def status(data_dir: Path | None = None) -> int:
    """`minikafka status`: brokers, ports and process ids."""
    nodes = [Standing(*one) for one in ask(place(data_dir), {"verb": "status"})["nodes"]]
    for one in nodes:
        pid = "" if one.pid is None else f"pid {one.pid}"
        print(f"{one.node:14}{one.address or 'no port':24}{one.state:10}{pid}".rstrip())
    return 0


def fault(verb: str, broker: int, data_dir: Path | None = None) -> int:
    """`minikafka fault crash 2`."""
    print(ask(place(data_dir), {"verb": verb, "broker": broker})["said"])
    return 0
