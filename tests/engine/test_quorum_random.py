"""Quorums of three and five under random crashes, cuts, pauses and power losses: one leader an epoch, one past for all.

Each seed is a short life of a small cluster. Looked at after every step, and once more when everything is well again.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from minikafka.config import ServerConfig
from minikafka.metadata import snapshot
from minikafka.protocol import facts
from minikafka.sim import faults
from minikafka.sim.simulation import Simulation
from minikafka.types import METADATA_PARTITION

SEEDS = 300
PARTS = 6
LIFE_MS = 16_000
WELL_WITHIN_MS = 30_000


class Watch:
    """Promises I15 and I16 as this test sees them, with a count of how often there was something to judge."""

    def __init__(self) -> None:
        self.leaders: dict[int, str] = {}
        self.epochs: dict[str, int] = {}
        self.committed: dict[int, bytes] = {}
        self.looked: dict[str, int] = {}
        self.premises: Counter[str] = Counter()

    def __call__(self, sim, told):
        for _, node, fact in told:
            match fact:
                case facts.QuorumStateChanged():
                    self.epoch_changed(node, fact)
                case facts.HighWatermarkMoved(partition=partition) if partition == METADATA_PARTITION:
                    self.committed_on(sim, node, fact.high_watermark)
                case facts.NodeCrashed():
                    self.looked.pop(fact.node, None)

    def epoch_changed(self, node, fact):
        assert fact.epoch >= self.epochs.get(node, 0), f"{node} falls back to epoch {fact.epoch}"
        self.epochs[node] = fact.epoch
        if fact.state == "leader":
            self.premises["elections"] += 1
            assert self.leaders.setdefault(fact.epoch, node) == node, f"two leaders in epoch {fact.epoch}"

    def committed_on(self, sim, node, mark):
        process = sim.process(node)
        log = process.voter.log.log if node.startswith("controller") else process.metadata.log
        for batch in log.batches(max(self.looked.get(node, 0), log.log_start_offset)):
            if batch.next_offset > mark:
                break
            known = self.committed.setdefault(batch.base_offset, batch.data)
            assert known == batch.data, f"{node} has committed something else at {batch.base_offset}"
            self.premises["batches compared"] += known is not batch.data
        self.looked[node] = mark


def strike(sim: Simulation, random: Random) -> str:
    """One fault, or one that mends."""
    nodes = [*sim.controllers, "broker-1"]
    node = random.choice(nodes)
    down = sim.process(node) is None
    if down or random.random() < 0.2:
        verb = "restart" if down else "heal"
    else:
        verb = random.choice(["crash", "power_loss", "cut", "cut", "cut_off", "pause", "disconnect", "shut_down"])
    match verb:
        case "heal":
            faults.strike(sim, "heal")
        case "cut" | "disconnect":
            faults.strike(sim, verb, node, random.choice([other for other in nodes if other != node]))
        case "cut_off":
            faults.strike(sim, "cut", node, "controllers")
        case "pause":
            faults.strike(sim, "resume" if sim.machines[node].paused else "pause", node)
        case _:
            faults.strike(sim, verb, node)
    return verb


def mend(sim: Simulation) -> None:
    faults.strike(sim, "heal")
    sim.end_shutdowns()
    for node in [*sim.controllers, "broker-1"]:
        if sim.process(node) is None:
            faults.strike(sim, "restart", node)
        elif sim.machines[node].paused:
            faults.strike(sim, "resume", node)


def live(seed: int) -> tuple[Watch, Counter[str]]:
    random = Random(f"quorum life {seed}")
    small = ServerConfig(metadata_log_max_record_bytes_between_snapshots=random.choice([300, 1_000, 1_000_000]))
    sim = Simulation(seed, brokers=1, controllers=random.choice([3, 5]), config=small)
    watch, struck = Watch(), Counter()
    sim.watchers.append(watch)
    sim.run_for(random.choice([500, 2_000, 4_000]))
    while sim.now < LIFE_MS:
        struck[strike(sim, random)] += 1
        sim.run_for(random.choice([3, 50, 300, 1_000, 3_000]))
    mend(sim)
    assert sim.run_until(lambda: is_well(sim), WELL_WITHIN_MS), f"seed {seed}: not well after {WELL_WITHIN_MS} ms"
    struck["snapshots loaded"] += sum(isinstance(fact, facts.SnapshotLoaded) for _, _, fact in sim.recorder.told)
    images = [sim.process(node).image for node in sim.controllers]
    for image in [*images, sim.process("broker-1").metadata.image]:
        assert vars(image) == vars(images[0])
        assert vars(snapshot.image_of(snapshot.bytes_of(image, 0), image.next_offset)) == vars(image)
    return watch, struck


def is_well(sim: Simulation) -> bool:
    """One active controller, the broker alive, and everybody with the same past."""
    active = sim.active_controller()
    if active is None or not active.is_active or not active.image.is_active(1):
        return False
    images = [*(sim.process(node).image for node in sim.controllers), sim.process("broker-1").metadata.image]
    return len({image.next_offset for image in images}) == 1


@pytest.mark.parametrize("part", range(PARTS))
def test_one_leader_in_each_epoch_and_one_committed_past_whatever_happens(part):
    premises, struck = Counter(), Counter()
    for seed in range(part, SEEDS, PARTS):
        watch, faults_seen = live(seed)
        premises += watch.premises
        struck += faults_seen
    assert premises["elections"] > SEEDS / PARTS
    assert premises["batches compared"] > SEEDS / PARTS
    assert min(struck[kind] for kind in ("crash", "power_loss", "cut", "pause", "shut_down", "snapshots loaded")) > 0


def test_the_same_seed_is_the_same_life():
    def digest(seed):
        sim = Simulation(seed, brokers=2, controllers=3)
        sim.run_for(3_000)
        faults.strike(sim, "crash", sim.active_controller().id)
        sim.run_for(9_000)
        return sim.recorder.trace().digest()

    assert digest(5) == digest(5) != digest(6)
