"""Work that outlasts max.poll.interval.ms: heartbeats go on, and the member is out all the same."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World

SETTINGS = {"offsets.topic.num.partitions": "1", "group.initial.rebalance.delay.ms": "0"}
WORK_MS = 6_000


def play(world: World) -> None:
    """Two members, one partition: each takes the same two orders, works too long, and loses them to the other."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", linger_ms=0, enable_idempotence="false")
    for value in ("tea", "rum", "gin"):
        producer.produce("orders", value=value)
    producer.flush()
    most = world.choice("max.poll.records", 2)
    worker, other = member(world, "first", most), member(world, "second", most)
    for _ in range(3):
        if not work(world, worker):
            worker, other = other, worker


def member(world: World, name: str, most: int) -> Any:
    """A member that commits after its work."""
    consumer = world.consumer(
        name, group_id="kitchen", auto_offset_reset="earliest", enable_auto_commit="false",
        session_timeout_ms=6_000, heartbeat_interval_ms=2_000, max_poll_interval_ms=10_000, max_poll_records=most,
    )  # fmt: skip
    consumer.subscribe(["orders"])
    return consumer


def work(world: World, consumer: Any) -> bool:
    """Take orders and work on them, six seconds each; then commit. Was that taken?"""
    records = consumer.consume(2, 6)
    world.wait(len(records) * WORK_MS)
    world.note(f"{' and '.join(one.value().decode() for one in records)}: done.")
    return world.attempt(lambda: consumer.commit(asynchronous=False))


SCENARIO = Scenario(
    id="13_rebalance_storm",
    title="Done, and done again",
    moral="Heartbeats say that the process lives, polls say that it works; the group wants to hear both.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("The first member takes tea and rum: 12 s of work", "RecordsConsumed", "consumer-first"),
        Scene("10 s without a poll: it leaves by itself", "MemberRemoved", "", {"reason": "left"}),
        Scene("The work is done", "Note", "", {"text": "tea and rum: done."}),
        Scene("Its commit is refused", "CommitFailed", "consumer-first"),
        Scene("The second member takes tea and rum", "RecordsConsumed", "consumer-second"),
        Scene("10 s later it is out", "MemberRemoved", "", {"reason": "left"}),
        Scene("The same work is done again, and not committed", "CommitFailed", "consumer-second"),
        Scene("And the first takes tea and rum", "RecordsConsumed", "consumer-first"),
    ),
    questions=(
        Question(
            before=2,
            ask="The first member works, and its heartbeats go on. max.poll.interval.ms is 10 s, the work takes 12.",
            choices=(
                ("It stays: it is alive", False, "Its process is. Scene 2: it leaves, since nobody polls.", 2),
                ("It leaves after 6 s: the session", False, "Heartbeats keep the session. Scene 2 comes at 10 s.", 2),
                ("It leaves after 10 s", True, "Yes: and what it does after that counts for nothing.", 4),
            ),
        ),
    ),
    promises=("I28", "I27"),
    branches=(
        Branch(
            "max.poll.records=1",
            {"max.poll.records": 1},
            (
                Scene("tea alone: 6 s of work", "RecordsConsumed", "consumer-first", {"position": 1}),
                Scene("tea is committed", "OffsetCommitted", "", {"offset": 1}),
                Scene("All three are done, by one member", "OffsetCommitted", "", {"offset": 3}),
            ),
        ),
    ),
    lesson=13,
)
