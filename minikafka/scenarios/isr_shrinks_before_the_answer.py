"""min.insync.replicas is asked twice: enough in sync when the record is appended, too few when it is answered."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Broker 3 is gone already; broker 2 dies with rum on the way to it."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    world.strike("crash", 3)
    world.wait(10_000)
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 1, 2)
    producer.produce("orders", value="rum")
    world.wait(100)
    world.strike("crash", 2)
    world.wait(12_000)
    other = world.producer("B", first=1, acks="all", linger_ms=0, enable_idempotence="false")
    other.produce("orders", value="gin")
    world.wait(1_000)
    world.strike("heal")
    world.strike("restart", 2)
    world.wait(10_000)
    world.strike("restart", 3)
    world.wait(30_000)


SCENARIO = Scenario(
    id="05_isr_shrinks_before_the_answer",
    title="Enough at the append, too few at the answer",
    moral="Below the minimum the high watermark stands still: rum waits, gin is refused, and neither is a lie.",
    play=play,
    scenes=(
        Scene("tea is stored on two", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("rum is appended, and waits", "ProduceParked", "broker-1", {"needs_offset": 2}),
        Scene("The ISR is one", "PartitionChanged", "", {"isr": [1]}),
        Scene("gin is refused before the append", "ProduceRetried", "producer-B", {"error": "NOT_ENOUGH_REPLICAS"}),
        Scene("Broker 2 is in sync again", "PartitionChanged", "", {"isr": [1, 2]}),
        Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
    ),
    promises=("I11", "I1", "I30"),
    lesson=5,
)
