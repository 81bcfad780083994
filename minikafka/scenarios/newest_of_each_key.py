"""Compaction keeps the newest record of each key, and gives nobody another offset."""

from __future__ import annotations

from minikafka.sim.scenario import Question, Scenario, Scene, World


def play(world: World) -> None:
    """alice and bob change their status; the cleaner comes by; a reader starts at the beginning."""
    world.create_topic("status", (1,), cleanup_policy="compact", segment_bytes="330")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.list_topics("status")
    for key, value in (("alice", "in"), ("bob", "out"), ("alice", "out"), ("alice", "away"), ("bob", "in")):
        producer.produce("status", key=key, value=f"{key} {value}")
        world.wait(20)
    world.wait_for("LogCompacted")
    reader = world.consumer("C", auto_offset_reset="earliest", enable_auto_commit="false")
    reader.assign([world.partition("status", 0, 0)])
    reader.consume(10, 1)
    reader.seek(world.partition("status", 0, 2))
    reader.consume(10, 1)


SCENARIO = Scenario(
    id="01_newest_of_each_key",
    title="The newest of each key",
    moral="Compaction throws records away, never addresses.",
    play=play,
    brokers=1,
    scenes=(
        Scene("alice and bob say where they are: 0 and 1", "ProduceAcknowledged", "producer-A", {"base_offset": 1}),
        Scene("alice goes away: 3", "ProduceAcknowledged", "producer-A", {"base_offset": 3}),
        Scene("bob is in: 4, in a file of its own", "ProduceAcknowledged", "producer-A", {"base_offset": 4}),
        Scene("The cleaner drops 0 and 2", "LogCompacted", "broker-1", {"removed": [0, 2]}),
        Scene("A reader gets 1 and 3", "RecordsConsumed", "consumer-C", {"position": 4}),
        Scene("It gets 4, and stands at 5", "RecordsConsumed", "consumer-C", {"position": 5}),
        Scene("It asks for 2, and gets 3", "RecordsConsumed", "consumer-C", {"position": 4}),
    ),
    questions=(
        Question(
            before=5,
            ask="The log starts at 0 and ends at 5. What does a reader get who starts at 0?",
            choices=(
                ("Five records", False, "Scene 4 dropped two of them.", 4),
                ("Two: the newest of alice and of bob", False, "bob at 4 is in the active file: bob at 1 stays.", 5),
                ("Three, at 0, 1 and 2", False, "Offsets are addresses, and stay: scene 5.", 5),
                ("Three, at 1, 3 and 4", True, "Yes: gaps are no error, and nobody moves.", 6),
            ),
        ),
    ),
    promises=("I10",),
    lesson=1,
)
