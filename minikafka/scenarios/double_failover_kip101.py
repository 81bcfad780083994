"""A fast double failover: where does an epoch end, and which epoch does the answer speak of (KIP-101, KIP-279)?"""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Brokers 1, 2, 3 lead in turn; broker 2 keeps records of its own term that nobody else ever had."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="1")
    first = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    first.produce("orders", value="m0")
    world.wait(700)
    world.strike("cut", 2, "brokers")
    alone = world.producer("B", first=1, acks="1", linger_ms=0, enable_idempotence="false")
    for value in ("m1", "m2"):
        alone.produce("orders", value=value)
        world.wait(300)
    world.strike("crash", 1)
    world.wait_for("BecameLeader", "broker-2")
    second = world.producer("C", first=2, acks="1", linger_ms=0, enable_idempotence="false")
    for value in ("m3", "m4"):
        second.produce("orders", value=value)
        world.wait(300)
    world.strike("crash", 2)
    world.wait_for("BecameLeader", "broker-3")
    third = world.producer("D", first=3, acks="1", linger_ms=0, enable_idempotence="false")
    third.produce("orders", value="m5")
    world.wait(700)
    world.strike("heal")
    world.strike("restart", 2)
    world.wait(14_000)


SCENARIO = Scenario(
    id="07_double_failover",
    title="Two failovers in a row",
    moral=(
        "Where does epoch 1 end? Broker 3 never had an epoch 1: an answer must say which epoch it "
        "speaks of (KIP-279)."
    ),
    play=play,
    scenes=(
        Scene("m2 is on brokers 1 and 3", "RecordsAppended", "broker-3", {"base_offset": 2}),
        Scene("Broker 2 leads from offset 1", "BecameLeader", "broker-2", {"start_offset": 1}),
        Scene("m4 is on broker 2 alone", "ProduceAcknowledged", "producer-C", {"values": ["m4"]}),
        Scene("Broker 3 leads from offset 3", "BecameLeader", "broker-3", {"start_offset": 3}),
        Scene("Broker 3 says: epoch 0 ends at 3", "DivergenceFound", "broker-3", {"epoch": 0, "end_offset": 3}),
        Scene("Broker 2 drops m3 and m4", "LogTruncated", "broker-2", {"to_offset": 1}),
    ),
    promises=("I7", "I5"),
    lesson=7,
)
