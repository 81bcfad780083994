"""Two brokers lead in turn, each alone: their logs have epochs that the other has never heard of (KIP-279)."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Brokers 2 and 3 lead epochs 1 to 4 in turn, and each writes for itself."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    first = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    first.produce("orders", value="m0")
    world.wait(700)
    world.strike("crash", 1)
    world.strike("cut", 2, 3)
    lead(world, 2, "m1")
    world.strike("cut", 2, "controllers")
    lead(world, 3, "m2")
    world.strike("heal")
    world.strike("cut", 2, 3)
    world.strike("cut", 3, "controllers")
    lead(world, 2, "m3")
    world.strike("heal")
    world.strike("cut", 2, 3)
    world.strike("cut", 2, "controllers")
    lead(world, 3, "m4")
    world.strike("heal")
    world.wait(12_000)


def lead(world: World, broker: int, value: str) -> None:
    """Wait until this broker leads, and let it write something of its own."""
    world.wait_for("BecameLeader", f"broker-{broker}")
    alone = world.producer(value, first=broker, acks="1", linger_ms=0, enable_idempotence="false")
    alone.produce("orders", value=value)
    world.wait(200)


SCENARIO = Scenario(
    id="07_three_histories",
    title="Three histories",
    moral="One answer names one epoch. If the follower never had it, it cuts one epoch of its own, and asks again.",
    play=play,
    scenes=(
        Scene("m0 is stored on all three", "ProduceAcknowledged", "producer-A"),
        Scene("Broker 2 leads epoch 1, and writes m1", "RecordsAppended", "broker-2", {"base_offset": 1}),
        Scene("Broker 3 leads epoch 2, and writes m2", "RecordsAppended", "broker-3", {"base_offset": 1}),
        Scene("Broker 2 leads epoch 3, and writes m3", "RecordsAppended", "broker-2", {"base_offset": 2}),
        Scene("Broker 3 leads epoch 4, and writes m4", "RecordsAppended", "broker-3", {"base_offset": 2}),
        Scene("Broker 2 knows epoch 3, broker 3 does not", "DivergenceFound", "broker-3", {"epoch": 2}),
        Scene("Broker 2 drops epoch 3, and asks again", "LogTruncated", "broker-2", {"to_offset": 2}),
        Scene("Nor does it know epoch 1", "DivergenceFound", "broker-3", {"epoch": 0, "end_offset": 1}),
        Scene("Broker 2 drops epoch 1: m0 is common", "LogTruncated", "broker-2", {"to_offset": 1}),
        Scene("All of broker 3's history is copied", "RecordsAppended", "broker-2", {"next_offset": 3}),
    ),
    promises=("I7", "I5"),
    lesson=7,
)
