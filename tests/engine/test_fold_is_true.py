"""A trace says enough: folding its facts gives what the real nodes hold, after every step that states something."""

from __future__ import annotations

from random import Random

import pytest

from minikafka.broker.broker import Broker
from minikafka.sim import schedule as schedules
from minikafka.sim.checkers import all_checkers
from minikafka.sim.drawing import random_schedule
from minikafka.sim.schedule import Setup, mend, play, schedule, start
from minikafka.trace import fold


def reality(sim, partition):
    """What the stage shows, read off the nodes themselves."""
    brokers = {}
    for node, machine in sim.machines.items():
        if isinstance(machine.node, Broker):
            replayed = machine.node.metadata.image.next_offset
            # Until a new process has replayed anything, the stage shows how far the former one had come.
            brokers[node] = {"metadata": replayed} if replayed else {}
            replica = machine.node.replicas.partitions.get(partition)
            if replica is not None:
                brokers[node] |= replica_state(replica, machine.node)
    image = sim.active_controller().image
    return {
        "brokers": brokers,
        "partition": registered(image.partition(partition)),
        "fenced": {f"broker-{one.broker_id}": one.fenced for one in image.brokers.values()},
        "cuts": sorted(map(list, sim.network.cuts)),
    }


def replica_state(replica, broker):
    log = replica.log
    waiting = [
        (parked.envelope.source, last + 1)
        for parked in broker.replicas.purgatory.produces
        for name, last in parked.waiting.items()
        if name == replica.name
    ]
    state = {
        "cells": [
            [record.offset, batch.leader_epoch, None, record.value.decode()]
            for batch in log.batches()
            for record in batch.records()
        ],
        "high_watermark": log.high_watermark,
        "end": log.log_end_offset,
        "log_start": log.log_start_offset,
        "role": replica.role.value,
        "leader_epoch": replica.leader_epoch,
    }
    if replica.is_leader:
        state |= {
            "isr": sorted(replica.isr),
            "epoch_start": replica.epoch_start_offset,
            "proposed": sorted(replica.proposal.isr) if replica.proposal else None,
            "progress": {
                str(follower): known.log_end_offset
                for follower, known in replica.followers.items()
                if known.log_end_offset >= 0
            },
            "waiting": sorted(waiting),
        }
    return state


def registered(partition):
    taken = ("leader", "leader_epoch", "partition_epoch", "recovering")
    return {name: getattr(partition, name) for name in taken} | {
        "isr": sorted(partition.isr), "elr": sorted(partition.elr),
    }  # fmt: skip


def folded(state, name, real):
    """The same, read off the fold, for what `real` has."""
    brokers = {}
    for node, there in real["brokers"].items():
        replica = dict(state["replicas"][name][node])
        replica["isr"] = sorted(replica["isr"])
        replica["waiting"] = sorted((one["client"], one["needs"]) for one in replica["parked"])
        replica["metadata"] = state["nodes"][node]["metadata"]
        replica["proposed"] = replica["proposed"] and sorted(replica["proposed"])
        brokers[node] = {field: replica[field] for field in there}
    known = state["partitions"][name]
    return {
        "brokers": brokers,
        "partition": {field: sorted(known[field]) if field in ("isr", "elr") else known[field]
                      for field in real["partition"]},
        "fenced": {node: state["nodes"][node]["fenced"] for node in real["fenced"]},
        "cuts": sorted(map(sorted, state["cuts"])),
    }  # fmt: skip


def assert_fold_is_reality(setup, lines, monkeypatch):
    seen = {}

    def look(sim, told):
        seen[sim.recorder.step] = reality(sim, setup.partition)

    def start_and_look(setup):
        run = start(setup)
        run.sim.watchers.append(look)
        return run

    monkeypatch.setattr(schedules, "start", start_and_look)
    run = play(setup, lines, all_checkers(), settle=False, inspect=mend)
    schedules.go_on_until(run, run.sim.now + 20_000)
    compared = 0
    for step, state in fold.states(run.trace()):
        if step in seen:
            assert folded(state, str(setup.partition), seen[step]) == seen[step], f"after step {step}"
            compared += 1
    assert compared > 30


@pytest.mark.parametrize("seed", range(12))
def test_the_fold_is_what_the_nodes_hold(seed, monkeypatch):
    setup = Setup(seed=seed)
    lines = random_schedule(Random(f"fold/{seed}"), setup, sends=6, faults=6)
    assert_fold_is_reality(setup, lines, monkeypatch)


def test_a_log_that_went_with_the_power_is_gone_from_the_picture(monkeypatch):
    lines = schedule((0, "send", "a"), (1_000, "power_loss", 2), (1_100, "restart", 2))
    assert_fold_is_reality(Setup(), lines, monkeypatch)
