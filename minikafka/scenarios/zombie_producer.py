"""A producer that stood still wakes up in the middle of a transaction that somebody else has ended."""

from __future__ import annotations

from minikafka.sim.scenario import Scenario, Scene, World

SETTINGS = {
    "transaction.state.log.num.partitions": "1",
    "offsets.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
}


def play(world: World) -> None:
    """P is in a transaction; Q takes the same transactional id; P goes on."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    old = world.producer("P", transactional_id="payments", linger_ms=0)
    old.init_transactions()
    old.begin_transaction()
    old.produce("orders", value="p1")
    world.wait(500)
    new = world.producer("Q", transactional_id="payments", linger_ms=0)
    new.init_transactions()
    new.begin_transaction()
    new.produce("orders", value="q1")
    new.commit_transaction()
    old.produce("orders", value="p2")
    world.wait(1_000)
    world.attempt(lambda: old.commit_transaction(10))
    reader = world.consumer("C", isolation_level="read_committed", auto_offset_reset="earliest")
    reader.assign([world.partition("orders", 0)])
    reader.consume(10, 2)


SCENARIO = Scenario(
    id="15_zombie_producer",
    title="The zombie's transaction",
    moral="An epoch is a fence: whoever holds an older one can write nothing that anybody will read.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("p1 is in the log, undecided", "TransactionOpened", "", {"first_offset": 0}),
        Scene("Q takes the id: P's transaction is aborted", "MarkerWritten", "", {"committed": False}),
        Scene("Q's transaction is committed", "TransactionEnded", "producer-Q", {"committed": True}),
        Scene("P wakes up, and sends p2", "ProduceSent", "producer-P", {"values": ["p2"]}),
        Scene("P is fenced", "ProduceFailed", "producer-P"),
        Scene("A reader of committed data sees q1 alone", "RecordsConsumed", "consumer-C"),
    ),
    promises=("I21", "I22"),
    lesson=15,
)
