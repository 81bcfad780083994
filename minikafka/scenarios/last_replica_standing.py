"""The last replica standing loses power, and is not elected: a copy in the ELR has what it lost (KIP-966)."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Brokers 3 and 2 lose the controllers, broker 1 loses power: one machine, as min.insync.replicas=2 allows."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    world.strike("crash", 3)
    world.wait(10_000)
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 2, "controllers")
    world.wait(10_000)
    world.strike("power_loss", 1)
    world.wait(10_000)
    world.strike("restart", 1)
    world.wait(10_000)
    world.strike("heal")
    world.strike("restart", 3)
    world.wait(14_000)


SCENARIO = Scenario(
    id="08_last_replica_standing",
    title="The last replica standing",
    moral="Whoever comes back from a power loss may have forgotten. The ELR remembers who surely has not.",
    play=play,
    scenes=(
        Scene("tea is on brokers 1 and 2", "ProduceAcknowledged", "producer-A"),
        Scene("Broker 2 leaves the ISR, and enters the ELR", "PartitionChanged", "", {"isr": [1], "elr": [2]}),
        Scene("Broker 1 loses power, and tea with it", "NodeCrashed", "", {"power_lost": True}),
        Scene("Nobody may lead", "PartitionChanged", "", {"leader": -1}),
        Scene("Broker 1 is back, and does not lead", "BrokerUnfenced", "", {"broker": 1}),
        Scene("Broker 2 leads from the ELR", "PartitionChanged", "", {"leader": 2}),
        Scene("Broker 1 copies tea", "RecordsAppended", "broker-1"),
    ),
    promises=("I12", "I1", "I2"),
    lesson=8,
)
