"""Promises about groups: I27 no double ownership, I28 fenced commits, I29 at least once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from minikafka.broker.broker import Broker
from minikafka.client.consumer import ConsumerNode
from minikafka.coordinator import group_records
from minikafka.coordinator.group_records import OffsetCommitKey, OffsetCommitValue
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import KeyedRecord
from minikafka.protocol import facts
from minikafka.sim.checkers import ledger, transactions
from minikafka.sim.checkers.copies import text_of
from minikafka.sim.checkers.ledger import History, Ledger
from minikafka.sim.checkers.promise import Promise
from minikafka.trace.trace import Told
from minikafka.types import (
    NO_EPOCH,
    BrokerId,
    Epoch,
    NodeId,
    Offset,
    TopicPartition,
    broker_node,
    coordinator_partition,
    number_of,
)

if TYPE_CHECKING:
    from minikafka.sim.simulation import Simulation

OFFSETS_TOPIC = "__consumer_offsets"


class NoDoubleOwnership(Promise):
    """I27: no two members own the same partition: not in one generation, and not by what members themselves believe.

    A member that the coordinator has expelled may go on believing for a while, and may even take what it was given
    before it fell asleep; a current one may not, in any generation or member epoch: what was its own is given away
    only after it gave it up.
    """

    promise, name = "I27", "no double ownership"
    looks_at = frozenset(
        {
            facts.AssignmentGiven,
            facts.PartitionsAssigned,
            facts.GroupChanged,
            facts.MemberRemoved,
            facts.CoordinatorLoaded,
        }
    )

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._owners: defaultdict[tuple[str, int], dict[TopicPartition, str]] = defaultdict(dict)
        """For each group and generation: who was given what."""
        self._members: dict[str, set[str]] = {}
        """Who is in each group, as its newest coordinator has said last."""
        self._coordinators: dict[TopicPartition, tuple[Epoch, NodeId]] = {}
        """For each partition of the internal topic (leader epoch, broker): a deposed one has no say any more."""

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at everything that coordinators give, and that members take."""
        if lost_its_memory(self.ledger):
            return None
        for _, node, fact in told:
            broken = None
            match fact:
                case facts.AssignmentGiven():
                    broken = self._given(fact)
                case facts.GroupChanged(group, members=members) if self._may_say(node, group):
                    self._members[group] = set(members)
                case facts.MemberRemoved(group, member) if self._may_say(node, group):
                    self._members.get(group, set()).discard(member)
                case facts.CoordinatorLoaded(partition, epoch) if partition.topic == OFFSETS_TOPIC:
                    self._loaded(partition, epoch, node)
                case facts.PartitionsAssigned(group, partitions=partitions) if group:
                    broken = self._taken(sim, node, group, partitions)
            if broken:
                return broken
        return None

    def _loaded(self, partition: TopicPartition, epoch: Epoch, node: NodeId) -> None:
        """Whose groups lie there is known anew, once it speaks of them."""
        if epoch < self._coordinators.get(partition, (NO_EPOCH, ""))[0]:
            return
        self._coordinators[partition] = (epoch, node)
        for group in [one for one in self._members if self._partition_of(one) == partition]:
            del self._members[group]

    def _partition_of(self, group: str) -> TopicPartition:
        count = sum(name.topic == OFFSETS_TOPIC for name in self.ledger.histories)
        return TopicPartition(OFFSETS_TOPIC, coordinator_partition(group, max(count, 1)))

    def _may_say(self, node: NodeId, group: str) -> bool:
        _, known = self._coordinators.get(self._partition_of(group), (NO_EPOCH, node))
        return known == node

    def _given(self, fact: facts.AssignmentGiven) -> str | None:
        owners = self._owners[(fact.group, fact.generation)]
        for partition in fact.partitions:
            self.premises += 1
            owner = owners.setdefault(partition, fact.member)
            if owner != fact.member:
                return (
                    f"{fact.member} and {owner} both own {partition} in generation {fact.generation} of group "
                    f"{fact.group}."
                )
        return None

    def _taken(self, sim: Simulation, node: NodeId, group: str, partitions: tuple[TopicPartition, ...]) -> str | None:
        current = self._members.get(group, set())
        taker = sim.process(node)
        if not isinstance(taker, ConsumerNode) or taker.membership.member_id not in current:
            return None  # Expelled, and has not heard of it: its next heartbeat is told UNKNOWN_MEMBER_ID or FENCED.
        for other, machine in sim.machines.items():
            reader = machine.node
            if other == node or not isinstance(reader, ConsumerNode) or reader.config.group_id != group:
                continue
            self.premises += 1
            both = [one for one in partitions if one in reader.assigned and not reader.assigned[one].leaving]
            if both and not reader.is_closed and reader.membership.member_id in current:
                return (
                    f"{node} takes {both[0]} in group {group}, and {other}, which is in it too, has not given it up."
                )
        return None


