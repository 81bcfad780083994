"""Two readers of one log, retention, and a power cut: who removes a record, and who does not."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World

BATCH_BYTES = 100
"""Every record is a batch of its own and is padded to this, so that sizes can be counted in the head."""
OVERHEAD_BYTES = 71


def play(world: World) -> None:
    """The kitchen reads everything, the audit one record; then retention takes what it has not read."""
    world.create_topic("orders", (1,), segment_bytes="400", retention_bytes=world.choice("retention.bytes", "400"))
    producer = world.producer(
        "A", acks="all", linger_ms=0, enable_idempotence="false", retry_backoff_ms=5_000, retry_backoff_max_ms=5_000
    )
    producer.list_topics("orders")
    order(world, producer, "tea", "rum")
    kitchen, audit = reader(world, "kitchen"), reader(world, "audit", max_partition_fetch_bytes=150, max_poll_records=1)
    kitchen.consume(2, 1)
    audit.consume(1, 1)
    order(world, producer, *"234567")
    kitchen.seek(world.partition("orders", 0, 0))
    kitchen.consume(4, 1)
    kitchen.consume(4, 1)
    order(world, producer, "8")
    world.wait(62_000)
    producer.produce("orders", value="9")
    world.wait_for("RecordsAppended", base_offset=9)
    world.strike("tear", 1)
    world.wait(10_000)
    world.strike("restart", 1)
    world.wait(12_000)
    audit.consume(1, 2)
    audit.consume(1, 1)


def reader(world: World, name: str, **settings: Any) -> Any:
    """A reader that belongs to no group: its position is its own business."""
    consumer = world.consumer(name, auto_offset_reset="earliest", enable_auto_commit="false", **settings)
    consumer.assign([world.partition("orders", 0, 0)])
    return consumer


def order(world: World, producer: Any, *values: str) -> None:
    """Send orders, one batch each, padded by a header."""
    for value in values:
        padding = b"." * (BATCH_BYTES - OVERHEAD_BYTES - len(value))
        producer.produce("orders", value=value, headers={"": padding})
        world.wait(20)


SCENES = (
    Scene("tea and rum lie in the log", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
    Scene("The kitchen reads both, and both still lie there", "RecordsConsumed", "consumer-kitchen", {"position": 2}),
    Scene("The audit reads tea", "RecordsConsumed", "consumer-audit", {"position": 1}),
    Scene("The kitchen reads everything again", "RecordsConsumed", "consumer-kitchen", {"position": 8}),
    Scene("8 opens a third file", "ProduceAcknowledged", "producer-A", {"values": ["8"]}),
    Scene("Retention takes the first file: 0 to 3", "LogStartMoved", "broker-1", {"log_start_offset": 4}),
    Scene("9 is written", "RecordsAppended", "broker-1", {"base_offset": 9}),
    Scene("The power goes: half of 9 is on the disk", "NodeCrashed", "", {"power_lost": True}),
    Scene("That half is cut off: the log ends at 9", "TailCut", "broker-1", {"at_offset": 9}),
    Scene("9 is sent again, and stored once", "ProduceAcknowledged", "producer-A", {"base_offset": 9}),
    Scene("The audit asks for 2", "FetchFailed", "consumer-audit", {"error": "OFFSET_OUT_OF_RANGE"}),
    Scene("It goes on at 4, which is still called 4", "RecordsConsumed", "consumer-audit", {"position": 5}),
)

QUESTIONS = (
    Question(
        before=3,
        ask="The kitchen has read tea and rum. What will the audit find?",
        choices=(
            ("Nothing: they were read", False, "Scene 2 changes no byte of the log. Reading removes nothing.", 2),
            ("tea", True, "Yes: each reader has a position of its own.", 3),
            ("An error: they are the kitchen's", False, "Nobody owns a record: scene 3.", 3),
        ),
    ),
    Question(
        before=6,
        ask="Three files: 0 to 3, 4 to 7, and 8. 400 bytes may stay, and the audit stands at 1. What goes?",
        choices=(
            ("Nothing yet: the audit needs it", False, "Scene 6 looks at the sizes of files, not at readers.", 6),
            ("Offset 0: that one was read by both", False, "Scene 6 drops files, not records.", 6),
            ("0 to 3", True, "Yes: the oldest file, as a whole. Nobody asked the audit.", 6),
            ("0 to 3, and 4 becomes 0", False, "An offset is an address, and it stays: scene 12.", 12),
        ),
    ),
)

BRANCHES = (
    Branch(
        "Nothing is too large (retention.bytes=-1)",
        {"retention.bytes": "-1"},
        (
            Scene("9 is written, and nothing was removed", "RecordsAppended", "broker-1", {"base_offset": 9}),
            Scene("The power goes all the same", "NodeCrashed", "", {"power_lost": True}),
            Scene("Half of 9 is cut off", "TailCut", "broker-1", {"at_offset": 9}),
            Scene("The audit reads rum", "RecordsConsumed", "consumer-audit", {"position": 2}),
            Scene("It reads 2: nobody has jumped", "RecordsConsumed", "consumer-audit", {"position": 3}),
        ),
    ),
)

SCENARIO = Scenario(
    id="01_a_log_not_a_queue",
    title="A log, not a queue",
    moral="Reading removes nothing, and saves nothing.",
    play=play,
    brokers=1,
    settings={"log.retention.check.interval.ms": "60000"},
    scenes=SCENES,
    questions=QUESTIONS,
    branches=BRANCHES,
    promises=("I13", "I10"),
    lesson=1,
)
