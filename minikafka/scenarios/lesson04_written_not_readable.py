"""A record is written at once and readable later: followers pull, and their next fetch is the acknowledgement."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Question, Scenario, Scene, World


def play(world: World) -> None:
    """tea in peace, rum while broker 3 stands still, gin while the answer to broker 2 is lost."""
    world.create_topic("orders", (1, 2, 3))
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.list_topics("orders")
    reader = world.consumer("C", auto_offset_reset="earliest", enable_auto_commit="false")
    reader.assign([world.partition("orders", 0, 0)])
    reader.consume(1, 0.2)
    producer.produce("orders", value="tea")
    world.wait_for("RecordsAppended", "broker-1")
    look(world, reader, 0.001)
    world.wait_for("ProduceAcknowledged")
    look(world, reader, 0.1)
    world.strike("pause", 3)
    producer.produce("orders", value="rum")
    look(world, reader, 4)
    world.strike("resume", 3)
    look(world, reader, 1)
    world.wait(800)
    producer.produce("orders", value="gin")
    world.wait_for("RecordsAppended", "broker-1", base_offset=2)
    world.strike("disconnect", 1, 2)
    look(world, reader, 0.5)
    look(world, reader, 3)
    world.wait(1_000)


def look(world: World, reader: Any, seconds: float) -> None:
    """Poll, and say so when nothing comes."""
    if not reader.consume(1, seconds):
        world.note("The reader polls, and gets nothing: no record, no error.")


SCENES = (
    Scene("Brokers 2 and 3 ask, and wait at broker 1", "FollowerProgress", "broker-1", {"follower": 3}),
    Scene("tea is written", "RecordsAppended", "broker-1", {"base_offset": 0}),
    Scene("Written, not readable", "Note"),
    Scene("Broker 3 asks for 1: it has tea", "FollowerProgress", "broker-1", {"follower": 3, "log_end_offset": 1}),
    Scene("Broker 2 asks for 1: all have tea", "HighWatermarkMoved", "broker-1", {"high_watermark": 1}),
    Scene("tea is stored, and read", "ProduceAcknowledged", "producer-A"),
    Scene("Broker 3 stands still", "NodePaused"),
    Scene("Broker 2 copies rum, and learns of mark 1", "HighWatermarkMoved", "broker-2", {"high_watermark": 1}),
    Scene("rum is on two of three, and not readable", "Note"),
    Scene("Broker 3 goes on, and asks for 2", "FollowerProgress", "broker-1", {"follower": 3, "log_end_offset": 2}),
    Scene("rum is stored, and read", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
    Scene("The answer with gin never reaches broker 2", "ConnectionsLost"),
    Scene("Broker 3 has gin; sent is not held", "FollowerProgress", "broker-1", {"follower": 3, "log_end_offset": 3}),
    Scene("Broker 2 asks again, and gets it", "RecordsAppended", "broker-2", {"base_offset": 2}),
    Scene("gin is stored, and read", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
)

QUESTIONS = (
    Question(
        before=3,
        ask="Broker 1 has written tea. A reader asks for offset 0. What does it get?",
        choices=(
            ("tea", False, "If broker 1 lost power now, tea would be nowhere, yet read. Scene 3: it waits.", 3),
            ("Nothing", True, "Yes: tea lies above the high watermark.", 3),
            ("OFFSET_OUT_OF_RANGE", False, "Offset 0 is in the log, only not readable yet: scene 3.", 3),
        ),
    ),
    Question(
        before=5,
        ask="Brokers 1 and 3 have tea, broker 2 has been sent it. Where is the high watermark?",
        choices=(
            ("At 1: two of three have it", False, "Two of three have rum in scene 9, and nobody may read it.", 9),
            ("At 0", True, "Yes: broker 2 may lead next, and has not shown that it holds tea.", 4),
            ("At 1: it was sent to both", False, "Scene 12: what was sent may be lost on the way.", 12),
        ),
    ),
    Question(
        before=8,
        ask="tea is stored, and broker 1's high watermark is 1. What is broker 2's?",
        choices=(
            ("1", False, "Its last answer said 0, and nobody pushes: it hears of 1 with rum, in scene 8.", 8),
            ("0", True, "Yes: a follower's mark rides on the next answer.", 8),
            ("It has none: only leaders do", False, "It has its own, from what the leader told it: scene 8.", 8),
        ),
    ),
)

SCENARIO = Scenario(
    id="04_written_not_readable",
    title="Written, not readable",
    moral="The next fetch is the acknowledgement.",
    play=play,
    scenes=SCENES,
    questions=QUESTIONS,
    promises=("I10", "I3"),
    lesson=4,
)