class Word:
    """What one coordinator has said about its groups since it loaded them."""

    def __init__(self) -> None:
        self.gone: dict[tuple[str, str], str] = {}
        """Members that were removed, and why."""
        self.generations: dict[str, int] = {}
        """Newest generation of each classic group."""
        self.owned: dict[tuple[str, str], tuple[int, dict[TopicPartition, int]]] = {}
        """For each member its newest epoch that was told, and since which epoch it owns what it owns (KIP-1251)."""

    def hear(self, fact: facts.OffsetCommitted) -> None:
        """A member's epoch rises without a word where it keeps what it owns; what it commits tells of it."""
        place = (fact.group, fact.member)
        if place in self.owned:
            epoch, since = self.owned[place]
            self.owned[place] = (max(epoch, fact.generation), since)

    def note(self, fact: facts.AssignmentGiven) -> None:
        """Since when, is not known of who was assigned to by an earlier coordinator; a new one has no older epoch."""
        _, before = self.owned.get((fact.group, fact.member), (0, dict.fromkeys(fact.partitions, 0)))
        since = {partition: before.get(partition, fact.generation) for partition in fact.partitions}
        self.owned[(fact.group, fact.member)] = (fact.generation, since)

    def why_not(self, fact: facts.OffsetCommitted) -> str:
        """Why this commit should have been refused; empty if it is in order."""
        place = (fact.group, fact.member)
        if place in self.gone:
            return f"is no longer in it ({self.gone[place]})"
        if fact.group in self.generations:
            newest = self.generations[fact.group]
            return f"was in generation {fact.generation}; now it is {newest}" if fact.generation != newest else ""
        epoch, since = self.owned.get(place, (0, {}))
        if fact.generation >= epoch or fact.generation >= since.get(fact.partition, epoch):
            return ""
        return f"was in member epoch {fact.generation}; now it is {epoch}"


