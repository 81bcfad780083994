"""The rule Kafka shipped before KIP-101: a new follower cuts its log to its own high watermark."""

from __future__ import annotations

from minikafka.sim.scenario import Question, Scenario, Scene, World


def play(world: World) -> None:
    """rum is on three brokers, and two crashes later on none."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(6_300)
    producer.produce("orders", value="rum")
    world.wait_for("ProduceAcknowledged", values=["rum"])
    world.strike("crash", 1)
    world.wait_for("BecameFollower", "broker-3", leader_epoch=1)
    world.strike("crash", 2)
    world.wait(14_000)
    world.strike("restart", 2)
    world.wait(6_000)
    world.strike("restart", 1)
    world.wait(12_000)
    last = world.producer("B", first=3, acks="all", linger_ms=0, enable_idempotence="false")
    last.produce("orders", value="gin")
    world.wait(2_000)


SCENES = (
    Scene("tea is stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
    Scene("rum is on all three", "RecordsAppended", "broker-3"),
    Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
    Scene("Broker 1 crashes at once", "NodeCrashed", "", {"node": "broker-1"}),
    Scene("Broker 2 leads", "BecameLeader", "broker-2", {"leader_epoch": 1}),
    Scene("Broker 3 cuts to its own watermark", "LogTruncated", "broker-3"),
    Scene("Broker 2 crashes before it answers", "NodeCrashed", "", {"node": "broker-2"}),
    Scene("Broker 3 leads, without rum", "BecameLeader", "broker-3", {"leader_epoch": 2}),
    Scene("Broker 2 comes back, and cuts", "LogTruncated", "broker-2"),
    Scene("Broker 1 comes back, and cuts", "LogTruncated", "broker-1"),
    Scene("gin stands where rum stood", "ProduceAcknowledged", "producer-B", {"values": ["gin"]}),
)

QUESTIONS = (
    Question(
        before=6,
        ask="Broker 3 has tea and rum, and follows broker 2 from now on. What does it do first (before KIP-101)?",
        choices=(
            ("Nothing: it copies on", False, "A follower first decides what to drop: scene 6.", 6),
            ("It drops what lies above its own high watermark", True, "Yes, and its high watermark is old.", 6),
            ("Nothing: broker 2 has rum as well", False, "Broker 3 asks nobody: scene 6.", 6),
        ),
    ),
    Question(
        before=8,
        ask="Broker 2 is dead. May broker 3 lead?",
        choices=(
            ("No: it lacks rum", False, "The controller looks at the ISR, never at logs: scene 8.", 8),
            ("Yes: it is in the ISR", True, "Yes. That it has dropped rum, nobody knows.", 8),
            ("No: the ISR is smaller than the minimum", False, "The minimum stops writes, not elections: scene 8.", 8),
        ),
    ),
)

SCENARIO = Scenario(
    id="07_cut_to_the_watermark",
    title="Cut to the watermark",
    moral="The high watermark a follower knows is old: it says what is safe, not what may be thrown away.",
    play=play,
    scenes=SCENES,
    questions=QUESTIONS,
    mutant="cut_to_mark_when_following",
    breaks="I6",
    promises=("I6",),
    lesson=7,
)
