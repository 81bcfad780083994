"""One broker reads the metadata log late: it lives in an earlier chapter, and never skips or turns back a page."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Broker 3 does not hear from the controller while the leader leaves in order."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0)
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 3, "controllers")
    world.strike("shut_down", 1)
    world.wait(500)
    producer.produce("orders", value="rum")
    world.wait(6_000)
    world.strike("heal")
    world.wait(3_000)
    world.strike("restart", 1)
    world.wait(8_000)


SCENARIO = Scenario(
    id="06_one_reads_late",
    title="One reads late",
    moral="Brokers read the same book at different times: one may be pages behind, but none reads another book.",
    play=play,
    scenes=(
        Scene("tea is stored on all three", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("Broker 3 hears nothing of the controller", "LinkCut", "", {"one": "broker-3"}),
        Scene("Broker 1 leaves in order: broker 2 leads", "PartitionChanged", "", {"leader": 2, "leader_epoch": 1}),
        Scene("Broker 3 still asks broker 1, and is refused", "ReadRefused", "broker-1", {"reader": "broker-3"}),
        Scene("rum waits: broker 3 is in the ISR", "ProduceParked", "broker-2", {"needs_offset": 2}),
        Scene("Broker 3 reads on, and follows broker 2", "BecameFollower", "broker-3", {"leader": 2}),
        Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
        Scene("Broker 1 may stop: everybody has read it", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("It comes back, and is in sync again", "PartitionChanged", "", {"isr": [1, 2, 3]}),
    ),
    promises=("I17", "I4"),
    lesson=6,
)
