"""A member stands still for longer than its session, is replaced, wakes up, and commits."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Question, Scenario, Scene, World

SETTINGS = {"offsets.topic.num.partitions": "1", "group.initial.rebalance.delay.ms": "0"}


def play(world: World) -> None:
    """The first member takes two records and stands still; the second takes all four and commits."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", linger_ms=0, enable_idempotence="false")
    for value in ("tea", "rum", "gin", "ale"):
        producer.produce("orders", value=value)
    producer.flush()
    first = member(world, "first")
    first.consume(2, 5)
    world.strike("pause", "consumer-first")
    world.wait(7_000)
    second = member(world, "second")
    while second.consume(2, 2):
        second.commit(asynchronous=False)
    world.strike("resume", "consumer-first")
    world.attempt(lambda: first.commit(asynchronous=False))
    second.close()
    third = member(world, "third")
    producer.produce("orders", value="vodka")
    third.consume(2, 5)


def member(world: World, name: str) -> Any:
    """A member that commits by hand."""
    consumer = world.consumer(
        name, group_id="kitchen", auto_offset_reset="earliest", enable_auto_commit="false", session_timeout_ms=6_000,
        max_poll_records=2,
    )  # fmt: skip
    consumer.subscribe(["orders"])
    return consumer


SCENARIO = Scenario(
    id="13_zombie_commit",
    title="The sleeper's commit",
    moral="A commit is signed with a member and a generation: who is no longer in the group turns back no offset.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("The first member takes tea and rum", "RecordsConsumed", "consumer-first", {"position": 2}),
        Scene("It stands still, before it has committed", "NodePaused"),
        Scene("Its session is over", "MemberRemoved", "", {"reason": "session timeout"}),
        Scene("The second member takes tea and rum, too", "RecordsConsumed", "consumer-second", {"position": 2}),
        Scene("It goes on, and commits 4", "OffsetCommitted", "", {"offset": 4}),
        Scene("The first member wakes up, and commits 2", "CommitSent", "consumer-first"),
        Scene("It is refused", "CommitRefused", "", {"error": "UNKNOWN_MEMBER_ID"}),
        Scene("A third member starts at 4", "PartitionsAssigned", "consumer-third"),
        Scene("vodka is all it gets", "RecordsConsumed", "consumer-third", {"position": 5}),
    ),
    questions=(
        Question(
            before=7,
            ask="The group has committed 4. A member of an earlier generation commits 2. What is committed now?",
            choices=(
                ("2: the last one counts", False, "Then gin and ale would be done again. Scene 7: refused.", 7),
                ("4: the larger one counts", False, "Sizes are not compared, members are. Scene 7.", 7),
                ("4: it is no member any more", True, "Yes: 5 would have been refused as well.", 7),
            ),
        ),
    ),
    promises=("I28",),
    lesson=13,
)
