"""Which replica should a consumer read from? The leader decides, and tells it (KIP-392).

```
 consumer in rack b ─Fetch, rack b─▶ leader 1 in rack a       2 and 3 are in rack b, both in sync
                    ◀─"ask broker 3"─                         3 holds more
                    ─Fetch────────▶ follower 3                up to the high watermark that 3 knows of
```

* Only replicas in sync count, and only those that hold the offset the consumer wants.
* A follower learns of the high watermark with its next fetch, so its readers see a record a little later.

Mirrors `RackAwareReplicaSelector` and `ReplicaManager.findPreferredReadReplica`. What we leave out: selectors of your
own; and the leader does not hurry to tell followers of a new high watermark, they hear of it within
replica.fetch.wait.max.ms.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.types import BrokerId, Millis, Offset

RACK_AWARE = "RackAwareReplicaSelector"


class ReplicaView(NamedTuple):
    """A replica in sync, as the leader knows it."""

    broker: BrokerId
    rack: str | None
    log_end_offset: Offset
    since_caught_up_ms: Millis
    """How long ago it lacked nothing."""


def choose_read_replica(rack: str, leader: ReplicaView, followers: tuple[ReplicaView, ...]) -> BrokerId:
    """A replica in the consumer's rack: the leader if it is there, else the most advanced; without one, the leader."""
    near = [follower for follower in followers if follower.rack == rack]
    if not rack or leader.rack == rack or not near:
        return leader.broker
    return max(near, key=lambda one: (one.log_end_offset, -one.since_caught_up_ms, -one.broker)).broker
