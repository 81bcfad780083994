"""A second member joins a cooperative group: a partition changes hands only after its owner gave it up."""

from __future__ import annotations

from typing import Any

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World

SETTINGS = {"offsets.topic.num.partitions": "1", "group.initial.rebalance.delay.ms": "0"}


def play(world: World) -> None:
    """The first member owns two partitions; the second joins, while the first goes on reading."""
    world.create_topic("orders", (1, 2, 3), (2, 3, 1), min_insync_replicas="2")
    producer = world.producer("A", linger_ms=0, enable_idempotence="false")
    first = member(world, "first")
    take_turns(3, first)
    send(producer, "tea", "rum")
    take_turns(2, first)
    first.commit(asynchronous=False)
    second = member(world, "second")
    take_turns(14, first, second)
    send(producer, "gin", "ale")
    take_turns(2, first, second)


def member(world: World, name: str) -> Any:
    """A member of the group, with the protocol of the branch that is played."""
    protocol = world.choice("protocol", {"partition_assignment_strategy": "cooperative-sticky"})
    consumer = world.consumer(
        name, group_id="kitchen", auto_offset_reset="earliest", enable_auto_commit="false", **protocol
    )
    consumer.subscribe(["orders"])
    return consumer


def take_turns(rounds: int, *members: Any) -> None:
    """Let each poll, again and again: nobody gives anything up while it does not poll."""
    for _ in range(rounds):
        for one in members:
            one.consume(10, 0.4)


def send(producer: Any, *values: str) -> None:
    """One record to each partition."""
    for partition, value in enumerate(values):
        producer.produce("orders", value=value, partition=partition)
    producer.flush()


SCENARIO = Scenario(
    id="13_handover",
    title="First let go, then take",
    moral="No partition has two owners: it is given to the next one only when the last one has let go of it.",
    play=play,
    settings=SETTINGS,
    scenes=(
        Scene("The first member has both partitions", "PartitionsAssigned", "consumer-first"),
        Scene("The second one joins", "MemberJoined", "", {"member": "second-0.3"}),
        Scene("First round: it is given nothing", "AssignmentGiven", "", {"member": "second-0.3", "partitions": []}),
        Scene("The first member lets go of orders-1", "PartitionsRevoked", "consumer-first"),
        Scene("... and asks for a second round", "GroupChanged", "", {"state": "PreparingRebalance"}),
        Scene("Now orders-1 is given away", "AssignmentGiven", "", {"partitions": ["orders-1"]}),
        Scene("The second member has it", "PartitionsAssigned", "consumer-second", {"partitions": ["orders-1"]}),
        Scene("Each reads its own", "RecordsConsumed", "consumer-second"),
    ),
    questions=(
        Question(
            before=3,
            ask="Two partitions, two members: one each. What is the newcomer given in this round?",
            choices=(
                ("orders-1 at once", False, "Somebody still reads it: scene 4 comes first.", 4),
                ("Nothing", True, "Yes: it gets orders-1 in scene 7, when nobody else has it.", 7),
                ("Both, and the first one none", False, "The first one keeps orders-0 all the time: scene 4.", 4),
            ),
        ),
    ),
    promises=("I27",),
    branches=(
        Branch(
            "Eager: everybody lets go of everything",
            {"protocol": {"partition_assignment_strategy": "range"}},
            (
                Scene(
                    "The first member stops reading both",
                    "PartitionsRevoked",
                    "consumer-first",
                    {"partitions": ["orders-0", "orders-1"]},
                ),
                Scene("One round: one each", "PartitionsAssigned", "consumer-second", {"partitions": ["orders-1"]}),
            ),
        ),
        Branch(
            "KIP-848: the coordinator hands over",
            {"protocol": {"group_protocol": "consumer"}},
            (
                Scene("The second member is given nothing yet", "AssignmentGiven", "", {"partitions": []}),
                Scene("The first lets go of orders-1", "PartitionsRevoked", "consumer-first"),
                Scene("The second member has it", "PartitionsAssigned", "consumer-second"),
            ),
        ),
    ),
    lesson=13,
)
