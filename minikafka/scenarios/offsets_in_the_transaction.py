"""A worker stands still too long, loses its partition, and comes back with half a transaction (KIP-447)."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Branch, Scenario, Scene, World

SETTINGS = {
    "transaction.state.log.num.partitions": "1",
    "offsets.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
}


def play(world: World) -> None:
    """Two workers turn orders into bills; the first is away while the second does its work."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    world.create_topic("bills", (1, 2, 3), min_insync_replicas="2")
    source = world.producer("A", linger_ms=0)
    source.produce("orders", value="tea")
    source.flush()
    first, first_bills = worker(world, "first")
    taken = first.consume(1, 5)
    first_bills.begin_transaction()
    bill(first_bills, taken[0], "first")
    first_bills.flush()
    world.strike("pause", "consumer-first")
    world.wait(8_000)
    second, second_bills = worker(world, "second")
    taken = second.consume(1, 10)
    second_bills.begin_transaction()
    bill(second_bills, taken[0], "second")
    second_bills.send_offsets_to_transaction(second.position(second.assignment()), second.consumer_group_metadata())
    second_bills.commit_transaction()
    world.strike("resume", "consumer-first")
    offsets = [world.partition("orders", 0, 1)]
    whose = first if world.choice("whose", "its own") == "its own" else nobody(world)
    world.attempt(lambda: first_bills.send_offsets_to_transaction(offsets, whose.consumer_group_metadata()))
    if whose is first:
        first_bills.abort_transaction()
    else:
        first_bills.commit_transaction()
    world.wait(500)
    reader = world.consumer("C", isolation_level="read_committed", enable_auto_commit="false")
    reader.assign([world.partition("bills", 0, 0)])
    reader.consume(10, 2)


def bill(producer: Any, order: Any, worker: str) -> None:
    """Write the bill of an order, keyed by the order."""
    value = order.value().decode()
    producer.produce("bills", key=value, value=f"{value} ({worker})")


def nobody(world: World) -> Any:
    """A consumer that is no member of the group."""
    return world.consumer("nobody", group_id="billing")


def worker(world: World, name: str) -> tuple[Any, Any]:
    """A member of the group, and its transactional producer."""
    consumer = world.consumer(
        name, group_id="billing", auto_offset_reset="earliest", enable_auto_commit="false", session_timeout_ms=6_000,
        isolation_level="read_committed",
    )  # fmt: skip
    consumer.subscribe(["orders"])
    producer = world.producer(name, transactional_id=f"billing-{name}", linger_ms=0)
    producer.init_transactions()
    return consumer, producer


SCENARIO = Scenario(
    id="16_offsets_in_the_transaction",
    title="The offset travels with the bill",
    moral="Offsets in the transaction, and the group's word on who may commit them: then the bill is written once.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("The first worker takes tea", "RecordsConsumed", "consumer-first"),
        Scene("It writes the bill, and stands still", "NodePaused"),
        Scene("The group goes on without it", "MemberRemoved", "", {"reason": "session timeout"}),
        Scene("The second worker takes tea, too", "RecordsConsumed", "consumer-second"),
        Scene("Its bill and its offset are committed together", "TransactionEnded", "producer-second"),
        Scene("The first worker goes on", "NodeResumed"),
        Scene("Its offset is refused: it is no member", "CommitRefused", "", {"error": "UNKNOWN_MEMBER_ID"}),
        Scene("So its bill is aborted", "TransactionEnded", "producer-first", {"committed": False}),
        Scene("A reader gets one bill", "RecordsConsumed", "consumer-C"),
    ),
    promises=("I26",),
    branches=(
        Branch(
            "The first worker does not say in whose name it commits",
            {"whose": "nobody's"},
            (
                Scene("Its offset is taken", "OffsetCommitted", "", {"pending": True, "member": ""}),
                Scene("Its bill is committed", "TransactionEnded", "producer-first", {"committed": True}),
                Scene("A reader gets two bills", "RecordsConsumed", "consumer-C"),
            ),
            breaks="I26",
        ),
    ),
    lesson=16,
)
