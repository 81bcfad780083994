"""`minikafka serve --processes`: each broker and each controller is a process of the operating system.

    minikafka serve --processes          pid 4001   holds the ports, starts the others, passes no message on
      ├─ controller-1                    pid 4002   127.0.0.1:41873
      ├─ broker-1                        pid 4003   127.0.0.1:9092
      ├─ broker-2                        pid 4004   127.0.0.1:9093      kill -9 4004 is what it says
      └─ broker-3                        pid 4005   127.0.0.1:9094

The problem: in one process nothing can be killed but everything. The idea: the same nodes, each with its own process,
port and disk, and Kafka's own requests between them.

- The parent holds every port (SO_REUSEPORT) without listening, so nobody else gets it while its child is down, and
  whoever connects then is refused.
- Controllers start first; the cluster is ready when every broker has read that every broker is alive, each in its
  present life.
- A child that has ended is not started again by itself: that is for whoever killed it to see.

What we leave out: Windows, which cannot share a port like this.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from minikafka.config import ConfigError
from minikafka.protocol.facts import Fact, world
from minikafka.server import faults
from minikafka.server.child import Spec, shared_port
from minikafka.server.host import LEAVE_WITHIN_S, ServeError, for_few_brokers, split_settings
from minikafka.server.os_disk import DataDirectory
from minikafka.server.reel import Reel
from minikafka.server.shape import LOOPBACK, RACK, check_racks, check_shape
from minikafka.server.tape import Tape
from minikafka.types import BrokerId, NodeId, broker_node, controller_node, number_of

LOOK_EVERY_S = 0.01
READY_WITHIN_S = 60
"""Longer than in one process: each child reads the whole program first."""
LONGEST_LINE = 1 << 26
"""What a child may say at once: all that it did in a hundredth of a second."""
GRACE_S = 2
"""For a child that is leaving, beyond what it grants itself."""

log = logging.getLogger(__name__)


class NodeProcess:
    """One child as its parent knows it."""

    def __init__(self, node: NodeId, held: socket.socket, reel: Reel | None = None) -> None:
        self.node = node
        self.reel = reel
        self.tape = None if reel is None else Tape(lambda entry: reel.put(node, [entry]), lambda _: None)
        """For what the parent knows: that a process has started, stands still, has ended."""
        self.held = held
        self.address: tuple[str, int] = held.getsockname()[:2]
        self.running: asyncio.subprocess.Process | None = None
        self.is_paused = False
        self.is_killed = False
        self.standing: dict[str, Any] = {}
        """What it has said last; empty until it listens."""
        self.watching: asyncio.Task[None] | None = None
        self.starts = 0

    @property
    def is_up(self) -> bool:
        """Is there a process?"""
        return self.running is not None and self.running.returncode is None and not self.is_killed

    @property
    def process(self) -> str:
        """This life of the node."""
        return f"{self.node}/{self.starts}"

    @property
    def pid(self) -> int | None:
        """Its number, while there is one."""
        return self.running.pid if self.running is not None and self.is_up else None

    async def start(self, spec: Spec, inherited: int) -> None:
        """Start the program. When it listens it says so by its first line."""
        assert not self.is_up, f"{self.node} is running"
        self.standing, self.is_paused, self.is_killed = {}, False, False
        self.running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "minikafka.server.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[inherited],
            limit=LONGEST_LINE,
            process_group=0,  # Ctrl-C in a terminal is for the parent alone
        )
        assert self.running.stdin is not None, "a pipe"
        self.running.stdin.write(spec.to_line())
        self.watching = asyncio.get_running_loop().create_task(self._watch(self.running))

    async def _watch(self, running: asyncio.subprocess.Process) -> None:
        assert running.stdout is not None, "a pipe"
        self._tell(world.NodeRestarted(self.node) if self.starts else world.NodeStarted(self.node))
        self.starts += 1
        async for line in running.stdout:
            said = json.loads(line)
            if "taped" not in said:
                self.standing = said
            elif self.reel is not None:
                self.reel.hear(self.process, said["taped"], said["up_to"])
                self.reel.settle()
        code = await running.wait()
        self.standing = {}
        if self.reel is not None:
            self.reel.gone(self.process)
        self._tell(world.NodeCrashed(self.node, power_lost=False))
        log.info("%s (pid %d) has ended: %s", self.node, running.pid, _how(code))

    def _tell(self, fact: Fact) -> None:
        if self.tape is not None:
            self.tape.world(fact)

    def signal(self, number: int) -> None:
        """Send a signal, if there is a process."""
        if self.running is not None and self.running.returncode is None:
            self.running.send_signal(number)

    def kill(self) -> None:
        """SIGKILL. From now on it counts as down, though the system may take a moment to bury it."""
        self.signal(signal.SIGKILL)
        self.is_killed = True

    def pause(self) -> None:
        """SIGSTOP."""
        self.signal(signal.SIGSTOP)
        self.is_paused = self.is_up
        if self.reel is not None:
            self.reel.gone(self.process)
        self._tell(world.NodePaused(self.node))

    def resume(self) -> None:
        """SIGCONT."""
        self._tell(world.NodeResumed(self.node))
        self.signal(signal.SIGCONT)
        self.is_paused = False

    async def gone(self) -> None:
        """Wait until it has ended; after a while it is made to."""
        if self.running is None:
            return
        try:
            await asyncio.wait_for(self.running.wait(), LEAVE_WITHIN_S + GRACE_S)
        except TimeoutError:
            log.warning("%s does not end by itself", self.node)
            self.signal(signal.SIGKILL)
            await self.running.wait()
        if self.watching is not None:
            await self.watching


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


class Processes:
    """A cluster of which every node is a process. The same doors as `Server`."""

    def __init__(
        self,
        brokers: int = 3,
        controllers: int = 1,
        listen: str = LOOPBACK,
        ports: Sequence[int] = (),
        config: Mapping[str, Any] | None = None,
        data_dir: Path | None = None,
        racks: Sequence[str] = (),
        advertise: str = "",
    ) -> None:
        """Without `data_dir` all is kept in a directory that goes when the server does.

        Raises `ConfigError` for settings that do not work, and `DirectoryError` for a directory that does not.
        """
        if not hasattr(socket, "SO_REUSEPORT"):
            raise ConfigError("This system cannot share a port, which --processes needs.")
        self.listen = listen
        self.ports = check_shape(brokers, controllers, ports, listen, advertise)
        check_racks(brokers, racks, config or {})
        self.racks = tuple(racks)
        self.advertise = advertise
        self.settings = for_few_brokers(brokers) | dict(config or {})
        split_settings(self.settings)
        self._passing = tempfile.TemporaryDirectory(prefix="minikafka-")
        """For what nobody wants kept."""
        self.directory = DataDirectory(data_dir or Path(self._passing.name))
        self.voters = [controller_node(number) for number in range(1, controllers + 1)]
        self.brokers = [broker_node(number) for number in range(1, brokers + 1)]
        self.nodes: dict[NodeId, NodeProcess] = {}
        self.json_logs = False
        self.reel: Reel | None = None

    def record(self, reel: Reel) -> None:
        """All that happens goes into this run; to be called before `start`."""
        self.reel = reel

    @property
    def bootstrap_servers(self) -> str:
        """`HOST:PORT,HOST:PORT,…`, what clients start from."""
        places = (self.nodes[node].address for node in self.brokers)
        return ",".join(f"{self.advertise or host}:{port}" for host, port in places)

    @property
    def failures(self) -> list[Exception]:
        """Nodes that a bug has ended; empty while all is well."""
        codes = {node: one.running.returncode or 0 for node, one in self.nodes.items() if one.running is not None}
        return [ServeError(f"{node} ended with exit code {code}.") for node, code in codes.items() if code > 0]

    async def start(self) -> None:
        """Take the ports, start controllers, then brokers, and wait until all are ready. Raises `ServeError`."""
        try:
            for node, port in zip(self.brokers, self.ports, strict=True):
                self.nodes[node] = NodeProcess(node, _hold((self.listen, port)), self.reel)
            for node in self.voters:
                self.nodes[node] = NodeProcess(node, _hold((LOOPBACK, 0)), self.reel)
            for kind, what in ((self.voters, "The controllers"), (self.brokers, "The brokers")):
                for node in kind:
                    await self._start(node)
                await self._wait(lambda kind=kind: all(self.nodes[node].standing for node in kind), what)  # type: ignore[misc]
            await self._wait(self._is_ready, "The brokers")
        except ServeError:
            await self.stop()
            raise

    async def shut_down(self) -> None:
        """Stop in order: one broker after the other hands its leaderships over and goes; then the controllers."""
        for node in [*self.brokers, *self.voters]:
            await self._leave(node)
        await self.stop()

    async def stop(self) -> None:
        """Make an end of every process and give the ports back."""
        for one in self.nodes.values():
            one.signal(signal.SIGKILL)
        for one in self.nodes.values():
            await one.gone()
            one.held.close()
        self.directory.close()
        self._passing.cleanup()

    # --- faults ---

    def crash(self, broker_id: BrokerId) -> None:
        """Kill -9."""
        self.nodes[broker_node(broker_id)].kill()

    async def restart(self, broker_id: BrokerId) -> None:
        """Start a broker that is down, on its old port and disk; over when it listens. Raises `ServeError`."""
        one = self.nodes[broker_node(broker_id)]
        if one.watching is not None:
            await one.watching
        await self._start(one.node)
        await self._wait(lambda: bool(one.standing), one.node)

    def pause(self, broker_id: BrokerId) -> None:
        """SIGSTOP."""
        self.nodes[broker_node(broker_id)].pause()

    def resume(self, broker_id: BrokerId) -> None:
        """SIGCONT."""
        self.nodes[broker_node(broker_id)].resume()

    async def leave(self, broker_id: BrokerId) -> None:
        """SIGTERM: the broker hands its leaderships over, says goodbye, and goes."""
        await self._leave(broker_node(broker_id))

    def standings(self) -> list[faults.Standing]:
        """How every node stands."""
        found = []
        for node in [*self.voters, *self.brokers]:
            one = self.nodes[node]
            state = faults.PAUSED if one.is_paused else faults.UP
            address = "{}:{}".format(*one.address)
            found.append(faults.Standing(node, address, state if one.is_up else faults.DOWN, one.pid))
        return found

    # --- children ---

    async def _start(self, node: NodeId) -> None:
        addresses = {name: one.address for name, one in self.nodes.items()}
        where = str(self.directory.root.resolve())
        settings = dict(self.settings)
        if self.racks and node in self.brokers:
            settings[RACK] = self.racks[number_of(node) - 1]
        cluster_id = self.directory.cluster_id
        how = (self.json_logs, self.advertise, self.reel is not None)
        spec = Spec(node, self.voters, addresses, cluster_id, settings, where, *how)
        await self.nodes[node].start(spec, self.directory.lock_number)

    async def _leave(self, node: NodeId) -> None:
        one = self.nodes[node]
        one.signal(signal.SIGCONT)  # who stands still hears no SIGTERM
        one.signal(signal.SIGTERM)
        await one.gone()

    def _is_ready(self) -> bool:
        standings = [self.nodes[node].standing for node in self.brokers]
        if not all(standings):
            return False
        lives = [[number, standing["epoch"]] for number, standing in enumerate(standings, 1)]
        return all(standing["sees"] == lives for standing in standings)

    async def _wait(self, condition: Callable[[], bool], who: str) -> None:
        deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
        while not condition():
            ended = [node for node, one in self.nodes.items() if one.running is not None and not one.is_up]
            if ended:
                raise ServeError(f"{who} did not start: {ended[0]} has ended, and has said above why.")
            if asyncio.get_running_loop().time() > deadline:
                raise ServeError(f"{who} did not start within {READY_WITHIN_S} s.")
            await asyncio.sleep(LOOK_EVERY_S)


def _hold(address: tuple[str, int]) -> socket.socket:
    """Take a port for our children. Raises `ServeError` when somebody else has it, even if he would share it."""
    host, port = address
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
        return shared_port(address)
    except OSError as taken:
        raise ServeError(f"Cannot listen on {host}:{port}: {taken.strerror}.") from None
