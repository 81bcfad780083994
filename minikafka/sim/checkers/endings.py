"""I30 for groups and for transactions: a while after all faults are mended, groups are stable and nothing stays open.

What we leave out: a group that has lost its coordinator's records beyond the promise, and the markers of a transaction
whose coordinator has: logs that know a newer epoch than it does refuse them for ever, in Kafka too
(`TransactionMarkerRequestCompletionHandler`: INVALID_PRODUCER_EPOCH ends the sending).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from minikafka.client.consumer import ConsumerNode
from minikafka.coordinator.consumer_group import ConsumerGroup, ConsumerGroupState
from minikafka.coordinator.group import ClassicGroup, GroupState
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.transaction_shard import TransactionShard
from minikafka.coordinator.transaction_state import TransactionState
from minikafka.protocol import consumer_protocol
from minikafka.sim.checkers.groups import lost_its_memory
from minikafka.sim.checkers.promise import AT_THE_END, Promise
from minikafka.sim.checkers.transactions import coordinators_forgot
from minikafka.types import TopicPartition

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

AT_REST = (
    GroupState.EMPTY, GroupState.STABLE, GroupState.DEAD, ConsumerGroupState.EMPTY, ConsumerGroupState.STABLE,
    ConsumerGroupState.DEAD,
)  # fmt: skip
OVER = (
    TransactionState.EMPTY, TransactionState.COMPLETE_COMMIT, TransactionState.COMPLETE_ABORT, TransactionState.DEAD,
)  # fmt: skip
AWAITING_MARKERS = (TransactionState.PREPARE_COMMIT, TransactionState.PREPARE_ABORT)


class GroupsConverge(Promise):
    """I30: every group comes to rest; its members are in it, have what is theirs, and together everything."""

    promise, name = "I30", "groups converge"
    looks_at = AT_THE_END

    def settled(self, sim: Simulation) -> bool:
        """Does it hold by now?"""
        return self.finish(sim) is None

    def finish(self, sim: Simulation) -> str | None:
        """Look at every group, then at every member."""
        if lost_its_memory(self.ledger):
            return None
        groups = {group.group_id: group for group in _groups(sim)}
        for name, group in groups.items():
            self.premises += 1
            if group.state not in AT_REST:
                return f"After everything was mended, group {name} is still {group.state.value}."
        for reader in _members(sim):
            self.premises += 1
            broken = self._has_what_is_its_own(reader, groups.get(reader.config.group_id))
            if broken:
                return f"After everything was mended, {broken}."
        return None

    def _has_what_is_its_own(self, reader: ConsumerNode, group: ClassicGroup | ConsumerGroup | None) -> str:
        name, given = reader.config.group_id, given_in(group) if group else {}
        if reader.membership.member_id not in given:
            return f"{reader.id} is not in group {name}"
        own = given[reader.membership.member_id]
        has = {partition for partition, assigned in reader.assigned.items() if not assigned.leaving}
        if has != set(own):
            return f"{reader.id} has {_words(has)} in group {name}, and was given {_words(own)}"
        dealt = {partition for partitions in given.values() for partition in partitions}
        topics = reader.shared.subscribed_topics()
        left = {partition for partition in self.ledger.histories if partition.topic in topics} - dealt
        return f"nobody in group {name} has {_words(left)}" if left else ""


class TransactionsEnd(Promise):
    """I30: every transaction is over: committed or aborted, by its application or by its time-out, markers and all."""

    promise, name = "I30", "transactions end"
    looks_at = AT_THE_END

    def settled(self, sim: Simulation) -> bool:
        """Does it hold by now?"""
        return self.finish(sim) is None

    def finish(self, sim: Simulation) -> str | None:
        """Look into the memory of every coordinator."""
        excused = (*OVER, *AWAITING_MARKERS) if coordinators_forgot(self.ledger) else OVER
        for broker in sim.running_brokers():
            for led in broker.transactions.host.led.values():
                known = led.shard.transactions if isinstance(led.shard, TransactionShard) else {}
                for name, one in known.items():
                    self.premises += 1
                    if one.state not in excused:
                        return f"After everything was mended, the transaction of {name} is still {one.state.value}."
        return None


def _groups(sim: Simulation) -> Iterator[ClassicGroup | ConsumerGroup]:
    for broker in sim.running_brokers():
        for led in broker.groups.led.values():
            if isinstance(led.shard, GroupShard):
                yield from led.shard.book.groups.values()


def _members(sim: Simulation) -> Iterator[ConsumerNode]:
    """Consumers that want to be in a group and poll."""
    for machine in sim.machines.values():
        node = machine.node
        if isinstance(node, ConsumerNode) and node.is_subscribed and not node.is_closed and node.is_polling:
            yield node


def given_in(group: ClassicGroup | ConsumerGroup) -> dict[str, tuple[TopicPartition, ...]]:
    """What each member of a group was given, as its coordinator has it."""
    if isinstance(group, ConsumerGroup):
        return {name: member.partitions for name, member in group.members.items()}
    return {
        name: consumer_protocol.unpack_assignment(member.assignment).partitions if member.assignment else ()
        for name, member in group.members.items()
    }


def _words(partitions: set[TopicPartition] | tuple[TopicPartition, ...]) -> str:
    return ", ".join(map(str, sorted(partitions))) or "nothing"
