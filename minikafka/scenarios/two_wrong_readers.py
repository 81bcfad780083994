"""Two readers with the wrong epoch: one knows less than the broker it asks, one knows more (KIP-320)."""

from __future__ import annotations

from minikafka.sim.scenario import Question, Scenario, Scene, World


def play(world: World) -> None:
    """Broker 1 does not know that it was deposed; broker 2 leads."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 1, "controllers")
    alone = world.producer("L", first=1, acks="1", linger_ms=0, enable_idempotence="false")
    alone.list_topics("orders")
    world.wait_for("FollowerProgress", "broker-2", follower=3)
    alone.produce("orders", value="rum")
    newer = world.producer("N", first=2, acks="all", linger_ms=0, enable_idempotence="false")
    newer.produce("orders", value="gin")
    world.wait(500)
    late, early = world.consumer("late", first=1), world.consumer("early", first=2)
    world.ask(late, 2, "orders", 1, epoch=0)
    world.ask(early, 1, "orders", 1, epoch=1)
    world.strike("heal")
    world.wait(3_000)
    world.ask(early, 2, "orders", 1, epoch=1)


SCENARIO = Scenario(
    id="06_two_wrong_readers",
    title="Two readers, two epochs",
    moral="Who leads and who asks must live in the same epoch; whoever is behind is told so, and reads up.",
    play=play,
    scenes=(
        Scene("tea is stored on all three", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("Broker 2 leads, and broker 1 has not read it", "BecameLeader", "broker-2", {"leader_epoch": 1}),
        Scene("rum is stored by broker 1", "ProduceAcknowledged", "producer-L", {"values": ["rum"]}),
        Scene("gin is stored by broker 2, at the same offset", "ProduceAcknowledged", "producer-N"),
        Scene("The late reader asks broker 2", "ReadRefused", "broker-2", {"error": "FENCED_LEADER_EPOCH"}),
        Scene("The early reader asks broker 1", "ReadRefused", "broker-1", {"error": "UNKNOWN_LEADER_EPOCH"}),
        Scene("Broker 1 reads the line, and drops rum", "LogTruncated", "broker-1"),
        Scene("The early reader asks broker 2, and is served", "RecordsConsumed", "consumer-early"),
    ),
    questions=(
        Question(
            before=6,
            ask="A reader knows of epoch 1, and asks broker 1, which has not read of it. What does it get?",
            choices=(
                ("rum: broker 1 has it at that offset", False, "rum is gone in scene 7. It must not be read.", 7),
                ("FENCED_LEADER_EPOCH", False, "That is for a reader who is behind: scene 5. This one is ahead.", 5),
                ("UNKNOWN_LEADER_EPOCH", True, "Yes: a broker that is behind serves nobody who is ahead.", 6),
            ),
        ),
    ),
    promises=("I8", "I5"),
    lesson=6,
)
