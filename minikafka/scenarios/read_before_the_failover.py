"""What a reader was given stays: it was below the high watermark, and so on every broker that may lead next."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Question, Scenario, Scene, World


def play(world: World) -> None:
    """rum is on broker 1 alone when a reader comes by; then broker 1 crashes, and gin takes its place."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("cut", 1, "brokers")
    alone = world.producer("L", acks="1", linger_ms=0, enable_idempotence="false")
    alone.produce("orders", value="rum")
    world.wait(100)
    first = reader(world, "first")
    read(first)
    world.strike("crash", 1)
    world.wait(11_000)
    world.strike("heal")
    producer.produce("orders", value="gin")
    read(first)
    read(reader(world, "second"))
    world.strike("restart", 1)
    world.wait(12_000)
    read(reader(world, "third"))


def reader(world: World, name: str) -> Any:
    """A reader from the start, in no group."""
    consumer = world.consumer(name, auto_offset_reset="earliest", enable_auto_commit="false")
    consumer.assign([world.partition("orders", 0, 0)])
    return consumer


def read(consumer: Any) -> None:
    """Poll until nothing comes."""
    while consumer.consume(10, 2):
        pass


SCENARIO = Scenario(
    id="04_read_before_the_failover",
    title="What was read stays",
    moral="A reader sees only what every possible next leader has: that is what the high watermark is for.",
    play=play,
    scenes=(
        Scene("tea is stored on all three", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("rum is on broker 1 alone", "RecordsAppended", "broker-1", {"base_offset": 1}),
        Scene("A reader is given tea, and not rum", "RecordsConsumed", "consumer-first", {"position": 1}),
        Scene("Broker 1 crashes", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("Broker 2 leads, without rum", "BecameLeader", "broker-2"),
        Scene("gin takes offset 1", "RecordsAppended", "broker-2", {"base_offset": 1}),
        Scene("The reader goes on with gin", "RecordsConsumed", "consumer-first", {"position": 2}),
        Scene("Another one reads the same", "RecordsConsumed", "consumer-second", {"position": 2}),
        Scene("Broker 1 comes back, and drops rum", "LogTruncated", "broker-1", {"to_offset": 1}),
    ),
    questions=(
        Question(
            before=3,
            ask="Broker 1 leads, and has rum, acknowledged with acks=1. What does a reader at offset 1 get?",
            choices=(
                (
                    "rum: it was acknowledged",
                    False,
                    "By one broker. Scene 6 puts gin where it would have been read.",
                    6,
                ),
                ("Nothing", True, "Yes: brokers 2 and 3 may lead next, and have not shown that they hold rum.", 3),
                ("An error: the followers are gone", False, "A leader serves what is committed, alone or not.", 3),
            ),
        ),
    ),
    promises=("I10",),
    lesson=4,
)
