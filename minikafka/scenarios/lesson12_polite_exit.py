"""A tidy exit commits what it was handed, done or not; a crash forgets it."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World

FAILS = b"o5"
CHARGE_MS = 300


def play(world: World) -> None:
    """Twelve orders, four in each poll; the first try to charge o5 fails."""
    world.create_topic("orders", (1,))
    producer = world.producer("A", acks="all", linger_ms=0)
    for number in range(12):
        producer.produce("orders", value=f"o{number}")
    world.wait(300)
    first = billing(world, "first")
    failed = charge_all(world, first, fails=True)
    if failed and world.choice("the exit", "close") == "close":
        first.close()
    else:
        world.kill(first)
        world.wait(7_000)
    second = billing(world, "second")
    charge_all(world, second, fails=False)
    second.close()


def billing(world: World, name: str) -> Any:
    """A member of the group that charges for orders."""
    consumer = world.consumer(
        name, group_id="billing", auto_offset_reset="earliest", enable_auto_commit="true",
        auto_commit_interval_ms=1_000, session_timeout_ms=6_000, max_poll_records=4,
    )  # fmt: skip
    consumer.subscribe(["orders"])
    return consumer


def charge_all(world: World, consumer: Any, fails: bool) -> bool:
    """Poll and charge until there is nothing left, or a charge fails."""
    while records := consumer.consume(4, 4):
        for record in records:
            world.wait(CHARGE_MS)
            if fails and record.value() == FAILS:
                world.note("Charging o5 fails, and the exception leaves the loop.")
                return True
            world.note(f"{record.value().decode()} is charged.")
    return False


SCENARIO = Scenario(
    id="12_polite_exit",
    title="The polite exit",
    moral="A crash forgets what it was handed; a tidy exit commits it, done or not.",
    play=play,
    brokers=1,
    settings={
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "group.initial.rebalance.delay.ms": "0",
    },
    scenes=(
        Scene("Twelve orders are stored", "RecordsAppended", "broker-1", {"next_offset": 12}),
        Scene("The member starts at 0", "PartitionsAssigned", "consumer-first"),
        Scene("It is handed o0 to o3", "RecordsConsumed", "consumer-first", {"position": 4}),
        Scene("The next poll commits 4", "CommitSent", "consumer-first"),
        Scene("It is handed o4 to o7", "RecordsConsumed", "consumer-first", {"position": 8}),
        Scene("Charging o5 fails", "Note", "", {"text": "Charging o5 fails, and the exception leaves the loop."}),
        Scene("close() commits 8", "CommitSent", "consumer-first"),
        Scene("The next member starts at 8", "RecordsConsumed", "consumer-second"),
        Scene("12 is committed: lag 0", "OffsetCommitted", "broker-1", {"offset": 12}),
    ),
    questions=(
        Question(
            before=4,
            ask="o0 to o3 are charged, and the interval is over. The second poll is about to commit. Which number?",
            choices=(
                ("3: the last one that is done", False, "A commit says where to go on: 4, in scene 4.", 4),
                ("4", True, "Yes: the next one to read. All that the first poll handed out lies below it.", 4),
                ("8: this poll hands out o4 to o7", False, "It hands them out after it has committed: scene 5.", 5),
            ),
        ),
        Question(
            before=7,
            ask="The exception leaves the loop and `close()` runs. Where does the next member start?",
            choices=(
                ("At 4: the last commit stands", False, "close() commits once more: scene 7.", 7),
                ("At 5: o4 was charged", False, "Nobody told Kafka what was charged: scene 6 sends nothing.", 6),
                ("At 6: it skips the bad one", False, "Nobody told Kafka which one was bad: scene 6.", 6),
                ("At 8", True, "Yes: it commits its position, and that is what it was handed.", 7),
            ),
        ),
    ),
    branches=(
        Branch(
            "kill -9 instead",
            {"the exit": "kill"},
            (
                Scene("The session runs out", "MemberRemoved", "broker-1", {"reason": "session timeout"}),
                Scene("The next member starts at 4", "RecordsConsumed", "consumer-second", {"position": 8}),
                Scene("12 is committed: none lost, o4 twice", "OffsetCommitted", "broker-1", {"offset": 12}),
            ),
        ),
    ),
    promises=("I28",),
    lesson=12,
)
