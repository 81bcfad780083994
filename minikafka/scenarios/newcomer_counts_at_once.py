"""A growing ISR: from the moment its leader asks for a newcomer, the newcomer counts (KIP-497)."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """The controller has let broker 3 in, its answer is late, and rum comes in between."""
    world.create_topic("orders", (1, 3, 2), min_insync_replicas="2")
    producer = world.producer(
        "A", acks="all", linger_ms=0, enable_idempotence="false", retry_backoff_ms=5_000, retry_backoff_max_ms=5_000
    )
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("crash", 3)
    world.wait(11_000)
    world.strike("delay", "AlterPartitionResponse", 3_000)
    world.strike("restart", 3)
    world.wait_for("PartitionChanged", "controller-1", isr=[1, 3, 2])
    world.strike("pause", 3)
    producer.produce("orders", value="rum")
    world.wait(1_500)
    world.strike("crash", 1)
    world.strike("resume", 3)
    world.wait(15_000)
    world.strike("heal")
    world.strike("restart", 1)
    world.wait(12_000)


SCENARIO = Scenario(
    id="04_a_newcomer_counts_at_once",
    title="A newcomer counts at once",
    moral="Whom the controller may already have written down, the leader waits for: it could lead next.",
    play=play,
    scenes=(
        Scene("Broker 3 is out", "PartitionChanged", "controller-1", {"isr": [1, 2]}),
        Scene("Broker 3 has caught up again", "IsrProposed", "broker-1", {"added": [3]}),
        Scene("The controller lets it in; broker 1 is not told yet", "PartitionChanged", "", {"isr": [1, 3, 2]}),
        Scene("rum waits for broker 3", "ProduceParked", "broker-1", {"needs_offset": 2}),
        Scene("Brokers 1 and 2 have rum", "RecordsAppended", "broker-2", {"base_offset": 1}),
        Scene("Broker 1 crashes", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("Broker 3 leads, without rum", "BecameLeader", "broker-3"),
        Scene("rum, which nobody was promised, goes", "LogTruncated", "broker-2"),
        Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
    ),
    promises=("I3", "I2"),
    lesson=4,
)