class FencedCommit(Promise):
    """I28: who is no longer in a group, or is there in an old generation or member epoch, commits nothing.

    Each coordinator is held to its own word: what a deposed one still says, before it has heard of its successor, is
    written down nowhere.
    """

    promise, name = "I28", "fenced commit"
    looks_at = frozenset(
        {
            facts.OffsetCommitted,
            facts.MemberRemoved,
            facts.MemberJoined,
            facts.GroupChanged,
            facts.AssignmentGiven,
            facts.CoordinatorLoaded,
        }
    )

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._said: defaultdict[NodeId, Word] = defaultdict(Word)

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Look at every commit that is written down."""
        if lost_its_memory(self.ledger):
            return None
        for _, node, fact in told:
            word = self._said[node]
            match fact:
                case facts.MemberRemoved(group, member, reason):
                    word.gone[(group, member)] = reason
                    word.owned.pop((group, member), None)
                case facts.MemberJoined(group, member):
                    word.gone.pop((group, member), None)
                case facts.CoordinatorLoaded(partition) if partition.topic == OFFSETS_TOPIC:
                    # What was not yet written down may be forgotten with a coordinator.
                    self._said[node] = Word()
                case facts.GroupChanged(group, state, generation):
                    if state in CLASSIC_ONLY or group in word.generations:
                        word.generations[group] = generation
                case facts.AssignmentGiven():
                    word.note(fact)
                case facts.OffsetCommitted(member=member) if member:
                    self.premises += 1
                    why = word.why_not(fact)
                    if why:
                        return (
                            f"Group {fact.group} wrote down offset {fact.offset} of {fact.partition} for {member}, "
                            f"which {why}."
                        )
                    word.hear(fact)
        return None


CLASSIC_ONLY = ("PreparingRebalance", "CompletingRebalance")
"""States that tell a classic group from a KIP-848 one."""


class AtLeastOnce(Promise):
    """I29: everything acknowledged below a group's committed offset was given to one of its members.

    And what was committed survives its coordinator: the next one knows of it, and in the end its log has it.
    """

    promise, name = "I29", "at least once"
    looks_at = frozenset({facts.RecordsConsumed, facts.OffsetCommitted, facts.CoordinatorLoaded})

    def __init__(self, book: Ledger) -> None:
        super().__init__(book)
        self._given: defaultdict[tuple[str, TopicPartition], set[Offset]] = defaultdict(set)
        self._committed: dict[tuple[str, TopicPartition], Offset] = {}

    def look(self, sim: Simulation, told: list[Told]) -> str | None:
        """Note what members were given and what is committed, and look at each new coordinator."""
        for _, node, fact in told:
            match fact:
                case facts.RecordsConsumed(partition, records):
                    self._given[(_group_of(sim, node), partition)].update(offset for offset, _, _, _ in records)
                case facts.OffsetCommitted(group, partition, offset, pending=False):
                    self._committed[(group, partition)] = offset
                case facts.CoordinatorLoaded(partition) if partition.topic == OFFSETS_TOPIC:
                    broken = self._forgotten(sim, number_of(node), partition)
                    if broken:
                        return broken
        return None

    def _forgotten(self, sim: Simulation, broker: BrokerId, partition: TopicPartition) -> str | None:
        history = self.ledger.histories[partition]
        leader, process = ledger.leader_of(sim, history), sim.process(broker_node(broker))
        if leader is None or leader.broker_id != broker or history.beyond or not isinstance(process, Broker):
            return None
        for (group, read), offset in self._committed.items():
            shard = process.groups.shard_of(group)
            if not isinstance(shard, GroupShard):
                continue
            self.premises += 1
            if read not in shard.book.offsets.by_group.get(group, {}):
                who = f"broker {broker}, which coordinates it now"
                return f"Group {group} committed {read} up to {offset}; {who}, knows of no offset there."
        return None

    def finish(self, sim: Simulation) -> str | None:
        """Compare each committed offset with what was given, and with the log that remembers it."""
        remembered = _remembered(sim, self.ledger)
        for (group, partition), offset in self._committed.items():
            history = self.ledger.histories.get(partition)
            leader = ledger.leader_of(sim, history) if history else None
            if history is None or leader is None or history.beyond:
                continue
            self.premises += 1
            log_end = leader.log.log_end_offset
            if offset > log_end:
                return f"Group {group} committed offset {offset} of {partition}, which ends at {log_end}."
            if remembered is not None and (group, partition, offset) not in remembered:
                return (
                    f"Group {group} committed {partition} up to {offset}, and whoever coordinates it now has not got "
                    f"that in its log."
                )
            for at, known in sorted(history.acknowledged.items()):
                if at >= offset or at in self._given[(group, partition)]:
                    continue
                if not _is_hidden(sim, group, history, at):
                    return (
                        f"Group {group} committed {partition} up to {offset}, and nobody in it was given "
                        f"{text_of(known.value)} at offset {at}."
                    )
        return None


def _is_hidden(sim: Simulation, group: str, history: History, offset: Offset) -> bool:
    """Is it of an aborted transaction? Members that read what is committed are not given it, and pass on."""
    nodes = [machine.node for machine in sim.machines.values()]
    readers = [node for node in nodes if isinstance(node, ConsumerNode) and node.config.group_id == group]
    if all(reader.config.isolation_level != "read_committed" for reader in readers):
        return False
    return transactions.outcome_at(history.committed, offset) == transactions.ABORTED


def lost_its_memory(book: Ledger) -> bool:
    """Have coordinators lost records beyond the promise? Then a group may begin its generations anew."""
    return any(history.beyond for name, history in book.histories.items() if name.topic == OFFSETS_TOPIC)


def _remembered(sim: Simulation, book: Ledger) -> set[tuple[str, TopicPartition, Offset]] | None:
    """All offsets ever committed, as leaders' logs have them; None if a log has no leader, or may lack records."""
    found: set[tuple[str, TopicPartition, Offset]] = set()
    for history in book.histories.values():
        if history.name.topic != OFFSETS_TOPIC:
            continue
        leader = ledger.leader_of(sim, history)
        if leader is None or history.beyond or history.compacted_below:
            return None
        for batch in leader.log.batches():
            for record in batch.records() if not batch.is_control else ():
                assert record.key is not None, "a coordinator's record has a key"
                key, value = group_records.read(KeyedRecord(record.key, record.value))
                if isinstance(key, OffsetCommitKey) and isinstance(value, OffsetCommitValue):
                    found.add((key.group, TopicPartition(key.topic, key.partition), value.offset))
    return found


def _group_of(sim: Simulation, node: NodeId) -> str:
    reader = sim.process(node)
    return reader.config.group_id if isinstance(reader, ConsumerNode) else ""
