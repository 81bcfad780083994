"""A request to change the ISR, overtaken by an election: it comes from a leader that leads no more."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World


def play(world: World) -> None:
    """Broker 1 asks for an ISR without broker 3; before that arrives, broker 1 is fenced and broker 2 leads."""
    world.create_topic("orders", (1, 2, 3))
    producer = world.producer("A", acks="all", linger_ms=0)
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("delay", "AlterPartitionRequest", 14_000)
    world.strike("cut", 1, 3)
    producer.produce("orders", value="rum")
    world.wait_for("IsrProposed", "broker-1")
    world.strike("cut", 1, "controllers")
    world.wait(11_000)
    world.strike("heal")
    world.wait(12_000)


SCENARIO = Scenario(
    id="06_late_isr_change",
    title="The letter of a former leader",
    moral="A request to change the ISR names its epoch: what a former leader asked for comes too late.",
    play=play,
    scenes=(
        Scene("tea is stored on all three", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("Broker 3 stops fetching from broker 1", "LinkCut", "", {"one": "broker-1", "other": "broker-3"}),
        Scene("Broker 1 asks for an ISR without it", "IsrProposed", "broker-1", {"removed": [3]}),
        Scene("Broker 2 leads: epoch 1, ISR {2, 3}", "PartitionChanged", "", {"leader": 2, "isr": [2, 3]}),
        Scene("Broker 1 reads that it leads no more", "BecameFollower", "broker-1"),
        Scene("All three are in sync", "PartitionChanged", "", {"isr": [1, 2, 3]}),
        Scene("Now the request arrives, and is refused", "IsrProposalRefused", "controller-1"),
        Scene("Broker 1 is told", "IsrProposalRefused", "broker-1", {"error": "FENCED_LEADER_EPOCH"}),
    ),
    promises=("I4",),
    lesson=6,
)
