"""The follower's loop: for each leader one fetch under way, for all partitions that follow it.

```
 fetch ─▶ answer ─▶ append / cut ─▶ fetch ─▶ …        after an error: a pause of replica.fetch.backoff.ms
```

* One owner for the loop: a fetch is sent when none is under way and the pause is over, never otherwise.
* An answer is used for a partition only if it still follows the leader it was asked of, in the epoch it was asked in,
  from the offset it was asked for: anything else is news from another time.

Mirrors `ReplicaFetcherManager` and `AbstractFetcherThread`. What we leave out: several fetchers for one leader.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.broker import following
from minikafka.broker.channel import Channel
from minikafka.broker.partition import Partition, Role
from minikafka.config import ServerConfig
from minikafka.effects import Effect, Observe, SetTimer, Timer
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.messages import Envelope, FetchPartition, FetchRequest, FetchResponse
from minikafka.types import BrokerId, Epoch, Millis, NodeId, TopicPartition, broker_node

FETCH_BACKOFF = "fetch-backoff"


class ReplicaFetcher:
    """Fetches from one leader."""

    def __init__(
        self, broker_id: BrokerId, leader: BrokerId, config: ServerConfig, next_correlation_id: Callable[[], int]
    ) -> None:
        self.broker_id = broker_id
        self.leader: NodeId = broker_node(leader)
        self.config = config
        self.channel = Channel(
            broker_node(broker_id), f"replica-fetcher-{leader}", next_correlation_id, config.request_timeout_ms
        )
        self.partitions: dict[TopicPartition, Partition] = {}
        self.delayed_until_ms: dict[TopicPartition, Millis] = {}
        self._asked: dict[TopicPartition, FetchPartition] = {}
        self._pausing = False

    def follow(self, partition: Partition) -> None:
        """Fetch this partition too, from the next round on."""
        self.partitions[partition.name] = partition
        self.delayed_until_ms.pop(partition.name, None)

    def leave(self, name: TopicPartition) -> None:
        """Do not fetch this partition any more; what is under way for it will be ignored."""
        self.partitions.pop(name, None)
        self._asked.pop(name, None)

    def fetch(self, broker_epoch: Epoch, now: Millis) -> list[Effect]:
        """Send the next fetch, unless one is under way or there is nothing to fetch yet."""
        if self.channel.is_busy or not self.partitions:
            return []
        ready = [name for name in sorted(self.partitions) if self.delayed_until_ms.get(name, 0) <= now]
        if not ready:
            return self._pause(min(self.delayed_until_ms.values()) - now)
        self._asked = {name: self._question(self.partitions[name]) for name in ready}
        request = FetchRequest(
            self.broker_id,
            tuple(self._asked.values()),
            broker_epoch,
            self.config.replica_fetch_wait_max_ms,
            self.config.replica_fetch_min_bytes,
        )
        return self.channel.send(self.leader, request, now)

    def take(self, envelope: Envelope, now: Millis) -> list[Effect]:
        """Use an answer; the next fetch is the caller's to ask for."""
        response = envelope.message
        if not self.channel.answered(envelope) or not isinstance(response, FetchResponse):
            return []
        effects: list[Effect] = []
        for answer in response.partitions:
            partition = self.partitions.get(answer.partition)
            asked = self._asked.get(answer.partition)
            if partition is None or asked is None or asked != self._question(partition):
                continue
            error, told = following.take_answer(partition.log, answer)
            effects += [Observe(fact) for fact in told]
            if error != ErrorCode.NONE:
                self.delayed_until_ms[answer.partition] = now + self.config.replica_fetch_backoff_ms
        return effects

    def connection_lost(self, peer: NodeId, now: Millis) -> list[Effect]:
        """The leader is gone: pause, then try again until metadata names another one."""
        return self._fail(now) if self.channel.lost(peer) else []

    def timed_out(self, now: Millis) -> list[Effect]:
        """The leader has not answered in time."""
        late, effects = self.channel.check(now)
        return self._fail(now) if late else effects

    def resume(self, broker_epoch: Epoch, now: Millis) -> list[Effect]:
        """The pause is over."""
        self._pausing = False
        return self.fetch(broker_epoch, now)

    def _fail(self, now: Millis) -> list[Effect]:
        for name in self.partitions:
            self.delayed_until_ms[name] = now + self.config.replica_fetch_backoff_ms
        return self._pause(self.config.replica_fetch_backoff_ms) if self.partitions else []

    def _pause(self, after_ms: Millis) -> list[Effect]:
        if self._pausing:
            return []
        self._pausing = True
        return [SetTimer(Timer(FETCH_BACKOFF, 0, self.channel.name), max(after_ms, 1))]

    def _question(self, partition: Partition) -> FetchPartition:
        return following.what_to_ask(partition.log, partition.leader_epoch, self.config.replica_fetch_max_bytes)


def follows(partition: Partition, leader: BrokerId) -> bool:
    """Does this replica fetch from `leader` now?"""
    return partition.role is Role.FOLLOWER and partition.leader == leader
