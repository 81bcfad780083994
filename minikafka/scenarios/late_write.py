"""A write of a transaction that has ended: without verification it opens a transaction that nobody will end."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World

SETTINGS = {
    "transaction.version": "1",
    "transaction.partition.verification.enable": "false",
    "transaction.state.log.num.partitions": "1",
    "offsets.topic.num.partitions": "1",
}


def play(world: World) -> None:
    """rum is on its way for three seconds; meanwhile its transaction is aborted, and its producer is gone."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("P", transactional_id="payments", linger_ms=0, transaction_timeout_ms=10_000)
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce("orders", value="tea")
    producer.flush()
    producer.produce("orders", value="rum")
    world.strike("disconnect", "producer-P", 1, late_ms=3_000)
    producer.purge()
    world.attempt(lambda: producer.abort_transaction())
    world.wait(4_000)
    other = world.producer("Q", linger_ms=0, enable_idempotence="false")
    other.produce("orders", value="gin")
    world.wait(25_000)
    reader = world.consumer("C", isolation_level="read_committed", enable_auto_commit="false")
    reader.assign([world.partition("orders", 0, 0)])
    if not reader.consume(10, 2):
        world.note("The reader polls for 2 seconds, and gets nothing.")


SCENARIO = Scenario(
    id="17_hanging_transaction",
    title="Opened by nobody, ended by nobody",
    moral="A leader that opens a transaction on the word of a letter should ask first whether there is one.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("tea is in the log", "ProduceAcknowledged", "producer-P", {"values": ["tea"]}),
        Scene("rum is on its way, and late", "ConnectionsLost"),
        Scene("The application gives up: abort", "TransactionEnding", "producer-P", {"commit": False}),
        Scene("tea is aborted", "MarkerWritten", "broker-1", {"committed": False}),
        Scene("The producer is told: aborted", "TransactionEnded", "producer-P"),
        Scene("rum arrives, and opens a transaction", "TransactionOpened", "broker-1", {"first_offset": 2}),
        Scene("gin is stored behind it", "ProduceAcknowledged", "producer-Q"),
        Scene("A reader of committed data never gets gin", "Note"),
        Scene("It hangs", "PromiseBroken", "", {"promise": "I24"}),
    ),
    promises=("I24",),
    breaks="I24",
    lesson=17,
)
