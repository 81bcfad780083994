"""Which brokers get the replicas of a new partition.

```
 racks a: 1 4   b: 2   c: 3          one row for each partition, the first leads
                                     p0   1 2 3
 in turn, one of each rack           p1   2 3 4
 1 2 3 4                             p2   3 4 2      not 3 4 1: rack a has had its turn
                                     p3   4 2 3
```

* No broker twice, and no rack twice while there is a rack that holds none (KIP-36).
* Each next partition begins one broker further, so that leaders are spread.
* Brokers that are fenced come last: they are given copies only when the others are not enough, and never the lead.

Mirrors `StripedReplicaPlacer`. What we leave out: the random start; a new topic begins at the lowest broker here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minikafka.types import BrokerId


class UsableBroker(NamedTuple):
    """A broker that may be given replicas."""

    broker: BrokerId
    rack: str | None = None
    fenced: bool = False


Row = tuple[BrokerId, ...]


def place_replicas(
    brokers: Sequence[UsableBroker], partitions: int, replication_factor: int, first: int = 0
) -> tuple[Row, ...]:
    """Replicas of `partitions` partitions, numbered from `first`; there are brokers enough, and one is unfenced."""
    alive = in_turn([broker for broker in brokers if not broker.fenced])
    fenced = in_turn([broker for broker in brokers if broker.fenced])
    assert alive, "somebody must lead"
    rows = []
    for number in range(first, first + partitions):
        start = number % len(alive)
        rows.append(_row(alive[start:] + alive[:start] + fenced, replication_factor))
    return tuple(rows)


def in_turn(brokers: Sequence[UsableBroker]) -> list[UsableBroker]:
    """One broker of each rack, then the second of each, and so on."""
    racks: dict[str, list[UsableBroker]] = {}
    for broker in sorted(brokers, key=lambda one: one.broker):
        racks.setdefault(broker.rack or "", []).append(broker)
    deepest = max((len(members) for members in racks.values()), default=0)
    return [members[depth] for depth in range(deepest) for _, members in sorted(racks.items()) if depth < len(members)]


def _row(candidates: list[UsableBroker], size: int) -> Row:
    chosen: list[UsableBroker] = []
    for _ in range(size):
        racks = [one.rack for one in chosen]
        left = [one for one in candidates if one not in chosen]
        chosen.append(min(left, key=lambda one: (one.fenced, racks.count(one.rack))))  # the first of the smallest
    return tuple(one.broker for one in chosen)
