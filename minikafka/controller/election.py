"""Who leads a partition? One function, and it looks at nothing but the controller's own data.

Replicas do not vote, and nobody compares the lengths of logs. The controller knows who is *in sync* (ISR), who left
while surely holding everything committed (ELR), who is alive, and in which order the replicas were assigned:

```
replicas 1 2 3 · ISR {2, 3} · alive 2 3        → 2   first of the ISR in assignment order
replicas 1 2 3 · ISR {} · ELR {3} · alive 1 3  → 3   1 is alive, but nobody knows what it missed
```

* A replica outside ISR and ELR leads only if the topic allows an unclean election, or if it was the last leader there
  was and nobody else is left to ask (KIP-966). Both are marked: records may be missing.

Mirrors `PartitionChangeBuilder.electLeader`. What we leave out: preferred elections, log directories that are offline.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from minikafka.types import BrokerId


class Election(NamedTuple):
    """Who leads now, and whether records may be missing because of it."""

    leader: BrokerId | None
    unclean: bool


def elect_leader(
    replicas: tuple[BrokerId, ...],
    current: BrokerId | None,
    isr: frozenset[BrokerId],
    elr: frozenset[BrokerId],
    last_known: BrokerId | None,
    live: frozenset[BrokerId],
    unclean_allowed: bool,
) -> Election:
    """Choose a leader among `replicas`, which stand in assignment order.

    The ELR counts only when the ISR is *empty*, the last known leader only when both are.
    """
    eligible = live & (isr or elr)
    if current in eligible:
        return Election(current, False)
    clean = _first(replicas, eligible)
    if clean is not None:
        return Election(clean, False)
    if not isr and not elr and last_known in live:
        return Election(last_known, True)
    if unclean_allowed:
        forced = _first(replicas, live)
        return Election(forced, forced is not None)
    return Election(None, False)


def _first(replicas: Iterable[BrokerId], wanted: frozenset[BrokerId]) -> BrokerId | None:
    return next((broker for broker in replicas if broker in wanted), None)
