"""Disks that fail: full, slow, lying; and power that goes at the worst moment.

A slow disk makes its process wait: what the process sends in a step leaves when its writes are done, and what arrives
meanwhile waits. The other faults act on the disk alone (`disk.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.protocol import facts
from minikafka.sim.disk import SimulatedDisk
from minikafka.types import Millis, NodeId

if TYPE_CHECKING:
    from minikafka.sim.simulation import Machine, Simulation

SLOW_MS: Millis = 100
"""How long each write of a slow disk takes, if nothing else is said."""
DAMAGES = {"power_loss": "", "tear": "torn", "flip": "flipped"}
"""Verbs that cut the power, and what is wrong with the newest log afterwards."""


def fill(sim: Simulation, node: NodeId, full: bool = True) -> None:
    """The disk takes no more bytes, or takes them again."""
    disk = disk_of(sim, node)
    name = "fill_disk" if full else "free_disk"
    sim.fault(name, [facts.DiskFilled(node, full)], lambda: setattr(disk, "full", full))


def slow(sim: Simulation, node: NodeId, write_ms: Millis) -> None:
    """Each write takes so long from now on; 0: no time again."""
    disk = disk_of(sim, node)
    sim.disks_take_time = sim.disks_take_time or write_ms > 0
    name = "slow_disk" if write_ms else "fast_disk"
    sim.fault(name, [facts.DiskSlowed(node, write_ms)], lambda: setattr(disk, "write_ms", write_ms))


def lie(sim: Simulation, node: NodeId, lying: bool = True) -> None:
    """Flushes return and do nothing, or do what they say again."""
    disk = disk_of(sim, node)
    sim.fault("lie" if lying else "stop_lying", [facts.DiskLies(node, lying)], lambda: disk.lie(lying))


def mend(sim: Simulation, node: NodeId) -> None:
    """Undo what is wrong with a disk."""
    disk = disk_of(sim, node)
    if disk.full:
        fill(sim, node, full=False)
    if disk.write_ms:
        slow(sim, node, 0)
    if disk.lying:
        lie(sim, node, lying=False)


def lose_page_cache(sim: Simulation, node: NodeId, damage: str) -> list[facts.Fact]:
    """The power of a machine goes, in the step that is happening. What is to be told of its disk."""
    damaged = disk_of(sim, node).lose_page_cache(damage, sim.random(f"disk/{sim.recorder.step}"))
    return [facts.DiskDamaged(node, damage, damaged)] if damaged else []


def time_taken(machine: Machine) -> Millis:
    """How long the process must wait for the writes of this step."""
    return machine.disk.time_taken() if machine.disk is not None else 0


def disk_of(sim: Simulation, node: NodeId) -> SimulatedDisk:
    """The disk of a machine that has one."""
    disk = sim.machines[node].disk
    assert disk is not None, f"{node} has no disk"
    return disk
