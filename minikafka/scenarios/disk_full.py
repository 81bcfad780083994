"""A full disk: the append fails, nothing of it stays, and the retry stores the record once."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """The leader's disk is full for two seconds."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0)
    producer.produce("orders", value="tea")
    world.wait(1_500)
    world.strike("fill_disk", 1)
    producer.produce("orders", value="rum")
    world.wait(2_000)
    world.strike("free_disk", 1)
    world.wait(3_000)
    producer.produce("orders", value="gin")
    world.wait(2_000)


SCENARIO = Scenario(
    id="08_disk_full",
    title="No space left",
    moral=(
        "A write that fails has not happened: no offset is used, no sequence is remembered, and the "
        "retry is stored once."
    ),
    play=play,
    scenes=(
        Scene("tea is stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("The disk is full", "DiskFilled", "", {"full": True}),
        Scene("rum cannot be written", "StorageFailed", "broker-1"),
        Scene("The producer will try again", "ProduceRetried", "producer-A", {"error": "KAFKA_STORAGE_ERROR"}),
        Scene("rum is stored once", "ProduceAcknowledged", "producer-A", {"values": ["rum"], "base_offset": 1}),
    ),
    promises=("I14", "I18"),
    lesson=8,
)
