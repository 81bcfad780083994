"""unclean.leader.election.enable: a copy that fell behind leads, since somebody has to."""

from __future__ import annotations

from minikafka.sim.scenario import Branch, Scenario, Scene, World


def play(world: World) -> None:
    """Broker 3 leaves the ISR, rum is committed without it, and only broker 3 is left."""
    unclean = world.choice("unclean", "true")
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="1", unclean_leader_election_enable=unclean)
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 3, "brokers")
    producer.produce("orders", value="rum")
    world.wait(46_000)
    world.strike("crash", 2)
    world.strike("crash", 1)
    world.wait(12_000)
    producer.produce("orders", value="gin")
    world.wait(2_000)
    world.strike("heal")
    world.strike("restart", 1)
    world.strike("restart", 2)
    world.wait(25_000)


SCENARIO = Scenario(
    id="06_unclean_election",
    title="Somebody has to lead",
    moral=(
        "An unclean leader serves at once, and pays with what others had acknowledged. "
        "The record says so: RECOVERING."
    ),
    play=play,
    scenes=(
        Scene("Broker 3 leaves the ISR", "PartitionChanged", "", {"isr": [1, 2]}),
        Scene("rum is stored without it", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
        Scene("Broker 3 leads, uncleanly", "PartitionChanged", "", {"leader": 3, "recovering": True}),
        Scene("rum is lost", "LossBeyondPromise"),
        Scene("gin takes its offset", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
        Scene("Broker 1 drops rum", "LogTruncated", "broker-1"),
    ),
    branches=(
        Branch(
            "unclean elections off",
            {"unclean": "false"},
            (
                Scene("Nobody leads", "PartitionChanged", "", {"leader": -1}),
                Scene("gin is stored after rum", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
            ),
        ),
    ),
    promises=("I2", "I4"),
    lesson=6,
)
