"""Which partition a record goes to: the key decides, by the same hash in every Java client.

```
 key   ─▶ (murmur2(key) & 0x7fffffff) % partitions          over all partitions, also those without a leader now
 no key ─▶ the sticky partition, for batch.size bytes        full batches instead of many small ones (KIP-480)
           ─▶ then the one with the least to send (KIP-794)
```

Mirrors `org.apache.kafka.common.utils.Utils.murmur2` and `BuiltInPartitioner`. librdkafka's names for other choices are
known too: its own default, `consistent_random`, places keys by CRC-32 instead.

What we leave out: the draw. Kafka draws the next sticky partition at random, weighted by the length of its queue; ours
is the one with the shortest queue, in turn among equals. `partitioner.availability.timeout.ms` is not there either.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Kafka's murmur2 as an unsigned 32-bit number: `b"abc"` → 479470107."""
    length = len(data)
    h = _SEED ^ length
    whole = length - length % 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = h * _M & _MASK ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


def partition_for_key(key: bytes, partitions: int) -> int:
    """The partition of a key, 0 to `partitions` - 1."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def crc32_partition(key: bytes, partitions: int) -> int:
    """Where librdkafka's own default places a key."""
    return zlib.crc32(key) % partitions


def next_sticky(loads: Sequence[int], previous: int) -> int:
    """Which of the partitions comes next, given what waits for each: the least loaded, behind `previous` in turn."""
    count = len(loads)
    return min(range(count), key=lambda at: (loads[at], (at - previous - 1) % count))


class StickyPartitions:
    """Where records without a key go now, for each topic."""

    def __init__(self, batch_size: int, adaptive: bool) -> None:
        """`adaptive`: look at the queues (`partitioner.adaptive.partitioning.enable`), else go round."""
        self.batch_size = batch_size
        self.adaptive = adaptive
        self._current: dict[str, tuple[int, int]] = {}
        """Topic → (partition, bytes it has been given since it became the sticky one)."""
        self._previous: dict[str, int] = {}

    def choose(self, topic: str, candidates: Sequence[int], loads: Sequence[int]) -> int:
        """The sticky partition; a new one where there is none or the old one is no candidate any more."""
        partition, _ = self._current.get(topic, (-1, 0))
        if partition not in candidates:
            former = self._previous.get(topic, -1)
            before = sum(candidate <= former for candidate in candidates) - 1
            at = next_sticky(loads if self.adaptive else [0] * len(candidates), before)
            partition = candidates[at]
            self._current[topic] = (partition, 0)
        return partition

    def given(self, topic: str, partition: int, size: int, batch_full: bool) -> None:
        """The sticky partition has taken `size` bytes: after batch.size of them it may change with the batch."""
        current, produced = self._current.get(topic, (-1, 0))
        if current != partition:
            return
        produced += size
        # KIP-794: switch with a full batch, so that none is cut short; after twice the size in any case.
        if produced >= 2 * self.batch_size or (batch_full and produced >= self.batch_size):
            del self._current[topic]
            self._previous[topic] = partition
        else:
            self._current[topic] = (partition, produced)
