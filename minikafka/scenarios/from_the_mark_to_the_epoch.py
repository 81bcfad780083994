"""A newcomer joins the ISR when it has reached the start of its leader's epoch; the high watermark may be older."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """rum is committed without broker 3; broker 2 leads, and does not know yet that rum is committed."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 3, "controllers")
    world.wait(10_500)
    world.strike("cut", 3, "brokers")
    producer.produce("orders", value="rum")
    world.wait_for("ProduceAcknowledged", values=["rum"])
    world.strike("crash", 1)
    world.wait(12_000)
    world.strike("heal")
    world.wait(6_000)
    world.strike("restart", 1)
    world.wait(12_000)


SCENARIO = Scenario(
    id="07_from_the_mark_to_the_epoch",
    title="Caught up with what?",
    moral="A new leader's high watermark is old. Whoever joins must reach the offset at which its epoch began.",
    play=play,
    scenes=(
        Scene("tea is stored on all three", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("Broker 3 is out", "PartitionChanged", "", {"isr": [1, 2]}),
        Scene("rum is stored on brokers 1 and 2", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
        Scene("Broker 1 crashes before broker 2 is told so", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("Broker 2 leads from offset 2; its mark is 1", "BecameLeader", "broker-2", {"start_offset": 2}),
        Scene("Broker 3 reaches 1: the mark, not the epoch", "FollowerProgress", "broker-2", {"log_end_offset": 1}),
        Scene("It copies rum", "RecordsAppended", "broker-3", {"base_offset": 1}),
        Scene("Now it has caught up", "IsrProposed", "broker-2", {"added": [3]}),
        Scene("Two in the ISR: the mark moves past rum", "HighWatermarkMoved", "broker-2", {"high_watermark": 2}),
    ),
    promises=("I9", "I2"),
    lesson=7,
)
