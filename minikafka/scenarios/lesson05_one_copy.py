"""acks=all with one copy: the in-sync replicas leave one after the other, and "all" becomes one."""

from __future__ import annotations

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World


def play(world: World) -> None:
    """Broker 3 goes, then broker 2; what broker 1 alone acknowledges goes with its power."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas=world.choice("minimum", "1"))
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false", delivery_timeout_ms=130_000)
    producer.produce("orders", value="tea")
    world.wait(700)
    world.strike("crash", 3)
    producer.produce("orders", value="rum")
    world.wait(31_000)
    world.strike("crash", 2)
    world.wait(10_000)
    producer.produce("orders", value="gin")
    world.wait(15)
    world.strike("power_loss", 1)
    world.wait(10_000)
    world.strike("restart", 2)
    world.strike("restart", 3)
    world.wait(5_000)
    world.strike("restart", 1)
    world.wait(14_000)


SCENES = (
    Scene("tea is stored on all three", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
    Scene("Broker 3 crashes", "NodeCrashed", "", {"node": "broker-3"}),
    Scene("rum waits for broker 3", "ProduceParked", "broker-1"),
    Scene("Broker 3 is fenced", "BrokerFenced", "controller-1", {"broker": 3}),
    Scene("rum is stored, nine seconds late", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
    Scene("Broker 2 crashes", "NodeCrashed", "", {"node": "broker-2"}),
    Scene("One is left", "PartitionChanged", "controller-1", {"isr": [1]}),
    Scene("gin is stored, on one broker", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
    Scene("Broker 1 loses power", "NodeCrashed", "", {"node": "broker-1", "power_lost": True}),
    Scene("Nobody may lead", "PartitionChanged", "controller-1", {"leader": -1}),
    Scene("Two copies are back, and wait", "BrokerUnfenced", "controller-1", {"broker": 3}),
    Scene("The last known leader leads again", "PartitionChanged", "controller-1", {"leader": 1, "recovering": True}),
    Scene("gin is gone", "LossBeyondPromise"),
)

QUESTIONS = (
    Question(
        before=4,
        ask="Broker 3 is dead, brokers 1 and 2 hold rum, min.insync.replicas is 1. When is rum acknowledged?",
        choices=(
            ("At once: the minimum is one", False, "The minimum is a gate. Scene 3: the answer waits.", 3),
            ("Never: one of all replicas is missing", False, "It is acknowledged in scene 5, without broker 3.", 5),
            ("When broker 3 has left the ISR", True, "Yes: all means all that are in sync, and broker 3 was.", 5),
        ),
    ),
    Question(
        before=8,
        ask="The ISR is {1}. The producer sends gin with acks=all.",
        choices=(
            ("It is refused", False, "min.insync.replicas=1 lets it in: scene 8.", 8),
            ("It waits for brokers 2 and 3", False, "They left the ISR: scene 7.", 7),
            ("It is stored: one copy", True, "Yes. When one is in sync, all is one.", 8),
        ),
    ),
    Question(
        before=12,
        ask="Broker 2 is alive, with tea and rum. Why does it not lead?",
        choices=(
            ("It is still starting", False, "It is unfenced in scene 11.", 11),
            ("gin was acknowledged without it", True, "Yes: it is in neither ISR nor ELR, and may lack records.", 7),
            ("There is no majority", False, "One was enough in scene 8: replicas of a partition do not vote.", 8),
        ),
    ),
)

SCENARIO = Scenario(
    id="05_one_copy",
    title="One copy",
    moral="acks=all waits for those who are in sync. When one is in sync, all is one.",
    play=play,
    scenes=SCENES,
    questions=QUESTIONS,
    branches=(
        Branch(
            "min.insync.replicas=2 instead",
            {"minimum": "2"},
            (
                Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
                Scene("gin is refused", "ProduceRetried", "producer-A", {"error": "NOT_ENOUGH_REPLICAS"}),
            ),
        ),
    ),
    promises=("I1", "I2", "I11"),
    lesson=5,
)
