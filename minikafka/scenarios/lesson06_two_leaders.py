"""Two leaders, one record: broker 1 is cut off from the controllers and does not know that it was deposed."""

from __future__ import annotations

from minikafka.sim.scenario import Branch, Question, Scenario, Scene, World


def play(world: World) -> None:
    """Three replicas on brokers 1, 2, 3. A and L both know that broker 1 leads when it is cut off."""
    world.create_topic("orders", (1, 2, 3), min_insync_replicas="2")
    all_of_them = world.producer("A", acks="all", enable_idempotence="false", linger_ms=0, request_timeout_ms=30_000)
    leader_only = world.producer("L", acks=world.choice("acks of L", "1"), enable_idempotence="false", linger_ms=0)
    leader_only.list_topics("orders")
    all_of_them.produce("orders", value="a")
    world.wait(700)

    crashes = world.choice("broker 1", "is cut off") == "crashes"
    if crashes:
        world.strike("crash", 1)
    else:
        world.strike("cut", 1, "controllers")
    all_of_them.produce("orders", value="b")
    world.wait(11_000)

    leader_only.produce("orders", value="c")
    world.wait(300)
    all_of_them.produce("orders", value="d")
    world.wait(300)
    newcomer = world.producer("N", first=2, acks="all", enable_idempotence="false", linger_ms=0)
    newcomer.produce("orders", value="e")
    world.wait(700)

    reader = world.consumer("C", first=2)
    world.ask(reader, 1, "orders", 2, epoch=1)
    world.ask(reader, 2, "orders", 2, epoch=0)
    world.wait(31_000)
    if crashes:
        world.strike("restart", 1)
    else:
        world.strike("heal")
    world.wait(9_000)


SCENES = (
    Scene("a is stored on all three", "ProduceAcknowledged", "producer-A", {"values": ["a"]}),
    Scene("The cut", "LinkCut", text="Broker 1 no longer hears the controller. Everybody else still hears broker 1."),
    Scene("b is stored without a controller", "ProduceAcknowledged", "producer-A", {"values": ["b"]}),
    Scene("One line: broker 2 leads", "PartitionChanged", "controller-1", {"leader": 2, "leader_epoch": 1}),
    Scene("Broker 2 reads the line", "BecameLeader", "broker-2", {"leader_epoch": 1}),
    Scene("Broker 3 fetches from broker 2", "FollowerProgress", "broker-2", {"follower": 3}),
    Scene("Broker 1 has read nothing", "ProduceSent", "producer-L", {"values": ["c"]}),
    Scene("c is stored, and doomed", "ProduceAcknowledged", "producer-L", {"values": ["c"]}),
    Scene("d waits, and nobody fetches", "ProduceParked", "broker-1", {"client": "producer-A"}),
    Scene("e is stored where it counts", "ProduceAcknowledged", "producer-N", {"values": ["e"]}),
    Scene("Broker 1 is asked by one who knows better", "FetchFailed", "consumer-C", {"broker": 1}),
    Scene("Broker 2 is asked by one who is behind", "FetchFailed", "consumer-C", {"broker": 2}),
    Scene("d: nobody can say", "ProduceRetried", "producer-A", {"error": "REQUEST_TIMED_OUT"}),
    Scene("The cut heals, broker 1 reads", "BecameFollower", "broker-1", {"leader": 2}),
    Scene("c is cut off", "LogTruncated", "broker-1"),
    Scene("Broker 1 is in sync again", "PartitionChanged", "controller-1", {"isr": [1, 2, 3]}),
    Scene("d is stored, c is nowhere", "ProduceAcknowledged", "producer-A", {"values": ["d"]}),
)

QUESTIONS = (
    Question(
        before=4,
        ask="The controller has not heard of broker 1 for 9 seconds. Who leads next, and why?",
        choices=(
            (
                "Whoever brokers 2 and 3 elect between them",
                False,
                "Brokers 2 and 3 exchange no message about it. Step through scene 4: only the controller writes.",
                4,
            ),
            (
                "The broker with the longest log",
                False,
                "All three logs end at the same offset in scene 4, and the controller looks at none of them.",
                4,
            ),
            (
                "Broker 2: the first of the ISR in assignment order",
                True,
                "Yes. The replicas are 1, 2, 3; without broker 1 the first one in the ISR is 2. No log was compared.",
                4,
            ),
            (
                "Nobody: broker 1 is alive and everybody can reach it",
                False,
                "The controller cannot reach it, and heartbeats are all it goes by. Scene 4: it fences broker 1.",
                4,
            ),
        ),
    ),
    Question(
        before=8,
        ask="L sends c to broker 1 with acks=1. What becomes of it?",
        choices=(
            (
                "It is refused: broker 1 was deposed",
                False,
                "Broker 1 has not read that line. In its own eyes it leads epoch 0: see scene 7.",
                7,
            ),
            (
                "It is stored, and safe",
                False,
                "Stored, yes. In scene 15 it is cut off: it was on one broker only, and that one no longer led.",
                15,
            ),
            (
                "It is stored, and doomed",
                True,
                "Yes. acks=1 asks the leader alone, and this one leads only in its own eyes.",
                8,
            ),
        ),
    ),
    Question(
        before=13,
        ask="A has sent d to broker 1 with acks=all. What does A hear?",
        choices=(
            (
                "Stored",
                False,
                "For acks=all the high watermark must pass d, and nobody fetches from broker 1 any more: scene 9.",
                9,
            ),
            (
                "NOT_ENOUGH_REPLICAS: the ISR is too small",
                False,
                "Broker 1 still counts three in sync. To shrink its ISR it needs the controller: scene 9.",
                9,
            ),
            (
                "A timeout: the outcome is unknown",
                True,
                "Yes. After 30 s broker 1 can only say REQUEST_TIMED_OUT. It does not know either.",
                13,
            ),
        ),
    ),
)

BRANCHES = (
    Branch(
        "L asks for all replicas (acks=all)",
        {"acks of L": "all"},
        (
            Scene("c waits beside d", "ProduceParked", "broker-1", {"client": "producer-L"}),
            Scene("L is told nothing false", "ProduceRetried", "producer-L", {"error": "REQUEST_TIMED_OUT"}),
            Scene("c is stored at broker 2", "ProduceAcknowledged", "producer-L", {"values": ["c"]}),
        ),
    ),
    Branch(
        "Broker 1 crashes instead of being cut off",
        {"broker 1": "crashes"},
        (
            Scene("The crash", "NodeCrashed"),
            Scene("Nobody answers A", "ProduceRetried", "producer-A", {"error": "NETWORK_EXCEPTION"}),
            Scene("One line: broker 2 leads", "PartitionChanged", "controller-1", {"leader": 2}),
            Scene("b is stored at broker 2", "ProduceAcknowledged", "producer-A", {"values": ["b"]}),
            Scene("c goes to the right broker", "ProduceAcknowledged", "producer-L", {"values": ["c"]}),
            Scene("Broker 1 is in sync again", "PartitionChanged", "controller-1", {"isr": [1, 2, 3]}),
        ),
    ),
)

SCENARIO = Scenario(
    id="06_two_leaders",
    title="Two leaders, one record",
    moral="Nobody voted. The controller wrote one line, and the old leader had not read it yet.",
    lesson=6,
    play=play,
    promises=("I2", "I5"),
    scenes=SCENES,
    questions=QUESTIONS,
    branches=BRANCHES,
)
