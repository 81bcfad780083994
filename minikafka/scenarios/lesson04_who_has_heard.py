"""Everybody holds the record, and hardly anybody knows that it is readable: the mark of a follower comes late."""

from __future__ import annotations

from minikafka.scenarios.read_before_the_failover import reader
from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World


def play(world: World) -> None:
    """tea is stored and read; soon after broker 1 crashes, and the link between the other two is cut."""
    world.create_topic("orders", (1, 2, 3))
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.list_topics("orders")
    first = reader(world, "first")
    first.consume(1, 0.2)
    producer.produce("orders", value="tea")
    world.wait_for("ProduceAcknowledged")
    first.consume(1, 0.1)
    world.wait(world.choice("ms before the crash", 100))
    world.strike("crash", 1)
    world.strike("cut", 2, 3)
    world.wait(10_000)
    second = reader(world, "second")
    if not second.consume(1, 2):
        world.note("A new reader polls from the beginning, and gets nothing: no record, no error.")
    if not first.consume(1, 2):
        world.note("The first reader goes on behind tea, and gets nothing either: no error.")
    world.strike("heal")
    second.consume(1, 2)
    world.wait(500)


SCENARIO = Scenario(
    id="04_who_has_heard",
    title="Who has heard of the mark?",
    moral="A new leader begins with the mark it has heard of, and learns the rest from fetches.",
    play=play,
    settings={"replica.fetch.wait.max.ms": "500"},
    scenes=(
        Scene("tea is stored", "ProduceAcknowledged", "producer-A"),
        Scene("tea is read", "RecordsConsumed", "consumer-first", {"position": 1}),
        Scene("Broker 1 crashes", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("Broker 2 leads: it has tea, and knows of no mark", "BecameLeader", "broker-2"),
        Scene("tea is there, and not readable", "Note"),
        Scene("Who has read it waits without an error", "Note"),
        Scene("Broker 3 asks for 1: the mark moves", "HighWatermarkMoved", "broker-2", {"high_watermark": 1}),
        Scene("tea is read again", "RecordsConsumed", "consumer-second", {"position": 1}),
    ),
    questions=(
        Question(
            before=5,
            ask="tea was stored and read. Broker 2 leads now, and has tea. What does a new reader get?",
            choices=(
                ("tea: it is committed", False, "It is, and broker 2 has not heard so: scene 4. Scene 7 tells it.", 4),
                ("Nothing, for now", True, "Yes: broker 2 knows its own copy, and no mark. Broker 3 has to ask.", 7),
                ("An error", False, "Offset 0 lies in its log. Not readable yet is no error: scene 5.", 5),
            ),
        ),
    ),
    branches=(
        Branch(
            "Broker 1 crashes half a second later",
            {"ms before the crash": 600},
            (
                Scene("A fetch ends, and brings the mark", "HighWatermarkMoved", "broker-2", {"high_watermark": 1}),
                Scene("Broker 1 crashes", "NodeCrashed", "", {"node": "broker-1"}),
                Scene("Broker 2 leads, and knows of mark 1", "BecameLeader", "broker-2"),
                Scene("A new reader gets tea", "RecordsConsumed", "consumer-second", {"position": 1}),
            ),
        ),
        Branch(
            "A fetch waits 20 ms at most (replica.fetch.wait.max.ms)",
            {"replica.fetch.wait.max.ms": "20"},
            (
                Scene("tea is stored", "ProduceAcknowledged", "producer-A"),
                Scene("A fetch ends, and brings the mark", "HighWatermarkMoved", "broker-2", {"high_watermark": 1}),
                Scene("Broker 1 crashes", "NodeCrashed", "", {"node": "broker-1"}),
                Scene("Broker 2 leads, and knows of mark 1", "BecameLeader", "broker-2"),
                Scene("A new reader gets tea", "RecordsConsumed", "consumer-second", {"position": 1}),
            ),
        ),
    ),
    promises=("I10",),
    lesson=4,
)
