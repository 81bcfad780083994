"""Three faults at once, and nobody may lead; then everything is mended: how long until all is as before?"""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """A crash, a cut and a pause, and two records that wait for their end."""
    world.create_topic("orders", (1, 2, 3), (2, 3, 1), min_insync_replicas="2")
    producer = world.producer(
        "A", linger_ms=0, enable_idempotence="false", retry_backoff_ms=3_000, retry_backoff_max_ms=3_000
    )
    producer.produce("orders", value="tea", partition=0)
    producer.produce("orders", value="rum", partition=1)
    producer.flush()
    world.strike("crash", 1)
    world.strike("cut", 2, "controllers")
    world.strike("pause", 3)
    producer.produce("orders", value="gin", partition=0)
    producer.produce("orders", value="ale", partition=1)
    world.wait(20_000)
    world.strike("resume", 3)
    world.strike("heal")
    world.strike("restart", 1)
    world.wait(15_000)
    reader = world.consumer("C", enable_auto_commit="false")
    reader.assign([world.partition("orders", 0, 0), world.partition("orders", 1, 0)])
    reader.consume(2, 2)
    reader.consume(2, 2)
    world.wait(2_000)


SCENARIO = Scenario(
    id="06_all_mended",
    title="All is mended",
    moral="Once nothing is broken any more, everything leads, follows and answers again, within a bounded time.",
    play=play,
    scenes=(
        Scene("tea and rum are stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("Broker 1 crashes", "NodeCrashed"),
        Scene("Broker 2 does not hear from the controller", "LinkCut"),
        Scene("Broker 3 stands still", "NodePaused"),
        Scene("Nobody may lead", "PartitionChanged", "controller-1", {"leader": -1}),
        Scene("All is mended", "LinkHealed"),
        Scene("Broker 2 leads", "PartitionChanged", "controller-1", {"leader": 2}),
        Scene("ale was written all the time, and is stored", "ProduceAcknowledged", "producer-A", {"values": ["ale"]}),
        Scene("All three are in sync", "PartitionChanged", "controller-1", {"isr": [1, 2, 3]}),
        Scene("gin is stored", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
        Scene("A reader gets all four", "RecordsConsumed", "consumer-C"),
    ),
    promises=("I30", "I1"),
    lesson=6,
)
