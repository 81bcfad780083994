"""The same late abort under protocol 2: every transaction has an epoch of its own (KIP-890)."""

from __future__ import annotations

from minikafka.scenarios.torn_transaction import SETTINGS, play
from minikafka.sim.scenario import Scenario, Scene

SCENARIO = Scenario(
    id="17_late_abort_is_fenced",
    title="All of it",
    moral="An epoch for each transaction: the late letter names one that is over.",
    play=play,
    settings=SETTINGS | {"transaction.version": "2"},
    scenes=(
        Scene("The abort of tea is on its way, and late", "ConnectionsLost"),
        Scene("Sent again, it arrives: tea is aborted", "TransactionEnded", "producer-P", {"committed": False}),
        Scene("rum is stored in the next epoch", "ProduceAcknowledged", "producer-P", {"values": ["rum"]}),
        Scene("The late abort arrives, and is refused", "TransactionRefused", "", {"request": "EndTxn"}),
        Scene("rum and gin are committed", "TransactionEnded", "producer-P", {"committed": True}),
        Scene("A reader gets both", "RecordsConsumed", "consumer-C"),
    ),
    promises=("I25", "I23"),
    lesson=17,
)
