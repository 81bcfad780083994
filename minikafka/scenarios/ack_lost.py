"""The answer is lost and the leader dies: the retry reaches another broker, and is recognised there."""

from __future__ import annotations

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World


def play(world: World) -> None:
    """tea is stored, and its answer never arrives; rum goes to the next leader."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer(
        "A", acks="all", linger_ms=0, enable_idempotence=world.choice("idempotence", "true"),
        retry_backoff_ms=4_000, retry_backoff_max_ms=4_000,
    )  # fmt: skip
    producer.produce("orders", value="tea")
    world.wait_for("ProduceAnswered", "broker-1", error="NONE")
    world.strike("crash", 1)
    world.wait(12_000)
    producer.produce("orders", value="rum")
    world.wait(1_000)


SCENARIO = Scenario(
    id="10_ack_lost",
    title="Stored, and nobody said so",
    moral="Whether a batch is new is written in the log itself: the next leader knows it, too.",
    play=play,
    scenes=(
        Scene("Broker 1 has an id for the producer", "ProduceSent", "producer-A", {"attempt": 1}),
        Scene("tea is on all three", "HighWatermarkMoved", "broker-1", {"high_watermark": 1}),
        Scene("Broker 1 crashes, its answer with it", "NodeCrashed"),
        Scene("The producer has heard nothing", "ProduceRetried", "producer-A"),
        Scene("Broker 2 leads", "BecameLeader", "broker-2"),
        Scene("Broker 2 has tea already", "DuplicateFound", "broker-2", {"base_offset": 0}),
        Scene("tea is stored, once", "ProduceAcknowledged", "producer-A", {"base_offset": 0}),
        Scene("rum is stored behind it", "ProduceAcknowledged", "producer-A", {"base_offset": 1}),
    ),
    questions=(
        Question(
            before=6,
            ask="The producer sends tea again, to broker 2, which did not take it the first time. What happens?",
            choices=(
                ("tea is stored twice", False, "Its number is in the log that broker 2 copied: scene 6.", 6),
                ("It is refused as a duplicate", False, "There is nothing to refuse: scene 7 is a success.", 7),
                ("It is answered with the old offset", True, "Yes: as if broker 1 had answered.", 6),
            ),
        ),
    ),
    promises=("I18",),
    branches=(
        Branch(
            "enable.idempotence=false",
            {"idempotence": "false"},
            (
                Scene("Broker 1 crashes", "NodeCrashed"),
                Scene("tea is stored a second time", "RecordsAppended", "broker-2", {"base_offset": 1}),
                Scene("The producer is told: offset 1", "ProduceAcknowledged", "producer-A", {"base_offset": 1}),
            ),
        ),
    ),
    lesson=10,
)
