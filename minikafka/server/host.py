"""A whole cluster behind TCP, in one process: the very nodes that the simulation drives, each broker with its own port.

    Server(brokers=3)
      ├─ controller-1   no port: only nodes of this process talk to it
      ├─ broker-1       127.0.0.1:9092   Frontend ⇄ Broker
      ├─ broker-2       127.0.0.1:9093
      └─ broker-3       127.0.0.1:9094   replication between brokers: FetchRequest through `Driver`, no sockets

- `crash` is kill -9: connections break, the port is closed, timers die, the disk stays as it is. `restart` starts the
  same broker on the same port and disk.
- The cluster is ready when every broker has read that every broker is alive.
- Nothing listens beyond this machine unless told so: there is no authentication here. `shape.py` says where.

A process for each broker: `processes.py`. What we leave out: controllers that have a port.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from minikafka.broker.broker import Broker
from minikafka.config import ConfigError, ServerConfig, dotted, read_settings, unknown_name
from minikafka.controller.controller import Controller
from minikafka.disk import Disk, MemoryDisk, StorageError
from minikafka.protocol.facts import Fact, world
from minikafka.protocol.messages import Envelope, Message
from minikafka.server import faults
from minikafka.server.driver import Driver, Process
from minikafka.server.fetch_sessions import FetchSessions
from minikafka.server.frontend import Frontend
from minikafka.server.limits import NetworkConfig
from minikafka.server.os_disk import DataDirectory, DirectoryError
from minikafka.server.reel import Reel
from minikafka.server.shape import check_racks, check_shape, settings_of
from minikafka.server.tape import Caller, Tape
from minikafka.server.traffic import Traffic
from minikafka.server.view import View
from minikafka.types import BrokerId, NodeId, broker_node, controller_node

READY_WITHIN_S = 30
LEAVE_WITHIN_S = 3
BACKLOG = 128

log = logging.getLogger(__name__)


class ServeError(Exception):
    """The cluster cannot be started; the message is one sentence."""


def split_settings(settings: Mapping[str, Any]) -> tuple[ServerConfig, NetworkConfig]:
    """Settings of the nodes and of the listeners, from one table of dotted names. Raises `ConfigError`."""
    of_nodes, of_network = ([dotted(one.name) for one in fields(kind)] for kind in (ServerConfig, NetworkConfig))
    for name in settings:
        if name not in of_nodes and name not in of_network:
            raise ConfigError(unknown_name("server setting", name, of_nodes + of_network))
    network = {name: value for name, value in settings.items() if name in of_network}
    nodes = {name: value for name, value in settings.items() if name in of_nodes}
    return read_settings(ServerConfig, nodes, "server"), read_settings(NetworkConfig, network, "server")


def for_few_brokers(brokers: int) -> dict[str, Any]:
    """Groups and transactions are kept three times, and on fewer brokers as often as there are brokers."""
    if brokers >= 3:
        return {}
    copies = ("offsets.topic.replication.factor", "transaction.state.log.replication.factor")
    return dict.fromkeys(copies, brokers) | {"transaction.state.log.min.isr": 1}


class Listener:
    """One broker's port, its process, and the frontend between them."""

    def __init__(self, broker_id: BrokerId, address: tuple[str, int], disk: Disk, advertise: str = "") -> None:
        self.broker_id = broker_id
        self.address = address
        """Host and port; port 0 until it is bound for the first time."""
        self.advertise = advertise
        """The host that clients are told; empty: where it is bound."""
        self.disk = disk
        self.frontend: Frontend | None = None
        self.accepting: asyncio.Server | None = None

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where clients are told to come."""
        host, port = self.address
        return self.advertise or host, port

    def bind(self) -> socket.socket:
        """Take the port. Raises `ServeError` when somebody else has it."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # a port that was just closed may be taken again; on Windows this would share it
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(self.address)
        except OSError as taken:
            bound.close()
            host, port = self.address
            raise ServeError(f"Cannot listen on {host}:{port}: {taken.strerror}.") from None
        self.address = bound.getsockname()[:2]
        return bound


