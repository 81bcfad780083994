"""The same late write under KIP-890: the leader asks the coordinator, and there is no such transaction."""

from __future__ import annotations

from minikafka.scenarios.late_write import SETTINGS, play
from minikafka.sim.scenario import Scenario, Scene

SCENARIO = Scenario(
    id="17_late_write_refused",
    title="Who are you writing for?",
    moral="A write that belongs to no open transaction is refused: what nobody opened, nobody has to end.",
    play=play,
    settings=SETTINGS | {"transaction.partition.verification.enable": "true"},
    scenes=(
        Scene("rum is on its way, and late", "ConnectionsLost"),
        Scene("tea is aborted", "MarkerWritten", "broker-1", {"committed": False}),
        Scene("rum arrives; its leader asks the coordinator", "TransactionRefused", "", {"request": "verification"}),
        Scene("rum is refused", "ProduceAnswered", "broker-1", {"error": "INVALID_PRODUCER_EPOCH"}),
        Scene("gin is stored", "ProduceAcknowledged", "producer-Q"),
        Scene("A reader of committed data gets it", "RecordsConsumed", "consumer-C"),
    ),
    promises=("I24",),
    lesson=17,
)
