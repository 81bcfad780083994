"""The run of the watermark rule under the rule of today: a follower asks its leader before it drops anything."""

from __future__ import annotations

from minikafka.scenarios.lesson07_cut_to_the_watermark import play
from minikafka.sim.scenario import Scenario, Scene

SCENARIO = Scenario(
    id="07_ask_before_you_cut",
    title="Ask before you cut",
    moral="Broker 3 asks, gets no answer, and keeps what it has. What nobody has contradicted need not go.",
    play=play,
    scenes=(
        Scene("tea is stored", "ProduceAcknowledged", "producer-A", {"values": ["tea"]}),
        Scene("rum is stored", "ProduceAcknowledged", "producer-A", {"values": ["rum"]}),
        Scene("Broker 1 crashes at once", "NodeCrashed", "", {"node": "broker-1"}),
        Scene("Broker 3 follows broker 2, and keeps rum", "BecameFollower", "broker-3", {"leader_epoch": 1}),
        Scene("Broker 2 crashes before it answers", "NodeCrashed", "", {"node": "broker-2"}),
        Scene("Broker 3 leads, with rum", "BecameLeader", "broker-3", {"leader_epoch": 2}),
        Scene("Broker 2 is back in sync, with rum", "PartitionChanged", "", {"isr": [2, 3]}),
        Scene("rum may be read", "HighWatermarkMoved", "broker-3", {"high_watermark": 2}),
        Scene("Broker 1 is back in sync, with rum", "PartitionChanged", "", {"isr": [1, 2, 3]}),
        Scene("gin stands behind rum", "ProduceAcknowledged", "producer-B", {"values": ["gin"]}),
    ),
    promises=("I6", "I2"),
    lesson=7,
)