class Server:
    """Brokers, their controller, and a listener for each broker. Kafka: `KafkaRaftServer`, several in one process."""

    def __init__(
        self,
        brokers: int = 3,
        controllers: int = 1,
        listen: str = "127.0.0.1",
        ports: Sequence[int] = (),
        config: Mapping[str, Any] | None = None,
        data_dir: Path | None = None,
        racks: Sequence[str] = (),
        advertise: str = "",
    ) -> None:
        """`ports` and `racks`: one for each broker, port 0 for a free one; without `data_dir` all is kept in memory.

        Raises `ConfigError` for settings that do not work, and `DirectoryError` for a directory that does not.
        """
        ports = check_shape(brokers, controllers, ports, listen, advertise)
        check_racks(brokers, racks, config or {})
        self.racks = tuple(racks)
        self.config, self.network = split_settings(for_few_brokers(brokers) | dict(config or {}))
        self.directory = None if data_dir is None else DataDirectory(data_dir)
        self.listeners = {
            number: Listener(number, (listen, port), self._disk(broker_node(number)), advertise)
            for number, port in enumerate(ports, 1)
        }
        self.voters = tuple(controller_node(number) for number in range(1, controllers + 1))
        fresh = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.cluster_id = fresh if self.directory is None else self.directory.cluster_id
        self.driver = Driver()
        self.driver.on_death = self._died
        self.counts_traffic = False
        self._clients = (f"client-{number}" for number in count(1))

    @property
    def bootstrap_servers(self) -> str:
        """`HOST:PORT,HOST:PORT,…`, what clients start from."""
        return ",".join("{}:{}".format(*listener.endpoint) for listener in self.listeners.values())

    @property
    def failures(self) -> list[Exception]:
        """Bugs that brokers or the controller died of; empty while all is well."""
        return self.driver.failures

    async def start(self) -> None:
        """Bind the ports, start the nodes, and wait until the cluster is ready. Raises `ServeError`."""
        bound = {}
        try:
            for number, listener in self.listeners.items():
                bound[number] = listener.bind()
        except ServeError:
            for taken in bound.values():
                taken.close()
            raise
        try:
            for voter in self.voters:
                self.driver.start(Process(voter, self._disk(voter), self._controller_maker(voter), _to_nobody))
            for number, taken in bound.items():
                await self._start_broker(number, taken)
        except (DirectoryError, StorageError) as refused:
            await self.stop()
            for taken in bound.values():
                taken.close()
            raise ServeError(f"The brokers did not start: {refused}") from None
        await self._wait(lambda: all(self._sees_all(number) for number in self.listeners), "The brokers did not start")

    async def shut_down(self) -> None:
        """Stop in order: one broker after the other hands its leaderships over, says goodbye, and goes."""
        for number in self.listeners:
            await self.leave(number)
        await self.stop()

    async def leave(self, number: BrokerId) -> None:
        """SIGTERM: the broker hands its leaderships over, says goodbye, and goes."""
        process = self.driver.processes.get(broker_node(number))
        if process is None or not isinstance(process.node, Broker):
            return
        self.driver.ask_to_leave(process.id)
        deadline = asyncio.get_running_loop().time() + LEAVE_WITHIN_S
        while isinstance(process.node, Broker) and not process.node.may_stop:
            if asyncio.get_running_loop().time() > deadline:
                log.info("%s goes without waiting longer", process.id)
                break
            await asyncio.sleep(0.005)
        self._stop_broker(number)

    async def stop(self) -> None:
        """End all nodes, each with its files closed and marked so, and close all ports."""
        for number in self.listeners:
            self._stop_broker(number)
        for voter in self.voters:
            if voter in self.driver.processes:
                self.driver.kill(voter)
        if self.directory is not None:
            self.directory.close()
        await asyncio.sleep(0)  # lets the connections break

    def _stop_broker(self, number: BrokerId) -> None:
        process = self.driver.processes.get(broker_node(number))
        if process is not None and isinstance(process.node, Broker):
            process.node.stop(self.driver.now())
            self.crash(number)

    def crash(self, broker_id: BrokerId) -> None:
        """Kill -9: the broker is gone, its connections break, its port closes, its disk stays as it is."""
        if self.driver.processes[broker_node(broker_id)].node is not None:
            self.driver.kill(broker_node(broker_id))
            self._died(broker_node(broker_id))

    def pause(self, broker_id: BrokerId) -> None:
        """SIGSTOP: the broker stands still, and the system goes on taking connections for it."""
        self.driver.pause(broker_node(broker_id))
        self._tell(world.NodePaused(broker_node(broker_id)))
        frontend = self.listeners[broker_id].frontend
        assert frontend is not None, f"broker {broker_id} is down"
        frontend.is_paused = True

    def resume(self, broker_id: BrokerId) -> None:
        """SIGCONT."""
        frontend = self.listeners[broker_id].frontend
        assert frontend is not None, f"broker {broker_id} is down"
        self._tell(world.NodeResumed(broker_node(broker_id)))
        self.driver.resume(broker_node(broker_id))
        frontend.resume()

    async def restart(self, broker_id: BrokerId) -> None:
        """Start a broker that is down, on its old port and disk. Raises `ServeError` when one of them is not there."""
        assert self.listeners[broker_id].frontend is None, f"broker {broker_id} is running"
        bound = self.listeners[broker_id].bind()
        try:
            await self._start_broker(broker_id, bound)
        except StorageError as refused:
            bound.close()
            raise ServeError(f"Broker {broker_id} did not start: {refused}") from None

    def cut(self, broker_id: BrokerId) -> None:
        """Nothing passes between this broker and other nodes; clients still reach it."""
        node = broker_node(broker_id)
        self.driver.cut(node)
        self._tell(*(world.LinkCut(node, other) for other in self._others(node)))

    def heal(self, broker_id: BrokerId) -> None:
        """All passes again, first what has waited."""
        node = broker_node(broker_id)
        self._tell(*(world.LinkHealed(node, other) for other in self._others(node)))
        self.driver.heal(node)

    def _others(self, node: NodeId) -> list[NodeId]:
        return [other for other in self.driver.processes if other != node]

    def standings(self) -> list[faults.Standing]:
        """How every node stands."""
        addresses = {broker_node(one.broker_id): "{}:{}".format(*one.address) for one in self.listeners.values()}
        return [
            faults.Standing(node, addresses.get(node, ""), state, None if state == faults.DOWN else os.getpid())
            for node in [*self.voters, *addresses]
            for state in [self._state(node)]
        ]

    def _state(self, node: NodeId) -> str:
        process = self.driver.processes.get(node)
        if process is None or process.node is None:
            return faults.DOWN
        if process.is_paused:
            return faults.PAUSED
        return faults.CUT_OFF if node in self.driver.cut_off else faults.UP

    def observe(self, on_fact: Callable[[NodeId, Fact], None]) -> None:
        """Hear every fact from now on, with the node that states it."""
        self.driver.on_fact = on_fact

    def record(self, reel: Reel) -> None:
        """From now on all that happens goes into this run; to be called before `start`."""
        self.driver.tape = Tape(lambda entry: reel.add("", entry), self._caller)

    def _caller(self, connection: NodeId) -> Caller | None:
        frontends = (one.frontend for one in self.listeners.values() if one.frontend is not None)
        return next((known for one in frontends if (known := one.caller(connection)) is not None), None)

    def _tell(self, *told: Fact) -> None:
        if self.driver.tape is not None:
            for fact in told:
                self.driver.tape.world(fact)

    def count_traffic(self) -> None:
        """Begin to count what goes through the ports (`traffic.py`)."""
        self.counts_traffic = True
        for listener in self.listeners.values():
            if listener.frontend is not None:
                listener.frontend.traffic = Traffic()

    # --- brokers ---

    async def _start_broker(self, number: BrokerId, bound: socket.socket) -> None:
        listener = self.listeners[number]
        process = Process(broker_node(number), listener.disk, self._broker_maker(listener), self._answerer(listener))
        is_first = process.id not in self.driver.processes
        self._tell(world.NodeStarted(process.id) if is_first else world.NodeRestarted(process.id))
        self.driver.start(process)
        assert isinstance(process.node, Broker), f"{process.id} did not start"
        view = View(process.node.metadata.image, self.cluster_id)
        listener.frontend = Frontend(
            process.id,
            lambda: view,
            self.config.transaction_version,
            self.network,
            self._clients,
            FetchSessions(self.driver.now, Random(uuid.uuid4().int)),
            self.driver.accept,
            lambda client: self.driver.disconnected(process.id, client),
        )
        listener.frontend.traffic = Traffic() if self.counts_traffic else None
        loop = asyncio.get_running_loop()
        listener.accepting = await loop.create_server(listener.frontend.new_connection, sock=bound, backlog=BACKLOG)

    def _broker_maker(self, listener: Listener) -> Callable[[Disk], Broker]:
        def make(disk: Disk) -> Broker:
            config = settings_of(listener.broker_id, self.config, self.racks)
            rack = config.broker_rack or None
            return Broker(listener.broker_id, self.voters, config, disk, uuid.uuid4().hex, listener.endpoint, rack)

        return make

    def _controller_maker(self, node: NodeId) -> Callable[[Disk], Controller]:
        def make(disk: Disk) -> Controller:
            return Controller(node, self.voters, self.config, disk, Random(uuid.uuid4().int).random)

        return make

    def _disk(self, node: NodeId) -> Disk:
        return MemoryDisk() if self.directory is None else self.directory.disk(node)

    def _answerer(self, listener: Listener) -> Callable[[Envelope], None]:
        def answer(envelope: Envelope) -> None:
            if listener.frontend is not None:
                listener.frontend.answer(envelope)

        return answer

    def _died(self, node: NodeId) -> None:
        listener = next((one for one in self.listeners.values() if broker_node(one.broker_id) == node), None)
        if listener is None or listener.frontend is None or listener.accepting is None:
            return
        self._tell(world.NodeCrashed(node, power_lost=False))
        listener.accepting.close()
        listener.frontend.abort()
        listener.frontend = listener.accepting = None

    # --- readiness ---

    def _sees_all(self, number: BrokerId) -> bool:
        """Whether this broker has read that all are alive, and each in its present life."""
        broker = self.driver.processes[broker_node(number)].node
        return isinstance(broker, Broker) and all(self._is_known(other, broker) for other in self.listeners)

    def _is_known(self, number: BrokerId, to: Broker) -> bool:
        broker, known = self.driver.processes[broker_node(number)].node, to.metadata.image.brokers.get(number)
        if known is None or not isinstance(broker, Broker):
            return False
        return known.is_active and known.broker_epoch == broker.lifecycle.broker_epoch

    async def _wait(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
        while not condition():
            if self.failures or asyncio.get_running_loop().time() > deadline:
                await self.stop()
                failure = next(iter(self.failures), None)
                if isinstance(failure, StorageError):
                    raise ServeError(f"{complaint}: {str(failure).removesuffix('.')}.")
                raise ServeError(f"{complaint} within {READY_WITHIN_S} s.") from failure
            await asyncio.sleep(0.005)


def _to_nobody(envelope: Envelope) -> None:
    message: Message = envelope.message
    raise AssertionError(f"{type(message).__name__} for {envelope.destination}, who does not exist")
