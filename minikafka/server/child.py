"""One broker or controller in a process of its own: what `minikafka serve --processes` starts for each of them.

    parent ──one line of JSON on standard input──▶ child      which node, its port, everybody's addresses
    parent ◀──────────lines on standard output──── child      "I listen"; which brokers I see alive
    peers, clients ◀─────────── TCP ──────────────▶ child

- Other nodes are reached over TCP alone, with Kafka's own requests; the parent passes no message on.
- SIGTERM: a broker hands its leaderships over, a controller names who should lead, then it ends. SIGKILL at any byte.
- When its standard input closes the parent is gone, and the child goes, too: nobody is left behind.
- It holds the lock of the data directory as long as it lives, so that no second server comes upon its files.

What we leave out: being started by hand.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
import uuid
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from minikafka.broker.broker import Broker
from minikafka.controller.controller import Controller
from minikafka.disk import Disk, StorageError
from minikafka.protocol.messages import Envelope
from minikafka.server import logs
from minikafka.server.driver import Driver, Process
from minikafka.server.fetch_sessions import FetchSessions
from minikafka.server.frontend import Frontend
from minikafka.server.host import BACKLOG, LEAVE_WITHIN_S, split_settings
from minikafka.server.os_disk import OsDisk
from minikafka.server.peers import Peers
from minikafka.server.shape import reachable
from minikafka.server.tape import Entry, Tape
from minikafka.server.versions import BETWEEN_BROKERS, SERVED, SERVED_BY_CONTROLLERS
from minikafka.server.view import View
from minikafka.types import BrokerId, NodeId, broker_node, number_of

LOOK_EVERY_S = 0.01
STDIN = 0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spec:
    """All that a child is told."""

    node: NodeId
    voters: list[NodeId]
    addresses: dict[NodeId, tuple[str, int]]
    cluster_id: str
    settings: dict[str, Any]
    directory: str
    json_logs: bool = False
    advertise: str = ""
    """The host that clients of a broker are told; empty: where it is bound."""
    is_taped: bool = False
    """Somebody looks on (`--stage`)."""

    def to_line(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Spec:
        """What `to_line` has written."""
        said = json.loads(line)
        addresses = {node: (host, port) for node, (host, port) in said.pop("addresses").items()}
        return cls(addresses=addresses, **said)

    @property
    def brokers(self) -> list[BrokerId]:
        """Numbers of all brokers."""
        return [number_of(node) for node in self.addresses if node not in self.voters]


def shared_port(address: tuple[str, int]) -> socket.socket:
    """A socket bound to an address that the parent holds as well, without listening, while the child is down."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


