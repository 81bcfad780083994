"""A write torn by a power cut, and a bit that flips: recovery keeps whole batches, up to the first that is not."""

from __future__ import annotations

from minikafka.sim.scenario import Question, Scenario, Scene, World


def play(world: World) -> None:
    """rum is torn on broker 3; gin is flipped on broker 2. Both come back, and copy what they cut off."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    producer = world.producer("A", acks="all", linger_ms=0, enable_idempotence="false")
    producer.produce("orders", value="tea")
    world.wait(31_000)
    producer.produce("orders", value="rum")
    world.wait_for("ProduceAcknowledged")
    world.strike("tear", 3)
    world.wait(10_000)
    world.strike("restart", 3)
    world.wait(10_000)
    producer.produce("orders", value="gin")
    world.wait_for("ProduceAcknowledged", values=["gin"])
    world.strike("flip", 2)
    world.wait(10_000)
    world.strike("restart", 2)
    world.wait(10_000)


SCENARIO = Scenario(
    id="08_torn_and_flipped",
    title="Torn and flipped",
    moral="A checksum cannot mend a batch; it can say where the log ends that one may believe.",
    play=play,
    scenes=(
        Scene("tea is stored, and old enough to be on disk", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
        Scene("Broker 3 loses power: half of rum is on its disk", "NodeCrashed", "", {"node": "broker-3"}),
        Scene("It cuts that off", "TailCut", "broker-3", {"at_offset": 1}),
        Scene("It copies rum", "RecordsAppended", "broker-3", {"base_offset": 1}),
        Scene("gin is stored", "ProduceAcknowledged", "producer-A", {"values": ["gin"]}),
        Scene("Broker 2 loses power: one bit of gin is wrong", "NodeCrashed", "", {"node": "broker-2"}),
        Scene("The checksum says so: gin is cut off", "TailCut", "broker-2", {"at_offset": 2}),
        Scene("It copies gin", "RecordsAppended", "broker-2", {"base_offset": 2}),
    ),
    questions=(
        Question(
            before=4,
            ask="Half of rum is on the disk of broker 3. What becomes of that half?",
            choices=(
                ("It is completed from the leader", False, "Nobody asks for half a batch: scene 4, then scene 5.", 4),
                ("It is cut off", True, "Yes: a log ends with its last intact batch.", 4),
                ("Broker 3 does not start", False, "It starts, and is in sync again: it copies rum in scene 5.", 5),
            ),
        ),
    ),
    promises=("I13", "I1", "I30"),
    lesson=8,
)
