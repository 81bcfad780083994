"""The promises of the cluster: small classes that look at the real nodes, and say a sentence when one is broken.

```
 step ─▶ ledger (what is committed, where it lies) ─▶ I1 … I30 ─▶ a sentence, or silence
```

* Checkers claim what Kafka promises, within its fault budget; a loss beyond it is reported and blamed on nobody.
* Each counts its premises: a checker that had nothing to judge is no evidence.

What we leave out: a checker for I7, for where logs part I5 and I6 see what came of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from minikafka.sim.checkers.anomalies_shown import (
    NoCrossTalk,
    OncePerGroup,
    OrderWithNumbers,
    OrderWithoutNumbers,
)
from minikafka.sim.checkers.base import Checker
from minikafka.sim.checkers.clients import SeenByClients
from minikafka.sim.checkers.control import Convergence, LeaderInIsr, SafeIsrGrowth, SingleHistory, UncleanIsMarked
from minikafka.sim.checkers.data import (
    Durability,
    EpochTruncation,
    LeaderCompleteness,
    LogMatching,
    MinInsync,
    StrongIsr,
)
from minikafka.sim.checkers.disks import FullDisk, HonestDisk, LastReplicaStanding
from minikafka.sim.checkers.endings import GroupsConverge, TransactionsEnd
from minikafka.sim.checkers.groups import AtLeastOnce, FencedCommit, NoDoubleOwnership
from minikafka.sim.checkers.ledger import Ledger
from minikafka.sim.checkers.producers import Idempotence, ProducerStateRecovery, ZombieFencing
from minikafka.sim.checkers.promise import Promise
from minikafka.sim.checkers.quorum import ElectionSafety, QuorumCommit
from minikafka.sim.checkers.readers import EpochFencing, MonotoneHighWatermark
from minikafka.sim.checkers.transactions import Atomicity, NoHangingTransaction, ReadCommitted

IN_ORDER: tuple[type[Promise], ...] = (
    LeaderInIsr,
    SingleHistory,
    LastReplicaStanding,
    LeaderCompleteness,
    UncleanIsMarked,
    EpochTruncation,
    LogMatching,
    MonotoneHighWatermark,
    EpochFencing,
    SafeIsrGrowth,
    StrongIsr,
    MinInsync,
    HonestDisk,
    FullDisk,
    Durability,
    Convergence,
    SeenByClients,
)
QUORUM: tuple[type[Promise], ...] = (ElectionSafety, QuorumCommit)
TRANSACTIONS: tuple[type[Promise], ...] = (ZombieFencing, ProducerStateRecovery, ReadCommitted, NoCrossTalk)
GROUPS: tuple[type[Promise], ...] = (NoDoubleOwnership, FencedCommit)
ENDS_OF_TRANSACTIONS: tuple[type[Promise], ...] = (
    Idempotence, OrderWithNumbers, Atomicity, NoHangingTransaction, TransactionsEnd,
)  # fmt: skip
ENDS_OF_GROUPS: tuple[type[Promise], ...] = (AtLeastOnce, GroupsConverge)
FULL: tuple[type[Promise], ...] = (
    *QUORUM, *IN_ORDER[:-3], *TRANSACTIONS, *GROUPS, OncePerGroup, *IN_ORDER[-3:-1], *ENDS_OF_TRANSACTIONS,
    *ENDS_OF_GROUPS, IN_ORDER[-1],
)  # fmt: skip
"""The first that is broken is the one that is told, so causes come before what follows from them."""

BY_NAME: tuple[type[Promise], ...] = (OrderWithoutNumbers,)
"""Looked for by name only: settings decide whether this holds."""


def all_checkers() -> list[Checker]:
    """A fresh checker for every promise; they share one ledger."""
    return fresh(IN_ORDER)


def fresh(kinds: Iterable[type[Promise]]) -> list[Checker]:
    """A fresh checker of each of these kinds; they share one ledger."""
    book = Ledger()
    return [kind(book) for kind in kinds]


def by_promise(*promises: str) -> list[Checker]:
    """Fresh checkers for some promises only: `by_promise("I2", "I4")`."""
    return [checker for checker in fresh((*FULL, *BY_NAME)) if checker.promise in promises]
