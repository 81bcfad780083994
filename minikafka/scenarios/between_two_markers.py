"""The coordinator dies between two markers: its successor finds the decision, and writes the rest."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World

SETTINGS = {"transaction.state.log.num.partitions": "1", "offsets.topic.num.partitions": "1"}


def play(world: World) -> None:
    """A transaction in two partitions, neither on the coordinator's broker."""
    world.create_topic("orders", (2, 3, 1), (3, 2, 1), min_insync_replicas="2")
    producer = world.producer("P", transactional_id="payments", linger_ms=0)
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce("orders", value="tea", partition=0)
    producer.produce("orders", value="rum", partition=1)
    producer.flush()
    world.strike("slow", 1, 2, 50)
    world.attempt(lambda: producer.commit_transaction(0))
    world.wait_for("MarkerWritten", "broker-3")
    world.strike("crash", 1)
    reader = world.consumer("C", isolation_level="read_committed", enable_auto_commit="false", first=2)
    reader.assign([world.partition("orders", 0, 0), world.partition("orders", 1, 0)])
    world.strike("heal")
    producer.commit_transaction()
    reader.consume(1, 12)
    reader.consume(1, 12)
    world.strike("restart", 1)
    world.wait(12_000)


SCENARIO = Scenario(
    id="15_between_two_markers",
    title="Between two markers",
    moral="The decision is one record in the coordinator's log; markers carry it out, and anybody may finish that.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("tea and rum are in two partitions", "ProduceAcknowledged", "producer-P", {"partition": "orders-1"}),
        Scene("Decided: PrepareCommit is written", "TransactionChanged", "broker-1", {"state": "PrepareCommit"}),
        Scene("The first marker, for rum", "MarkerWritten", "broker-3", {"committed": True}),
        Scene("The coordinator dies, the second marker with it", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("Broker 2 reads the coordinator's log", "CoordinatorLoaded", "broker-2"),
        Scene("It writes the marker for tea", "MarkerWritten", "broker-2", {"committed": True}),
        Scene("The transaction is complete", "TransactionChanged", "broker-2", {"state": "CompleteCommit"}),
        Scene("The producer asked again: committed", "TransactionEnded", "producer-P", {"committed": True}),
        Scene("A reader gets all of it", "RecordsConsumed", "consumer-C"),
    ),
    promises=("I23", "I22"),
    lesson=15,
)
