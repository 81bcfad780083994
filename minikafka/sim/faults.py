"""What can go wrong, as verbs: each is one fault, so that faults can be counted.

`cut(1, "controllers")` parts broker 1 from the controllers only, `cut(1, "brokers")` from the other brokers only,
`cut(1, 2)` from broker 2. `slow(1, 2, 500)` makes a link slower by so many ms, `delay("FetchRequest", 500)` one kind of
message. `crash` keeps the page cache, `power_loss` does not; `tear` and `flip` are power losses that leave half of the
last write, or a wrong bit in what was not durable yet. `slow_disk(1)` makes each write take a while, and `lie(1)` each
flush do nothing. `heal`, `restart`, `resume`, `free_disk`, `fast_disk`, `stop_lying` and waiting mend, and are no
faults.
"""

from __future__ import annotations

from typing import Any

from minikafka.config import unknown_name
from minikafka.sim import disk_faults
from minikafka.sim.simulation import Simulation
from minikafka.types import BrokerId, NodeId, broker_node

FAULTS = (
    "crash", "power_loss", "tear", "flip", "pause", "cut", "disconnect", "slow", "delay", "fill_disk", "slow_disk",
    "lie", "shut_down",
)  # fmt: skip
MENDS = ("restart", "resume", "heal", "free_disk", "fast_disk", "stop_lying")
VERBS = FAULTS + MENDS


class FaultError(ValueError):
    """A verb that is unknown, or impossible now; the message is one sentence."""


def strike(sim: Simulation, verb: str, *arguments: Any, **options: Any) -> None:
    """Carry out one verb. Raises `FaultError` for a broker that does not exist, or one that is down already."""
    match verb, arguments:
        case "heal", ():
            sim.heal()
        case "crash", (broker,):
            sim.crash(_in_state(sim, broker, up=True))
        case "power_loss" | "tear" | "flip", (broker,):
            sim.crash(_in_state(sim, broker, up=True), power_lost=True, damage=disk_faults.DAMAGES[verb])
        case "restart", (broker,):
            sim.restart(_in_state(sim, broker, up=False))
        case "shut_down", (broker,):
            sim.shut_down(_in_state(sim, broker, up=True))
        case "pause" | "resume", (broker,):
            _pause_or_resume(sim, verb, _in_state(sim, broker, up=True))
        case "cut", (broker, other):
            sim.cut(_node(sim, broker), _others(sim, broker, other))
        case "slow", (one, other, extra_ms):
            sim.slow(_node(sim, one), _node(sim, other), int(extra_ms))
        case "delay", (str(kind), extra_ms):
            sim.delay(kind, int(extra_ms))
        case "disconnect", (one, other):
            sim.disconnect(_node(sim, one), _node(sim, other), int(options.get("late_ms", -1)))
        case "fill_disk" | "free_disk", (broker,):
            disk_faults.fill(sim, _node(sim, broker), full=verb == "fill_disk")
        case "slow_disk", (broker,):
            disk_faults.slow(sim, _node(sim, broker), int(options.get("write_ms", disk_faults.SLOW_MS)))
        case "fast_disk", (broker,):
            disk_faults.slow(sim, _node(sim, broker), 0)
        case "lie" | "stop_lying", (broker,):
            disk_faults.lie(sim, _node(sim, broker), lying=verb == "lie")
        case _:
            if verb in VERBS:
                raise FaultError(f"{verb} does not take {len(arguments)} arguments: {', '.join(map(str, arguments))}.")
            raise FaultError(unknown_name("fault verb", verb, list(VERBS)))


def _pause_or_resume(sim: Simulation, verb: str, node: NodeId) -> None:
    paused = sim.machines[node].paused
    if paused == (verb == "pause"):
        raise FaultError(f"{node} is {'paused already' if paused else 'not paused'}.")
    if verb == "pause":
        sim.pause(node)
    else:
        sim.resume(node)


def _node(sim: Simulation, broker: BrokerId | NodeId) -> NodeId:
    node = broker_node(broker) if isinstance(broker, int) else broker
    if node not in sim.machines:
        raise FaultError(f"There is no {node}. There are brokers {', '.join(map(str, sim.broker_ids))}.")
    return node


def _in_state(sim: Simulation, broker: BrokerId | NodeId, up: bool) -> NodeId:
    node = _node(sim, broker)
    if (sim.machines[node].node is not None) != up:
        raise FaultError(f"{node} is {'down' if up else 'running'} already.")
    return node


def _others(sim: Simulation, broker: BrokerId, other: BrokerId | str) -> list[NodeId]:
    if other == "controllers":
        return list(sim.controllers)
    if other == "brokers":
        return [broker_node(one) for one in sim.broker_ids if one != broker]
    return [_node(sim, other)]
