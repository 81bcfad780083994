"""A crash between poll and the work: commit after the work and it is done again, before it and it is never done."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World

SETTINGS = {
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "group.initial.rebalance.delay.ms": "0",
}


def play(world: World) -> None:
    """Three orders, one a poll; the first member dies with the second order in its hands."""
    world.create_topic("orders", (1,))
    producer = world.producer("A", linger_ms=0, enable_idempotence="false")
    for value in ("tea", "rum", "gin"):
        producer.produce("orders", value=value)
    producer.flush()
    first = member(world, "first")
    charge(world, first, dies_with=b"rum")
    world.kill(first)
    world.wait(7_000)
    second = member(world, "second")
    charge(world, second, dies_with=b"")
    second.close()


def member(world: World, name: str) -> Any:
    """A member that commits by hand."""
    consumer = world.consumer(
        name, group_id="billing", auto_offset_reset="earliest", enable_auto_commit="false", session_timeout_ms=6_000
    )
    consumer.subscribe(["orders"])
    return consumer


def charge(world: World, consumer: Any, dies_with: bytes) -> None:
    """Take an order, charge it, commit; or commit first."""
    commits_first = world.choice("commit", "after") == "before"
    while records := consumer.consume(1, 3):
        if commits_first:
            consumer.commit(asynchronous=False)
        if records[0].value() == dies_with:
            world.note(f"The application dies with {dies_with.decode()} in its hands.")
            return
        world.note(f"{records[0].value().decode()} is charged.")
        if not commits_first:
            consumer.commit(asynchronous=False)


SCENARIO = Scenario(
    id="12_between_poll_and_work",
    title="In its hands",
    moral="Commit after the work, and a crash repeats it; commit before it, and a crash forgets it.",
    play=play,
    brokers=1,
    settings=SETTINGS,
    scenes=(
        Scene("tea is charged, then committed", "CommitAcknowledged", "consumer-first"),
        Scene("rum is handed out", "RecordsConsumed", "consumer-first", {"position": 2}),
        Scene("The application dies with rum in its hands", "NodeCrashed"),
        Scene("The session is over", "MemberRemoved", "", {"reason": "session timeout"}),
        Scene("The next member is given rum again", "RecordsConsumed", "consumer-second", {"position": 2}),
        Scene("rum is charged", "Note", "", {"text": "rum is charged."}),
        Scene("All three are done", "OffsetCommitted", "", {"offset": 3}),
    ),
    questions=(
        Question(
            before=5,
            ask="The first member polled rum, and died before charging it. Where does the next one start?",
            choices=(
                ("At gin: rum was polled", False, "Polling tells Kafka nothing. Scene 1 is the last commit.", 1),
                ("At rum", True, "Yes: 1 is committed, and rum is at 1.", 5),
                ("At tea: the member is gone", False, "Offsets belong to the group, not to members: scene 5.", 5),
            ),
        ),
    ),
    promises=("I29",),
    branches=(
        Branch(
            "commit first, then work",
            {"commit": "before"},
            (
                Scene("rum is committed", "OffsetCommitted", "", {"offset": 2}),
                Scene("The application dies with rum in its hands", "NodeCrashed"),
                Scene("The next member starts at gin: nobody charges rum", "RecordsConsumed", "consumer-second"),
            ),
        ),
    ),
    lesson=12,
)
