"""Batch 1 is refused, batch 2 is taken, batch 1 is sent again: without numbers the log has them the other way round."""

from __future__ import annotations

from minikafka.sim.scenario import Branch, Scenario, Scene, World


def play(world: World) -> None:
    """The disk is full for the first batch, and has room again for the second."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence=world.choice("idempotence", "false"))
    producer.produce("orders", value="tea")
    world.wait(1_000)
    world.strike("fill_disk", 1)
    producer.produce("orders", value="rum")
    world.wait_for("StorageFailed")
    world.strike("free_disk", 1)
    producer.produce("orders", value="gin")
    world.wait(3_000)


SCENARIO = Scenario(
    id="10_reordered",
    title="The other way round",
    moral="A retry goes to the end of the queue; only numbers let a broker see that somebody is missing before it.",
    play=play,
    scenes=(
        Scene("tea is stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("rum cannot be written", "StorageFailed", "broker-1"),
        Scene("gin is on its way already", "ProduceSent", "producer-A", {"values": ["gin"]}),
        Scene("gin is written at offset 1", "RecordsAppended", "broker-1", {"base_offset": 1}),
        Scene("rum will be sent again", "ProduceRetried", "producer-A", {"values": ["rum"]}),
        Scene("rum is stored behind gin", "ProduceAcknowledged", "producer-A", {"base_offset": 2}),
    ),
    promises=("I19",),
    breaks="I19",
    branches=(
        Branch(
            "enable.idempotence=true",
            {"idempotence": "true"},
            (
                Scene("rum cannot be written", "StorageFailed", "broker-1"),
                Scene("gin is refused: one is missing before it", "BatchRefused", "broker-1"),
                Scene("rum is stored at offset 1", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
                Scene("gin is stored behind it", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
            ),
        ),
    ),
    lesson=10,
)
