"""The same power loss without ELR: the last member of the ISR is elected again, and what it forgot is gone."""

from __future__ import annotations

from minikafka.scenarios.last_replica_standing import play
from minikafka.sim.scenario import Scenario, Scene

SCENARIO = Scenario(
    id="08_last_replica_without_elr",
    title="The last replica standing, before KIP-966",
    moral="Without ELR the last one in the ISR is trusted for ever, also after it has lost its memory.",
    play=play,
    settings={"eligible.leader.replicas.enable": "false"},
    scenes=(
        Scene("tea is on brokers 1 and 2", "ProduceAcknowledged", "producer-A"),
        Scene("Broker 1 loses power, and tea with it", "NodeCrashed", "", {"power_lost": True}),
        Scene("Broker 1 is back, and leads", "PartitionChanged", "", {"leader": 1}),
    ),
    promises=("I12",),
    breaks="I12",
    lesson=8,
)
