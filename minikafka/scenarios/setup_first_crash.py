"""The setup page's run: the leader crashes, and nothing that was acknowledged is lost."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Two records before the crash, one after it."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", enable_idempotence="false", linger_ms=0)
    producer.produce("orders", value="milk")
    world.wait(700)
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("crash", 1)
    world.wait(100)
    producer.produce("orders", value="salt")
    world.wait(12_000)
    world.strike("restart", 1)
    world.wait(12_000)


SCENARIO = Scenario(
    id="00_first_crash",
    title="The leader crashes",
    moral="Three brokers held each record. One died, another one led, and nothing acknowledged was lost.",
    play=play,
    promises=("I1", "I2"),
    scenes=(
        Scene("tea is stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("The crash", "NodeCrashed"),
        Scene("The election", "PartitionChanged", "controller-1", {"leader": 2}),
        Scene("salt is stored by the new leader", "ProduceAcknowledged", "producer-A", {"values": ["salt"]}),
        Scene("Broker 1 is in sync again", "PartitionChanged", "controller-1", {"isr": [1, 2, 3]}),
    ),
)
