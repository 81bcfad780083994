"""What can be done to a running cluster from outside: the words of `minikafka fault`, and how each node stands.

    minikafka fault crash 2     kill -9: connections break, the disk stays as it is
    minikafka fault restart 2   on its old port and disk
    minikafka fault pause 2     SIGSTOP: it stands still, and nobody is told
    minikafka fault resume 2    SIGCONT
    minikafka fault cut 2       nothing passes between it and other nodes, though clients reach it
    minikafka fault heal 2      what waited arrives now

- The same words do the same to a cluster in one process and to one of processes; only `cut` and `heal` need all nodes
  in one process, where messages pass through our hands.
- What makes no sense now (to crash a broker that is down) is refused in one sentence, and nothing happens.

What we leave out: controllers, which may be killed by their process id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from minikafka.types import BrokerId, NodeId, broker_node

UP, PAUSED, DOWN, CUT_OFF = "up", "paused", "down", "cut off"
MAKES_SENSE = {
    "crash": (UP, PAUSED, CUT_OFF),
    "restart": (DOWN,),
    "pause": (UP, CUT_OFF),
    "resume": (PAUSED,),
    "cut": (UP, PAUSED),
    "heal": (CUT_OFF,),
}
"""Each word, and how a broker must stand for it."""


class Refused(ValueError):
    """Nothing was done; the message is one sentence."""


class Standing(NamedTuple):
    """One node as `minikafka status` shows it."""

    node: NodeId
    address: str
    """HOST:PORT; empty for a controller that has no port."""
    state: str
    pid: int | None
    """None: there is no process."""


class Cluster(Protocol):
    """`Server` and `Processes`."""

    def standings(self) -> list[Standing]:
        """How every node stands."""
        ...

    def crash(self, broker_id: BrokerId) -> None:
        """Kill -9."""
        ...

    async def restart(self, broker_id: BrokerId) -> None:
        """Start a broker that is down."""
        ...

    def pause(self, broker_id: BrokerId) -> None:
        """SIGSTOP."""
        ...

    def resume(self, broker_id: BrokerId) -> None:
        """SIGCONT."""
        ...


def check(standings: Sequence[Standing], verb: str, broker: BrokerId, one_process: bool) -> None:
    """Does it make sense now? Raises `Refused`."""
    if verb not in MAKES_SENSE:
        raise Refused(f"There is no fault {verb!r}; there are {', '.join(MAKES_SENSE)}.")
    states = {one.node: one.state for one in standings}
    if broker_node(broker) not in states:
        raise Refused(f"There is no broker {broker}.")
    if verb in ("cut", "heal") and not one_process:
        raise Refused(f"With --processes no message passes through our hands, so there is no {verb}.")
    state = states[broker_node(broker)]
    if state not in MAKES_SENSE[verb]:
        raise Refused(f"Broker {broker} is {state}, so {verb} makes no sense.")


async def inflict(cluster: Cluster, verb: str, broker: BrokerId) -> str:
    """Do it, and say so in one sentence. Raises `Refused`, and `ServeError` for a broker that does not start."""
    check(cluster.standings(), verb, broker, hasattr(cluster, "cut"))
    if verb == "restart":
        await cluster.restart(broker)
    else:
        getattr(cluster, verb)(broker)
    state = next(one.state for one in cluster.standings() if one.node == broker_node(broker))
    return f"{verb}: broker {broker} is {state}."
