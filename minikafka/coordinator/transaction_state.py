"""What a transaction coordinator remembers of one transactional id, and which state may follow which.

```
 Empty ──a partition is added──▶ Ongoing ──EndTxn──▶ PrepareCommit ──all markers written──▶ CompleteCommit
   ▲                               │                                                            │
   └── InitProducerId ◀────────────┴──▶ PrepareAbort ──all markers written──▶ CompleteAbort ────┘
```

* The Prepare record is the decision: once it is committed, the outcome can only be carried out (I23).
* A producer id with its epoch names one producer session. Who has an older epoch is fenced (KIP-98, I21).
* Protocol 2 raises the epoch with every end, so that nothing late can be taken for the next transaction (KIP-890, I25).
* 32766 is the last epoch a producer is given: 32767 is left for the marker that ends what it wrote.

Mirrors `TransactionState`, `TransactionMetadata`, `TransactionLogKey` and `TransactionLogValue`. What we leave out: the
binary encoding of the records (ours are JSON), and two-phase commit (KIP-939). Kafka does not write down the last epoch
but one, so a retried InitProducerId is fenced there when the coordinator has changed in between; here it is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from minikafka.types import NO_EPOCH, NO_PRODUCER_ID, Millis, TopicPartition

LAST_EPOCH = 32_766
"""`Short.MaxValue - 1`: a producer that has it is given a new producer id instead of a higher epoch."""


class TransactionState(Enum):
    """Kafka's names; PrepareEpochFence is passed through in memory only, Dead is a tombstone in the log."""

    EMPTY = "Empty"
    ONGOING = "Ongoing"
    PREPARE_COMMIT = "PrepareCommit"
    PREPARE_ABORT = "PrepareAbort"
    COMPLETE_COMMIT = "CompleteCommit"
    COMPLETE_ABORT = "CompleteAbort"
    DEAD = "Dead"
    PREPARE_EPOCH_FENCE = "PrepareEpochFence"


EMPTY = TransactionState.EMPTY
ONGOING = TransactionState.ONGOING
PREPARE_COMMIT = TransactionState.PREPARE_COMMIT
PREPARE_ABORT = TransactionState.PREPARE_ABORT
COMPLETE_COMMIT = TransactionState.COMPLETE_COMMIT
COMPLETE_ABORT = TransactionState.COMPLETE_ABORT
DEAD = TransactionState.DEAD
PREPARE_EPOCH_FENCE = TransactionState.PREPARE_EPOCH_FENCE

VALID_PREVIOUS_STATES: Mapping[TransactionState, Mapping[TransactionState, str]] = {
    EMPTY: {
        EMPTY: "InitProducerId",
        COMPLETE_COMMIT: "InitProducerId",
        COMPLETE_ABORT: "InitProducerId",
    },
    ONGOING: {
        EMPTY: "AddPartitionsToTxn",
        ONGOING: "AddPartitionsToTxn",
        COMPLETE_COMMIT: "AddPartitionsToTxn",
        COMPLETE_ABORT: "AddPartitionsToTxn",
    },
    PREPARE_COMMIT: {ONGOING: "EndTxn(commit)"},
    PREPARE_ABORT: {
        ONGOING: "EndTxn(abort)",
        PREPARE_EPOCH_FENCE: "the old epoch is fenced",
        EMPTY: "EndTxn(abort) under protocol 2",
        COMPLETE_COMMIT: "EndTxn(abort) under protocol 2",
        COMPLETE_ABORT: "EndTxn(abort) under protocol 2",
    },
    COMPLETE_COMMIT: {PREPARE_COMMIT: "all markers written"},
    COMPLETE_ABORT: {PREPARE_ABORT: "all markers written"},
    DEAD: {
        EMPTY: "transactional.id.expiration.ms",
        COMPLETE_COMMIT: "transactional.id.expiration.ms",
        COMPLETE_ABORT: "transactional.id.expiration.ms",
    },
    PREPARE_EPOCH_FENCE: {ONGOING: "transaction.timeout.ms, or InitProducerId of a new instance"},
}
"""State → the states it may follow, each with what leads from there to here. Mirrors `validPreviousStates`."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transactional id. Never changed: each record in the log holds the whole of it anew."""

    transactional_id: str
    producer_id: int
    producer_epoch: int = NO_EPOCH
    """-1: made a moment ago, and never given to anybody."""
    timeout_ms: Millis = 60_000
    state: TransactionState = EMPTY
    partitions: tuple[TopicPartition, ...] = ()
    """Where markers must be written when it ends; sorted."""
    start_ms: Millis = -1
    last_update_ms: Millis = -1
    last_producer_epoch: int = NO_EPOCH
    """The epoch before this one, if the same producer had it: what tells a retry from a zombie (KIP-360)."""
    previous_producer_id: int = NO_PRODUCER_ID
    """The id before the last one ran out of epochs."""
    next_producer_id: int = NO_PRODUCER_ID
    """The id that takes over when this transaction is complete, since this one has run out of epochs."""
    client_version: int = 2
    """Protocol of whoever began or ended it last."""

    @property
    def is_completing(self) -> bool:
        """Is the outcome decided and still being carried out?"""
        return self.state in (PREPARE_COMMIT, PREPARE_ABORT)

    @property
    def is_exhausted(self) -> bool:
        """Is there no higher epoch to give?"""
        return self.producer_epoch >= LAST_EPOCH

    def to(self, state: TransactionState, **changes: Any) -> Transaction:
        """The same id in its next state."""
        allowed = VALID_PREVIOUS_STATES[state]
        assert self.state in allowed, f"{self.transactional_id}: {state.value} does not follow {self.state.value}"
        return replace(self, state=state, **changes)


class TransactionRecord(NamedTuple):
    """A line of `__transaction_state`: an id and all that is known of it, or None: forget it."""

    transactional_id: str
    value: Transaction | None


# --- the log ---


def encode(record: TransactionRecord) -> tuple[bytes, bytes | None]:
    """Key and value as they stand in `__transaction_state`."""
    key = json.dumps({"type": "TransactionLogKey", "transactional_id": record.transactional_id}).encode()
    if record.value is None:
        return key, None
    body = asdict(record.value) | {"state": record.value.state.value}
    del body["transactional_id"]
    return key, json.dumps({"type": "TransactionLogValue"} | body).encode()


def decode(key: bytes, value: bytes | None) -> TransactionRecord:
    """The record that `encode` wrote."""
    transactional_id = json.loads(key)["transactional_id"]
    if value is None:
        return TransactionRecord(transactional_id, None)
    body = json.loads(value)
    del body["type"]
    body["state"] = TransactionState(body["state"])
    body["partitions"] = tuple(TopicPartition(*name) for name in body["partitions"])
    return TransactionRecord(transactional_id, Transaction(transactional_id, **body))
