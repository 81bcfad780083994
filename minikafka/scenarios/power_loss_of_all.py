"""The power of the whole building: all brokers lose their page caches at once, and come back."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """tea is old enough to be on disk; rum is not."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(31_000)
    producer.produce("orders", value="rum")
    world.wait(700)
    for broker in (1, 2, 3):
        world.strike("power_loss", broker)
    world.wait(12_000)
    for broker in (3, 2, 1):
        world.strike("restart", broker)
    world.wait(30_000)


SCENARIO = Scenario(
    id="08_power_loss_of_all",
    title="The whole building",
    moral="Replication survives machines, not a building: nothing is flushed before it is acknowledged.",
    play=play,
    scenes=(
        Scene("tea is stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
        Scene("The power goes", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("The last known leader leads again", "PartitionChanged", "", {"leader": 2, "recovering": True}),
        Scene("All three agree again", "PartitionChanged", "", {"isr": [1, 2, 3]}),
        Scene("rum is gone, and it is said", "LossBeyondPromise"),
    ),
    promises=("I1", "I12", "I30"),
    lesson=8,
)