class Child:
    """One node, its port, and its connections to the others. Kafka: `KafkaRaftServer` with one role."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.is_controller = spec.node in spec.voters
        self.config, self.network = split_settings(spec.settings)
        self.leave = asyncio.Event()
        """Asked to go in order."""
        self.ended = asyncio.Event()
        """To go at once: the parent is gone, or a bug has killed the node."""
        self.driver = Driver()
        self.driver.on_death = lambda _: self.ended.set()
        self.taped: list[Entry] = []
        """What the parent has not been told yet."""
        if spec.is_taped:
            self.driver.tape = Tape(self.taped.append, lambda who: self.frontend.caller(who), spec.addresses)
        nodes = {node: reachable(address) for node, address in spec.addresses.items()}
        self.peers = Peers(spec.node, nodes, self.view, self.driver.accept, self._lost)
        self.process = Process(spec.node, OsDisk(Path(spec.directory) / spec.node), self._program, self._outwards)
        self.frontend = Frontend(
            spec.node,
            self.view,
            self.config.transaction_version,
            self.network,
            (f"client-{number}" for number in count(1)),
            FetchSessions(self.driver.now, Random(uuid.uuid4().int)),
            self.driver.accept,
            self._lost,
            SERVED_BY_CONTROLLERS if self.is_controller else SERVED | BETWEEN_BROKERS,
            trusts_replicas=True,
        )

    def view(self) -> View:
        """What this node has replayed; an active controller, what it has decided."""
        match self.process.node:
            case Broker() as broker:
                return View(broker.metadata.image, self.spec.cluster_id)
            case Controller() as controller:
                image = controller.image if controller.latest is None else controller.latest
                return View(image, self.spec.cluster_id, holds_metadata_log=True)
        raise AssertionError(f"{self.spec.node} is not running")

    async def run(self) -> int:
        """Until told to go. Returns the exit code."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.leave.set)
        loop.add_reader(STDIN, self._parent_speaks)
        bound = shared_port(self.spec.addresses[self.spec.node])
        self.driver.start(self.process)
        accepting = await loop.create_server(self.frontend.new_connection, sock=bound, backlog=BACKLOG)
        telling = loop.create_task(self._tell())
        going = [loop.create_task(event.wait()) for event in (self.leave, self.ended)]
        await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        if not self.ended.is_set():
            await self._go_in_order()
        telling.cancel()
        accepting.close()
        self.frontend.abort()
        return 1 if self.driver.failures else 0

    async def _go_in_order(self) -> None:
        self.driver.ask_to_leave(self.spec.node)
        deadline = asyncio.get_running_loop().time() + LEAVE_WITHIN_S
        node = self.process.node
        assert isinstance(node, Broker | Controller), "a node that is running"
        while not node.may_stop and not self.ended.is_set():
            if asyncio.get_running_loop().time() > deadline:
                log.info("%s goes without waiting longer", self.spec.node)
                break
            await asyncio.sleep(LOOK_EVERY_S / 2)
        if self.process.node is node:
            node.stop(self.driver.now())

    async def _tell(self) -> None:
        """Tell the parent what it must know to say that all are ready, whenever that changes."""
        last: dict[str, Any] = {}
        while True:
            if (now := self._standing()) != last:
                print(json.dumps(now), flush=True)
                last = now
            if self.spec.is_taped:
                print(json.dumps({"taped": self.taped, "up_to": time.monotonic_ns()}), flush=True)
                self.taped.clear()  # said also when it is empty: the others' entries wait for this word
            await asyncio.sleep(LOOK_EVERY_S)

    def _standing(self) -> dict[str, Any]:
        broker = self.process.node
        if not isinstance(broker, Broker):
            return {"epoch": -1, "sees": []}
        known = ((number, broker.metadata.image.brokers.get(number)) for number in self.spec.brokers)
        alive = [[number, one.broker_epoch] for number, one in known if one is not None and one.is_active]
        return {"epoch": broker.lifecycle.broker_epoch, "sees": alive}

    def _parent_speaks(self) -> None:
        if not os.read(STDIN, 1):
            log.info("%s: whoever started it is gone", self.spec.node)
            self.ended.set()

    # --- the node and the world ---

    def _program(self, disk: Disk) -> Broker | Controller:
        node, voters = self.spec.node, tuple(self.spec.voters)
        if self.is_controller:
            return Controller(node, voters, self.config, disk, Random(uuid.uuid4().int).random)
        host, port = self.spec.addresses[node]
        endpoint, rack = (self.spec.advertise or host, port), self.config.broker_rack or None
        return Broker(number_of(node), voters, self.config, disk, uuid.uuid4().hex, endpoint, rack)

    def _outwards(self, envelope: Envelope) -> None:
        (self.frontend.answer if envelope.is_response else self.peers.send)(envelope)

    def _lost(self, peer: NodeId) -> None:
        self.driver.disconnected(self.spec.node, peer)


def main() -> int:
    """Be the node that the first line of standard input describes."""
    spec = Spec.from_line(sys.stdin.buffer.readline())
    logs.set_up(spec.json_logs, spec.node)
    assert broker_node(number_of(spec.node)) == spec.node or spec.node in spec.voters, f"{spec.node} is no node"

    async def run() -> int:
        return await Child(spec).run()

    try:
        return asyncio.run(run())
    except OSError as refused:
        log.critical("%s does not start. Cannot use %s: %s.", spec.node, refused.filename, refused.strerror)
    except StorageError as refused:
        log.critical("%s does not start. %s", spec.node, refused)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
