"""A late abort of one transaction falls upon the next: half of it is undone, the other half is committed."""

from __future__ import annotations

from minikafka.sim.scenario import Question, Scenario, Scene, World

SETTINGS = {
    "transaction.version": "1",
    "transaction.state.log.num.partitions": "1",
    "offsets.topic.num.partitions": "1",
}


def play(world: World) -> None:
    """The abort of tea is lost on its way, sent again, and arrives a second time, in the middle of rum and gin."""
    world.create_topic("orders", (1, 2, 3), (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("P", transactional_id="payments", linger_ms=0)
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce("orders", value="tea", partition=0)
    producer.flush()
    world.attempt(lambda: producer.abort_transaction(0))
    world.strike("disconnect", "producer-P", 1, late_ms=3_000)
    producer.abort_transaction()
    producer.begin_transaction()
    producer.produce("orders", value="rum", partition=0)
    world.wait(4_000)
    producer.produce("orders", value="gin", partition=1)
    producer.flush()
    producer.commit_transaction()
    world.wait(500)
    reader = world.consumer("C", isolation_level="read_committed", enable_auto_commit="false")
    reader.assign([world.partition("orders", 0, 0), world.partition("orders", 1, 0)])
    reader.consume(10, 2)
    reader.consume(10, 2)


SCENARIO = Scenario(
    id="17_torn_transaction",
    title="Half of it",
    moral="Two transactions under one name and one epoch: a late letter cannot say which of them it ends.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("The abort of tea is on its way, and late", "ConnectionsLost"),
        Scene("Sent again, it arrives: tea is aborted", "TransactionEnded", "producer-P", {"committed": False}),
        Scene("The next transaction begins with rum", "ProduceAcknowledged", "producer-P", {"values": ["rum"]}),
        Scene("The late abort arrives", "TransactionChanged", "", {"state": "PrepareAbort"}),
        Scene("rum is aborted; its producer does not know", "MarkerWritten", "", {"committed": False}),
        Scene("gin opens the transaction once more", "ProduceAcknowledged", "producer-P", {"values": ["gin"]}),
        Scene("The producer is told: committed", "TransactionEnded", "producer-P", {"committed": True}),
        Scene("A reader gets gin alone", "RecordsConsumed", "consumer-C"),
    ),
    questions=(
        Question(
            before=8,
            ask="rum and gin were sent in one transaction, and the producer was told: committed. What can be read?",
            choices=(
                ("rum and gin", False, "A marker aborts rum: scene 5.", 5),
                ("Neither", False, "gin was committed: scene 7.", 7),
                ("gin alone", True, "Yes: half of a transaction. That is what must never be.", 8),
            ),
        ),
    ),
    promises=("I25",),
    breaks="I25",
    lesson=17,
)
