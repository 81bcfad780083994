"""Raft's figure 8: a record of an older epoch is on a majority, and is not committed for that."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World

LOG = "__cluster_metadata-0"
OLD, HELPER = "controller-1", "controller-2"
# Each crash has to come within the few milliseconds between a leader's election and its first copies.
UNTIL_3_LEADS_MS, UNTIL_4_COPIES_MS = 2_769, 1_091


def play(world: World) -> None:
    """Controller 1 writes on two of five and dies; 3 leads for a moment; the old record spreads, and is cut."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    for other in ("controller-3", "controller-4", "controller-5"):
        world.strike("cut", OLD, other)
    world.strike("shut_down", 3)
    world.wait(60)
    world.strike("crash", OLD)
    world.strike("crash", HELPER)
    world.strike("heal")
    world.wait(UNTIL_3_LEADS_MS)
    world.strike("crash", "controller-3")
    world.strike("restart", OLD)
    world.strike("restart", HELPER)
    world.wait(UNTIL_4_COPIES_MS)
    world.strike("crash", OLD)
    world.strike("crash", HELPER)
    world.strike("restart", "controller-3")
    world.wait(15_000)
    world.strike("restart", OLD)
    world.strike("restart", HELPER)
    world.wait(15_000)


SCENARIO = Scenario(
    id="09_figure_8",
    title="Raft's figure 8",
    moral="A record of an older epoch may be on a majority and still be cut: what counts is one of the leader's own.",
    play=play,
    settings={"replica.fetch.max.bytes": "1"},
    controllers=5,
    seed=1,
    scenes=(
        Scene(
            "Controller 1 writes two records in epoch 1", "RecordsAppended", "controller-1",
            {"partition": LOG, "base_offset": 10, "as_leader": True},
        ),
        Scene("They are on two of five", "RecordsAppended", "controller-2", {"partition": LOG, "base_offset": 10}),
        Scene(
            "Controller 3 leads epoch 3, writes at offset 10 too, and dies", "RecordsAppended", "controller-3",
            {"partition": LOG, "base_offset": 10, "as_leader": True},
        ),
        Scene(
            "Controller 2 leads epoch 4: its log is the longest", "QuorumStateChanged", "controller-2",
            {"state": "leader", "epoch": 4},
        ),
        Scene(
            "The old records are on three of five, and do not count", "RecordsAppended", "controller-4",
            {"partition": LOG, "base_offset": 10},
        ),
        Scene(
            "Controller 3 leads epoch 5: its last record is newer", "QuorumStateChanged", "controller-3",
            {"state": "leader", "epoch": 5},
        ),
        Scene("The old records are cut", "LogTruncated", "controller-4", {"partition": LOG, "to_offset": 10}),
        Scene(
            "A record of epoch 5 is on a majority: now it counts", "HighWatermarkMoved", "controller-3",
            {"partition": LOG, "as_leader": True},
        ),
    ),
    promises=("I15", "I16"),
    lesson=9,
)  # fmt: skip
