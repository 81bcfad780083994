"""The active controller dies: another one takes over, and brokers never stop serving."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Controller 1 decides; it dies, records flow on, and the one after it elects a leader when a broker dies too."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0)
    producer.produce("orders", value="milk")
    world.wait(700)
    world.strike("crash", "controller-1")
    world.wait(100)
    producer.produce("orders", value="salt")
    world.wait(6_000)
    world.strike("crash", 1)
    producer.produce("orders", value="rice")
    world.wait(14_000)
    world.strike("restart", "controller-1")
    world.strike("restart", 1)
    world.wait(10_000)


SCENARIO = Scenario(
    id="09_three_controllers",
    title="Three controllers",
    moral="One of three may die: two elect another, it knows all that was committed, and no record waits for them.",
    play=play,
    controllers=3,
    seed=1,
    scenes=(
        Scene("Controller 1 leads the quorum", "QuorumStateChanged", "controller-1", {"state": "leader"}),
        Scene("It dies", "NodeCrashed", "", {"node": "controller-1"}),
        Scene("salt is stored all the same", "ProduceAcknowledged", "producer-A", {"values": ["salt"]}),
        Scene("The other two elect", "QuorumStateChanged", "", {"state": "leader", "leader": 3}),
        Scene("The new one is active", "QuorumLeaderElected"),
        Scene("It elects for a broker that died", "PartitionChanged", "controller-3", {"leader": 2}),
        Scene("rice is stored", "ProduceAcknowledged", "producer-A", {"values": ["rice"]}),
        Scene("Controller 1 comes back and follows", "QuorumStateChanged", "controller-1", {"state": "follower"}),
    ),
    promises=("I15", "I16", "I1", "I30"),
    lesson=9,
)
