"""An aborted record stays in the log; a marker behind it tells readers of committed data to pass it over."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Question, Scenario, Scene, World

SETTINGS = {"transaction.state.log.num.partitions": "1", "offsets.topic.num.partitions": "1"}


def play(world: World) -> None:
    """One transaction is aborted, the next is committed; two readers look before, between and after."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("P", transactional_id="payments", linger_ms=0)
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce("orders", value="tea")
    producer.flush()
    careful, quick = reader(world, "careful", "read_committed"), reader(world, "quick", "read_uncommitted")
    quick.consume(10, 1)
    if not careful.consume(10, 1):
        world.note("The careful reader polls, and gets nothing.")
    producer.abort_transaction()
    producer.begin_transaction()
    producer.produce("orders", value="rum")
    producer.commit_transaction()
    world.wait(200)
    quick.consume(10, 1)
    careful.consume(10, 1)


def reader(world: World, name: str, isolation: str) -> Any:
    """A reader from the start, in no group."""
    consumer = world.consumer(name, enable_auto_commit="false", isolation_level=isolation)
    consumer.assign([world.partition("orders", 0, 0)])
    return consumer


SCENARIO = Scenario(
    id="15_aborted_in_the_log",
    title="Taken back, and still there",
    moral="Nothing is taken out of a log: a marker says how to read what stands before it.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("tea is in the log, undecided", "TransactionOpened", "", {"first_offset": 0}),
        Scene("The quick reader takes it", "RecordsConsumed", "consumer-quick", {"position": 1}),
        Scene("The careful one gets nothing", "Note"),
        Scene("The transaction is aborted: a marker at 1", "MarkerWritten", "broker-1", {"committed": False}),
        Scene("rum comes in the next one", "TransactionOpened", "", {"first_offset": 2}),
        Scene("That one is committed: a marker at 3", "MarkerWritten", "broker-1", {"committed": True}),
        Scene("The quick reader goes on with rum", "RecordsConsumed", "consumer-quick"),
        Scene("The careful one reads rum alone", "RecordsConsumed", "consumer-careful"),
    ),
    questions=(
        Question(
            before=5,
            ask="The transaction of tea is aborted. Where is tea now?",
            choices=(
                ("Gone: it was taken back", False, "The log only grew: scene 4 adds a marker behind it.", 4),
                ("Still at offset 0", True, "Yes: and whoever reads without isolation.level has read it.", 2),
            ),
        ),
    ),
    promises=("I22", "I23"),
    lesson=15,
)
