"""acks=1: the leader's word alone, and the leader dies."""

from __future__ import annotations

from minikafka.sim.scenario import Branch, Scenario, Scene, World


def play(world: World) -> None:
    """Followers are cut off for a moment; what the leader acknowledges in that moment goes with it."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks=world.choice("acks", "1"), linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 1, "brokers")
    producer.produce("orders", value="rum")
    world.wait(300)
    world.strike("crash", 1)
    world.wait(12_000)
    producer.produce("orders", value="gin")
    world.wait(700)
    world.strike("heal")
    world.strike("restart", 1)
    world.wait(12_000)


SCENARIO = Scenario(
    id="05_acks_one_is_lost",
    title="Stored, said one",
    moral="acks=1 is the word of one broker, and one broker may die. That is no broken promise: nobody promised more.",
    play=play,
    scenes=(
        Scene("tea is stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("rum is stored, on broker 1 only", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
        Scene("Broker 1 crashes", "NodeCrashed"),
        Scene("Broker 2 leads, without rum", "BecameLeader", "broker-2"),
        Scene("gin takes the offset of rum", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
        Scene("Broker 1 comes back, and drops rum", "LogTruncated", "broker-1"),
    ),
    branches=(
        Branch(
            "acks=all instead",
            {"acks": "all"},
            (
                Scene("rum waits", "ProduceParked", "broker-1", {"needs_offset": 2}),
                Scene("rum is stored by broker 2", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
            ),
        ),
    ),
    promises=("I1", "I5"),
)
