"""Everything a producer has written is deleted; it goes on, and its next number is the right one."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Three records, all deleted; then the leader crashes, and the producer goes on."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2", segment_bytes="80")
    producer = world.producer("A", acks="all", linger_ms=0)
    producer.list_topics("orders")
    for value in ("tea", "rum", "gin"):
        producer.produce("orders", value=value)
        world.wait(300)
    world.admin().delete_records([world.partition("orders", 0, 3)])
    world.wait(1_500)
    producer.produce("orders", value="ale")
    world.wait(500)
    world.strike("crash", 1)
    world.wait(11_000)
    producer.produce("orders", value="beer")
    world.wait(1_500)
    world.strike("restart", 1)
    world.wait(5_000)


SCENARIO = Scenario(
    id="10_deleted_under_the_producer",
    title="Deleted, and not forgotten",
    moral="A log may lose its records and still know who wrote them: the next number is judged by that memory.",
    play=play,
    settings={"log.retention.check.interval.ms": "1000"},
    scenes=(
        Scene("tea, rum and gin are stored", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
        Scene("All of it is deleted", "LogStartMoved", "broker-1", {"log_start_offset": 3}),
        Scene("The followers hear of it", "LogStartMoved", "broker-2", {"reason": "leader"}),
        Scene("ale is stored: number 3 follows number 2", "ProduceAcknowledged", "producer-A", {"values": ["ale"]}),
        Scene("Broker 1 crashes", "NodeCrashed"),
        Scene("Broker 2 leads", "BecameLeader", "broker-2"),
        Scene("beer is stored: number 4", "ProduceAcknowledged", "producer-A", {"values": ["beer"]}),
        Scene("Broker 1 recovers what is left, and follows", "LogRecovered", "broker-1", {"log_start_offset": 3}),
        Scene("All three are in sync", "PartitionChanged", "", {"isr": [1, 2, 3]}),
    ),
    promises=("I20", "I18"),
    lesson=10,
)
