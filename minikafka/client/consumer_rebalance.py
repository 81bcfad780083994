"""Partitions change hands: what a member gives up and takes up in a rebalance, and when the application hears of it.

```
 eager          revoked: all        → join → assigned: all of the new             nobody reads meanwhile
 cooperative    (nothing)           → join → revoked: what moves, assigned: new   the rest is read on; then join again
 KIP-848        told by heartbeat          → revoked: what moves → told more → assigned
```

* REVOKED: still ours while the callback runs, in time to commit. LOST: somebody else may own it; no commit.
* A callback runs only inside poll (or close): the rebalance waits for an application that does not poll.

Mirrors `ConsumerRebalanceListenerInvoker` and parts of `ConsumerCoordinator`. What we leave out: exceptions out of
callbacks (the surface passes them on).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from minikafka import assignors
from minikafka.client.consumer_state import RebalanceCall, Shared, Turn
from minikafka.effects import Effect, Observe
from minikafka.protocol import consumer_protocol, facts
from minikafka.protocol.consumer_protocol import Subscription
from minikafka.types import Epoch, TopicPartition

RANGE, ROUND_ROBIN, STICKY, COOPERATIVE_STICKY = "range", "roundrobin", "sticky", "cooperative-sticky"


# --- decisions ---


def is_cooperative(names: Iterable[str]) -> bool:
    """Does this member keep its partitions through a rebalance? Only if *every* assignor it lists can (KIP-429)."""
    return all(name == COOPERATIVE_STICKY for name in names)


def before_joining(
    owned: Collection[TopicPartition], topics: Collection[str], cooperative: bool, is_member: bool
) -> RebalanceCall | None:
    """What is given up before joining: all if eager or no longer a member, else what is no longer subscribed to."""
    if not is_member:
        return RebalanceCall(Turn.LOST, tuple(sorted(owned))) if owned else None
    leaving = tuple(sorted(one for one in owned if not cooperative or one.topic not in topics))
    return RebalanceCall(Turn.REVOKED, leaving) if leaving else None


def after_joining(
    owned: Collection[TopicPartition], assigned: Collection[TopicPartition]
) -> tuple[RebalanceCall | None, RebalanceCall]:
    """What changes once the assignment is known. With anything to give up, the member has to join once more."""
    leaving = tuple(sorted(set(owned) - set(assigned)))
    added = tuple(sorted(set(assigned) - set(owned)))
    return (RebalanceCall(Turn.REVOKED, leaving) if leaving else None), RebalanceCall(Turn.ASSIGNED, added)


def assign(
    protocol: str, members: Mapping[str, Subscription], instances: Mapping[str, str], counts: Mapping[str, int]
) -> assignors.Assignment:
    """What the leader of a classic group computes for all (`ConsumerPartitionAssignor.assign`)."""
    topics = {member: one.topics for member, one in members.items()}
    match protocol:
        case "range":
            return assignors.assign_range(topics, counts, instances)
        case "roundrobin":
            return assignors.assign_round_robin(topics, counts, instances)
        case "sticky":
            memories = {name: consumer_protocol.unpack_sticky_memory(one.user_data) for name, one in members.items()}
            owned = {member: memory[0] for member, memory in memories.items()}
            generations = {member: memory[1] for member, memory in memories.items()}
            return assignors.assign_sticky(topics, counts, owned, generations, instances)
    owned = {member: one.owned for member, one in members.items()}
    generations = {member: one.generation for member, one in members.items()}
    return assignors.assign_cooperative_sticky(topics, counts, owned, generations, instances)


def subscriptions(
    names: Sequence[str],
    topics: tuple[str, ...],
    owned: tuple[TopicPartition, ...],
    memory: tuple[TopicPartition, ...],
    generation: Epoch,
    rack: str,
) -> tuple[tuple[str, bytes], ...]:
    """(assignor, subscription) for JoinGroup. `memory`: what an eager member had before it gave everything up."""
    packed = []
    for name in names:
        user_data = None
        if name == STICKY and generation >= 0:
            user_data = consumer_protocol.pack_sticky_memory(memory, generation)
        elif name == COOPERATIVE_STICKY:
            user_data = consumer_protocol.pack_generation(generation)
        subscription = Subscription(topics, user_data, owned, generation, rack or None)
        packed.append((name, consumer_protocol.pack_subscription(subscription)))
    return tuple(packed)


class Turns:
    """Carries out what changes hands, one callback after the other."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.generation: Epoch = -1
        self._queue: list[RebalanceCall] = []
        self._is_called = False

    @property
    def is_done(self) -> bool:
        """Has everything changed hands, and has the application heard of it?"""
        return not self._queue

    def begin(self, calls: Iterable[RebalanceCall | None], generation: Epoch) -> None:
        """These are to happen, in this order."""
        self.generation = generation
        self._queue = [call for call in calls if call is not None]
        for call in self._queue:
            if call.turn != Turn.ASSIGNED:
                self.shared.mark_leaving(call.partitions)

    def drop(self) -> None:
        """What has not begun no longer happens; whatever the application is just being told, it is told to its end."""
        del self._queue[1 if self._is_called else 0 :]

    def advance(self) -> list[Effect]:
        """Go on as far as the application lets us."""
        effects: list[Effect] = []
        while self._queue and not self._is_called and self.shared.listening:
            call = self._queue[0]
            if call.turn == Turn.ASSIGNED:
                effects += self._take_up(call.partitions)
            if self.shared.subscription.has_listener:
                self._is_called = True
                self.shared.state.callbacks.append(call)
            else:
                effects += self._finish()
        return effects

    def callback_done(self) -> list[Effect]:
        """The application has heard."""
        assert self._is_called, "no callback was running"
        self._is_called = False
        self.shared.state.callbacks.clear()
        return self._finish()

    def _take_up(self, partitions: tuple[TopicPartition, ...]) -> list[Effect]:
        self.shared.take_up(partitions)
        return [Observe(facts.PartitionsAssigned(self.shared.config.group_id, self.generation, partitions))]

    def _finish(self) -> list[Effect]:
        call = self._queue.pop(0)
        group = self.shared.config.group_id
        match call.turn:
            case Turn.REVOKED:
                self.shared.give_up(call.partitions)
                return [Observe(facts.PartitionsRevoked(group, self.generation, call.partitions))]
            case Turn.LOST:
                self.shared.give_up(call.partitions)
                return [Observe(facts.PartitionsLost(group, self.generation, call.partitions))]
        return []
