"""Two of three controllers are down: data flows, and nothing heals."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Two controllers die, milk is stored; the leader of orders dies, and salt waits for a majority of controllers."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0)
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("crash", "controller-1")
    world.strike("crash", "controller-2")
    world.wait(10_000)
    producer.produce("orders", value="milk")
    world.wait(1_000)
    world.strike("crash", 1)
    producer.produce("orders", value="salt")
    world.wait(20_000)
    world.strike("restart", "controller-2")
    world.wait(20_000)
    world.strike("restart", "controller-1")
    world.strike("restart", 1)
    world.wait(10_000)


SCENARIO = Scenario(
    id="09_no_quorum",
    title="No quorum",
    moral="Without a majority of controllers brokers serve what they lead, and whatever breaks stays broken.",
    play=play,
    controllers=3,
    seed=1,
    scenes=(
        Scene("Controller 1 dies", "NodeCrashed", "", {"node": "controller-1"}),
        Scene("So does controller 2", "NodeCrashed", "", {"node": "controller-2"}),
        Scene("Controller 3 asks for votes in vain", "QuorumStateChanged", "controller-3", {"state": "prospective"}),
        Scene("milk is stored: data flows", "ProduceAcknowledged", "producer-A", {"values": ["milk"]}),
        Scene("The leader of orders dies, and nobody elects", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("Two of three: there is a leader again", "QuorumStateChanged", "", {"state": "leader"}),
        Scene("Now orders gets one too", "PartitionChanged", "", {"leader": 2}),
        Scene("salt is stored", "ProduceAcknowledged", "producer-A", {"values": ["salt"]}),
    ),
    promises=("I15", "I16", "I1", "I30"),
    lesson=9,
)
